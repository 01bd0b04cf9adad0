"""Hiding runs, showing them again, and removing them for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail.errors import RunIsRunningError
from celltrail.store.events import now_us
from celltrail.store.tables import OF_RUNS, insert
from celltrail.store.upkeep.results import DeletedRun, Purged
from celltrail.store.upkeep.sweep import sweep_files, sweep_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from celltrail.store.access import Access

__all__ = ["delete_runs", "deleted_runs", "purge_runs", "restore_runs"]

_IDS = "id IN (SELECT unnest($1::VARCHAR[]))"
_DELETED = """
SELECT r.id, r.number, r.name, r.experiment, r.status, epoch_us(r.started), epoch_us(r.deleted),
    (SELECT coalesce(sum(s.count), 0)::BIGINT FROM summaries s WHERE s.run = r.run)
FROM runs r WHERE r.number IS NOT NULL AND r.deleted IS NOT NULL ORDER BY r.deleted DESC, r.id DESC
"""


def delete_runs(access: Access, ids: Sequence[str]) -> int:
    """Hide runs from all reads.

    Parameters
    ----------
    access
        The store's locks.
    ids
        The runs; those that are hidden already, or not there, are passed over.

    Returns
    -------
    int
        How many are hidden now that were not.

    Raises
    ------
    RunIsRunningError
        When a process still records one of them; nothing is hidden then.
    """
    if not ids:
        return 0
    with access.writing() as con:
        _require_ended(con, access, ids)
        rows = con.execute(
            f"UPDATE runs SET deleted = make_timestamp($2) WHERE {_IDS} AND deleted IS NULL "
            "RETURNING run",
            [list(ids), now_us()],
        ).fetchall()
    return len(rows)


def restore_runs(access: Access, ids: Sequence[str]) -> int:
    """Show hidden runs again, and give how many there were."""
    if not ids:
        return 0
    with access.writing() as con:
        rows = con.execute(
            f"UPDATE runs SET deleted = NULL WHERE {_IDS} AND deleted IS NOT NULL RETURNING run",
            [list(ids)],
        ).fetchall()
    return len(rows)


def deleted_runs(access: Access) -> list[DeletedRun]:
    """Read the runs that are hidden, the one hidden last first."""
    if not access.path.exists():
        return []
    with access.reading() as con:
        return [DeletedRun(*row) for row in con.execute(_DELETED).fetchall()]


def _require_ended(con: DuckDBPyConnection, access: Access, ids: Sequence[str]) -> None:
    """Raise for runs that go on: a merge has just said of all others that they are lost."""
    running = con.execute(
        f"SELECT coalesce(name, 'run ' || number::VARCHAR, id) FROM runs WHERE {_IDS} "
        "AND status = 'running' ORDER BY id",
        [list(ids)],
    ).fetchall()
    if running:
        raise RunIsRunningError([name for (name,) in running], access.path)


def purge_runs(access: Access, ids: Sequence[str]) -> Purged:
    """Remove runs for good, with everything that only they use.

    Their ids are kept, so that what is still on its way to them is dropped.

    Parameters
    ----------
    access
        The store's locks.
    ids
        The runs, hidden or not; those that are not there are passed over.

    Raises
    ------
    RunIsRunningError
        When a process still records one of them; nothing is removed then.
    """
    with access.writing() as con:
        _require_ended(con, access, ids)
        found = con.execute(
            f"SELECT run, id, experiment, number FROM runs WHERE {_IDS}", [list(ids)]
        ).fetchall()
        runs = [row[0] for row in found]
        con.execute("BEGIN")
        _bypass(con, "parent", runs)
        _bypass(con, "previous", runs)
        inline = _inline_bytes(con)
        points = _remove_rows(con, runs)
        now = now_us()
        insert(con, "purged", ((run_id, now, *place) for _, run_id, *place in found))
        blobs = sweep_rows(con)
        inline -= _inline_bytes(con)
        con.execute("COMMIT")
        # Only now: a file that is gone while its run is not would be a loss.
        files = sweep_files(con, access.layout)
    return Purged(
        runs=len(runs),
        points=points,
        artifacts=blobs + files.count,
        bytes=inline + files.bytes,
        kept=files.kept,
    )


def _inline_bytes(con: DuckDBPyConnection) -> int:
    (size,) = con.execute("SELECT coalesce(sum(size), 0)::BIGINT FROM blobs").fetchall()[0]
    return int(size)


def _bypass(con: DuckDBPyConnection, column: str, runs: Sequence[int]) -> None:
    """Let runs that refer to a run that goes refer to the next one that stays."""
    pairs: dict[int, int | None] = dict(
        con.execute(
            f"SELECT run, {column} FROM runs WHERE run IN (SELECT unnest($1::BIGINT[]))",
            [list(runs)],
        ).fetchall()
    )
    referring = con.execute(
        f"SELECT run, {column} FROM runs WHERE {column} IN (SELECT unnest($1::BIGINT[])) "
        "AND run NOT IN (SELECT unnest($1::BIGINT[]))",
        [list(runs)],
    ).fetchall()
    changed: list[Any] = []
    for run, target in referring:
        seen = set()
        while target in pairs and target not in seen:
            seen.add(target)
            target = pairs[target]
        changed.append((run, None if target in pairs else target))
    if changed:
        con.execute(
            f"UPDATE runs SET {column} = n.target FROM (SELECT unnest($1::BIGINT[]) AS run, "
            "unnest($2::BIGINT[]) AS target) n WHERE runs.run = n.run",
            [list(part) for part in zip(*changed, strict=True)],
        )


def _remove_rows(con: DuckDBPyConnection, runs: Sequence[int]) -> int:
    """Delete the rows of runs from all of our tables, and give how many points went."""
    points = 0
    for table in OF_RUNS:
        gone = con.execute(
            f"DELETE FROM store.main.{table} WHERE run IN (SELECT unnest($1::BIGINT[]))",
            [list(runs)],
        ).fetchall()
        if table == "metrics":
            points = int(gone[0][0])
    return points
