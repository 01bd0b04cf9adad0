"""Curves of a metric, thinned inside the database to what a screen can show.

A chart is some hundred pixels wide, and a metric can have a million points. Per pixel the
lowest and the highest point are kept, so that the drawn line covers the same pixels as the
line through all points; this is «MinMax» of Jugel, Jerzak, Hackenbroich and Markl, «M4: A
Visualization-Oriented Time Series Data Aggregation», PVLDB 7(10), 2014. Of M4's other two,
the first and the last point of a pixel, those are kept that stand beside a pixel without
points: a line leaves from there, and it has to leave at the right height.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt
    from duckdb import DuckDBPyConnection

__all__ = ["CurveAxis", "CurveColumns", "CurveQuery", "read_curve_columns", "stepped_metrics"]

CurveAxis: TypeAlias = Literal["step", "time", "wall"]

#: Rows that are looked through while the store is kept; then others have a turn.
_SLICE = 5_000_000

_KEYS = """
SELECT r.id, r.run, coalesce(s.count, 0)
FROM runs r LEFT JOIN summaries s ON s.run = r.run
    AND s.key = (SELECT key FROM metric_keys WHERE name = $1)
WHERE r.number IS NOT NULL AND r.deleted IS NULL
    AND r.id IN (SELECT unnest($2::VARCHAR[]))
"""
_X = {
    "step": "m.step",
    "time": "epoch_us(m.time) - (SELECT epoch_us(r.started) FROM runs r WHERE r.run = m.run)",
    "wall": "epoch_us(m.time)",
}
# The keys stand in the text itself: by them DuckDB skips what lies elsewhere in the file,
# which it does not do for a list that is bound.
_POINTS = """
WITH points AS (
    SELECT m.run, m.step, epoch_us(m.time) AS time, m.value, {x} AS x, {drawn} AS drawn
    FROM metrics m WHERE m.key = {key} AND m.run IN ({runs})
)
"""
_EXTENTS = """
SELECT run, count(*) AS count, min(x) AS low, max(x) AS high,
    count(*) FILTER (NOT drawn) AS gaps, max(time) AS latest
FROM points WHERE {inside} GROUP BY run
"""
_ALL = "SELECT run, step, time, value, x FROM points WHERE {inside}"
_POINT = "{{'step': step, 'time': time, 'value': value, 'x': x}}"
_BUCKETS = f"""
SELECT run, bucket, arg_min(point, value) FILTER (drawn) AS lowest,
    arg_max(point, value) FILTER (drawn) AS highest,
    arg_min(point, x) FILTER (NOT drawn) AS gap,
    arg_min(point, x) AS first, arg_max(point, x) AS last
FROM (
    SELECT *, {_POINT} AS point,
        greatest(0, least($buckets - 1, floor({{place}} * $buckets)))::INTEGER AS bucket
    FROM points {{spans}} WHERE {{inside}}
) GROUP BY run, bucket
"""
_BESIDE = f"""
SELECT run, arg_max({_POINT}, x) FILTER (x < $low) AS before,
    arg_min({_POINT}, x) FILTER (x > $high) AS after
FROM points WHERE {{positive}} GROUP BY run
"""
_STEPPED = """
SELECT DISTINCT k.name FROM summaries s JOIN metric_keys k USING (key)
WHERE s.count > 1 AND s.run IN (
    SELECT run FROM runs WHERE number IS NOT NULL AND deleted IS NULL
        AND id IN (SELECT unnest($1::VARCHAR[])))
