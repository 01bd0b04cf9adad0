"""One store into another: what the other has and this one has not, as often as one likes.

Both stores are held for one batch of runs at a time, each batch is one transaction, and doing
a batch again changes nothing. So a merge that is cut off is simply done again, and whoever
reads or records meanwhile waits for a batch at most.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from celltrail.errors import StoreBusyError, UsageError
from celltrail.store.instance import attached
from celltrail.store.jitter import jitter
from celltrail.store.lock import LockTimeoutError
from celltrail.store.meanings import put_meanings
from celltrail.store.notices import warn
from celltrail.store.schema import is_older, require_readable
from celltrail.store.upkeep.batch import Batch, copy_batch
from celltrail.store.upkeep.contents import beside
from celltrail.store.upkeep.large import copy_files
from celltrail.store.upkeep.references import copy_executions, copy_references, copy_sessions
from celltrail.store.upkeep.results import Merged
from celltrail.store.upkeep.settling import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from duckdb import DuckDBPyConnection

    from celltrail.store.access import Access

__all__ = ["merge_store"]

_T = TypeVar("_T")

#: Points of one batch, and runs.
_BATCH = 500_000
_RUNS = 2_000
#: Seconds until two stores must have been free at the same time.
_PATIENCE = 30.0

_PLAN = """
SELECT r.id, (SELECT coalesce(sum(s.count), 0)::BIGINT FROM other.summaries s WHERE s.run = r.run)
FROM other.runs r
WHERE r.number IS NOT NULL AND r.id NOT IN (SELECT id FROM purged)
ORDER BY r.run
"""
_LEFT_OUT = """
SELECT count(*) FROM other.runs WHERE number IS NOT NULL AND id IN (SELECT id FROM purged)
"""


def merge_store(ours: Access, theirs: Access) -> Merged:
    """Bring what another store has into this one, without duplicates.

    Parameters
    ----------
    ours
        The store that grows; made when it is missing.
    theirs
        The other one, which is only read; but what is in its spool is merged into it first,
        where its folder can be written, and an older one is brought up to date.

    Raises
    ------
    UsageError
        When both are the same file.
    StoreMissingError
        When the other one does not exist.
    StoreError
        When one of them cannot be read or written.
    """
    _prepare(ours, theirs)
    plan, left_out, wanted = _together(ours, theirs, _plan)
    # Large files take long, so nobody is kept waiting for them. What is missing after all,
    # because somebody purged in between, is copied with the batch.
    found: Counter[str] = Counter(purged=left_out)
    found["artifacts"] = copy_files(theirs.layout, ours.layout, wanted).copied
    touched: set[str] = set()
    missing: set[str] = set()

    def work(con: DuckDBPyConnection, ids: list[str], *, is_last: bool) -> Batch:
        missing.update(copy_files(theirs.layout, ours.layout, _files(con, ids)).missing)
        con.execute("BEGIN")
        batch = copy_batch(con, ids)
        if is_last:
            copy_references(con)
            put_meanings(con)
            copy_executions(con)
        con.execute("COMMIT")
        return batch

    batches = list(_batches(plan)) or [[]]
    for number, ids in enumerate(batches, 1):
        batch = _together(ours, theirs, partial(work, ids=ids, is_last=number == len(batches)))
        found.update(new=batch.new, points=batch.points, renumbered=batch.renumbered)
        touched |= batch.updated
    if missing:
        warn(f"{len(missing):,} contents of artifacts are missing in {theirs.path} itself.")
    return Merged(**found, updated=len(touched), missing=len(missing))


def _plan(con: DuckDBPyConnection) -> tuple[list[tuple[str, int]], int, dict[str, int]]:
    """Give the other's runs with their points, how many are left out, and its large files."""
    plan = con.execute(_PLAN).fetchall()
    left_out = con.execute(_LEFT_OUT).fetchall()[0][0]
    con.execute("BEGIN")
    copy_sessions(con)
    con.execute("COMMIT")
    return plan, left_out, _files(con, [run_id for run_id, _ in plan])


def _prepare(ours: Access, theirs: Access) -> None:
    if ours.path == theirs.path or (
        ours.path.exists() and theirs.path.exists() and ours.path.samefile(theirs.path)
    ):
        message = f"{ours.path} cannot be merged into itself. Give the path of another store."
        raise UsageError(message)
    settle(theirs)
    with theirs.shared(), attached(theirs.path, read_only=True) as con:
        require_readable(con, theirs.path)
        older = is_older(con, theirs.path)
    if older:
        with theirs.writing():
            pass  # that brings it up to date


def _batches(plan: list[tuple[str, int]]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for run_id, points in plan:
        if batch and (size + points > _BATCH or len(batch) == _RUNS):
            yield batch
            batch, size = [], 0
        batch.append(run_id)
        size += points
    if batch:
        yield batch


def _files(con: DuckDBPyConnection, ids: list[str]) -> dict[str, int]:
    """Give address and size of what may be files in the other store."""
    rows = con.execute(
        "SELECT DISTINCT sha256, size FROM other.artifacts WHERE run IN ("
        "SELECT run FROM other.runs WHERE id IN (SELECT unnest($1::VARCHAR[]))"
        ") AND sha256 NOT IN (SELECT sha256 FROM other.blobs) "
        "AND sha256 NOT IN (SELECT sha256 FROM blobs)",
        [ids],
    ).fetchall()
    return dict(rows)


class _OtherBusyError(Exception):
    """The other store was not got in time, and this one was let go."""


def _together(ours: Access, theirs: Access, work: Callable[[DuckDBPyConnection], _T]) -> _T:
    """Do something while this store is held to be written and ``other`` to be read.

    Two processes may be merging two stores into each other: each holds one and waits for the
    other. So nobody waits long for the second; both let go and try again.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with (
                ours.writing() as con,
                _kept_still(theirs),
                beside(con, theirs.path, "other", "READ_ONLY"),
            ):
                return work(con)
        except _OtherBusyError as error:
            if time.monotonic() > deadline:
                raise StoreBusyError(theirs.path, error) from error
        time.sleep(jitter(0.05, 0.5))


@contextmanager
def _kept_still(theirs: Access) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(theirs.kept_still(jitter(0.5, 2.0)))
        except LockTimeoutError as error:
            raise _OtherBusyError(*error.args) from error
        yield
