"""Which run is being recorded: here, in this context, or else in this process."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celltrail.record.active import ActiveRun

__all__ = ["activate", "current_run", "deactivate", "open_runs"]

_current: ContextVar[ActiveRun | None] = ContextVar("celltrail_run", default=None)
# Runs that were made current and have not ended, the newest last: what a thread without
# a context of its own, or a later cell, logs to.
_open: list[ActiveRun] = []
_lock = threading.Lock()


def activate(run: ActiveRun) -> ActiveRun | None:
    """Make a run the current one of this context.

    Returns
    -------
    ActiveRun or None
        The run that was current before, to be handed to `deactivate`.
    """
    previous = _current.get()
    _current.set(run)
    with _lock:
        _open[:] = [*(other for other in _open if other.is_open), run]
    return previous


def deactivate(run: ActiveRun, previous: ActiveRun | None) -> None:
    """Undo `activate`.

    The variable is set back rather than reset by its token: a cell's hooks may run in
    different copies of the context, where a token is refused.
    """
    if _current.get() is run:
        _current.set(previous)
    with _lock:
        _open[:] = [other for other in _open if other is not run]


def current_run() -> ActiveRun | None:
    """Give the run that `log` writes to here, or None.

    It is the run of this context (the innermost tracked block that this code, task or
    thread runs in); in a thread that was started without its parent's context, the
    newest open run of the process.

    Examples
    --------
    >>> current_run() is None
    True
    """
    run = _current.get()
    if run is not None and run.is_open:
        return run
    for candidate in reversed(_open):
        if candidate.is_open:
            return candidate
    return None


def open_runs() -> list[ActiveRun]:
    """Give the runs that are open in this process, the newest last."""
    return [run for run in _open if run.is_open]
