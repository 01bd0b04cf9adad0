"""Groups of runs as lines of texts: what the still form of a grouped table shows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from celltrail.query.filters import parse_order
from celltrail.views.columns import cell_text, shown_column
from celltrail.views.format import format_as, format_duration, format_number
from celltrail.views.grouped import grouped_frame, groups_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from celltrail.query.table import RunTable
    from celltrail.views.columns import ShownColumn

__all__ = ["group_lines"]

#: Of a mean and its deviation: more would be noise.
_DIGITS = 4


def group_lines(
    table: RunTable,
    rows: npt.NDArray[Any],
    columns: Sequence[ShownColumn],
    by: Sequence[str],
    order_by: str,
    limit: int,
) -> tuple[int, list[list[str]]]:
    """Write a line for each of the first groups of runs, the headings before them.

    Parameters
    ----------
    table
        All runs.
    rows
        Those that are grouped.
    columns
        What is shown of them; the numeric ones are told as mean ± standard deviation.
    by
        Names of columns that the table has: runs with the same values are a group.
    order_by
        As `celltrail.runs` takes it.
    limit
        Groups at most.

    Returns
    -------
    int
        How many groups there are.
    list of list of str
        Of as many texts each.
    """
    order = parse_order(order_by) if order_by.strip() else []
    groups = groups_of(table, rows, by, order)
    described = [column.column for column in columns]
    frame = grouped_frame(table, described, by, groups[:limit])
    headings = {column.column.name: column for column in columns}
    measures = list(dict.fromkeys(str(column[0]) for column in frame.columns[1:]))
    heads = [*map(str, by), "runs", *(headings[name].heading for name in measures)]
    lines = [heads]
    keys = [shown_column(table.columns[name], table) for name in by]
    for group, values in zip(groups, frame.to_dict("records"), strict=False):
        said = [_key(column, int(group[0])) for column in keys]
        spreads = [_spread(values, headings[name]) for name in measures]
        lines.append([*said, f"{len(group):,}", *spreads])
    return len(groups), lines


def _key(column: ShownColumn, row: int) -> str:
    return "\N{EN DASH}" if column.column.missing[row] else cell_text(column, row)


def _spread(values: dict[Any, Any], column: ShownColumn) -> str:
    name = column.column.name
    mean, sd = values[name, "mean"], values[name, "sd"]
    if math.isnan(mean):
        return "\N{EN DASH}"
    return _text(mean, column) + (f" ± {_text(sd, column)}" if not math.isnan(sd) else "")


def _text(value: float, column: ShownColumn) -> str:
    if column.meaning is not None and column.meaning.format:
        return format_as(value, column.meaning.format)
    if column.column.kind == "duration":
        return format_duration(value)
    return format_number(value, digits=_DIGITS)
