"""Some runs of an attached store ``other`` into the store, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from celltrail.store.tables import insert
from celltrail.store.upkeep.contents import blob_slices
from celltrail.store.upkeep.union import (
    columns_after_run,
    unite_params,
    unite_points,
    unite_rows,
    unite_tags,
)
from celltrail.store.upkeep.whole import insert_new_runs, unite_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

__all__ = ["Batch", "copy_batch"]

#: Tables whose rows never change, and those that are only copied whole, with a run that is new.
_GROWING = ("metric_reasons", "artifacts", "run_datasets", "outputs")
_COPIED = (*_GROWING, "params", "param_changes", "tags")

_PAIRS = """
CREATE OR REPLACE TEMP TABLE pairs AS
SELECT r.id, r.run AS theirs,
    coalesce(o.run, last + row_number() OVER (ORDER BY o.run, r.id)) AS ours,
    o.run IS NULL AS is_new, o.number IS NULL AS is_unknown
FROM other.runs r LEFT JOIN runs o ON o.id = r.id,
    (SELECT coalesce(max(run), 0) AS last FROM runs)
WHERE r.number IS NOT NULL AND r.id IN (SELECT unnest($1::VARCHAR[]))
    AND r.id NOT IN (SELECT id FROM purged)
"""
_KEYS = """
CREATE OR REPLACE TEMP TABLE keys AS
SELECT t.key AS theirs, o.key AS ours
FROM other.metric_keys t JOIN metric_keys o ON o.name = t.name
"""
_NEW_KEYS = """
SELECT DISTINCT name FROM other.metric_keys SEMI JOIN (
    SELECT key FROM other.summaries WHERE run IN (SELECT theirs FROM pairs)
) USING (key) WHERE name NOT IN (SELECT name FROM metric_keys) ORDER BY name
"""
_OF_BATCH = "WHERE run IN (SELECT theirs FROM pairs)"
#: Table to the addresses in it that the batch's runs refer to.
_CONTENT = {
    "sources": f"SELECT unnest([source, git_diff]) FROM other.runs {_OF_BATCH}",
    "environments": f"SELECT environment FROM other.runs {_OF_BATCH}",
    "datasets": f"SELECT dataset FROM other.run_datasets {_OF_BATCH}",
}


@dataclass(slots=True)
class Batch:
    """What one batch brought.

    Parameters
    ----------
    new, renumbered, points
        How many.
    updated
        Ids of runs that were here and got something.
    """

    new: int = 0
    renumbered: int = 0
    points: int = 0
    updated: set[str] = field(default_factory=set)


def copy_batch(con: DuckDBPyConnection, ids: Sequence[str]) -> Batch:
    """Take some runs of the other store.

    Parameters
    ----------
    con
        A connection that uses the store, in a transaction, with the other attached.
    ids
        Ids of the runs.
    """
    con.execute(_PAIRS, [list(ids)])
    _keys(con)
    _content(con)
    batch = Batch()
    batch.new, batch.renumbered = insert_new_runs(con)
    touched = unite_runs(con)
    batch.points += _copy_new(con)
    for table in _GROWING:
        touched |= unite_rows(con, table)
    touched |= unite_params(con)
    touched |= unite_tags(con)
    points, runs = unite_points(con)
    batch.points += points
    touched |= runs
    names = con.execute("SELECT ours, id FROM pairs WHERE NOT is_unknown").fetchall()
    batch.updated = {run_id for run, run_id in names if run in touched}
    for table in ("pairs", "keys"):
        con.execute(f"DROP TABLE {table}")
    return batch


def _keys(con: DuckDBPyConnection) -> None:
    """Give each metric of the batch its key here."""
    names = [name for (name,) in con.execute(_NEW_KEYS).fetchall()]
    (last,) = con.execute("SELECT coalesce(max(key), 0) FROM metric_keys").fetchall()[0]
    insert(con, "metric_keys", [(last + i, name) for i, name in enumerate(names, 1)])
    con.execute(_KEYS)


def _content(con: DuckDBPyConnection) -> None:
    """Take what the runs refer to by its content."""
    for table, wanted in _CONTENT.items():
        con.execute(
            f"INSERT INTO {table} BY NAME SELECT * FROM other.{table} "
            f"WHERE sha256 IN ({wanted}) AND sha256 NOT IN (SELECT sha256 FROM {table})"
        )
    # The list of what is wanted is small, the content is not.
    con.execute(
        "CREATE OR REPLACE TEMP TABLE wanted AS SELECT rowid AS place, size FROM other.blobs "
        f"WHERE sha256 IN (SELECT sha256 FROM other.artifacts {_OF_BATCH}) "
        "AND sha256 NOT IN (SELECT sha256 FROM blobs) ORDER BY place"
    )
    for part in blob_slices(con, "wanted"):
        con.execute(
            "INSERT INTO blobs BY NAME SELECT * FROM other.blobs WHERE rowid IN "
            f"(SELECT place FROM wanted WHERE {part})"
        )
    con.execute("DROP TABLE wanted")


def _copy_new(con: DuckDBPyConnection) -> int:
    """Copy what belongs to new runs as it is, and give how many points that were."""
    for table in _COPIED:
        con.execute(
            f"INSERT INTO {table} (run, {columns_after_run(table)}) "
            f"SELECT p.ours, {columns_after_run(table, 't.')} "
            f"FROM other.{table} t JOIN pairs p ON p.theirs = t.run WHERE p.is_new "
            "ORDER BY p.ours, t.rowid"
        )
    con.execute(
        "INSERT INTO summaries SELECT p.ours, k.ours, s.last, s.last_exact, s.last_step, "
        "s.last_time, s.min, s.max, s.sum, s.count, s.nans FROM other.summaries s "
        "JOIN pairs p ON p.theirs = s.run JOIN keys k ON k.theirs = s.key WHERE p.is_new "
        "ORDER BY p.ours, k.ours"
    )
    low, high = con.execute("SELECT min(theirs), max(theirs) FROM pairs WHERE is_new").fetchall()[0]
    if low is None:
        return 0
    (count,) = con.execute(
        "INSERT INTO metrics SELECT p.ours, k.ours, m.step, m.time, m.value, m.exact "
        "FROM other.metrics m JOIN pairs p ON p.theirs = m.run JOIN keys k ON k.theirs = m.key "
        f"WHERE p.is_new AND m.run BETWEEN {low} AND {high} "
        "ORDER BY p.ours, k.ours, m.step, m.time, m.rowid"
    ).fetchall()[0]
    return int(count)
