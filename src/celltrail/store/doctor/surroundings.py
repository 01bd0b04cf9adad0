"""What lies around a store: spools, locks, large artifacts, and what was left behind."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from celltrail.store.blobs import find_leftovers, large_blobs
from celltrail.store.changes import Changes
from celltrail.store.doctor.finding import Finding
from celltrail.store.layout import DONE_NAME, EVENTS_SUFFIX, OWNER_NAME, POINTS_SUFFIX
from celltrail.store.metrics import PointBatch
from celltrail.store.owner import Life
from celltrail.store.spool import Offsets, Spool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from celltrail.store.layout import Layout
    from celltrail.store.spool import Segment, Writer

__all__ = ["Known", "find_file_faults", "find_spool_faults", "known"]

_LOCKS = ("lock", "turn")
_PARTS = (OWNER_NAME, DONE_NAME, "blobs")


@dataclass(frozen=True, slots=True)
class Known:
    """What a store names that lies outside of it.

    Parameters
    ----------
    merged
        (session, segment) to how much of it is in the store.
    artifacts
        Address and size of all artifacts that runs have.
    inline
        The addresses of those whose content is in the file.
    """

    merged: Mapping[tuple[str, int], Offsets]
    artifacts: Mapping[str, int]
    inline: frozenset[str]


def known(con: DuckDBPyConnection) -> Known:
    """Read what the store that the connection uses names."""
    merged = con.execute("SELECT session, segment, events, points FROM merged").fetchall()
    artifacts = con.execute("SELECT sha256, max(size) FROM artifacts GROUP BY sha256").fetchall()
    inline = con.execute("SELECT sha256 FROM blobs").fetchall()
    return Known(
        {(session, segment): Offsets(e, p) for session, segment, e, p in merged},
        dict(artifacts),
        frozenset(sha for (sha,) in inline),
    )


# -- large artifacts -------------------------------------------------------------------------


def find_file_faults(layout: Layout, store: Known) -> Iterator[Finding]:
    """Compare the large artifacts with what the store says of them."""
    files = dict(large_blobs(layout))
    for sha256 in sorted(store.artifacts.keys() - store.inline - files.keys()):
        if not _is_in_spool(layout, sha256):
            yield Finding(
                "artifact-missing",
                f"the content of artifact {sha256[:12]} is neither in the file nor in "
                f"{layout.files}: put it back from a backup, or log it again.",
                repairable=False,
            )
    for sha256, path in files.items():
        if _is_damaged(path, sha256):
            yield Finding(
                "artifact-damaged",
                f"{path} is damaged: put it back from a backup, or log its content again.",
                repairable=False,
            )
    orphans = [path for sha256, path in files.items() if sha256 not in store.artifacts]
    if orphans and not any(Spool(layout).writers()):
        size = sum(path.stat().st_size for path in orphans if path.exists())
        yield Finding(
            "artifact-unused",
            f"{len(orphans):,} files in {layout.files} ({size:,} bytes) belong to no run.",
            repairable=False,
            note=True,
        )
    leftovers = find_leftovers(layout)
    if leftovers:
        yield Finding(
            "copy-cut-off",
            f"{len(leftovers):,} copies of large artifacts in {layout.files} were cut off.",
        )


def _is_in_spool(layout: Layout, sha256: str) -> bool:
    """Say whether somebody's spool holds it; one that cannot be read may."""
    for writer in Spool(layout).writers():
        try:
            if layout.blob(writer.session, sha256).exists():
                return True
        except OSError:
            return True
    return False


