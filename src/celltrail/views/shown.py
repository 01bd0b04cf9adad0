"""Which runs and columns a table shows: the twin of ``js/src/table/view.ts``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from celltrail.query.evaluate import json_text, matches, order_by
from celltrail.query.filters import parse_filter, parse_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from celltrail.query.table import Column, RunTable
    from celltrail.views.columns import ShownColumn, ShownTable

__all__ = ["PINNED", "Layout", "arranged", "shown_columns", "shown_rows", "varies"]

#: The columns that stay at the left unless somebody says otherwise.
PINNED = ("number", "name")


@dataclass(frozen=True, slots=True)
class Layout:
    """What was chosen of the columns, by their names.

    Parameters
    ----------
    hidden
        Left out.
    shown
        Shown although they say nothing.
    pinned
        At the left, in this order.
    order
        Before all others, in this order.
    only_differences
        Leave out the columns in which all runs shown have the same.
    """

    hidden: Sequence[str] = ()
    shown: Sequence[str] = ()
    pinned: Sequence[str] = PINNED
    order: Sequence[str] = ()
    only_differences: bool = False


def shown_rows(table: RunTable, where: str, ordering: str) -> npt.NDArray[np.intp]:
    """Give the rows for which a filter holds, in an order.

    Parameters
    ----------
    table
        All runs.
    where, ordering
        As `celltrail.runs` takes them; empty for all and for the order as given.

    Returns
    -------
    array of int
        Places in the table.

    Raises
    ------
    FilterError, UnknownNameError
        When one of the two cannot be read or names what is not there.
    """
    index = np.arange(len(table.ids), dtype=np.intp)
    if where.strip():
        index = index[matches(parse_filter(where), table, where)]
    return order_by(table, parse_order(ordering), index) if ordering.strip() else index


def varies(column: Column, rows: npt.NDArray[np.intp]) -> bool:
    """Say whether a column tells some of these runs from others."""
    if len(rows) < 2:
        return False
    missing = column.missing[rows]
    if missing.any():
        return not bool(missing.all())
    values = column.values[rows]
    if values.dtype == object:
        write = str if column.kind == "text" else json_text
        first = write(values[0])
        return any(write(value) != first for value in values)
    same = values == values[0]
    if values.dtype.kind == "f" and np.isnan(values[0]):
        same = np.isnan(values)
    return not bool(np.all(same))


def arranged(
    columns: dict[str, ShownColumn], layout: Layout
) -> tuple[list[ShownColumn], list[ShownColumn]]:
    """Give the columns that stay at the left, and all others, each in order."""
    pinned = [name for name in dict.fromkeys(layout.pinned) if name in columns]
    moved = [name for name in layout.order if name in columns]
    rest = [name for name in dict.fromkeys([*moved, *columns]) if name not in set(pinned)]
    return [columns[name] for name in pinned], [columns[name] for name in rest]


def shown_columns(
    shown: ShownTable, layout: Layout, rows: npt.NDArray[np.intp]
) -> list[ShownColumn]:
    """Give the columns that are shown, in order.

    Parameters
    ----------
    shown
        All columns.
    layout
        What was chosen of them.
    rows
        The rows that are shown.
    """
    columns = {column.column.name: column for column in (*shown.columns, *shown.blank)}
    hidden, asked = set(layout.hidden), set(layout.shown)
    pinned, rest = arranged(columns, layout)

    def is_shown(column: ShownColumn) -> bool:
        name = column.column.name
        if name in hidden:
            return False
        if name in asked:
            return True
        return not column.blank and (not layout.only_differences or varies(column.column, rows))

    left = [column for column in pinned if column.column.name not in hidden]
    return [*left, *(column for column in rest if is_shown(column))]
