"""The spool's reading side: who writes, and what of it is not merged yet."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from celltrail.store.layout import (
    DONE_NAME,
    EVENTS_SUFFIX,
    NEW_PREFIX,
    OWNER_NAME,
    POINTS_SUFFIX,
    Layout,
)
from celltrail.store.owner import Life, SessionOwner
from celltrail.store.points import RECORD_SIZE

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Offsets", "Segment", "Slice", "Spool", "Writer"]

#: So long must a writer of another machine be silent before its records are taken.
_SILENCE = 600.0
#: Files that are being made for the store are done in less; older ones were left by a kill.
_TEMPORARY_AGE = 600.0


@dataclass(frozen=True, slots=True)
class Offsets:
    """How far a segment's two files were read, in bytes."""

    events: int = 0
    points: int = 0


#: (session, segment number) to what is merged of it.
Merged = Mapping[tuple[str, int], Offsets]


@dataclass(frozen=True, slots=True)
class Segment:
    """One pair of files, as long as they were when somebody looked.

    Parameters
    ----------
    number
        Its place among the writer's segments.
    final
        Whether nothing more will come.
    end
        Length of both files, the points' cut to whole records.
    """

    folder: Path
    number: int
    final: bool
    end: Offsets

    @property
    def events_path(self) -> Path:
        """The file of events."""
        return self.folder / f"{self.number:06d}{EVENTS_SUFFIX}"

    @property
    def points_path(self) -> Path:
        """The file of points."""
        return self.folder / f"{self.number:06d}{POINTS_SUFFIX}"

    def read(self, start: Offsets) -> Slice:
        """Read what came after ``start``, and the events before it for what they define.

        Raises
        ------
        OSError
            When a file that is there cannot be read: it is not taken for an empty one.
        """
        # The end of the points was taken before this: the events read now define all of them.
        events = _read(self.events_path, 0, None)
        events = events[: events.rfind(b"\n") + 1]
        points = _read(self.points_path, start.points, self.end.points)
        whole = len(points) - len(points) % RECORD_SIZE
        return Slice(
            session=self.folder.name,
            segment=self.number,
            known=events[: start.events],
            events=events[start.events :],
            points=points[:whole],
            end=Offsets(max(len(events), start.events), start.points + whole),
        )

    def remove(self) -> None:
        """Remove both files."""
        self.points_path.unlink(missing_ok=True)
        self.events_path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Slice:
    """What is new in one segment.

    Parameters
    ----------
    known
        The segment's older events, which are merged but may define numbers.
    events, points
        What is to be merged: whole lines, whole records.
    end
        Where the slice ends.
    """

    session: str
    segment: int
    known: bytes
    events: bytes
    points: bytes
    end: Offsets

    def __len__(self) -> int:
        return len(self.events) + len(self.points)


def _read(path: Path, start: int, end: int | None) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read() if end is None else file.read(max(end - start, 0))
    except FileNotFoundError:
        return b""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@dataclass(frozen=True, slots=True)
class Writer:
    """One session's spool folder.

    Parameters
    ----------
    session
        The session's id.
    owner
        The process that writes, if that can be read.
    ended
        Whether nothing more will come: it said so, or its process is gone.
    readable
        Whether it may be merged now.
    segments
        Its files; those of a folder that one may not look into are not known.
    """

    folder: Path
    session: str
    owner: SessionOwner | None
    ended: bool
    readable: bool
    segments: list[Segment] = field(default_factory=list)

    def is_pending(self, merged: Merged) -> bool:
        """Say whether a merge has something to do here."""
        if not self.readable:
            return False
        if self.ended:
            return True
        return any(
            segment.final or segment.end != merged.get((self.session, segment.number), Offsets())
            for segment in self.segments
        )

    def unreadable(self) -> OSError | None:
        """Give what keeps this process from reading the folder and its files, if anything does.

        Raises
        ------
        FileNotFoundError
            When the folder is gone.
        """
        try:
            list(self.folder.iterdir())
            (self.folder / OWNER_NAME).exists()  # to list names is not yet to look at files
            for segment in self.segments:
                for path in (segment.events_path, segment.points_path):
                    with suppress(FileNotFoundError), path.open("rb"):
                        pass
        except FileNotFoundError:
            raise
        except OSError as error:
            return error
        return None

    def remove(self) -> None:
        """Remove the folder of a writer that has ended; what says so goes last."""
        for entry in list(self.folder.iterdir()):
            if entry.name in (OWNER_NAME, DONE_NAME):
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
        (self.folder / OWNER_NAME).unlink(missing_ok=True)
        (self.folder / DONE_NAME).unlink(missing_ok=True)
        self.folder.rmdir()