def _is_damaged(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() != sha256
    except FileNotFoundError:  # somebody removed it just now
        return False


# -- the spool -------------------------------------------------------------------------------


def find_spool_faults(
    layout: Layout, merged: Mapping[tuple[str, int], Offsets]
) -> Iterator[Finding]:
    """Look through everybody's spools."""
    if not layout.spool.is_dir():
        return
    for writer in Spool(layout).writers():
        try:
            found = list(_writer_faults(writer, merged))
        except FileNotFoundError:
            continue  # merged and removed just now
        # Of what went meanwhile nothing is to be said.
        if writer.folder.exists():
            yield from found
    for path in Spool(layout).temporaries():
        yield Finding("temporary-left", f"{path} is left of a process that was killed.")
    foreign = [
        path
        for path in (sorted(layout.spool.iterdir()) if layout.spool.is_dir() else ())
        if path.is_file() and not path.name.startswith(".") and path.name not in _LOCKS
    ]
    for path in foreign:
        yield Finding(
            "spool-foreign",
            f"{path} is nothing of celltrail's: move it elsewhere.",
            repairable=False,
            note=True,
        )


def _writer_faults(writer: Writer, merged: Mapping[tuple[str, int], Offsets]) -> Iterator[Finding]:
    error = writer.unreadable()
    if error is not None:
        yield Finding(
            "spool-private",
            f"{writer.folder} cannot be read ({error}): its records are merged by whoever may.",
            repairable=False,
            note=True,
        )
        return
    yield from _life_faults(writer)
    numbers = [segment.number for segment in writer.segments]
    if numbers and len(numbers) != numbers[-1] - numbers[0] + 1:
        yield Finding(
            "spool-gap",
            f"of the segments in {writer.folder} some are missing between "
            f"{numbers[0]} and {numbers[-1]}: what was logged to them is lost.",
            repairable=False,
            note=True,
        )
    foreign = [path.name for path in writer.folder.iterdir() if not _is_ours(path)]
    if foreign:
        yield Finding(
            "spool-foreign",
            f"{', '.join(sorted(foreign))} in {writer.folder}: nothing of celltrail's.",
            repairable=False,
            note=True,
        )
    for segment in writer.segments:
        start = merged.get((writer.session, segment.number), Offsets())
        found = list(_segment_faults(segment, start))
        # Of what somebody merged and removed meanwhile nothing is to be said.
        if segment.events_path.exists() and (segment.points_path.exists() or not start.points):
            yield from found


def _life_faults(writer: Writer) -> Iterator[Finding]:
    owner = writer.owner
    if owner is None and (writer.folder / OWNER_NAME).exists():
        yield Finding(
            "spool-owner",
            f"{writer.folder / OWNER_NAME} is damaged: it is not known who writes there. Its "
            "records are merged when nobody has written there for ten minutes.",
            repairable=False,
            note=True,
        )
    elif not writer.readable:
        who = f"process {owner.pid} on {owner.host}" if owner else "a process of another machine"
        yield Finding(
            "spool-elsewhere",
            f"{writer.folder} is of {who}, which may still write; its records are merged there, "
            "or when nobody has written for ten minutes.",
            repairable=False,
            note=True,
        )
    elif owner is not None and owner.life() is Life.DEAD:
        yield Finding(
            "spool-left",
            f"{writer.folder} is left of process {owner.pid}, which is gone: the next merge takes "
            "its records in.",
            note=True,
        )


def _is_ours(path: Path) -> bool:
    if path.name in _PARTS:
        return True
    number, _, suffix = path.name.partition(".")
    return number.isdigit() and f".{suffix}" in (EVENTS_SUFFIX, POINTS_SUFFIX)


def _segment_faults(segment: Segment, start: Offsets) -> Iterator[Finding]:
    if segment.end.points < start.points or segment.end.events < start.events:
        yield Finding(
            "spool-cut",
            f"segment {segment.number} in {segment.folder} is shorter than what was merged of "
            "it: somebody cut it off.",
            repairable=False,
            note=True,
        )
        return
    part = segment.read(start)
    changes, batch = Changes(), PointBatch()
    changes.read({part.session: part.events})
    batch.add(part.points, part.known + part.events)
    damaged = changes.skipped
    for points, names in batch.parts:
        import numpy as np

        is_defined = np.isin(points.run, list(names.runs)) & np.isin(points.key, list(names.keys))
        damaged += int((~is_defined).sum())
    if damaged:
        yield Finding(
            "spool-damaged",
            f"{damaged:,} records of segment {segment.number} in {segment.folder} are damaged: a "
            "merge passes them over and takes the others.",
            note=True,
        )
