"""One pair of append-only files, whose writes either stand whole or are kept for later."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from celltrail.store.layout import EVENTS_SUFFIX, POINTS_SUFFIX
from celltrail.store.points import RECORD_SIZE

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["AppendFile", "open_segment"]


#: What is kept is written in pieces of this size, or of one line.
_CHUNK = 1 << 20


class AppendFile:
    """A file that grows by whole records, or by whole lines.

    What could not be written (the disk is full, the folder is gone) is kept in memory
    in its order and written first the next time.

    Parameters
    ----------
    path
        The file; opened by the first write.
    record_size
        Bytes of a record; 0 for lines.

    Attributes
    ----------
    kept
        What waits to be written.
    """

    __slots__ = ("_fd", "_is_flushing", "_record_size", "_seen", "kept", "path")

    def __init__(self, path: Path, *, record_size: int = 0) -> None:
        self.path = path
        self.kept = bytearray()
        self._fd = -1
        self._is_flushing = False
        self._record_size = record_size
        self._seen = 0

    @classmethod
    def points(cls, path: Path) -> AppendFile:
        """Make one for points."""
        return cls(path, record_size=RECORD_SIZE)

    def write(self, data: bytes) -> None:
        """Append ``data``, after what was kept before.

        Raises
        ------
        OSError
            When not all of it is in the file now; the rest is kept.
        """
        if self.kept or self._fd < 0:
            self.kept += data
            self.flush()
            return
        try:
            written = os.write(self._fd, data)
        except OSError:
            self.kept += data
            raise
        # An interrupt here leaves a whole write behind a call that did not return: no harm.
        if written != len(data):
            self.kept += data
            self._cut(written, len(data))

    @property
    def records(self) -> int:
        """How many records, or lines, wait to be written."""
        return len(self.kept) // self._record_size if self._record_size else self.kept.count(b"\n")

    def flush(self) -> None:
        """Write what was kept, if anything; raises as `write`."""
        if self._is_flushing:
            return  # a signal handler in the middle of it: what it keeps is written below
        self._is_flushing = True
        try:
            while self.kept:
                self._flush_some()
        finally:
            self._is_flushing = False

    def _flush_some(self) -> None:
        if self._fd < 0:
            self._open()
        some = bytes(self.kept[: self._end_of_whole(_CHUNK) or len(self.kept)])
        start = os.fstat(self._fd).st_size
        try:
            os.write(self._fd, some)
        finally:  # whatever happened, the file itself says how much of it stands there
            self._cut(os.fstat(self._fd).st_size - start, len(some))

    def is_there(self) -> bool:
        """Say whether the open file still stands whole at its path; true before the first write."""
        if self._fd < 0:
            return True
        try:
            there = self.path.stat()
        except OSError:
            return False
        here = os.fstat(self._fd)
        if here.st_size < self._seen:
            return False  # somebody cut it: what is added now may lie before what was merged
        self._seen = here.st_size
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

    def close(self) -> None:
        """Close the file; what is kept stays kept."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def abandon(self) -> None:
        """Forget the descriptor without touching it, in a forked child: it is the parent's."""
        self._fd = -1

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._fd = os.open(self.path, flags, 0o666)

    def _cut(self, written: int, size: int) -> None:
        """Leave whole records or lines in the file and the rest among what is kept."""
        whole = written if written == size else self._end_of_whole(written)
        if whole != written:
            os.ftruncate(self._fd, os.fstat(self._fd).st_size - (written - whole))
        del self.kept[:whole]
        if written != size:
            message = f"only {written} of {size} bytes could be written to {self.path}"
            raise OSError(message)

    def _end_of_whole(self, size: int) -> int:
        """Say how many of the first bytes that are kept are whole records or lines."""
        if self._record_size:
            return size - size % self._record_size
        return self.kept.rfind(b"\n", 0, size) + 1


def open_segment(folder: Path, number: int) -> tuple[AppendFile, AppendFile]:
    """Give the events' and the points' file of a segment, neither of them made yet."""
    base = folder / f"{number:06d}"
    return (
        AppendFile(base.with_suffix(EVENTS_SUFFIX)),
        AppendFile.points(base.with_suffix(POINTS_SUFFIX)),
    )