class Spool:
    """All writers' folders of one store.

    Parameters
    ----------
    layout
        The store's paths.
    """

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.spool

    def writers(self) -> Iterator[Writer]:
        """Look at every writer, in the order of their sessions' ids."""
        try:
            names = sorted(
                entry.name
                for entry in os.scandir(self._folder)
                if entry.is_dir() and not entry.name.startswith(".")
            )
        except (FileNotFoundError, NotADirectoryError):
            return
        for name in names:
            folder = self._folder / name
            try:
                yield _look(folder)
            except FileNotFoundError:
                continue  # it has just been removed
            except OSError:
                # One of somebody else's that nobody may look into: theirs to merge.
                yield Writer(folder, name, None, ended=False, readable=False)

    def temporaries(self) -> list[Path]:
        """Find files that were being made for the store by a process that was killed then."""
        try:
            names = [entry.name for entry in os.scandir(self._folder) if entry.is_file()]
        except OSError:
            return []
        files = (self._folder / name for name in sorted(names) if name.startswith("."))
        return [path for path in files if _age(path) > _TEMPORARY_AGE]

    def remove_temporaries(self) -> int:
        """Remove them, and say how many they were; the exclusive lock must be held, or be gone."""
        found = self.temporaries()
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)

    def remove_if_empty(self) -> None:
        """Remove the folder itself when no writer is left in it.

        A writer that comes in between is not harmed: it makes its folder in one step, which
        is let be unless it was left long ago, and tries again when that fails.
        """
        if any(self.writers()):
            return
        try:
            self.remove_temporaries()
            for entry in list(self._folder.iterdir()):
                is_new = entry.name.startswith(NEW_PREFIX) and entry.is_dir()
                if is_new and _is_left_over(entry):
                    shutil.rmtree(entry, ignore_errors=True)
            self._folder.rmdir()
        except OSError:
            pass  # somebody came, or it is gone already: both are well


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _look(folder: Path) -> Writer:
    # The order matters: whether the writer has ended first, then which segments there are,
    # then their sizes, points before events. So what is called final is not growing.
    done = (folder / DONE_NAME).exists()
    owner, life = _owner(folder)
    files = [entry.name for entry in folder.iterdir()]
    numbers = sorted({int(f[:6]) for f in files if f[:6].isdigit() and f[6:7] == "."})
    if owner is None and life is Life.DEAD and numbers:
        life = Life.UNKNOWN  # not one that is half removed: the owner goes last
    ended = done or life is Life.DEAD
    segments = []
    for number in numbers:
        bare = Segment(folder, number, ended or number != numbers[-1], Offsets())
        points = _size(bare.points_path)
        end = Offsets(_size(bare.events_path), points - points % RECORD_SIZE)
        segments.append(Segment(folder, number, bare.final, end))
    if not all(_may_read(segment) for segment in segments):
        return Writer(folder, folder.name, owner, ended=False, readable=False, segments=segments)
    readable = ended or life is Life.ALIVE
    if not readable and _is_silent(folder, segments):
        readable = True
        # Here before the last boot, or not to be known at all: it cannot come back. One of
        # another machine or container might, so its files stay.
        ended = owner is None or owner.is_of_an_earlier_boot()
    return Writer(folder, folder.name, owner, ended, readable, segments)


def _is_left_over(new: Path) -> bool:
    """Say of a folder that is being made whether nobody will go on with it."""
    owner, life = _owner(new)
    return (owner is not None and life is Life.DEAD) or _age(new) > _TEMPORARY_AGE


def _owner(folder: Path) -> tuple[SessionOwner | None, Life]:
    try:
        owner = SessionOwner.from_json((folder / OWNER_NAME).read_bytes())
    except FileNotFoundError:
        return None, Life.DEAD  # a folder that is being removed has no owner
    except (OSError, ValueError):
        return None, Life.UNKNOWN
    return owner, owner.life()


def _may_read(segment: Segment) -> bool:
    """Say whether both files can be read, as far as they are there.

    What cannot be read now must not look like what holds nothing: it would be passed over,
    and removed.
    """
    paths = (segment.points_path, segment.events_path)
    return all(os.access(path, os.R_OK) or not path.exists() for path in paths)


def _is_silent(folder: Path, segments: list[Segment]) -> bool:
    newest = folder.stat().st_mtime
    for segment in segments:
        for path in (segment.points_path, segment.events_path):
            with suppress(FileNotFoundError):
                newest = max(newest, path.stat().st_mtime)
    return time.time() - newest > _SILENCE