"""
_FIELDS = ("step", "time", "value", "x")
_KEPT = ("lowest", "highest", "gap", "first", "last")


@dataclass(frozen=True, slots=True)
class CurveQuery:
    """How curves are asked for.

    Parameters
    ----------
    x
        What the points stand over: ``step``; ``time``, microseconds since the start of the
        run; ``wall``, microseconds since 1970.
    between
        Only points of this range of x, with the two points beside it that a line needs.
    buckets
        Into how many parts the range is cut: pixels. A curve of at most two points for each
        comes whole.
    log_x
        Whether the parts are even on a logarithmic axis. Points at 0 and below it are left out.
    log_y
        Whether values at 0 and below it are gaps, as on a logarithmic axis.
    each
        Whether the range of each run is cut by itself, for pictures of their own, and not the
        range of all. Its parts are even on a linear axis.
    """

    x: CurveAxis = "step"
    between: tuple[float, float] | None = None
    buckets: int = 700
    log_x: bool = False
    log_y: bool = False
    each: bool = False


@dataclass(frozen=True, slots=True)
class CurveColumns:
    """Points of curves, ordered by run, x and time.

    Parameters
    ----------
    run
        The place of the run among those that were asked for.
    step, time, value
        As they are stored; ``time`` in microseconds since 1970.
    x
        What they stand over.
    counts, gaps
        For each run how many points it has in the range, and how many of those are no
        numbers that can be drawn.
    latest
        For each run the latest time of all those points; -1 where there are none.
    """

    run: npt.NDArray[np.int64]
    step: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    x: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    gaps: npt.NDArray[np.int64]
    latest: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.run)


def read_curve_columns(
    read: Callable[[Callable[[DuckDBPyConnection], Any]], Any],
    ids: Sequence[str],
    metric: str,
    query: CurveQuery,
) -> CurveColumns:
    """Read the curves of a metric.

    Parameters
    ----------
    read
        Runs a function of a connection while the store is kept, and gives None when there
        is no store; called several times, so that others get their turn in between.
    ids
        The runs.
    metric
        The metric's name.
    query
        What is asked of it.

    Returns
    -------
    CurveColumns
        At most five points for each run and part, mostly two.
    """
    import numpy as np

    counts, gaps = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    latest = np.full(len(ids), -1)
    places: dict[int, int] = {}
    parts: list[dict[str, Any]] = []
    found = read(lambda con: _keys(con, ids, metric))
    if found is not None and found[0] is not None:
        key, runs = found
        place = {run_id: i for i, run_id in enumerate(ids)}
        places = {run: place[run_id] for run_id, run, _ in runs}
        slices = list(_slices([(run, size) for _, run, size in runs]))
        extents = [read(partial(_extents, key=key, runs=some, query=query)) for some in slices]
        whole = {name: np.concatenate([e[name] for e in extents]) for name in extents[0]}
        at = [places[run] for run in whole["run"].tolist()]
        counts[at], gaps[at], latest[at] = whole["count"], whole["gaps"], whole["latest"]
        if len(at) or query.between is not None:
            span = query.between or (float(whole["low"].min()), float(whole["high"].max()))
            sizes = dict(zip(whole["run"].tolist(), whole["count"].tolist(), strict=True))
            at_x, spans = _own_places(whole) if query.each else (_place(query, span), "")
            buckets = _BUCKETS.format(place=at_x, spans=spans, inside=_inside(query)[0])
            ask = partial(_thinned, key=key, query=query, buckets=buckets, sizes=sizes)
            parts = [part for some in slices for part in read(partial(ask, runs=some))]
    return CurveColumns(**_joined(parts, places), counts=counts, gaps=gaps, latest=latest)


def stepped_metrics(con: DuckDBPyConnection, ids: Sequence[str]) -> list[str]:
    """Read the names of the metrics of which one of these runs has more than one point."""
    return sorted(name for (name,) in con.execute(_STEPPED, [list(ids)]).fetchall())


def _keys(con: DuckDBPyConnection, ids: Sequence[str], metric: str) -> tuple[Any, list[Any]]:
    key = con.execute("SELECT key FROM metric_keys WHERE name = $1", [metric]).fetchone()
    runs = con.execute(_KEYS, [metric, list(ids)]).fetchall()
    return (key[0] if key and runs else None), sorted(runs, key=lambda row: row[1])


def _slices(runs: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Cut runs into lots that are looked through quickly."""
    lot: list[int] = []
    rows = 0
    for run, size in runs:
        if lot and rows + size > _SLICE:
            yield lot
            lot, rows = [], 0
        lot.append(run)
        rows += size
    if lot:
        yield lot


def _points(key: int, runs: Sequence[int], query: CurveQuery) -> str:
    drawn = "isfinite(m.value)" + (" AND m.value > 0" if query.log_y else "")
    keys = ", ".join(str(int(run)) for run in runs) or "NULL"
    return _POINTS.format(x=_X[query.x], drawn=drawn, key=int(key), runs=keys)


def _inside(query: CurveQuery) -> tuple[str, dict[str, float]]:
    positive = "x > 0" if query.log_x else "true"
    if query.between is None:
        return positive, {}
    low, high = query.between
    return f"{positive} AND x BETWEEN $low AND $high", {"low": low, "high": high}


def _extents(
    con: DuckDBPyConnection, *, key: int, runs: Sequence[int], query: CurveQuery
) -> dict[str, Any]:
    inside, values = _inside(query)
    text = _points(key, runs, query) + _EXTENTS.format(inside=inside)
    return dict(con.execute(text, values).fetchnumpy())


