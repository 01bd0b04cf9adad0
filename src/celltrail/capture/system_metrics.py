"""How busy the machine is: processor, memory and NVIDIA's GPUs, as numbers at one moment."""

from __future__ import annotations

import time
from contextlib import suppress

from celltrail.capture.gpus import Gpus

__all__ = ["SystemSampler"]

_IDLE = ("idle", "iowait")
#: Time of guests is counted as time of users too.
_COUNTED_TWICE = ("guest", "guest_nice")


class SystemSampler:
    """Measures the machine and this process, each time since the time before.

    Notes
    -----
    It keeps its own counts: `psutil.cpu_percent` would forget those of the user's own
    calls. Of the GPUs, what NVIDIA's library (``nvidia-ml-py``, which ``celltrail[gpu]``
    installs) says of those that ``CUDA_VISIBLE_DEVICES`` names; without it, nothing.
    No process is started, and no GPU is made ready for work.

    Examples
    --------
    >>> sampler = SystemSampler()
    >>> sampler.sample()["memory_percent"] > 0
    True
    """

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        self._process = psutil.Process()
        self._gpus: Gpus | None = None  # loaded with the first sample: that takes a while
        self._before = self._clocks()

    def sample(self) -> dict[str, float]:
        """Measure.

        Returns
        -------
        dict
            ``cpu_percent`` of all processors together; ``process_cpu_percent`` of one
            processor, by this process without its children; ``process_memory_bytes``
            (resident) and ``memory_percent`` of the machine; for each GPU ``gpu0_percent``,
            ``gpu0_memory_bytes`` (in use by anybody), ``gpu0_watts``. What cannot be
            measured here is left out.
        """
        now = self._clocks()
        wall, busy, total, process = (b - a for a, b in zip(self._before, now, strict=True))
        self._before = now
        found: dict[str, float] = {}
        if total > 0:
            found["cpu_percent"] = min(100.0, max(0.0, 100 * busy / total))
        if wall > 0:
            found["process_cpu_percent"] = max(0.0, 100 * process / wall)
        with suppress(self._psutil.Error, OSError):
            found["process_memory_bytes"] = float(self._process.memory_info().rss)
        with suppress(self._psutil.Error, OSError):
            found["memory_percent"] = float(self._psutil.virtual_memory().percent)
        self._gpus = self._gpus or Gpus()
        found.update(self._gpus.sample())
        return found

    def _clocks(self) -> tuple[float, float, float, float]:
        """Give the time, the machine's busy and whole CPU time, and the process's, in seconds."""
        busy = total = 0.0
        with suppress(self._psutil.Error, OSError):
            times = self._psutil.cpu_times()._asdict()
            total = sum(t for name, t in times.items() if name not in _COUNTED_TWICE)
            busy = total - sum(times.get(name, 0.0) for name in _IDLE)
        return time.monotonic(), busy, total, time.process_time()
