"""Make the run table out of what the store reads: long rows become typed columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from celltrail.model import is_system_metric
from celltrail.query.history import run_label
from celltrail.query.meaning import primary_first
from celltrail.query.table import Column, ColumnKind, RunTable
from celltrail.store import PARAM_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from celltrail.store import ParamColumns, RunRow, SummaryColumns, TableData

__all__ = ["STATISTICS", "build_table", "take", "without_system_metrics"]

#: ``metrics.x`` is the last value; these are asked for as ``metrics.x.min`` and so on.
STATISTICS = ("min", "max", "mean", "count")

# Up to here a float64 holds every integer, and below that an int64 does.
_FLOAT_LIMIT = 2.0**53
_INT64_LIMIT = 2.0**63


def build_table(data: TableData, *, statistics: bool = False) -> RunTable:
    """Make the run table.

    Parameters
    ----------
    data
        What the store read.
    statistics
        Whether the columns ``metrics.x.min``, ``.max``, ``.mean`` and ``.count`` are made
        too, which filters and orderings may name.

    Returns
    -------
    RunTable
        One row a run, in the order of ``data.runs``.
    """
    rows = data.runs
    places = np.array([row.run for row in rows], dtype=np.int64)
    columns = [*_fixed(rows, data.tags), *_params(data.params, places)]
    columns += _metrics(data, places, statistics=statistics)
    by_name = {column.name: column for column in columns}
    return RunTable([row.id for row in rows], by_name, data.meanings)


def take(table: RunTable, index: npt.NDArray[np.intp]) -> RunTable:
    """Give some runs of a table, in a new order.

    Columns of params and metrics that none of them has are left out.
    """
    columns = {}
    for name, column in table.columns.items():
        missing = column.missing[index]
        if name.startswith(("params.", "metrics.")) and missing.all():
            continue
        columns[name] = Column(name, column.kind, column.values[index], missing)
    return RunTable([table.ids[i] for i in index], columns, table.meanings)


def without_system_metrics(table: RunTable) -> RunTable:
    """Leave out the columns of what was sampled of the machine."""
    columns = table.columns.items()
    kept = {n: c for n, c in columns if not is_system_metric(n.removeprefix("metrics."))}
    return table if len(kept) == len(columns) else replace(table, columns=kept)


def _column(name: str, kind: ColumnKind, values: Sequence[Any], empty: Any) -> Column:
    missing = np.array([value is None for value in values], dtype=bool)
    dtype: Any = {"integer": np.int64, "time": np.int64, "duration": np.float64}.get(kind, object)
    filled = np.empty(len(values), dtype=dtype)
    filled[:] = [empty if value is None else value for value in values]
    return Column(name, kind, filled, missing)


def _fixed(rows: Sequence[RunRow], tags: dict[int, list[str]]) -> list[Column]:
    seconds = [None if r.ended is None else max(0, r.ended - r.started) / 1e6 for r in rows]
    return [
        _column("number", "integer", [row.number for row in rows], 0),
        _column("name", "text", [run_label(row) for row in rows], ""),
        _column("status", "text", [row.status.value for row in rows], ""),
        _column("experiment", "text", [row.experiment for row in rows], ""),
        _column("started", "time", [row.started for row in rows], 0),
        _column("duration", "duration", seconds, 0.0),
        _column("tags", "json", [tags.get(row.run) for row in rows], None),
        _column("note", "text", [row.note or None for row in rows], ""),
    ]


def _groups(codes: npt.NDArray[Any], names: list[str]) -> list[tuple[str, npt.NDArray[np.intp]]]:
    """Give, for each name in order, where its rows are."""
    # Of 16 bits numpy sorts by the digits, ten times as fast as it compares.
    small = codes.astype(np.uint16) if len(names) <= np.iinfo(np.uint16).max else codes
    order = np.argsort(small, kind="stable")
    grouped = codes[order]
    starts = np.flatnonzero(np.diff(grouped, prepend=-1))
    parts = np.split(order, starts[1:]) if len(starts) else []
    found = grouped[starts].tolist()
    pairs = [(names[code], part) for code, part in zip(found, parts, strict=True)]
    return sorted(pairs, key=lambda pair: pair[0])


def _rows_of(runs: npt.NDArray[Any], places: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Give the row of the table for each run's surrogate key."""
    sorter = np.argsort(places, kind="stable")
    return sorter[np.searchsorted(places, runs, sorter=sorter)]


def _params(params: ParamColumns, places: npt.NDArray[Any]) -> list[Column]:
    if not len(params.run):
        return []
    rows = _rows_of(params.run, places)
    return [
        _param_column(f"params.{name}", params, part, rows[part], len(places))
        for name, part in _groups(params.key, params.names)
    ]


def _param_column(
    name: str,
    params: ParamColumns,
    part: npt.NDArray[np.intp],
    rows: npt.NDArray[np.intp],
    size: int,
) -> Column:
    kinds = {PARAM_KINDS[code] for code in np.unique(params.kind[part]).tolist()}
    missing = np.ones(size, dtype=bool)
    missing[rows] = False
    values: npt.NDArray[Any]
    if kinds <= {"int", "float"}:
        numbers = params.number[part]
        whole = kinds == {"int"}
        integers = numbers[params.kind[part] == PARAM_KINDS.index("int")]
        exact = bool(np.all(np.abs(integers) <= _FLOAT_LIMIT))
        if exact or (whole and bool(np.all(np.abs(integers) < _INT64_LIMIT))):
            values = np.zeros(size, dtype=np.int64 if whole else np.float64)
            values[rows] = numbers if exact else [params.value(i) for i in part.tolist()]
            return Column(name, "integer" if whole else "number", values, missing)
    if kinds == {"bool"}:
        values = np.zeros(size, dtype=bool)
        values[rows] = params.bool[part]
        return Column(name, "bool", values, missing)
    values = np.empty(size, dtype=object)
    for row, i in zip(rows.tolist(), part.tolist(), strict=True):
        values[row] = params.value(i)
        missing[row] = values[row] is None
    return Column(name, "text" if kinds <= {"text", "null"} else "json", values, missing)


def _metrics(data: TableData, places: npt.NDArray[Any], *, statistics: bool) -> list[Column]:
    summaries = data.summaries
    if not len(summaries.run):
        return []
    rows = _rows_of(summaries.run, places)
    columns = []
    parts = dict(_groups(summaries.key, summaries.names))
    for name in primary_first(list(parts), data.meanings):
        part = parts[name]
        at = rows[part]
        columns.append(_metric_column(f"metrics.{name}", summaries, part, at, len(places)))
        for statistic in STATISTICS if statistics else ():
            found = getattr(summaries, statistic)[part]
            columns.append(_spread(f"metrics.{name}.{statistic}", found, at, len(places)))
    return columns


def _metric_column(
    name: str,
    summaries: SummaryColumns,
    part: npt.NDArray[np.intp],
    rows: npt.NDArray[np.intp],
    size: int,
) -> Column:
    """Give the last values, as integers where all of them were logged as integers."""
    exact = bool(summaries.is_exact[part].all())
    return _spread(name, (summaries.last_exact if exact else summaries.last)[part], rows, size)


def _spread(name: str, found: npt.NDArray[Any], rows: npt.NDArray[np.intp], size: int) -> Column:
    whole = np.issubdtype(found.dtype, np.integer)
    values = np.zeros(size, dtype=np.int64 if whole else np.float64)
    missing = np.ones(size, dtype=bool)
    values[rows] = found
    missing[rows] = False
    return Column(name, "integer" if whole else "number", values, missing)
