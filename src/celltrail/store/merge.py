"""Everybody's spools into the store: every record exactly once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from celltrail.errors import StoreUnwritableError
from celltrail.store.apply import apply_slices, gather, mark_lost
from celltrail.store.compact import next_run
from celltrail.store.instance import attached
from celltrail.store.notices import defer
from celltrail.store.owner import Life, SessionOwner
from celltrail.store.schema import create, migrate
from celltrail.store.spool import Offsets, Slice, Spool, Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from celltrail.store.layout import Layout

__all__ = ["Outcome", "batches", "mark_ended", "merge_spool", "owners_of", "unmerged"]

#: Bytes of records in one transaction, so that memory stays bounded.
_BATCH = 16 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a merge left.

    Parameters
    ----------
    merged
        (session, segment) to how much of it is in the store now.
    scattered
        Whether there are ended runs whose points are worth putting together.
    """

    merged: dict[tuple[str, int], Offsets] = field(default_factory=dict)
    scattered: bool = False


def merge_spool(layout: Layout) -> Outcome:
    """Insert what all writers have logged, and remove the files that are done with.

    The rows and how far each file was read are committed together, so that a merge that
    is killed at any point is simply done again. The exclusive lock and `process_wide`
    must be held.

    Parameters
    ----------
    layout
        The store's paths.

    Returns
    -------
    Outcome
        What is in the store now.

    Raises
    ------
    StoreError
        When the store cannot be written; everything stays in the spool.
    """
    spool = Spool(layout)
    everybody = list(spool.writers())
    writers = [writer for writer in everybody if writer.readable]
    if not layout.store.exists():
        _create(layout)
    with attached(layout.store, read_only=False) as con:
        migrate(con, layout.store)
        merged = _load_offsets(con)
        owners = owners_of(writers)
        blobs: list[tuple[str, str]] = []
        skipped = 0
        for batch in batches(_slices(writers, merged)):
            con.execute("BEGIN")
            more, taken = apply_slices(con, layout, gather(batch), owners)
            con.execute("COMMIT")
            skipped += more
            blobs += taken
            merged.update({(part.session, part.segment): part.end for part in batch})
        scattered = _finish(con, everybody, merged)
    # The store is closed and whole: only now may anything go.
    for session, sha256 in blobs:
        layout.blob(session, sha256).unlink(missing_ok=True)
    _clean_up(writers)
    if skipped:  # not from here: this may be a thread, beside any cell
        defer(f"{skipped:,} damaged records in {layout.spool} were passed over.")
    return Outcome(merged, scattered)


def _create(layout: Layout) -> None:
    try:
        layout.store.parent.mkdir(parents=True, exist_ok=True)
        layout.spool.mkdir(exist_ok=True)
        create(layout.store, layout.spool)
    except OSError as error:
        raise StoreUnwritableError(layout.store, error) from error


def _load_offsets(con: DuckDBPyConnection) -> dict[tuple[str, int], Offsets]:
    rows = con.execute("SELECT session, segment, events, points FROM merged").fetchall()
    return {(session, segment): Offsets(e, p) for session, segment, e, p in rows}


def _slices(writers: Iterable[Writer], merged: dict[tuple[str, int], Offsets]) -> Iterator[Slice]:
    """Read what is new, one segment after the other and each only when its turn comes."""
    for writer in writers:
        for segment in writer.segments:
            part = segment.read(merged.get((writer.session, segment.number), Offsets()))
            if len(part):
                yield part


def batches(slices: Iterable[Slice]) -> Iterator[list[Slice]]:
    """Put slices together into as many as are applied in one go."""
    batch: list[Slice] = []
    size = 0
    for part in slices:
        batch.append(part)
        size += len(part)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def owners_of(writers: Iterable[Writer]) -> dict[str, SessionOwner]:
    """Give, by session, the processes that write, of those that may be merged now."""
    return {w.session: w.owner for w in writers if w.readable and w.owner is not None}


def unmerged(con: DuckDBPyConnection, writers: Iterable[Writer]) -> Iterator[Slice]:
    """Read what all writers have logged and the store that the connection uses has not."""
    return _slices((w for w in writers if w.readable), _load_offsets(con))


def mark_ended(con: DuckDBPyConnection, writers: Sequence[Writer]) -> None:
    """Say of open runs whose process is gone, and which are wholly merged, that they are lost."""
    there = {writer.session for writer in writers}
    ended = {writer.session for writer in writers if writer.ended and writer.readable}
    ended |= _dead_sessions(con) - there
    if ended:
        mark_lost(con, ended)


def _finish(
    con: DuckDBPyConnection, writers: list[Writer], merged: dict[tuple[str, int], Offsets]
) -> bool:
    """Mark runs as lost, and forget offsets of folders that are gone; see what is scattered."""
    gone = {session for session, _ in merged} - {writer.session for writer in writers}
    con.execute("BEGIN")
    mark_ended(con, writers)
    if gone:
        con.execute(
            "DELETE FROM merged WHERE session IN (SELECT unnest($1::VARCHAR[]))", [list(gone)]
        )
    con.execute("COMMIT")
    return next_run(con) is not None


def _dead_sessions(con: DuckDBPyConnection) -> set[str]:
    """Find sessions with running runs whose process is not here, whatever became of their spool."""
    rows = con.execute(
        "SELECT id, host, pid, process_started, boot FROM sessions WHERE id IN "
        "(SELECT session FROM runs WHERE status = 'running')"
    ).fetchall()
    owners = (SessionOwner(*row) for row in rows if None not in row)
    # Whoever writes has a folder in the spool. Of one without, on whatever machine, nothing more
    # will come: the store was copied, or what came before is all there is.
    return {owner.id for owner in owners if owner.life() is not Life.ALIVE}


def _clean_up(writers: Iterable[Writer]) -> None:
    for writer in writers:
        try:
            if writer.ended:
                writer.remove()
                continue
            for segment in writer.segments:
                if segment.final:
                    segment.remove()
        except OSError:
            continue  # it is merged, and is removed by a later merge
