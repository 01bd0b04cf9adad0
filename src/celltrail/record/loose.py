"""Logging without a handle: to the run that is current here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail.record.context import wait_for_descriptions
from celltrail.record.current import activate, current_run, open_runs
from celltrail.record.journal import warn_user
from celltrail.record.session import at_session_end
from celltrail.record.track import begin, crash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celltrail.record.active import ActiveRun

__all__ = ["log", "log_artifact", "log_params", "run_here", "tag"]

#: How long the end of the process waits for the description of its environment.
_EXIT_WAIT = 5.0


def run_here() -> ActiveRun:
    """Give the current run; outside of every run, one that stands for the session.

    It is begun at the first call, with one warning, so that what is logged by mistake
    outside of a run is not lost.
    """
    run = current_run()
    if run is None:
        run = begin(name="session")
        activate(run)
        if run.is_ours:
            warn_user(
                "logged outside of any run; it is kept in a run named 'session'. "
                "Use %%track, ct.track() or ct.start() to begin a run."
            )
    return run


def log(
    metrics: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any
) -> None:
    """Log metrics to the current run: see `ActiveRun.log`.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("fit"):
    ...     ct.log(loss=0.3, step=1)
    """
    run_here().log(metrics, step=step, **more)


def log_params(params: object = None, /, **more: Any) -> None:
    """Log params to the current run: see `ActiveRun.log_params`."""
    run_here().log_params(params, **more)


def log_artifact(value: object, name: str | None = None, *, step: int | None = None) -> None:
    """Store a file or an object with the current run: see `ActiveRun.log_artifact`."""
    run_here().log_artifact(value, name, step=step)


def tag(*tags: str) -> None:
    """Add tags to the current run: see `ActiveRun.tag`."""
    run_here().tag(*tags)


def _end_open_runs() -> None:
    """End, with the process, the runs that it began and left open."""
    status, error = crash()
    for run in open_runs():
        if run.is_ours:
            run.finish(status, error)
    wait_for_descriptions(_EXIT_WAIT)


at_session_end(_end_open_runs)
