"""Runs that both stores have: of everything that they have, the union.

A row that occurs several times here or there occurs as often as where it occurs most, so that
doing it again changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from celltrail.store.compact import note_scattered
from celltrail.store.metrics import summed
from celltrail.store.tables import column_names, insert

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["columns_after_run", "unite_params", "unite_points", "unite_rows", "unite_tags"]

_KNOWN = "(SELECT ours FROM pairs WHERE NOT is_new)"
_POINT = "run, key, step, time, value, exact"

# What is the same in both is told by a sum of hashes, without a comparison point by point.
_DIFFERING = """
CREATE OR REPLACE TEMP TABLE differing AS
WITH there AS (
    SELECT p.ours AS run, k.ours AS key, m.run AS their_run, m.key AS their_key, count(*) AS n,
        sum(hash(m.step, m.time, m.value, m.exact)::HUGEINT) AS h
    FROM other.metrics m JOIN pairs p ON p.theirs = m.run JOIN keys k ON k.theirs = m.key
    WHERE NOT p.is_new AND m.run BETWEEN {their_low} AND {their_high} GROUP BY ALL
), here AS (
    SELECT run, key, count(*) AS n, sum(hash(step, time, value, exact)::HUGEINT) AS h
    FROM metrics SEMI JOIN (SELECT ours AS run FROM pairs WHERE NOT is_new) USING (run)
    WHERE run BETWEEN {low} AND {high} GROUP BY ALL
)
SELECT t.run, t.key, t.their_run, t.their_key FROM there t LEFT JOIN here h USING (run, key)
WHERE h.n IS DISTINCT FROM t.n OR h.h IS DISTINCT FROM t.h
"""
_MISSING = f"""
CREATE OR REPLACE TEMP TABLE missing AS
SELECT d.run, d.key, m.step, m.time, m.value, m.exact
FROM other.metrics m JOIN differing d ON d.their_run = m.run AND d.their_key = m.key
WHERE m.run BETWEEN {{their_low}} AND {{their_high}}
EXCEPT ALL
SELECT {_POINT} FROM metrics SEMI JOIN differing USING (run, key)
WHERE run BETWEEN {{low}} AND {{high}}
"""
_CHANGED = "(SELECT DISTINCT run, key FROM missing)"
_CHANGED_POINTS = (
    f"metrics SEMI JOIN {_CHANGED} USING (run, key) WHERE run BETWEEN {{low}} AND {{high}}"
)


def columns_after_run(table: str, alias: str = "") -> str:
    """Give a table's columns beside ``run``, for SQL, each behind an alias."""
    return ", ".join(f"{alias}{name}" for name in column_names(table) if name != "run")


def unite_rows(con: DuckDBPyConnection, table: str) -> set[int]:
    """Add rows of a table whose rows never change, and give the runs that got any.

    Parameters
    ----------
    con
        A connection that uses the store, in a transaction, with the batch's ``pairs``.
    table
        The table.
    """
    columns = columns_after_run(table)
    rows = con.execute(
        f"INSERT INTO {table} (run, {columns}) "
        f"SELECT p.ours AS run, {columns_after_run(table, 't.')} FROM other.{table} t "
        "JOIN pairs p ON p.theirs = t.run WHERE NOT p.is_new "
        f"EXCEPT ALL SELECT run, {columns} FROM {table} WHERE run IN {_KNOWN} "
        "RETURNING run"
    ).fetchall()
    return {run for (run,) in rows}


def unite_tags(con: DuckDBPyConnection) -> set[int]:
    """Add tags; one that was taken off in one store only is there again."""
    return unite_rows(con, "tags")


def unite_params(con: DuckDBPyConnection) -> set[int]:
    """Make the value that was set last the current one, and keep all others as its past."""
    columns, prefixed = columns_after_run("params"), columns_after_run("params", "t.")
    theirs = " UNION ALL ".join(
        f"SELECT p.ours AS run, {prefixed} FROM other.{table} t "
        "JOIN pairs p ON p.theirs = t.run WHERE NOT p.is_new"
        for table in ("params", "param_changes")
    )
    ours = " UNION ALL ".join(
        f"SELECT run, {columns} FROM {table} WHERE run IN {_KNOWN}"
        for table in ("params", "param_changes")
    )
    shown = columns.replace("time", "epoch_us(time)")
    missing = con.execute(f"SELECT run, {shown} FROM (({theirs}) EXCEPT ALL ({ours}))").fetchall()
    if not missing:
        return set()
    values: defaultdict[tuple[int, str], list[tuple[Any, ...]]] = defaultdict(list)
    for row in missing:
        values[row[0], row[1]].append(row)
    places = [list(part) for part in zip(*values, strict=True)]
    which = (
        "USING (SELECT unnest($1::BIGINT[]) AS run, unnest($2::VARCHAR[]) AS key) n "
        "WHERE {0}.run = n.run AND {0}.key = n.key"
    )
    for table in ("param_changes", "params"):
        gone = con.execute(
            f"DELETE FROM {table} {which.format(table)} RETURNING {table}.run, "
            + shown.replace("key", f"{table}.key"),
            places,
        ).fetchall()
        for row in gone:
            values[row[0], row[1]].append(row)
    for rows in values.values():
        rows.sort(key=lambda row: (row[-1] or 0, repr(row)))
    insert(con, "param_changes", (row for rows in values.values() for row in rows[:-1]))
    insert(con, "params", (rows[-1] for rows in values.values()))
    return {run for run, _ in values}


def unite_points(con: DuckDBPyConnection) -> tuple[int, set[int]]:
    """Add points that are not here, and sum up anew what got any.

    Returns
    -------
    tuple
        How many there were, and of which runs.
    """
    bounds = con.execute(
        "SELECT min(ours), max(ours), min(theirs), max(theirs) FROM pairs WHERE NOT is_new"
    ).fetchall()[0]
    if bounds[0] is None:
        return 0, set()
    names = dict(zip(("low", "high", "their_low", "their_high"), bounds, strict=True))
    con.execute(_DIFFERING.format(**names))
    con.execute(_MISSING.format(**names))
    (count,) = con.execute("SELECT count(*) FROM missing").fetchall()[0]
    runs = {run for (run,) in con.execute("SELECT DISTINCT run FROM missing").fetchall()}
    if runs:
        con.execute(
            f"INSERT INTO metrics SELECT {_POINT} FROM missing ORDER BY run, key, step, time"
        )
        con.execute(
            f"DELETE FROM summaries USING {_CHANGED} n "
            "WHERE summaries.run = n.run AND summaries.key = n.key"
        )
        anew = summed(_CHANGED_POINTS.format(**names))
        con.execute(f"INSERT INTO summaries SELECT * FROM ({anew}) ORDER BY run, key")
        note_scattered(con, sorted(runs))
    for table in ("differing", "missing"):
        con.execute(f"DROP TABLE {table}")
    return int(count), runs
