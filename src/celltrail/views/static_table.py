"""The run table as still HTML and as text: what a saved notebook shows without a kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from celltrail.views.columns import ShownColumn, ShownTable, cell_text, shown_table
from celltrail.views.format import escape, format_time, plural, shorten
from celltrail.views.shown import Layout, shown_columns, shown_rows
from celltrail.views.static_groups import group_lines
from celltrail.views.theme import FAINT, FONT, LINE, TABULAR, status_html

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from celltrail.query.table import RunTable

__all__ = ["Asked", "DrawnTable", "draw", "drawn_html", "drawn_text", "table_html", "table_text"]

_ROWS = 20
_GROUP_COLUMNS = 12
_CELL = "padding:3px 12px;white-space:nowrap;max-width:280px;overflow:hidden;text-overflow:ellipsis"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody chose to see of a table: a filter, an order, columns, groups."""

    where: str = ""
    order_by: str = ""
    layout: Layout = field(default_factory=Layout)
    group_by: Sequence[str] = ()


_EVERYTHING = Asked()


@dataclass(frozen=True, slots=True)
class DrawnTable:
    """The rows and columns that are drawn, or a line for each group, and the words about them."""

    rows: npt.NDArray[np.intp]
    columns: list[ShownColumn]
    caption: str
    groups: list[list[str]] | None = None


def draw(table: RunTable, asked: Asked, limit: int = _ROWS) -> DrawnTable:
    """Say what the still form of a table shows, for both its HTML and its text."""
    shown = shown_table(table)
    rows = shown_rows(table, asked.where, asked.order_by)
    if not shown.ids:
        return DrawnTable(rows, [], "No runs yet.")
    columns = _choose(shown_columns(shown, asked.layout, rows))
    by = [name for name in asked.group_by if name in table.columns]
    if by:
        return _grouped(table, asked, rows, by, columns, limit)
    names = {column.column.name for column in columns}
    hidden = sum(column.column.name not in names for column in shown.columns)
    caption = _caption(shown, asked, len(rows), min(limit, len(rows)), hidden)
    return DrawnTable(rows[:limit], columns, caption)


def _grouped(
    table: RunTable,
    asked: Asked,
    rows: npt.NDArray[np.intp],
    by: list[str],
    columns: list[ShownColumn],
    limit: int,
) -> DrawnTable:
    count, (heads, *lines) = group_lines(table, rows, columns, by, asked.order_by, limit)
    where = f" where {shorten(asked.where, 200)}" if asked.where.strip() else ""
    caption = f"{plural(count, 'group')} of {plural(len(rows), 'run')}{where}, mean ± sd"
    if count > limit:
        caption += f" \N{MIDDLE DOT} {limit} shown"
    return DrawnTable(rows, columns, caption, [heads, *lines])


def table_html(table: RunTable, *, limit: int = _ROWS, asked: Asked = _EVERYTHING) -> str:
    """Draw the run table as HTML with inline styles only.

    Parameters
    ----------
    table
        The runs.
    limit
        Rows at most. A caption says how many of how many are shown, columns too.
    asked
        Which rows and columns, in which order.

    Returns
    -------
    str
        A fragment, everything in it escaped.
    """
    return drawn_html(draw(table, asked, limit))


def drawn_html(drawn: DrawnTable) -> str:
    """Write what is drawn of a table as HTML."""
    columns = drawn.columns
    if not len(drawn.rows):
        return f'<div style="{FONT};{FAINT}">{escape(drawn.caption)}</div>'
    if drawn.groups is not None:
        head, body = (
            _texts_html("th", drawn.groups[0]),
            "".join(_texts_html("td", line) for line in drawn.groups[1:]),
        )
    else:
        head = _groups_html(columns) + _head_html(columns)
        body = "".join(_row_html(columns, row) for row in drawn.rows.tolist())
    return (
        f'<div style="{FONT};{TABULAR};overflow-x:auto">'
        f'<div style="{FAINT};padding:0 12px 4px">{escape(drawn.caption)}</div>'
        f'<table style="border-collapse:collapse;border:none;margin:0;{FONT}">'
        f"<thead>{head}</thead><tbody>{body}</tbody></table></div>"
    )


def table_text(table: RunTable, *, limit: int = _ROWS, asked: Asked = _EVERYTHING) -> str:
    """Write the run table as plain text, for terminals.

    Parameters
    ----------
    table
        The runs.
    limit
        Rows at most.
    asked
        Which rows and columns, in which order.

    Returns
    -------
    str
        A caption and aligned columns.
    """
    return drawn_text(draw(table, asked, limit))


def drawn_text(drawn: DrawnTable) -> str:
    """Write what is drawn of a table as text."""
    columns, rows = drawn.columns, drawn.rows.tolist()
    if not rows:
        return drawn.caption
    if drawn.groups is not None:
        lines, numeric = drawn.groups, [True] * len(drawn.groups[0])
    else:
        lines = [[column.heading for column in columns]]
        lines += [[cell_text(column, row) for column in columns] for row in rows]
        numeric = [column.numeric for column in columns]
    lines = [[shorten(text, 24) for text in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([drawn.caption, *aligned])


def _caption(shown: ShownTable, asked: Asked, found: int, drawn: int, hidden: int) -> str:
    total = len(shown.ids)
    if asked.where.strip():
        count = f"{found:,} of {plural(total, 'run')} where {shorten(asked.where, 200)}"
        count += f", {drawn:,} shown" if drawn < found else ""
    else:
        count = plural(total, "run") if drawn == total else f"{drawn:,} of {total:,} runs shown"
    parts = [shorten(shown.experiment, 60), count] if shown.experiment else [count]
    if asked.order_by.strip():
        parts.append(f"by {shorten(asked.order_by, 100)}")
    if hidden:
        parts.append(f"{plural(hidden, 'column')} not shown")
    return " \N{MIDDLE DOT} ".join(parts)


def _choose(columns: list[ShownColumn]) -> list[ShownColumn]:
    """Keep the columns that tell most: of many params, those that differ between runs."""
    kept: set[str] = set()
    for group in ("", "params", "metrics"):
        members = [column for column in columns if column.group == group]
        if group:
            members.sort(key=lambda column: not _varies(column))
            members = members[:_GROUP_COLUMNS]
        kept.update(column.column.name for column in members)
    return [column for column in columns if column.column.name in kept]


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
    for group, members in groupby(column.group for column in columns):
        cells.append(
            f'<th colspan="{len(list(members))}" style="{_CELL};padding-bottom:0;text-align:left;'
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


def _texts_html(tag: str, texts: list[str]) -> str:
    weight = ";font-weight:600" if tag == "th" else ""
    style = f"{_CELL};text-align:right;border:none;border-bottom:{LINE}{weight}"
    cells = "".join(f'<{tag} style="{style}">{escape(shorten(t, 60))}</{tag}>' for t in texts)
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
