"""What is in the spool and not yet merged, laid over the store for one read.

A reader sees what other processes logged a moment ago without writing anything: the same
code that merges applies the spool's tails to empty tables in memory, and views under the
tables' own names show both together. So a read needs no exclusive lock, and no right to write.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING

from celltrail.store.apply import apply_slices, gather
from celltrail.store.merge import batches, mark_ended, owners_of, unmerged
from celltrail.store.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from celltrail.store.layout import Layout
    from celltrail.store.spool import Slice, Writer

__all__ = ["overlaid"]

#: Small tables that are copied: what is applied looks all over them.
_WHOLE = ("runs", "sessions", "metric_keys", "metric_meanings", "purged")
#: Tables of which rows are replaced: those of the runs concerned are copied, and hidden below.
_REPLACED = ("params", "tags", "summaries")
#: Tables that only grow, or whose rows never change; rowid keeps their order.
_GROWING = (
    "metrics",
    "metric_reasons",
    "param_changes",
    "artifacts",
    "run_datasets",
    "outputs",
    "cell_executions",
)
_BY_CONTENT = ("sources", "environments", "datasets", "blobs")
#: Rows in memory come after all rows of the file.
_LATER = 1 << 48

_RUNS_CONCERNED = "(SELECT run FROM fresh.main.concerned)"


@contextmanager
def overlaid(
    con: DuckDBPyConnection, layout: Layout, writers: Sequence[Writer]
) -> Iterator[DuckDBPyConnection]:
    """Let a connection see the store as it will be once everything is merged.

    Parameters
    ----------
    con
        A connection that uses the store, attached to be read. The shared lock and
        `process_wide` must be held.
    layout
        The store's paths.
    writers
        Everybody who has a spool folder.

    Yields
    ------
    DuckDBPyConnection
        The same connection, whose unqualified names are of views now.
    """
    if not _lay_over(con, layout, writers):
        yield con
        return
    yield con
    # After a failure whoever attached the store lets go of this too.
    con.execute("USE store")
    con.execute("DETACH fresh")


def _lay_over(con: DuckDBPyConnection, layout: Layout, writers: Sequence[Writer]) -> bool:
    """Make the tables and views; say whether there was any need."""
    found = [gather(batch) for batch in islice(batches(unmerged(con, writers)), 2)]
    if not found and not any(writer.ended for writer in writers):
        return False
    concerned = {run_id for each in found for run_id in each.changes.runs}
    again: Iterator[list[Slice]] = iter(())
    if len(found) > 1:
        # So much that it is read once more rather than kept: memory stays bounded.
        found.clear()
        for batch in batches(unmerged(con, writers)):
            concerned.update(gather(batch).changes.runs)
        again = batches(unmerged(con, writers))
    con.execute("ATTACH ':memory:' AS fresh")
    _copy(con, list(concerned))
    con.execute("USE fresh")
    con.execute("BEGIN")
    for each in chain(found, map(gather, again)):
        apply_slices(con, layout, each, owners_of(writers), take_blobs=False)
    mark_ended(con, writers)
    con.execute("COMMIT")
    _show(con)
    return True


def _copy(con: DuckDBPyConnection, run_ids: list[str]) -> None:
    """Make the tables in memory, with what the tails may change."""
    con.execute(
        "CREATE TABLE fresh.main.concerned AS SELECT run FROM store.main.runs "
        "WHERE id IN (SELECT unnest($1::VARCHAR[]))",
        [run_ids],
    )
    statements = []
    for table in TABLES:
        which = "LIMIT 0"
        if table in _WHOLE:
            which = ""
        elif table in _REPLACED:
            which = f"WHERE run IN {_RUNS_CONCERNED}"
        statements.append(f"CREATE TABLE fresh.main.{table} AS FROM store.main.{table} {which}")
    con.execute(";".join(statements))


def _show(con: DuckDBPyConnection) -> None:
    """Make the views: each shows a table of the file and what is laid over it."""
    views = [f"CREATE VIEW fresh.seen.{table} AS FROM fresh.main.{table}" for table in _WHOLE]
    for table in _REPLACED:
        views.append(
            f"CREATE VIEW fresh.seen.{table} AS SELECT *, rowid FROM store.main.{table} "
            f"WHERE run NOT IN {_RUNS_CONCERNED} "
            f"UNION ALL SELECT *, rowid + {_LATER} FROM fresh.main.{table}"
        )
    for table in _GROWING:
        views.append(
            f"CREATE VIEW fresh.seen.{table} AS SELECT *, rowid FROM store.main.{table} "
            f"UNION ALL SELECT *, rowid + {_LATER} FROM fresh.main.{table}"
        )
    for table in _BY_CONTENT:
        views.append(
            f"CREATE VIEW fresh.seen.{table} AS FROM store.main.{table} UNION ALL "
            f"FROM fresh.main.{table} WHERE sha256 NOT IN (SELECT sha256 FROM store.main.{table})"
        )
    con.execute("CREATE SCHEMA fresh.seen; USE fresh.seen")
    con.execute(";".join(views))
