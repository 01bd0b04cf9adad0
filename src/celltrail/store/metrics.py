"""Points of metrics into the database, with the summaries kept up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from celltrail.store.points import Points, decode
from celltrail.store.segment_names import SegmentNames
from celltrail.store.tables import insert
from celltrail.store.values import EARLIEST, LATEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection


__all__ = ["PURGED", "PointBatch", "insert_points", "summed"]

#: The surrogate key that stands for a run of which nothing is kept.
PURGED = -1

_INSERT = """
INSERT INTO metrics
SELECT run, key, step, make_timestamp(time), CASE WHEN nan THEN 'NaN'::DOUBLE ELSE value END,
    CASE WHEN is_exact THEN exact END
FROM new_points
"""

# What there is already is one more row to be summed up: the earliest of its step and time.
_SUMMARIES = """
CREATE OR REPLACE TEMP TABLE fresh AS
WITH points AS (
    SELECT run, key, step, time, seq, nan, is_exact, exact,
        CASE WHEN nan THEN 'NaN'::DOUBLE ELSE value END AS value
    FROM new_points
), everything AS (
    SELECT run, key, {{'step': step, 'time': time, 'seq': seq}} AS place,
        {{'value': value, 'exact': CASE WHEN is_exact THEN exact END}} AS last,
        CASE WHEN nan THEN NULL ELSE value END AS min,
        CASE WHEN nan THEN NULL ELSE value END AS max,
        CASE WHEN nan THEN NULL ELSE value END AS sum,
        1 AS count, nan::BIGINT AS nans
    FROM points
    UNION ALL
    SELECT run, key, {{'step': last_step, 'time': epoch_us(last_time), 'seq': -1}},
        {{'value': last, 'exact': last_exact}}, min, max, sum, count, nans
    FROM summaries SEMI JOIN (SELECT DISTINCT run, key FROM new_points) USING (run, key)
    WHERE run BETWEEN {low} AND {high}
)
SELECT run, key, max_by(last, place) AS last, max(place) AS place, min(min) AS min,
    max(max) AS max, sum(sum) AS sum, sum(count)::BIGINT AS count, sum(nans)::BIGINT AS nans
FROM everything GROUP BY run, key
"""
_REPLACE = (
    "DELETE FROM summaries USING fresh WHERE summaries.run = fresh.run "
    "AND summaries.key = fresh.key AND summaries.run BETWEEN {low} AND {high}",
    "INSERT INTO summaries SELECT run, key, last.value, last.exact, place.step, "
    "make_timestamp(place.time), min, max, sum, count, nans FROM fresh ORDER BY run, key",
    "DROP TABLE fresh",
)


def summed(points: str) -> str:
    """Give the query that sums points up from nothing: what `insert_points` keeps up.

    Parameters
    ----------
    points
        What stands behind ``FROM``: ``metrics``, or a part of it.

    Returns
    -------
    str
        SQL, whose columns are those of ``summaries``.
    """
    # Value and integer are taken as one: alone, max_by passes over points without an integer.
    return f"""
    SELECT run, key, last.value AS last, last.exact AS last_exact, place.step AS last_step,
        place.time AS last_time, min, max, sum, count, nans
    FROM (
        SELECT run, key, max_by({{'value': value, 'exact': exact}}, place) AS last,
            max(place) AS place, min(value) FILTER (NOT isnan(value)) AS min,
            max(value) FILTER (NOT isnan(value)) AS max,
            sum(value) FILTER (NOT isnan(value)) AS sum, count(*) AS count,
            count(*) FILTER (isnan(value)) AS nans
        FROM (
            SELECT run, key, value, exact, {{'step': step, 'time': time, 'rowid': rowid}} AS place
            FROM {points}
        )
        GROUP BY run, key
    )
    """


@dataclass(slots=True)
class PointBatch:
    """Points of several segments, each with what its numbers mean.

    Parameters
    ----------
    parts
        Decoded points and the names of their segment.
    """

    parts: list[tuple[Points, SegmentNames]] = field(default_factory=list)

    def add(self, data: bytes, events: bytes) -> None:
        """Add records of a segment, and the events that say what their numbers mean."""
        if not data:
            return
        import numpy as np

        points, names = decode(data), SegmentNames()
        names.read(events, set(np.unique(points.run)), set(np.unique(points.key)))
        self.parts.append((points, names))

    def run_ids(self) -> set[str]:
        """Give the ids of all runs that have points here."""
        return {run_id for _, names in self.parts for run_id in names.runs.values()}


def _metric_keys(con: DuckDBPyConnection, names: set[str]) -> dict[str, int]:
    """Give the surrogate key of each name, new ones included."""
    rows = con.execute(
        "SELECT name, key FROM metric_keys WHERE name IN (SELECT unnest($1::VARCHAR[]))",
        [list(names)],
    ).fetchall()
    keys: dict[str, int] = dict(rows)
    new = sorted(names - keys.keys())
    if new:
        (last,) = con.execute("SELECT coalesce(max(key), 0) FROM metric_keys").fetchall()[0]
        added = {name: last + i for i, name in enumerate(new, 1)}
        insert(con, "metric_keys", [(key, name) for name, key in added.items()])
        keys.update(added)
    return keys


def _translate(numbers: Any, meaning: Mapping[int, str], keys: Mapping[str, int]) -> Any:
    """Turn a segment's numbers into surrogate keys; 0 for what it does not define."""
    import numpy as np

    table = np.zeros(max(meaning, default=0) + 2, np.int64)  # its last is never defined
    for number, name in meaning.items():
        table[number] = keys[name]
    return table[np.minimum(numbers, len(table) - 1)]


