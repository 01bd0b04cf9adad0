"""Whether a process lives, where only psutil can say it."""

from __future__ import annotations

__all__ = ["is_suspended", "started_by_psutil"]


def started_by_psutil(pid: int) -> float | None:
    """Say when a process was started; see ``process_started`` in ``posix.py``."""
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process.create_time()
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return 0.0  # it lives, and is somebody else's


def is_suspended(pid: int) -> bool:
    """Say whether a process of this machine is stopped, as by Ctrl+Z or ``SIGSTOP``."""
    import psutil

    try:
        return psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    except psutil.Error:
        return False
