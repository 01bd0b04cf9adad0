"""Which run is being recorded: here, in this context, or else in this process."""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "OpenRun",
    "activate",
    "current_run",
    "deactivate",
    "enclosing_run",
    "is_inside",
    "is_of_main_thread",
    "known_run",
    "open_runs",
    "remember",
]


class OpenRun(Protocol):
    """What is asked here of a run: an `ActiveRun`, which this module does not know."""

    id: str

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""

    @property
    def is_ours(self) -> bool:
        """Whether this process ends it."""

    @property
    def store_path(self) -> Path:
        """Where it is recorded."""

    # Any: only how each of them is called matters, and that is said where it is defined.
    @property
    def finish(self) -> Any:
        """End it."""


# The runs that this context is inside of, the innermost last.
_inside: ContextVar[tuple[OpenRun, ...]] = ContextVar("celltrail_runs", default=())
# Runs that were made current and have not ended, the newest last: what a thread without
# a context of its own, or a later cell, logs to; and those of them that span cells.
_open: list[OpenRun] = []
_spanning: list[OpenRun] = []
# Open runs that belong to another thread than the main one, by their ids.
_elsewhere: set[str] = set()
# All runs that this process began, took over or attached to, as long as anybody has them.
_known: WeakValueDictionary[str, OpenRun] = WeakValueDictionary()
_lock = threading.Lock()


def activate(run: OpenRun, *, spanning: bool = False) -> None:
    """Make a run the current one of this context.

    Parameters
    ----------
    run
        The run.
    spanning
        Whether it goes on beyond this context, as one over several cells does: then runs
        that begin elsewhere are inside of it too.
    """
    _inside.set((*(other for other in _inside.get() if other.is_open), run))
    if not spanning and threading.current_thread() is not threading.main_thread():
        _elsewhere.add(run.id)
    with _lock:
        _open[:] = [*(other for other in _open if other.is_open), run]
        _spanning[:] = [other for other in _spanning if other.is_open]
        if spanning:
            _spanning.append(run)


def deactivate(run: OpenRun) -> None:
    """Undo `activate`.

    The variable is set rather than reset by a token: a cell's hooks may run in different
    copies of the context, where a token is refused.
    """
    _inside.set(_without_last(_inside.get(), run))
    _elsewhere.discard(run.id)
    with _lock:
        _open[:] = _without_last(tuple(_open), run)


def _without_last(runs: tuple[OpenRun, ...], run: OpenRun) -> tuple[OpenRun, ...]:
    """Take out one: what was activated twice is deactivated twice."""
    for at in reversed(range(len(runs))):
        if runs[at] is run:
            return (*runs[:at], *runs[at + 1 :])
    return runs


def remember(run: OpenRun, *, anew: bool = False) -> OpenRun:
    """Let `known_run` find a run.

    Parameters
    ----------
    run
        The run.
    anew
        Whether it replaces the one that is known by its id.

    Returns
    -------
    OpenRun
        The one that is known by its id now.
    """
    if anew:
        _known[run.id] = run
    return _known.setdefault(run.id, run)


def known_run(run_id: str) -> OpenRun | None:
    """Give the object that stands for a run in this process, if there is one."""
    return _known.get(run_id)


def is_inside(run: OpenRun) -> bool:
    """Say whether this context is inside of a run."""
    return any(other is run for other in _inside.get())


def is_of_main_thread(run: OpenRun) -> bool:
    """Say whether an interrupt of the main thread reaches the code of a run."""
    return run.id not in _elsewhere


def current_run() -> OpenRun | None:
    """Give the run that `log` writes to here, or None.

    It is the innermost open run that this code, task or thread is inside of; in a thread
    that was started without its parent's context, the newest open run of the process. A
    task that outlives all the runs it was begun in has none.

    Examples
    --------
    >>> current_run() is None
    True
    """
    inside = _inside.get()
    for run in reversed(inside or tuple(_open)):
        if run.is_open:
            return run
    return _newest_spanning()


def enclosing_run() -> OpenRun | None:
    """Give the run that a run which begins here is part of: what runs beside it is not."""
    for run in reversed(_inside.get()):
        if run.is_open:
            return run
    return _newest_spanning()


def _newest_spanning() -> OpenRun | None:
    return next((run for run in reversed(_spanning) if run.is_open), None)


def open_runs() -> list[OpenRun]:
    """Give the runs that are open in this process, the newest last."""
    return [run for run in _open if run.is_open]


def _renew_lock() -> None:
    """Start afresh in a forked child, whose lock a thread may hold that is gone."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
