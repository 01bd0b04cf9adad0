"""One pair of append-only files, whose writes either stand whole or are kept for later."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from celltrail.store.layout import EVENTS_SUFFIX, POINTS_SUFFIX
from celltrail.store.points import RECORD_SIZE
from celltrail.store.turns import turns

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

    __slots__ = (
        "_fd",
        "_is_flushing",
        "_is_unsure",
        "_record_size",
        "_seen",
        "_start",
        "kept",
        "path",
    )

    def __init__(self, path: Path, *, record_size: int = 0) -> None:
        self.path = path
        self.kept = bytearray()
        self._fd = -1
        self._is_flushing = False
        self._record_size = record_size
        self._seen = 0
        # Whether the file may end in a part of a record: a write has not come to its end.
        self._is_unsure = False
        # From where on the first bytes of what is kept may stand in the file, during a flush.
        self._start = -1

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
        if self.kept or self._fd < 0 or self._is_unsure:
            self.kept += data
            self.flush()
            return
        size = len(data)
        # An interrupt leaves this set: whoever writes next, be it a signal handler in the
        # middle of this, looks first how the file ends.
        self._is_unsure = True
        try:
            written = os.write(self._fd, data)
        except OSError:
            self.kept += data
            raise
        if written != size:
            self.kept += data[self._end_of_whole(data, written) :]
            self._mend_alone()
            raise self._short(written, size)
        self._is_unsure = False
        if turns.since is not None:
            turns.give_way()

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

    def _mend_alone(self) -> None:
        """Mend the file while a signal handler that writes keeps what it has."""
        before, self._is_flushing = self._is_flushing, True
        try:
            self._mend()
        finally:
            self._is_flushing = before

    def _flush_some(self) -> None:
        if self._fd < 0:
            self._open()
        if self._start >= 0:
            self._settle()
        elif self._is_unsure:
            self._mend()
        some = bytes(self.kept[: self._end_of_whole(self.kept, _CHUNK) or len(self.kept)])
        if not some:
            return
        self._start = os.fstat(self._fd).st_size
        try:
            written = os.write(self._fd, some)
        finally:
            self._settle()
        if written != len(some):
            raise self._short(written, len(some))

    def _settle(self) -> None:
        """Take from what is kept what stands in the file since `_start`, whatever happened.

        An interrupt in here changes nothing that the next call does not see.
        """
        size = os.fstat(self._fd).st_size
        whole = self._end_of_whole(self.kept, max(size - self._start, 0))
        if size > self._start + whole:
            os.ftruncate(self._fd, self._start + whole)
        del self.kept[:whole]  # nothing can come between these two
        self._start = -1

    def _mend(self) -> None:
        """Cut off what stands in the file behind its last whole record or line."""
        size = os.fstat(self._fd).st_size
        whole = size - size % self._record_size if self._record_size else self._end_of_lines(size)
        if whole < size:
            os.ftruncate(self._fd, whole)
        self._is_unsure = False

    def _end_of_lines(self, size: int) -> int:
        try:
            with self.path.open("rb") as file:
                is_same = os.path.samestat(os.fstat(file.fileno()), os.fstat(self._fd))
                return file.read(size).rfind(b"\n") + 1 if is_same else size
        except FileNotFoundError:
            return size  # it was removed: nobody reads it any more

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
        if self._fd < 0:
            return
        with suppress(OSError):
            if self._start >= 0:
                self._settle()
            elif self._is_unsure:
                self._mend()
        fd, self._fd = self._fd, -1
        os.close(fd)

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._fd = os.open(self.path, flags, 0o666)

    def _short(self, written: int, size: int) -> OSError:
        return OSError(f"only {written} of {size} bytes could be written to {self.path}")

    def _end_of_whole(self, data: bytes | bytearray, size: int) -> int:
        """Say how many of the first bytes of some data are whole records or lines."""
        size = min(size, len(data))
        if self._record_size:
            return size - size % self._record_size
        return data.rfind(b"\n", 0, size) + 1


def open_segment(folder: Path, number: int) -> tuple[AppendFile, AppendFile]:
    """Give the events' and the points' file of a segment, neither of them made yet."""
    base = folder / f"{number:06d}"
    return (
        AppendFile(base.with_suffix(EVENTS_SUFFIX)),
        AppendFile.points(base.with_suffix(POINTS_SUFFIX)),
    )
