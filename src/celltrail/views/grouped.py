"""Runs put together by what they have in common; the twin of ``grouped`` in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from celltrail.query.evaluate import json_text, order_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    from celltrail.query.table import Column, RunTable

__all__ = ["grouped_frame", "groups_of"]


def grouped_frame(
    table: RunTable,
    columns: Sequence[Column],
    by: Sequence[str],
    groups: Sequence[npt.NDArray[np.intp]],
) -> pd.DataFrame:
    """Give one row a group of runs.

    Parameters
    ----------
    table
        All runs.
    columns
        The columns that are described: of these the numeric ones.
    by
        Names of the columns by whose values runs are put together.
    groups
        What `groups_of` gave, or the first of it.

    Returns
    -------
    pandas.DataFrame
        Indexed by the values of ``by`` (lists as texts). ``("runs", "n")`` and for each
        numeric column ``mean``, ``sd`` (of a sample), ``min``, ``max`` and ``n``, of what is
        finite.
    """
    import pandas as pd

    keys = [table.columns[name] for name in by]
    numbers = [c for c in columns if _is_measure(c) and c.name not in by]
    data: dict[tuple[str, str], list[Any]] = {("runs", "n"): [len(group) for group in groups]}
    for column in numbers:
        spreads = [_spread(column, group) for group in groups]
        for name in ("mean", "sd", "min", "max", "n"):
            data[column.name, name] = [spread[name] for spread in spreads]
    labels = [[_label(column, int(group[0])) for group in groups] for column in keys]
    index = (
        pd.MultiIndex.from_arrays(labels, names=list(by))
        if len(by) > 1
        else pd.Index(labels[0], name=by[0])
    )
    return pd.DataFrame(data, index=index)


def groups_of(
    table: RunTable,
    rows: npt.NDArray[np.intp],
    by: Sequence[str],
    order: Sequence[tuple[str, bool]],
) -> list[npt.NDArray[np.intp]]:
    """Give the rows of each group, the groups in the order that was asked for.

    Parameters
    ----------
    table
        All runs.
    rows
        The runs that are grouped, in order.
    by
        Names of the columns by whose values runs are put together.
    order
        By the means of its first column, if that is numeric; else by the columns of ``by``.

    Returns
    -------
    list of array of int
        Places in the table, of each group.
    """
    keys = [table.columns[name] for name in by]
    members: dict[tuple[Any, ...], list[int]] = {}
    for row in rows.tolist():
        members.setdefault(tuple(_key(column, row) for column in keys), []).append(row)
    groups = [np.array(found, dtype=np.intp) for found in members.values()]
    return _ordered(table, groups, by, order)


def _is_measure(column: Column) -> bool:
    if column.kind == "duration":
        return True
    return column.kind in ("number", "integer") and "." in column.name


def _key(column: Column, row: int) -> Any:
    if column.missing[row]:
        return None
    value = column.values[row]
    if column.kind == "json":
        return json_text(value)
    return "NaN" if value != value else value


def _label(column: Column, row: int) -> Any:
    if column.missing[row]:
        return None
    value = column.values[row]
    if isinstance(value, list | tuple | dict):
        return json_text(value)
    return value.item() if hasattr(value, "item") else value


def _spread(column: Column, rows: npt.NDArray[np.intp]) -> dict[str, float]:
    found = column.values[rows][~column.missing[rows]].astype(np.float64)
    found = found[np.isfinite(found)]
    if not len(found):
        return {"mean": np.nan, "sd": np.nan, "min": np.nan, "max": np.nan, "n": 0}
    with np.errstate(over="ignore", invalid="ignore"):
        # halves, so that the sum of the largest floats is a number too
        mean = float(np.mean(found / 2) * 2)
        sd = float(np.std(found, ddof=1)) if len(found) > 1 else np.nan
    least, greatest = float(found.min()), float(found.max())
    return {"mean": mean, "sd": sd, "min": least, "max": greatest, "n": len(found)}


def _ordered(
    table: RunTable,
    groups: list[npt.NDArray[np.intp]],
    by: Sequence[str],
    order: Sequence[tuple[str, bool]],
) -> list[npt.NDArray[np.intp]]:
    name, descending = order[0] if order else ("", False)
    first = table.columns.get(name)
    if first is not None and first.kind in ("number", "integer", "duration") and name not in by:
        means = np.array([_spread(first, group)["mean"] for group in groups])
        ranks = np.where(np.isnan(means), np.inf, -means if descending else means)
        return [groups[i] for i in np.argsort(ranks, kind="stable")]
    downward = dict(order)
    # the first rows stand for their groups: sorting them by the keys sorts the groups
    heads = {int(group[0]): group for group in groups}
    places = order_by(
        table, [(key, downward.get(key, False)) for key in by], np.array(list(heads), dtype=np.intp)
    )
    return [heads[int(row)] for row in places]