def insert_points(con: DuckDBPyConnection, batch: PointBatch, runs: Mapping[str, int]) -> int:
    """Insert points and bring the summaries up to date.

    Parameters
    ----------
    con
        A connection that uses the store, in a transaction.
    batch
        The points.
    runs
        The surrogate key of every run in it, or `PURGED`.

    Returns
    -------
    int
        How many points made no sense, because their segment is damaged.
    """
    import numpy as np

    if not batch.parts:
        return 0
    keys = _metric_keys(con, {n for _, names in batch.parts for n in names.keys.values()})
    parts = [points for points, _ in batch.parts]
    run = np.concatenate([_translate(p.run, names.runs, runs) for p, names in batch.parts])
    key = np.concatenate([_translate(p.key, names.keys, keys) for p, names in batch.parts])
    columns: dict[str, Any] = {"run": run, "key": key}
    for name in ("step", "time", "value", "exact", "is_exact"):
        columns[name] = np.concatenate([getattr(part, name) for part in parts])
    # Points of one run lie together, as they are read. A stable sort keeps the order in
    # which they were logged where all else is equal.
    # One damaged time must not keep all others out of the store.
    columns["time"] = np.clip(columns["time"], EARLIEST, LATEST)
    order = np.lexsort((columns["time"], columns["step"], key, run))
    damaged = (run == 0) | (key == 0)
    order = order[(~damaged & (run != PURGED))[order]]
    columns = {name: column[order] for name, column in columns.items()}
    columns["seq"] = np.arange(len(order))
    # DuckDB takes NaN in an array for a missing value: it is told apart by a mask.
    columns["nan"] = np.isnan(columns["value"])
    if len(order):
        touched = columns["run"]
        _insert(con, columns, {"low": int(touched.min()), "high": int(touched.max())})
    return int(damaged.sum())


def _insert(con: DuckDBPyConnection, columns: dict[str, Any], bounds: dict[str, int]) -> None:
    """Insert points; the bounds are those of their runs, for DuckDB to skip all others."""
    con.register("new_points", columns)
    con.execute(_INSERT)
    con.execute(_SUMMARIES.format(**bounds))
    for statement in _REPLACE:
        con.execute(statement.format(**bounds))
    con.unregister("new_points")
