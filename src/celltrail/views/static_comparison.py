"""A comparison as still HTML and as text: what differs, and nothing that needs a script."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from celltrail.views.format import escape, plural, shorten
from celltrail.views.theme import CHANGED, FAINT, FONT, LINE, TABULAR, status_html

if TYPE_CHECKING:
    from celltrail.views.comparison import ComparedRow, ComparedRuns

__all__ = ["code_difference", "comparison_html", "comparison_text"]

_ROWS = 60
_COLUMNS = 12
_DIFF = 60
_WIDTH = 100
_CELL = "padding:3px 14px;border:none;text-align:left;vertical-align:top"


def comparison_html(compared: ComparedRuns) -> str:
    """Draw what differs between runs as HTML with inline styles only.

    Parameters
    ----------
    compared
        The runs side by side.

    Returns
    -------
    str
        A fragment, everything in it escaped, of at most 60 rows and 12 runs.
    """
    heads = compared.heads[:_COLUMNS]
    if not heads:
        return f'<div style="{FONT};{FAINT}">There are no runs to compare.</div>'
    notes = "".join(f'<div style="{FONT}">{escape(note)}</div>' for note in compared.notes)
    differing = [row for row in compared.rows if row.differs]
    head = "".join(
        f'<th style="{_CELL};font-weight:600;border-bottom:{LINE}">'
        f"{escape(shorten(h['label'], 40))}"
        f'<div style="font-weight:400;font-size:11px">{status_html(h["status"])}</div></th>'
        for h in heads
    )
    body = "".join(_row(row, len(heads)) for row in differing[:_ROWS])
    table = (
        f'<table style="border-collapse:collapse;border:none;margin:0;{FONT}"><thead>'
        f'<tr style="background-color:transparent"><th style="{_CELL};border-bottom:{LINE}"></th>'
        f"{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    caption = f'<div style="{FAINT};padding:4px 14px">{escape(_caption(compared))}</div>'
    return (
        f'<div style="{FONT};{TABULAR};overflow-x:auto">{notes}{table}{caption}'
        f"{_diff_html(compared)}</div>"
    )


def _row(row: ComparedRow, count: int) -> str:
    cells = []
    for place, text in enumerate(row.texts[:count]):
        shown = "\N{EN DASH}" if text is None else escape(shorten(text, 60))
        if place in row.best:
            shown = f"<b>{shown}</b>"
        elif row.group != "metrics" and text != row.texts[0]:
            shown = f'<span style="{CHANGED}">{shown}</span>'
        cells.append(f'<td style="{_CELL};border-bottom:{LINE}">{shown}</td>')
    name = f'<span style="{FAINT}">{escape(_name(row, 60))}</span>'
    return (
        f'<tr style="background-color:transparent"><th style="{_CELL};font-weight:400;'
        f'border-bottom:{LINE}">{name}</th>{"".join(cells)}</tr>'
    )


def _name(row: ComparedRow, limit: int) -> str:
    """Give the name with the unit, and a sign where nothing but seeds may make the difference."""
    unit = f" ({row.unit})" if row.unit else ""
    return shorten(row.name, limit) + unit + (" \N{ALMOST EQUAL TO}" if row.is_unsure else "")


def _caption(compared: ComparedRuns) -> str:
    differing = sum(row.differs for row in compared.rows)
    parts = [f"{differing:,} of {len(compared.rows):,} params, metrics, data and packages differ"]
    if differing > _ROWS:
        parts.append(f"{_ROWS} shown")
    if len(compared.heads) > _COLUMNS:
        parts.append(f"{_COLUMNS} of {plural(len(compared.heads), 'run')} shown")
    return " \N{MIDDLE DOT} ".join(parts)


def code_difference(compared: ComparedRuns) -> list[str]:
    """Give the difference of the first two runs' code, as `diff` writes it."""
    if len(compared.sources) < 2:
        return []
    before, after = (source.splitlines() for source in compared.sources[:2])
    return list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]


def _diff_html(compared: ComparedRuns) -> str:
    lines = code_difference(compared)
    if not lines:
        return ""
    more = len(lines) - _DIFF
    shown = [*lines[:_DIFF], *([f"… {plural(more, 'line')} more"] if more > 0 else [])]
    text = escape("\n".join(shown))
    return f'<pre style="font-size:12px;line-height:1.4;margin:4px 14px">{text}</pre>'


def comparison_text(compared: ComparedRuns) -> str:
    """Write what differs between runs as plain text, for terminals.

    Parameters
    ----------
    compared
        The runs side by side.

    Returns
    -------
    str
        Notes, aligned columns and the difference of the first two runs' code.
    """
    if not compared.heads:
        return "There are no runs to compare."
    heads = compared.heads[:_COLUMNS]
    lines = [["", *(shorten(head["label"], 24) for head in heads)]]
    lines += [["", *(head["status"] for head in heads)]]
    for row in [row for row in compared.rows if row.differs][:_ROWS]:
        texts = ["-" if text is None else shorten(text, 24) for text in row.texts[: len(heads)]]
        lines.append([_name(row, 40), *texts])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    diff = [line[:_WIDTH] for line in code_difference(compared)[:_DIFF]]
    return "\n".join([*compared.notes, *table, _caption(compared), *diff])
