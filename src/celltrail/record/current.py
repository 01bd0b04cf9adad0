"""Which run is being recorded: here, in this context, or else in this process."""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celltrail.record.active import ActiveRun

__all__ = [
    "activate",
    "current_run",
    "deactivate",
    "enclosing_run",
    "is_inside",
    "open_runs",
]

# The runs that this context is inside of, the innermost last.
_inside: ContextVar[tuple[ActiveRun, ...]] = ContextVar("celltrail_runs", default=())
# Runs that were made current and have not ended, the newest last: what a thread without
# a context of its own, or a later cell, logs to; and those of them that span cells.
_open: list[ActiveRun] = []
_spanning: list[ActiveRun] = []
_lock = threading.Lock()


def activate(run: ActiveRun, *, spanning: bool = False) -> None:
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
    with _lock:
        _open[:] = [*(other for other in _open if other.is_open), run]
        _spanning[:] = [other for other in _spanning if other.is_open]
        if spanning:
            _spanning.append(run)


def deactivate(run: ActiveRun) -> None:
    """Undo `activate`.

    The variable is set rather than reset by a token: a cell's hooks may run in different
    copies of the context, where a token is refused.
    """
    _inside.set(tuple(other for other in _inside.get() if other is not run))
    with _lock:
        _open[:] = [other for other in _open if other is not run]


def is_inside(run: ActiveRun) -> bool:
    """Say whether this context is inside of a run."""
    return any(other is run for other in _inside.get())


def current_run() -> ActiveRun | None:
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


def enclosing_run() -> ActiveRun | None:
    """Give the run that a run which begins here is part of: what runs beside it is not."""
    for run in reversed(_inside.get()):
        if run.is_open:
            return run
    return _newest_spanning()


def _newest_spanning() -> ActiveRun | None:
    return next((run for run in reversed(_spanning) if run.is_open), None)


def open_runs() -> list[ActiveRun]:
    """Give the runs that are open in this process, the newest last."""
    return [run for run in _open if run.is_open]


def _renew_lock() -> None:
    """Start afresh in a forked child, whose lock a thread may hold that is gone."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
