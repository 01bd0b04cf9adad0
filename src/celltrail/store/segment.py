"""One pair of append-only files, whose writes either stand whole or are kept for later."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from celltrail.store.points import RECORD_SIZE

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["AppendFile"]


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
    limit
        How many bytes are kept at most; what comes when they are full is dropped.

    Attributes
    ----------
    size
        Bytes that stand in the file.
    kept
        What waits to be written.
    dropped
        How many writes were given up for good.
    """

    __slots__ = ("_fd", "_limit", "_record_size", "dropped", "kept", "path", "size")

    def __init__(self, path: Path, *, record_size: int = 0, limit: int) -> None:
        self.path = path
        self.size = 0
        self.kept = bytearray()
        self.dropped = 0
        self._fd = -1
        self._record_size = record_size
        self._limit = limit

    @classmethod
    def points(cls, path: Path, limit: int) -> AppendFile:
        """Make one for points."""
        return cls(path, record_size=RECORD_SIZE, limit=limit)

    def write(self, data: bytes) -> None:
        """Append ``data``, after what was kept before.

        Raises
        ------
        OSError
            When not all of it is in the file now; the rest is kept.
        """
        if self.kept or self._fd < 0:
            self.keep(data)
            self.flush()
            return
        try:
            written = os.write(self._fd, data)
        except OSError:
            self.kept += data
            raise
        # An interrupt here leaves a whole write behind a call that did not return: no harm.
        self.size += written
        if written != len(data):
            self.kept += data
            self._cut(written)

    def keep(self, data: bytes | bytearray) -> None:
        """Keep ``data`` for the next write, or count it as dropped when there is no room."""
        if len(self.kept) + len(data) > self._limit:
            self.dropped += 1
        else:
            self.kept += data

    def flush(self) -> None:
        """Write what was kept, if anything; raises as `write`."""
        if not self.kept:
            return
        if self._fd < 0:
            self._open()
        start = os.fstat(self._fd).st_size
        try:
            os.write(self._fd, self.kept)
        finally:  # whatever happened, the file itself says how much of it stands there
            self.size = os.fstat(self._fd).st_size
            self._cut(self.size - start)

    def is_there(self) -> bool:
        """Say whether the open file still stands at its path; true before the first write."""
        if self._fd < 0:
            return True
        try:
            there = self.path.stat()
        except OSError:
            return False
        here = os.fstat(self._fd)
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
        self.size = os.fstat(self._fd).st_size

    def _cut(self, written: int) -> None:
        """Leave whole records or lines in the file and the rest among what is kept."""
        data = self.kept
        if written == len(data):
            self.kept.clear()
            return
        if self._record_size:
            whole = written - written % self._record_size
        else:
            whole = data.rfind(b"\n", 0, written) + 1
        if whole != written:
            os.ftruncate(self._fd, os.fstat(self._fd).st_size - (written - whole))
        size = len(data)
        del data[:whole]
        self.size = os.fstat(self._fd).st_size
        message = f"only {written} of {size} bytes could be written to {self.path}"
        raise OSError(message)
