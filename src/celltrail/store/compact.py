"""Putting a finished run's points together: by run, metric and step.

While a run goes on, every merge adds its new points at the end of the table, between those of
other runs. To read one curve then means to look at all that was merged in the meantime. So
when the run has ended its points are written once more, in order; DuckDB skips what lies
elsewhere by the least and greatest run and key of each row group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from celltrail.store.events import now_us

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

__all__ = ["Slab", "claim", "compact_slab", "next_run", "note_scattered"]

#: Runs with fewer points lie in one or two row groups in any case.
_SMALL = 2 * 16384
#: Points that are written in one go, so that nobody waits for long.
_SLAB = 500_000

_NOTE = f"""
INSERT INTO scattered
SELECT run, NULL::TIMESTAMP FROM summaries ANTI JOIN scattered USING (run)
WHERE run IN ({{runs}}) GROUP BY run HAVING sum(count) >= {_SMALL}
"""
_NEXT = """
SELECT run FROM scattered
WHERE claimed IS NULL OR claimed < make_timestamp({now}) - INTERVAL 5 MINUTE LIMIT 1
"""
# The numbers are literals, which is what row groups are skipped by.
_WHERE = "run = {run} AND key BETWEEN {first} AND {last} AND step BETWEEN {low} AND {high}"


@dataclass(frozen=True, slots=True)
class Slab:
    """A part of a run's points: those of some metrics, or of one metric and some steps.

    Parameters
    ----------
    run
        The run's surrogate key.
    first, last
        The least and the greatest key of a metric.
    low, high
        The least and the greatest step.
    """

    run: int
    first: int
    last: int
    low: int = -(1 << 63)
    high: int = (1 << 63) - 1


def note_scattered(con: DuckDBPyConnection, runs: Sequence[int]) -> None:
    """Put runs that have ended on the list, except those that are too small to bother with."""
    if runs:
        con.execute(_NOTE.format(runs=", ".join(map(str, runs))))


def next_run(con: DuckDBPyConnection) -> int | None:
    """Give the surrogate key of a run that is to be compacted, and which nobody has claimed."""
    found = con.execute(_NEXT.format(now=now_us())).fetchall()
    return found[0][0] if found else None


def claim(con: DuckDBPyConnection) -> list[Slab]:
    """Choose a run to be compacted, which nobody else chooses for some minutes.

    Returns
    -------
    list of Slab
        Its points in parts of a bounded size, in the order in which they shall lie; empty
        when there is nothing to do.
    """
    run = next_run(con)
    if run is None:
        return []
    con.execute("UPDATE scattered SET claimed = make_timestamp($1) WHERE run = $2", [now_us(), run])
    counts = con.execute(
        "SELECT key, count FROM summaries WHERE run = $1 ORDER BY key", [run]
    ).fetchall()
    return list(_cut(con, run, counts))


def _cut(con: DuckDBPyConnection, run: int, counts: list[tuple[int, int]]) -> Iterator[Slab]:
    group: list[int] = []
    size = 0
    for key, count in counts:
        if group and size + count > _SLAB:
            yield Slab(run, group[0], group[-1])
            group, size = [], 0
        if count > _SLAB:
            yield from _by_steps(con, run, key, count)
        else:
            group.append(key)
            size += count
    if group:
        yield Slab(run, group[0], group[-1])


def _by_steps(con: DuckDBPyConnection, run: int, key: int, count: int) -> Iterator[Slab]:
    """Cut one metric where so many points come before."""
    parts = count // _SLAB + 1
    shares = ", ".join(str(i / parts) for i in range(1, parts))
    cuts = con.execute(
        f"SELECT quantile_disc(step, [{shares}]) FROM metrics WHERE run = {run} AND key = {key}"
    ).fetchall()[0][0]
    low = -(1 << 63)
    for cut in sorted(set(cuts)):
        yield Slab(run, key, key, low, cut)
        low = cut + 1
    yield Slab(run, key, key, low)


def compact_slab(con: DuckDBPyConnection, slab: Slab, *, is_last: bool) -> None:
    """Write a part of a run's points anew, in order, in one transaction.

    Parameters
    ----------
    con
        A connection that uses the store, attached to be written.
    slab
        Which points.
    is_last
        Whether the run is compacted with this.
    """
    where = _WHERE.format(
        run=slab.run, first=slab.first, last=slab.last, low=slab.low, high=slab.high
    )
    con.execute("BEGIN")
    # Of equal steps and times the one that was logged later stays the later one.
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE slab AS SELECT *, rowid AS place FROM metrics WHERE {where}"
    )
    con.execute(f"DELETE FROM metrics WHERE {where}")
    con.execute(
        "INSERT INTO metrics SELECT run, key, step, time, value, exact FROM slab "
        "ORDER BY run, key, step, time, place"
    )
    con.execute("DROP TABLE slab")
    if is_last:
        con.execute("DELETE FROM scattered WHERE run = $1", [slab.run])
    con.execute("COMMIT")
