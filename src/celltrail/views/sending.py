"""What the page of a run table is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from celltrail.views.arrow import Packed, columns_to_arrow
from celltrail.views.columns import ShownColumn, shown_table
from celltrail.views.shown import shown_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.query import Runs

__all__ = ["sent_table"]

#: Of more runs than this the page is sent those that come first of what it asks for: the kernel
#: filters and sorts then, and not the page.
_SENT = 100_000


def sent_table(runs: Runs, where: str = "", ordering: str = "") -> dict[str, Any]:
    """Give what the page of a run table is sent, by the names of its traits.

    Parameters
    ----------
    runs
        The runs.
    where, ordering
        The filter and the order, which count for more than 100,000 runs.

    Returns
    -------
    dict
        ``_ids`` and, as Arrow, the columns of all runs. Of more than 100,000, those of the first
        100,000 for which the filter holds, in that order, and ``_beyond``: how many runs there
        are, and for how many the filter holds.
    """
    table = runs.table()
    shown = shown_table(table)
    columns, ids, beyond = [*shown.columns, *shown.blank], shown.ids, []
    if len(ids) > _SENT:
        rows = shown_rows(table, where, ordering)
        beyond = [len(ids), len(rows)]
        ids = [ids[row] for row in rows[:_SENT]]
        columns = [_part(column, rows[:_SENT]) for column in columns]
    packed = columns_to_arrow(columns, len(ids)) if ids else Packed(b"", [False] * len(columns))
    stepped = {f"metrics.{name}" for name in runs.with_curves()}
    heads = [
        _head(column, cut=cut, steps=column.column.name in stepped)
        for column, cut in zip(columns, packed.cut, strict=True)
    ]
    return {
        "_beyond": beyond,
        "_ids": ids,
        "_columns": json.dumps(heads),
        "_parents": _parent_rows(runs, ids),
        "_experiment": shown.experiment,
        "_data": packed.data,
    }


def _part(shown: ShownColumn, rows: Any) -> ShownColumn:
    column = shown.column
    cut = replace(column, values=column.values[rows], missing=column.missing[rows])
    return replace(shown, column=cut)


def _parent_rows(runs: Runs, ids: Sequence[str]) -> bytes:
    """Give for each run sent the row of its parent, or −1; nothing when no run has one."""
    parents = runs.parent_ids
    if not any(parents):
        return b""
    parent_of = dict(zip(runs.ids, parents, strict=True))
    place = {run_id: row for row, run_id in enumerate(ids)}
    return np.array([place.get(parent_of[id] or "", -1) for id in ids], np.int32).tobytes()


def _head(column: ShownColumn, *, cut: bool, steps: bool) -> dict[str, Any]:
    head: dict[str, Any] = {
        "name": column.column.name,
        "label": column.label,
        "group": column.group,
        "kind": column.column.kind,
        "decimals": column.decimals,
    }
    meaning = column.meaning
    if meaning is not None:
        if meaning.minimize is not None:
            head["lower"] = meaning.minimize
        head.update({name: said for name in ("unit", "format") if (said := getattr(meaning, name))})
    if column.blank:
        head["blank"] = True
    if cut:
        head["cut"] = True
    if steps:
        head["steps"] = True
    return head
