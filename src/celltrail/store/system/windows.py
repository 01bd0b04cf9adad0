"""Windows: byte-range locks by ``msvcrt``."""

from __future__ import annotations

import _thread
import msvcrt
import os
import sys

from celltrail.store.system.process import started_by_psutil as process_started

assert sys.platform == "win32"  # tells type checkers that they need not look elsewhere

__all__ = [
    "UNLINKS_OPEN_FILES",
    "boot_id",
    "interrupt_main",
    "lock_holders",
    "process_started",
    "try_lock",
    "unlock",
]

#: Python opens files so that nobody can remove them meanwhile; see the twin in ``posix.py``.
UNLINKS_OPEN_FILES = False


def try_lock(fd: int, *, exclusive: bool) -> bool:
    """Lock an open file without waiting; see the twin in ``posix.py``.

    Notes
    -----
    ``msvcrt`` knows only exclusive locks: here readers wait for each other too, which
    is slower and no less safe.
    """
    del exclusive
    try:
        os.lseek(fd, 0, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True


def unlock(fd: int) -> None:
    """Let a lock go."""
    os.lseek(fd, 0, os.SEEK_SET)
    msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)


def lock_holders(inode: int) -> list[int]:
    """Give nothing: Windows does not tell who holds a range of a file."""
    del inode
    return []


def boot_id() -> str:
    """Give nothing: on Windows process numbers are told apart by their start time alone."""
    return ""


def interrupt_main() -> None:
    """Interrupt the main thread, as Ctrl+C does, from any thread; it wakes a sleep too."""
    _thread.interrupt_main()
