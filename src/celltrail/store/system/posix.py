"""Linux and macOS: ``flock`` locks and the identity of the running kernel."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
from functools import cache
from pathlib import Path

from celltrail.store.system.process import started_by_psutil

assert sys.platform != "win32"  # tells type checkers that they need not look there

__all__ = [
    "UNLINKS_OPEN_FILES",
    "boot_id",
    "interrupt_main",
    "lock_holders",
    "process_started",
    "try_lock",
    "unlock",
]

#: Whether a file can be removed while somebody, we too, has it open.
UNLINKS_OPEN_FILES = True


def try_lock(fd: int, *, exclusive: bool) -> bool:
    """Lock an open file without waiting.

    Parameters
    ----------
    fd
        An open file descriptor.
    exclusive
        Whether nobody else may hold the file; else any number may share it.

    Returns
    -------
    bool
        False when somebody else holds it.
    """
    mode = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    try:
        fcntl.flock(fd, mode | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def unlock(fd: int) -> None:
    """Let a lock go, also when a forked child still has a copy of the descriptor."""
    fcntl.flock(fd, fcntl.LOCK_UN)


def lock_holders(inode: int) -> list[int]:
    """Give the numbers of the processes that hold a file by `try_lock`.

    Parameters
    ----------
    inode
        The file's number.

    Returns
    -------
    list of int
        Nothing where the system does not tell, as on macOS, or not of other containers.
    """
    try:
        lines = Path("/proc/locks").read_text("ascii").splitlines()
    except OSError:
        return []
    held = (fields for fields in map(str.split, lines) if fields[1] in ("FLOCK", "POSIX"))
    pids = {int(fields[4]) for fields in held if fields[5].rpartition(":")[2] == str(inode)}
    return sorted(pid for pid in pids if pid > 0)


@cache
def boot_id() -> str:
    """Say in which life of which machine process numbers mean something.

    Returns
    -------
    str
        The kernel's boot id and the namespace of process numbers (two containers on one
        machine have the same boot but not the same numbers); empty where the system
        has no such files, as on macOS.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def process_started(pid: int) -> float | None:
    """Say when a process of this machine was started.

    Parameters
    ----------
    pid
        The process's number.

    Returns
    -------
    float or None
        Seconds, on a clock that only serves to compare with another such answer; 0 when
        that is not told; None when there is no such process, or only what is left of
        one that has ended and was not yet waited for.
    """
    if not Path("/proc/self/stat").exists():
        return started_by_psutil(pid)
    # In seconds since boot, which no change of the clock can move. psutil adds the time of
    # the boot, which moves with the clock: a living process would look like another one.
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except ProcessLookupError:
        return None
    except OSError:  # gone, or hidden from us (``hidepid``)
        return 0.0 if _answers(pid) else None
    # The command name, in parentheses, may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    if fields[0] in "ZX":
        return None
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _answers(pid: int) -> bool:
    """Say whether there is a process of a number, whoever's it is."""
    if pid <= 0:  # that would be whole groups of processes
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        pass
    return True


def interrupt_main() -> None:
    """Interrupt the main thread, as Ctrl+C does, from any thread.

    A true signal ends what the main thread waits for, such as a sleep; of
    `_thread.interrupt_main` it hears only when the wait is over.
    """
    main = threading.main_thread().ident
    if main is not None and callable(signal.getsignal(signal.SIGINT)):  # else it ends the process
        signal.pthread_kill(main, signal.SIGINT)
