"""A run as another process can have it: small, and made to be sent."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar, cast

from celltrail.record.current import OpenRun, activate, deactivate, known_run, remember
from celltrail.store.system import at_fork

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from celltrail.store import SessionOwner

__all__ = ["RunHandle"]

#: Runs of other processes whose counted steps are remembered here.
_MAX_ATTACHED = 256


class LoggedRun(OpenRun, Protocol):
    """What is asked here of a run: an `ActiveRun`, which this module does not know."""

    @property
    def log(self) -> Any:
        """Log metrics."""

    @property
    def log_params(self) -> Any:
        """Log params."""

    @property
    def log_artifact(self) -> Any:
        """Store a file or an object."""

    @property
    def log_model(self) -> Any:
        """Store a model."""

    @property
    def tag(self) -> Any:
        """Add tags."""

    @classmethod
    def attached(cls, handle: RunHandle[Any]) -> Self:
        """Give the run as another process has it."""


R = TypeVar("R", bound=LoggedRun)

_attached: OrderedDict[str, LoggedRun] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class RunHandle(Generic[R]):
    """A run to log to from any process: what `ActiveRun.handle` gives.

    It can be pickled and sent to a worker of ``multiprocessing`` (fork, spawn or
    forkserver), joblib, ``concurrent.futures`` or a ``DataLoader``. What is logged there
    goes through a spool of that process's own, is as safe as anywhere, and is read as
    part of the one run. In the process that began the run it stands for that very run.

    The run ends in the process that began it, and there only: whether a worker finishes,
    fails or is killed makes no difference to the run's status.

    Parameters
    ----------
    id, name, experiment
        The run's.
    store
        Where it is recorded, as this machine knows the path.
    owner
        The process that ends it.
    kind
        The class that logs.

    Notes
    -----
    Without ``step=`` each process counts the steps of a metric by itself, so two workers
    both log a step 0. Both points are kept; give ``step=`` where steps are to be told
    apart, or log metrics of different names (``f"worker{i}/loss"``).

    Examples
    --------
    >>> import celltrail as ct
    >>> from concurrent.futures import ProcessPoolExecutor
    >>> def work(handle, fold):
    ...     handle.log(accuracy=0.9, step=fold)
    >>> with ct.track("folds") as run, ProcessPoolExecutor() as pool:  # doctest: +SKIP
    ...     list(pool.map(work, [run.handle()] * 5, range(5)))
    """

    id: str
    name: str | None
    experiment: str
    store: Path
    owner: SessionOwner | None
    kind: type[R]

    @property
    def run(self) -> R:
        """The run as this process logs to it."""
        known = known_run(self.id)
        if known is None:
            known = remember(self.kind.attached(self))
            _keep(self.id, cast("R", known))
        return cast("R", known)

    def log(
        self,
        metrics: Mapping[str, Any] | None = None,
        /,
        *,
        step: int | None = None,
        **more: Any,
    ) -> None:
        """Log metrics to the run: see `ActiveRun.log`."""
        self.run.log(metrics, step=step, **more)

    def log_params(self, params: object = None, /, **more: Any) -> None:
        """Log params to the run: see `ActiveRun.log_params`."""
        self.run.log_params(params, **more)

    def log_artifact(
        self, value: object, name: str | None = None, *, step: int | None = None
    ) -> None:
        """Store a file or an object with the run: see `ActiveRun.log_artifact`."""
        self.run.log_artifact(value, name, step=step)

    def log_model(
        self,
        model: object,
        name: str | None = None,
        *,
        pickle: bool = False,
        step: int | None = None,
    ) -> None:
        """Store a model with the run: see `celltrail.log_model`."""
        self.run.log_model(model, name, pickle=pickle, step=step)

    def tag(self, *tags: str) -> None:
        """Add tags to the run: see `ActiveRun.tag`."""
        self.run.tag(*tags)

    def __enter__(self) -> R:
        """Make the run the current one, that ``ct.log`` writes to, for a block."""
        activate(self.run)
        return self.run

    def __exit__(self, *error: object) -> None:
        deactivate(self.run)


def _keep(run_id: str, run: LoggedRun) -> None:
    """Keep a run, so that its steps go on being counted."""
    with _lock:
        _attached[run_id] = run
        while len(_attached) > _MAX_ATTACHED:
            _attached.popitem(last=False)


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


at_fork(before=lambda: None, parent=lambda: None, child=_renew_lock)
