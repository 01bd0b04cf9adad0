"""What a run costs: CPU time and memory, read in microseconds and without a thread."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import lru_cache

import psutil

__all__ = ["ResourceClock", "Usage"]

_STATUS = "/proc/self/status"


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used between two moments.

    Parameters
    ----------
    cpu_seconds
        CPU time of the whole process, all its threads together.
    peak_memory
        The most resident memory that is known of this time, in bytes: exact when the
        process reached a new maximum, else the greater of both ends, which is a lower
        bound. None where the system does not say.
    """

    cpu_seconds: float
    peak_memory: int | None


class ResourceClock:
    """Counts from its making.

    The system's high-water mark could be reset at the start, which would make the peak
    exact always; but the user's own measurements read the same mark.

    Examples
    --------
    >>> clock = ResourceClock()
    >>> clock.read().cpu_seconds >= 0
    True
    """

    def __init__(self) -> None:
        self._cpu = time.process_time()
        self._peak, self._resident = _memory()

    def read(self) -> Usage:
        """Give what was used since the making."""
        peak, resident = _memory()
        known = [size for size in (self._resident, resident) if size is not None]
        if peak is not None and self._peak is not None and peak > self._peak:
            known.append(peak)
        return Usage(time.process_time() - self._cpu, max(known, default=None))


def _memory() -> tuple[int | None, int | None]:
    """Give the peak and the present resident memory, in bytes."""
    try:
        # one system call: each one may lose the interpreter to another thread
        return _read_status(os.pread(_open_status(os.getpid()), 8_192, 0))
    except (OSError, AttributeError):
        pass  # no Linux
    try:
        memory = psutil.Process().memory_info()
    except psutil.Error:
        return None, None
    return getattr(memory, "peak_wset", None), memory.rss


@lru_cache(maxsize=1)
def _open_status(_pid: int) -> int:
    """Open the file once in each process: what it says is of the one that opened it."""
    return os.open(_STATUS, os.O_RDONLY)


def _read_status(text: bytes) -> tuple[int | None, int | None]:
    sizes: dict[bytes, int] = {}
    for line in text.splitlines():
        if line.startswith((b"VmHWM:", b"VmRSS:")):
            sizes[line[:5]] = int(line.split()[1]) * 1024
    return sizes.get(b"VmHWM"), sizes.get(b"VmRSS")
