"""The run table as still HTML and as text: what a saved notebook shows without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from celltrail.views.columns import ShownColumn, ShownTable, cell_text, shown_table
from celltrail.views.format import escape, format_time, plural, shorten
from celltrail.views.theme import FAINT, FONT, LINE, TABULAR, status_html

if TYPE_CHECKING:
    from celltrail.query.table import RunTable

__all__ = ["table_html", "table_text"]

_ROWS = 20
_GROUP_COLUMNS = 12
_CELL = "padding:3px 12px;white-space:nowrap;max-width:280px;overflow:hidden;text-overflow:ellipsis"


def table_html(table: RunTable, *, limit: int = _ROWS) -> str:
    """Draw the run table as HTML with inline styles only.

    Parameters
    ----------
    table
        The runs.
    limit
        Rows at most. A caption says how many of how many are shown, columns too.

    Returns
    -------
    str
        A fragment, everything in it escaped.
    """
    shown = shown_table(table)
    if not shown.ids:
        return f'<div style="{FONT};{FAINT}">{escape(_caption(shown, 0, 0))}</div>'
    columns, hidden = _choose(shown.columns)
    rows = min(limit, len(shown.ids))
    body = "".join(_row_html(columns, row) for row in range(rows))
    return (
        f'<div style="{FONT};{TABULAR};overflow-x:auto">'
        f'<div style="{FAINT};padding:0 12px 4px">{escape(_caption(shown, rows, hidden))}</div>'
        f'<table style="border-collapse:collapse;border:none;margin:0;{FONT}">'
        f"<thead>{_groups_html(columns)}{_head_html(columns)}</thead><tbody>{body}</tbody></table></div>"
    )


def table_text(table: RunTable, *, limit: int = _ROWS) -> str:
    """Write the run table as plain text, for terminals.

    Parameters
    ----------
    table
        The runs.
    limit
        Rows at most.

    Returns
    -------
    str
        A caption and aligned columns.
    """
    shown = shown_table(table)
    rows = min(limit, len(shown.ids))
    if not rows:
        return _caption(shown, 0, 0)
    columns, hidden = _choose(shown.columns)
    lines = [[shorten(column.heading, 24) for column in columns]]
    lines += [[shorten(cell_text(column, row), 24) for column in columns] for row in range(rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    aligned = [
        "  ".join(
            cell.rjust(width) if column.numeric else cell.ljust(width)
            for cell, width, column in zip(line, widths, columns, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([_caption(shown, rows, hidden), *aligned])


def _caption(shown: ShownTable, rows: int, hidden: int) -> str:
    total = len(shown.ids)
    if not total:
        return "No runs yet."
    count = plural(total, "run") if rows == total else f"{rows:,} of {total:,} runs shown"
    parts = [shorten(shown.experiment, 60), count] if shown.experiment else [count]
    if hidden:
        parts.append(f"{plural(hidden, 'column')} not shown")
    return " \N{MIDDLE DOT} ".join(parts)


def _choose(columns: list[ShownColumn]) -> tuple[list[ShownColumn], int]:
    """Keep the columns that tell most: of many params, those that differ between runs."""
    kept: set[str] = set()
    for group in ("", "params", "metrics"):
        members = [column for column in columns if column.group == group]
        if group:
            members.sort(key=lambda column: not _varies(column))
            members = members[:_GROUP_COLUMNS]
        kept.update(column.column.name for column in members)
    chosen = [column for column in columns if column.column.name in kept]
    return chosen, len(columns) - len(chosen)


def _varies(shown: ShownColumn) -> bool:
    column = shown.column
    if column.missing.any():
        return True
    values = column.values
    if values.dtype == object:
        first = str(values[0])
        return any(str(value) != first for value in values)
    return bool(np.any(values != values[0]))


def _groups_html(columns: list[ShownColumn]) -> str:
    if not any(column.group for column in columns):
        return ""
    cells = []
    groups = [column.group for column in columns]
    for group in dict.fromkeys(groups):
        cells.append(
            f'<th colspan="{groups.count(group)}" style="{_CELL};padding-bottom:0;text-align:left;'
            f'font-weight:400;font-size:11px;border:none">'
            f'<span style="{FAINT}">{escape(group)}</span></th>'
        )
    return f'<tr style="background-color:transparent">{"".join(cells)}</tr>'


def _head_html(columns: list[ShownColumn]) -> str:
    cells = "".join(
        f'<th title="{escape(shorten(c.column.name, 300))}" style="{_CELL};text-align:{_align(c)};'
        f'font-weight:600;border:none;border-bottom:{LINE}">{escape(shorten(c.heading, 40))}</th>'
        for c in columns
    )
    return f'<tr style="background-color:transparent">{cells}</tr>'


def _row_html(columns: list[ShownColumn], row: int) -> str:
    cells = "".join(
        f'<td style="{_CELL};text-align:{_align(c)};border:none;border-bottom:{LINE}"'
        f"{_title(c, row)}>{_cell_html(c, row)}</td>"
        for c in columns
    )
    return f'<tr style="background-color:transparent">{cells}</tr>'


def _align(shown: ShownColumn) -> str:
    return "right" if shown.numeric else "left"


def _title(shown: ShownColumn, row: int) -> str:
    column = shown.column
    if column.missing[row] or column.kind not in ("number", "time"):
        return ""
    value = column.values[row]
    text = format_time(int(value), full=True) if column.kind == "time" else repr(float(value))
    return f' title="{escape(text)}"'


def _cell_html(shown: ShownColumn, row: int) -> str:
    if shown.column.missing[row]:
        blank = shown.column.name in ("tags", "note")  # having none is the rule there
        return "" if blank else f'<span style="{FAINT}">\N{EN DASH}</span>'
    if shown.column.name == "status":
        return status_html(str(shown.column.values[row]))
    return escape(cell_text(shown, row))
