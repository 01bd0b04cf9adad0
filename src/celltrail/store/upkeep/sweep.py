"""Removing what no run uses any more: texts, descriptions, contents and large files."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from celltrail.ids import new_id
from celltrail.store.blobs import large_blobs
from celltrail.store.owner import Life, SessionOwner
from celltrail.store.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from celltrail.store.layout import Layout

__all__ = ["SweptFiles", "sweep_files", "sweep_rows"]

#: While somebody records, a file that was stored so short a time ago (seconds) stays: the
#: event that names it may not be written yet.
_YOUNG = 120.0
#: Clocks of file systems tick in steps of up to two seconds.
_TICK = 2.0
_ASIDE = ".aside-"

# From what refers to what is referred to.
_UNUSED = (
    ("metric_keys", "key", "SELECT key FROM summaries UNION SELECT key FROM metrics"),
    ("datasets", "sha256", "SELECT dataset FROM run_datasets"),
    (
        "sources",
        "sha256",
        "SELECT source FROM runs WHERE source IS NOT NULL "
        "UNION SELECT git_diff FROM runs WHERE git_diff IS NOT NULL "
        "UNION SELECT source FROM cell_executions WHERE source IS NOT NULL",
    ),
    (
        "environments",
        "sha256",
        "SELECT environment FROM runs WHERE environment IS NOT NULL "
        "UNION SELECT environment FROM sessions WHERE environment IS NOT NULL",
    ),
)
_SESSIONS = """
SELECT id, host, pid, process_started, boot FROM sessions
WHERE id NOT IN (SELECT session FROM runs WHERE session IS NOT NULL)
    AND id NOT IN (SELECT session FROM cell_executions)
    AND id NOT IN (SELECT session FROM merged)
"""
_BLOBS = """
DELETE FROM blobs WHERE sha256 NOT IN (SELECT sha256 FROM artifacts) RETURNING size
"""


@dataclass(frozen=True, slots=True)
class SweptFiles:
    """What became of large files that no run uses.

    Parameters
    ----------
    count, bytes
        Those that were removed.
    kept
        How many were left for the next time.
    """

    count: int = 0
    bytes: int = 0
    kept: int = 0


def sweep_rows(con: DuckDBPyConnection) -> int:
    """Delete rows that nothing refers to.

    Parameters
    ----------
    con
        A connection that uses the store, in a transaction. Everything must be merged.

    Returns
    -------
    int
        How many small artifacts' contents were deleted.
    """
    blobs = con.execute(_BLOBS).fetchall()
    gone = [
        row[0]
        for row in con.execute(_SESSIONS).fetchall()
        if None not in row and SessionOwner(*row).life() is Life.DEAD
    ]
    if gone:
        con.execute("DELETE FROM sessions WHERE id IN (SELECT unnest($1::VARCHAR[]))", [gone])
    for table, column, used in _UNUSED:
        con.execute(f"DELETE FROM {table} WHERE {column} NOT IN ({used})")
    return len(blobs)


def sweep_files(con: DuckDBPyConnection, layout: Layout) -> SweptFiles:
    """Remove large artifacts' files that no run uses.

    A process that stores the same content at this moment is not robbed of it. Whoever
    stores content makes its session's folder first, and gives the file the time of now,
    also one that is there already. So while there are sessions, young files stay; and a
    file is put aside before its time is looked at, and put back if it was young after all.

    Parameters
    ----------
    con
        A connection that uses the store. The exclusive lock must be held and everything be
        merged.
    layout
        The store's paths.
    """
    _put_back(layout)
    files = dict(large_blobs(layout))
    # Before the sessions are looked at: one that begins after that makes its file younger.
    now = _now(layout.files) if files else 0.0
    busy = any(Spool(layout).writers())
    used = {sha for (sha,) in con.execute("SELECT DISTINCT sha256 FROM artifacts").fetchall()}
    limit = now - (_YOUNG if busy else _TICK)
    count = size = kept = 0
    for sha256, path in files.items():
        if sha256 in used:
            continue
        removed = _remove(path, limit)
        if removed is None:
            kept += 1
        else:
            count += 1
            size += removed
    if not busy:  # else somebody may have made a folder to put a file into
        _remove_empty(layout.files)
    return SweptFiles(count, size, kept)


def _now(folder: Path) -> float:
    """Give the time by the clock that gives files theirs, which may be another machine's."""
    probe = folder / f"{_ASIDE}{new_id()}"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        probe.unlink(missing_ok=True)


def _remove(path: Path, limit: float) -> int | None:
    """Remove a file that is older than a time, and give its size; None when it is not."""
    try:
        if path.stat().st_mtime > limit:
            return None
        aside = path.with_name(_ASIDE + path.name)
        path.rename(aside)
        there = aside.stat()
        if there.st_mtime > limit:
            aside.replace(path)
            return None
        aside.unlink()
    except OSError:  # somebody reads it, on Windows; or it is gone
        return None
    return there.st_size


def _remove_empty(files: Path) -> None:
    """Remove folders that hold nothing, also that of all large files."""
    if not files.is_dir():
        return
    for folder in [*(path for path in files.iterdir() if path.is_dir()), files]:
        with suppress(OSError):  # it holds something
            folder.rmdir()


def _put_back(layout: Layout) -> None:
    """Give files their names again that a process put aside before it was killed."""
    for aside in _aside(layout):
        path = aside.with_name(aside.name.removeprefix(_ASIDE))
        if path.exists():
            aside.unlink(missing_ok=True)
        else:
            aside.rename(path)


def _aside(layout: Layout) -> Iterator[Path]:
    if layout.files.is_dir():
        yield from sorted(layout.files.glob(f"*/{_ASIDE}*"))
