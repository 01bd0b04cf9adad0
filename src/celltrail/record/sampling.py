"""Sample how busy the machine is while runs go on, in one thread for all of them.

Runs that end within three seconds are not sampled at all: what a short cell costs is in its
CPU time and its peak memory.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from celltrail.capture.system_metrics import SystemSampler
from celltrail.model import SYSTEM_PREFIX
from celltrail.store.system import importing, may_start_threads

if TYPE_CHECKING:
    from celltrail.record.journal import Journal

__all__ = ["INTERVAL", "watch"]

#: Seconds until the first sample of a run, and between its samples.
FIRST = 3.0
INTERVAL = 5.0
#: Seconds that are measured for the first sample of all; before that nothing is imported, for
#: that would take the interpreter from the code that has just begun to run.
_WARM_UP = 1.0
#: The longer a run goes on the rarer it is sampled, so that a week of it makes about 3,200
#: samples.
_PARTS = 500
#: Without any run the thread waits this long for another, in seconds, before it ends.
_LINGER = 60.0


class _Run(Protocol):
    """What is asked of a run."""

    @property
    def is_open(self) -> bool: ...


@dataclass(slots=True)
class _Watched:
    run: _Run
    journal: Journal
    began: float
    due: float
    step: int = 0


_lock = threading.RLock()  # a signal handler may begin a run too
_watched: list[_Watched] = []
_thread: threading.Thread | None = None


def watch(run: _Run, journal: Journal, *, first_step: int = 0) -> None:
    """Sample the machine for a run until it ends.

    Parameters
    ----------
    run
        The run, which has just begun.
    journal
        Where its points are written.
    first_step
        The step of the first sample; greater than 0 for a run that is resumed.

    Notes
    -----
    Costs a few microseconds, or the start of a thread for the first run of a while. Where
    there can be no thread, nothing is sampled.
    """
    global _thread
    if not may_start_threads():
        return
    now = time.monotonic()
    with _lock:  # so that the thread does not end in between
        _watched.append(_Watched(run, journal, now, now + FIRST, first_step))
        if _thread is None or not _thread.is_alive():
            thread = threading.Thread(target=_work, name="celltrail-system", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # out of threads, or the interpreter is ending
                _watched.clear()
                return
            _thread = thread


def _work() -> None:
    """Sample until there has been no run for a while; a fault is in the warnings of the runs."""
    global _thread
    try:
        _sample()
    except Exception as error:  # noqa: BLE001  # any; the runs go on without
        with _lock:
            for each in _watched:
                each.journal.warnings.append(f"the machine could not be sampled: {error!r}")
            _watched.clear()
            _thread = None


def _sample() -> None:
    global _thread
    sampler: SystemSampler | None = None
    last_seen = time.monotonic()
    while True:
        time.sleep(_pause(0.0 if sampler else _WARM_UP))
        now = time.monotonic()
        open_runs = []
        for each in list(_watched):
            if each.run.is_open:
                open_runs.append(each)
            else:
                _watched.remove(each)
        if open_runs:
            last_seen = now
        elif now - last_seen > _LINGER:
            with _lock:
                if not _watched:
                    _thread = None
                    return
        if sampler is None and any(each.due - _WARM_UP <= now for each in open_runs):
            with importing():
                sampler = SystemSampler()
                sampler.sample()  # loads NVIDIA's library
            for each in open_runs:
                each.due = max(each.due, now + _WARM_UP)
        due = [each for each in open_runs if each.due <= now]
        if sampler is not None and due:
            _write(sampler.sample(), due, now)


def _pause(before: float) -> float:
    """Give the seconds until some time before something is due.

    A run that begins meanwhile is due in FIRST, so that nobody needs to be woken for it.
    """
    soonest = min((each.due for each in list(_watched)), default=float("inf"))
    return min(FIRST - before, max(0.05, soonest - before - time.monotonic()))


def _write(sample: dict[str, float], due: list[_Watched], now: float) -> None:
    for each in due:
        rows = [(f"{SYSTEM_PREFIX}{name}", each.step, value) for name, value in sample.items()]
        try:
            if each.run.is_open:
                each.journal.points(rows)
        except Exception as error:  # noqa: BLE001  # the run goes on without; its warnings say so
            each.journal.warnings.append(f"the machine could not be sampled: {error!r}")
            each.due = float("inf")
            continue
        each.step += 1
        each.due = now + max(INTERVAL, (now - each.began) / _PARTS)


def _forget() -> None:
    """Start afresh in a forked child: its parent goes on sampling for the runs of both."""
    global _lock, _thread
    _lock = threading.RLock()
    _watched.clear()
    _thread = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
