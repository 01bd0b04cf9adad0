"""Which runs of a store a question asks for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from celltrail.errors import UsageError
from celltrail.query.asked import Asked
from celltrail.query.build import build_table, take
from celltrail.query.evaluate import matches, order_by
from celltrail.query.filters import parse_filter, parse_order
from celltrail.query.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from celltrail.store import RunRow, Store

__all__ = ["find_runs"]


def find_runs(
    store: Store,
    where: str | None = None,
    *,
    order: str | None = None,
    experiment: str | None = None,
    keep: Callable[[RunRow], bool] | None = None,
    limit: int | None = None,
) -> Runs:
    """Read runs: all, or those that a filter holds for.

    Parameters
    ----------
    store
        Where they are.
    where
        A filter, in the grammar of `celltrail.query.filters`.
    order
        An ordering, such as ``"metrics.acc desc"``; by default the newest first.
    experiment
        Only the runs of this experiment.
    keep
        Only the runs that this says True for.
    limit
        At most so many.

    Raises
    ------
    FilterError, UnknownNameError
        When the filter or the ordering cannot be read, or names what is not there.
    """
    if limit is not None and limit < 0:
        message = f"limit must not be negative, it is {limit}."
        raise UsageError(message)
    node = None if where is None or not where.strip() else parse_filter(where)
    ordering = None if order is None else parse_order(order)
    statistics = "metrics." in f"{where or ''} {order or ''}"
    data = store.table_data(statistics=statistics)
    table = build_table(data, statistics=statistics)
    found = np.array(
        [
            (experiment is None or row.experiment == experiment) and (keep is None or keep(row))
            for row in data.runs
        ],
        dtype=bool,
    )
    if node is not None:
        found &= matches(node, table, where or "")
    index = np.flatnonzero(found)[::-1]  # the store gives the oldest first
    if ordering is not None:
        index = order_by(table, ordering, index)
    index = index[:limit]
    plain = build_table(data) if statistics else table
    asked = None if keep is not None else Asked(where or "", order or "", experiment, limit)
    find = partial(
        find_runs, store, where, order=order, experiment=experiment, keep=keep, limit=limit
    )
    return Runs(store, [data.runs[i] for i in index], take(plain, index), asked, find)
