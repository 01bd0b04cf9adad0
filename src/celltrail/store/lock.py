"""A lock between processes, for many readers or one writer, that starves nobody."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from celltrail.store.jitter import jitter
from celltrail.store.system import UNLINKS_OPEN_FILES, is_suspended, lock_holders, try_lock, unlock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FairLock", "LockTimeoutError"]

_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.01
#: Where in a lock file stands who holds it: behind the byte that Windows locks.
_SIGNATURE = 1
_SIGNATURE_SIZE = 128


class LockTimeoutError(TimeoutError):
    """The lock was not got in time; it says who holds it, as far as that can be known."""


def _same_file(fd: int, path: Path) -> bool:
    """Say whether ``path`` still is the open file, and not gone or made anew."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(fd)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def _open(path: Path) -> int:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # somebody removed the folder in between
            continue


@contextmanager
def _held(path: Path, deadline: float, *, exclusive: bool) -> Iterator[int]:
    """Hold one lock file; whoever gets a file that was removed meanwhile tries anew."""
    pause = _FIRST_PAUSE
    while True:
        fd = _open(path)
        try:
            while not try_lock(fd, exclusive=exclusive):
                if time.monotonic() >= deadline:
                    raise LockTimeoutError(path)
                time.sleep(pause * jitter(0.5, 1.0))
                pause = min(pause * 1.5, _LONGEST_PAUSE)
            if not _same_file(fd, path):
                unlock(fd)
                continue
            try:
                yield fd
            finally:
                unlock(fd)
            return
        finally:
            os.close(fd)


def _sign(fd: int, text: str) -> None:
    """Write down who holds a lock, for others to say; a full disk is no obstacle."""
    with suppress(OSError):
        os.lseek(fd, _SIGNATURE, os.SEEK_SET)
        os.write(fd, text.encode("utf-8", "replace")[:_SIGNATURE_SIZE].ljust(_SIGNATURE_SIZE))


def _holder(path: Path) -> str:
    """Say who holds a lock file; nothing when that is not known."""
    try:
        with path.open("rb") as file:
            pids = lock_holders(os.fstat(file.fileno()).st_ino)
            file.seek(_SIGNATURE)
            signed = file.read(_SIGNATURE_SIZE).decode("utf-8", "replace").strip()
    except OSError:
        return ""
    if pids:
        return " and ".join(
            f"process {pid}{', which is suspended,' if is_suspended(pid) else ''}" for pid in pids
        )
    return signed


class FairLock:
    """Many readers or one writer among all processes that use a folder.

    Plain file locks let a steady stream of readers keep a writer out for ever. So
    everybody first passes a turnstile (the file ``turn``), and holds it until the lock
    itself (the file ``lock``) is theirs: a waiting writer keeps new readers behind it.

    Parameters
    ----------
    folder
        Where the two files are; made when it is missing.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> lock = FairLock(Path(tempfile.mkdtemp()))
    >>> with lock.shared(1.0):
    ...     pass
    """

    def __init__(self, folder: Path) -> None:
        self._turn = folder / "turn"
        self._lock = folder / "lock"

    @contextmanager
    def shared(self, timeout: float) -> Iterator[None]:
        """Hold the lock together with other readers.

        Parameters
        ----------
        timeout
            Seconds to wait for it; 0 tries once.

        Raises
        ------
        LockTimeoutError
            When it was not got in time.
        """
        with self._acquired(timeout, exclusive=False):
            yield

    @contextmanager
    def exclusive(self, timeout: float) -> Iterator[None]:
        """Hold the lock alone; otherwise as `shared`."""
        with self._acquired(timeout, exclusive=True):
            yield

    @contextmanager
    def _acquired(self, timeout: float, *, exclusive: bool) -> Iterator[None]:
        deadline = time.monotonic() + timeout
        with ExitStack() as held:
            try:
                with _held(self._turn, deadline, exclusive=True) as turn:
                    _sign(turn, self._me)
                    lock = held.enter_context(_held(self._lock, deadline, exclusive=exclusive))
            except LockTimeoutError:
                raise LockTimeoutError(self._whose() if timeout > 0 else "") from None
            if exclusive:
                _sign(lock, self._me)
                held.callback(_sign, lock, "")
            yield

    @property
    def _me(self) -> str:
        return f"process {os.getpid()} on {socket.gethostname()}"

    def _whose(self) -> str:
        """Say who keeps everybody waiting: whoever has the turn only waits, as we did."""
        who = _holder(self._lock) or _holder(self._turn)
        return f"{who} has used it all the time" if who else "it is in use all the time"

    def remove(self) -> bool:
        """Remove both files, unless somebody holds or waits for them.

        Returns
        -------
        bool
            Whether they are gone. Safe at any time: a process that opened a file which
            was then removed notices it and takes the new one.
        """
        now = time.monotonic()
        try:
            with (
                _held(self._turn, now, exclusive=True),
                _held(self._lock, now, exclusive=True),
            ):
                if UNLINKS_OPEN_FILES:
                    self._unlink()
            if not UNLINKS_OPEN_FILES:
                # Let go, and tried all the same: it fails if somebody else has opened them,
                # to hold or to wait, and then they stay.
                self._unlink()
        except (LockTimeoutError, OSError):
            return False
        return True

    def _unlink(self) -> None:
        self._lock.unlink(missing_ok=True)
        self._turn.unlink(missing_ok=True)
