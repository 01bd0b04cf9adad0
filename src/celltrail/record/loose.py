"""Logging without a handle: to the run that is current here."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, cast

from celltrail.record import current
from celltrail.record.current import activate, open_runs
from celltrail.record.ending import crash
from celltrail.record.journal import warn_user
from celltrail.record.session import at_session_end
from celltrail.record.track import begin
from celltrail.record.worker import wait_for_worker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celltrail.record.active import ActiveRun

__all__ = ["current_run", "log", "log_artifact", "log_model", "log_params", "run_here", "tag"]

#: How long the end of the process waits for the description of its environment.
_EXIT_WAIT = 5.0


def current_run() -> ActiveRun | None:
    """Give the run that `log` writes to here, or None.

    It is the innermost open run that this code, task or thread is inside of; in a thread
    that was started without its parent's context, the newest open run of the process. A
    task that outlives all the runs it was begun in has none.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("fit") as run:
    ...     ct.current_run() is run
    True
    """
    return cast("ActiveRun | None", current.current_run())


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


def log_model(
    model: object,
    name: str | None = None,
    *,
    pickle: bool = False,
    step: int | None = None,
) -> None:
    """Store a model with the current run, in a format that is safe to load.

    Parameters
    ----------
    model
        A module of torch, or a mapping of names to tensors or numpy arrays (safetensors:
        the weights, not the code); an ONNX ``ModelProto``; a scikit-learn estimator
        (skops); a booster or estimator of XGBoost, a booster of LightGBM, a Keras model
        (each in the library's own format); or the path of a file that ends in
        ``.safetensors``, ``.onnx``, ``.skops`` or ``.keras``.
    name
        What it is called; by default ``model`` with the format's ending.
    pickle
        Whether what has no such format may be pickled. Loading a pickle runs whatever
        code is in it, so that has to be allowed again when it is loaded.
    step
        The step that it belongs to, such as the epoch.

    Notes
    -----
    safetensors, onnx and skops are extras: ``pip install celltrail[models]``. What cannot
    be stored is a warning. `StoredArtifact.load_model` reads it.

    Examples
    --------
    >>> import numpy as np
    >>> import celltrail as ct
    >>> with ct.track() as run:
    ...     ct.log_model({"weight": np.ones((2, 3))}, name="weights", step=1)
    >>> ct.run(run).artifact("weights").load_model()["weight"].shape
    (2, 3)
    """
    run_here().log_model(model, name, pickle=pickle, step=step)


def tag(*tags: str) -> None:
    """Add tags to the current run: see `ActiveRun.tag`."""
    run_here().tag(*tags)


def _end_open_runs() -> None:
    """End, with the process, the runs that it began and left open."""
    status, error = crash()
    for run in open_runs():
        if run.is_ours:
            with contextlib.suppress(Exception):  # the other runs are still to be ended
                run.finish(status, error)
    wait_for_worker(_EXIT_WAIT)


at_session_end(_end_open_runs)
