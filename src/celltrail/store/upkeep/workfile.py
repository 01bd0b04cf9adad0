"""A file that is being made beside the store and will take its place, or none at all."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from celltrail.ids import new_id
from celltrail.store.layout import wal_of
from celltrail.store.system import try_lock, unlock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["put_in_place", "remove_leftovers", "sync", "workfile"]

_ALIVE = ".alive"
#: Where locks mean nothing, a file that nobody has written to for so long (seconds) is dead.
_DEAD_AFTER = 86_400.0


def _prefix(path: Path) -> str:
    return f".{path.name}.work-"


@contextmanager
def workfile(path: Path) -> Iterator[Path]:
    """Give the path of a new file in the same folder; what is left of it at the end is removed.

    Beside it lies a file that this process holds locked, so that whoever finds both after
    a crash knows that nobody is at work.

    Parameters
    ----------
    path
        The file whose place it is made for.
    """
    new = path.with_name(_prefix(path) + new_id())
    alive = new.with_name(new.name + _ALIVE)
    fd = os.open(alive, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with suppress(OSError):
            try_lock(fd, exclusive=True)
        yield new
    finally:
        _remove(new)
        with suppress(OSError):
            unlock(fd)
        os.close(fd)
        alive.unlink(missing_ok=True)


def _remove(new: Path) -> None:
    for leftover in (new, wal_of(new)):
        leftover.unlink(missing_ok=True)


def remove_leftovers(path: Path) -> int:
    """Remove what was being made for a file's place by processes that were killed.

    Returns
    -------
    int
        How many such files there were.
    """
    removed = 0
    for alive in sorted(path.parent.glob(f"{_prefix(path)}*{_ALIVE}")):
        with suppress(OSError):
            if _is_dead(alive):
                new = alive.with_name(alive.name.removesuffix(_ALIVE))
                removed += new.exists()
                _remove(new)
                alive.unlink(missing_ok=True)
    return removed


def _is_dead(alive: Path) -> bool:
    # One that was made a moment ago may not be locked yet.
    if time.time() - alive.stat().st_mtime < 1.0:
        return False
    fd = os.open(alive, os.O_RDWR)
    try:
        return try_lock(fd, exclusive=True)
    except OSError:
        return time.time() - alive.stat().st_mtime > _DEAD_AFTER
    finally:
        os.close(fd)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    try:
        fd = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    except OSError:
        if path.is_dir():  # Windows opens no folders
            return
        raise
    try:
        os.fsync(fd)
    except OSError:
        if not path.is_dir():
            raise
    finally:
        os.close(fd)


def put_in_place(new: Path, path: Path) -> None:
    """Let a complete file take the place of another, in one step that a crash cannot halve."""
    sync(new)
    new.replace(path)
    sync(path.parent)