def _thinned(
    con: DuckDBPyConnection,
    *,
    key: int,
    runs: Sequence[int],
    query: CurveQuery,
    buckets: str,
    sizes: dict[int, int],
) -> list[dict[str, Any]]:
    """Read the points of some runs: all of those with few, and of the others some per part."""
    inside, values = _inside(query)
    few = [run for run in runs if 0 < sizes.get(run, 0) <= 2 * query.buckets]
    many = [run for run in runs if sizes.get(run, 0) > 2 * query.buckets]
    parts: list[dict[str, Any]] = []
    if few:
        text = _points(key, few, query) + _ALL.format(inside=inside)
        parts.append(dict(con.execute(text, values).fetchnumpy()))
    if many:
        text = _points(key, many, query) + buckets
        text = f"SELECT run, bucket, {_unpacked(_KEPT)} FROM ({text})"
        rows = con.execute(text, {**values, "buckets": query.buckets}).fetchnumpy()
        parts.append(_chosen(dict(rows)))
    if query.between is not None:
        positive = "x > 0" if query.log_x else "true"
        text = _points(key, runs, query) + _BESIDE.format(positive=positive)
        text = f"SELECT run, {_unpacked(('before', 'after'))} FROM ({text})"
        rows = con.execute(text, values).fetchnumpy()
        parts += [_part(dict(rows), name) for name in ("before", "after")]
    return parts


def _place(query: CurveQuery, span: tuple[float, float]) -> str:
    """Write where a point stands in the range, from 0 to 1. Both ends are numbers of ours."""
    low, high = float(span[0]), float(span[1])
    if not low < high:
        return "0.0"
    if query.log_x:
        low = max(low, 1e-300)
        return f"((ln(x::DOUBLE) - ln({low!r}::DOUBLE)) / (ln({high!r}::DOUBLE / {low!r}::DOUBLE)))"
    return f"((x::DOUBLE - {low!r}::DOUBLE) / ({high!r}::DOUBLE - {low!r}::DOUBLE))"


def _own_places(extents: dict[str, Any]) -> tuple[str, str]:
    """Write where a point stands in the range of its own run, and what to join for that."""
    rows = zip(*(extents[name].tolist() for name in ("run", "low", "high")), strict=True)
    ends = ", ".join(f"({int(run)}, {float(low)!r}, {float(high)!r})" for run, low, high in rows)
    values = f"(VALUES {ends}) s(run, low, high)"
    place = "(CASE WHEN s.low < s.high THEN (x::DOUBLE - s.low) / (s.high - s.low) ELSE 0.0 END)"
    return place, f"JOIN {values} USING (run)"


def _unpacked(names: Sequence[str]) -> str:
    return ", ".join(f"{name}.{field} AS {name}_{field}" for name in names for field in _FIELDS)


def _part(rows: dict[str, Any], name: str, only: Any = None) -> dict[str, Any]:
    """Give one of the kept points of each row that has it."""
    import numpy as np

    there = ~np.ma.getmaskarray(rows[f"{name}_x"])
    there = there if only is None else there & only
    columns = {field: np.ma.getdata(rows[f"{name}_{field}"])[there] for field in _FIELDS}
    return {"run": rows["run"][there], **columns}


def _chosen(rows: dict[str, Any]) -> dict[str, Any]:
    """Keep the first and the last point of a part only beside a part without points."""
    import numpy as np

    order = np.lexsort([rows["bucket"], rows["run"]])
    rows = {name: column[order] for name, column in rows.items()}
    run, bucket = rows["run"], rows["bucket"]
    follows = np.zeros(len(run) + 1, bool)
    follows[1:-1] = (run[1:] == run[:-1]) & (bucket[1:] == bucket[:-1] + 1)
    parts = [
        *(_part(rows, name) for name in ("lowest", "highest", "gap")),
        _part(rows, "first", ~follows[:-1]),
        _part(rows, "last", ~follows[1:]),
    ]
    return _once({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _once(columns: dict[str, Any]) -> dict[str, Any]:
    """Drop what was kept for two reasons."""
    import numpy as np

    names = ("value", "step", "time", "x", "run")
    order = np.lexsort([columns[name] for name in names])
    columns = {name: column[order] for name, column in columns.items()}
    same = np.ones(len(order) - 1, bool)
    for name in names:
        bits = columns[name].view(np.int64)  # NaN is itself
        same &= bits[1:] == bits[:-1]
    keep = np.append(True, ~same)
    return {name: column[keep] for name, column in columns.items()}


def _joined(parts: Sequence[dict[str, Any]], places: dict[int, int]) -> dict[str, Any]:
    """Put points together by place of the run, x and time, and else as they lie in the file."""
    import numpy as np

    kinds = {"run": np.int64, "step": np.int64, "time": np.int64, "value": np.float64}
    columns: dict[str, Any] = {
        name: np.concatenate([np.zeros(0, kind), *(part[name] for part in parts)])
        for name, kind in {**kinds, "x": np.int64}.items()
    }
    if len(columns["run"]):
        keys = np.array(sorted(places), np.int64)
        where = np.array([places[key] for key in keys.tolist()], np.int64)
        columns["run"] = where[np.searchsorted(keys, columns["run"])]
    order = np.lexsort([columns[name] for name in ("step", "time", "x", "run")])
    return {name: column[order] for name, column in columns.items()}
