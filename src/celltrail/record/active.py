"""The live run: what code logs to while it runs."""

from __future__ import annotations

import os
import threading
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Self

from celltrail.model import ErrorInfo, Status
from celltrail.record.artifacts import store_artifact, store_model
from celltrail.record.ending import end_of
from celltrail.record.handle import RunHandle
from celltrail.record.inferred import write_inferred
from celltrail.record.journal import Journal
from celltrail.record.outputs import write_outputs
from celltrail.record.points import PointMaker
from celltrail.record.values import to_text
from celltrail.record.worker import later
from celltrail.store.events import now_us
from celltrail.store.owner import Life

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from celltrail.capture.infer import Inference
    from celltrail.capture.outputs import OutputRecord
    from celltrail.store import SessionOwner

__all__ = ["ActiveRun"]

_RUNNING = Status.RUNNING


class ActiveRun:
    """A run that is being recorded.

    Made by `celltrail.track`, `celltrail.start` and ``%%track``, not by hand. What a
    method has returned for survives the death of the process. Logging never raises for
    what is logged: a value that cannot be recorded as asked is a warning, once for each
    name, so that a long training does not die of a logging mistake.

    Attributes
    ----------
    id : str
        The run's id, which sorts by the time of its start.
    name : str or None
        The name that was given.
    experiment : str
        The group of runs that it belongs to.
    status : Status
        ``running`` until it ends.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("fit", params={"lr": 0.1}) as run:
    ...     for epoch in range(3):
    ...         run.log(loss=1 / (epoch + 1))
    """

    def __init__(
        self,
        journal: Journal,
        *,
        experiment: str,
        name: str | None,
        note: str = "",
        owner: SessionOwner | None,
        is_ours: bool,
        last_steps: Mapping[str, int] | None = None,
    ) -> None:
        self.id = journal.run_id
        self.name = name
        self.experiment = experiment
        self.status = Status.RUNNING
        self._journal = journal
        self._owner = owner
        self._pid = os.getpid() if is_ours else 0
        # Whoever interrupts `finish` may call it.
        self._lock = threading.RLock()
        self._points = PointMaker(journal, last_steps or {})
        self._note = note

    @classmethod
    def attached(cls, handle: RunHandle[Any]) -> Self:
        """Give a run of another process, to be logged to and not to be ended."""
        owner = handle.owner
        # The owner's process merges what this one logs, as long as it lives on this machine.
        merging = owner is None or owner.life() is not Life.ALIVE
        journal = Journal(handle.id, handle.store, merging=merging)
        name, experiment = handle.name, handle.experiment
        return cls(journal, experiment=experiment, name=name, owner=owner, is_ours=False)

    def handle(self) -> RunHandle[ActiveRun]:
        """Give a small object that can be sent to another process and logs to this run.

        Pickling the run itself gives the same.

        Returns
        -------
        RunHandle
            With ``log``, ``log_params``, ``log_artifact`` and ``tag``; entered by ``with``
            it makes the run the current one there.

        Examples
        --------
        >>> import pickle
        >>> import celltrail as ct
        >>> with ct.track("fit") as run:
        ...     handle = pickle.loads(pickle.dumps(run.handle()))
        ...     handle.log(loss=0.3)
        >>> ct.run("fit").metrics
        {'loss': 0.3}
        """
        owner, kind = self._owner, type(self)
        return RunHandle(self.id, self.name, self.experiment, self.store_path, owner, kind)

    def __reduce__(self) -> tuple[Any, ...]:
        handle = self.handle()
        return RunHandle, tuple(getattr(handle, field.name) for field in fields(handle))

    # A copy would count the same steps once more; and whoever copies what holds a run goes on
    # logging to that run.
    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __repr__(self) -> str:
        return f"<ActiveRun {self.label!r} of {self.experiment!r}, {self.status.value}>"

    @property
    def label(self) -> str:
        """What the run is called in messages: its name, or the start of its id."""
        return self.name or f"run {self.id[:10]}"

    @property
    def store_path(self) -> Path:
        """The store that the run is recorded in."""
        return self._journal.store

    @property
    def session_id(self) -> str:
        """The session that logs to it from here."""
        return self._journal.session.id

    @property
    def is_open(self) -> bool:
        """Whether the run has not ended."""
        return self.status is Status.RUNNING

    @property
    def is_ours(self) -> bool:
        """Whether this process began the run, or resumed it; any other only logs to it."""
        return self._pid == os.getpid()

    @property
    def redactions(self) -> int:
        """How many secrets were taken out of what was recorded."""
        return self._journal.redactions

    @property
    def warnings(self) -> list[str]:
        """What could not be recorded as asked, one sentence each."""
        return list(self._journal.warnings)

    # -- what is logged -------------------------------------------------------------

    def log(
        self,
        metrics: Mapping[str, Any] | None = None,
        /,
        *,
        step: int | None = None,
        **more: Any,
    ) -> None:
        """Log metrics: numbers that belong to one step.

        Parameters
        ----------
        metrics
            Name to number; nested mappings get dotted names. NaN and the infinities are
            numbers.
        step
            The step, any integer of 64 bits. Without it each metric counts 0, 1, 2 and so
            on, going on after the last step that was given.
        **more
            More metrics by name.

        Notes
        -----
        A value that is no number is kept as a param, with a warning. A metric logged
        after the end of the run is recorded, with a warning.

        Examples
        --------
        >>> import celltrail as ct
        >>> with ct.track() as run:
        ...     run.log({"val/loss": 0.3}, step=10)
        ...     run.log(loss=0.2, accuracy=0.9)
        """
        try:
            if metrics is None:
                metrics = more
            elif more or type(metrics) is not dict:
                metrics = {**self._journal.mapping(metrics), **more}
            if not self._points.log_floats(metrics, step):
                self._points.log(metrics, step)
            if self.status is not _RUNNING:
                self._journal.warn(
                    "ended", f"{self.label} has ended; what is logged now is added to it."
                )
        except Exception as error:  # noqa: BLE001  # a fault of ours; the warning says what
            self._journal.fault("log", error)

    def log_params(self, params: object = None, /, **more: Any) -> None:
        """Log params: what the run was given.

        Parameters
        ----------
        params
            A mapping, a dataclass, an ``argparse.Namespace`` or a pydantic model; what is
            nested gets dotted names (``optimizer.lr``).
        **more
            More params by name.

        Notes
        -----
        A param that is logged again is a change: the last value counts, the earlier ones
        are kept. Values under names such as ``api_key`` are redacted.

        Examples
        --------
        >>> import celltrail as ct
        >>> with ct.track() as run:
        ...     run.log_params({"optimizer": {"lr": 0.1}}, seed=3)
        """
        try:
            self._journal.events(self._journal.params_events(params, more))
        except Exception as error:  # noqa: BLE001  # a fault of ours; the warning says what
            self._journal.fault("log_params", error)

    def tag(self, *tags: str) -> None:
        """Add tags to the run, such as ``run.tag("baseline", "cv")``."""
        self._journal.tag(tags)

    def untag(self, *tags: str) -> None:
        """Take tags off the run; one that it does not have is no error."""
        self._journal.tag(tags, on=False)

    @property
    def note(self) -> str:
        """Why the run was done, in the user's words; can be set at any time (None empties it)."""
        return self._note

    @note.setter
    def note(self, text: str | None) -> None:
        self._note = self._journal.note(text)

    def log_artifact(
        self, value: object, name: str | None = None, *, step: int | None = None
    ) -> None:
        """Store a file or an object with the run. Nothing is ever pickled.

        Parameters
        ----------
        value
            The path of a file or folder, or an open file: stored as they are; a figure
            (matplotlib, Altair, Plotly); an image (PIL, or an array or tensor that is one);
            a table (pandas, polars, Arrow); `Histogram`, `Audio`; a text, a mapping or list
            (as JSON), both without the secrets in them; bytes.
        name
            What it is called; by default the file's name, or one that fits the kind.
            Needed for a text, which could be a misspelt path otherwise. Its end may choose
            a format, such as ``.csv``, ``.svg`` or ``.npy``.
        step
            The step that it belongs to: one name with several steps is a series.

        Notes
        -----
        What cannot be stored, such as a path that does not exist, is a warning.

        Examples
        --------
        >>> import celltrail as ct
        >>> with ct.track() as run:
        ...     run.log_artifact("three folds only", name="remark.txt")
        """
        store_artifact(self._journal, value, *self._label(name, step))

    def log_model(
        self,
        model: object,
        name: str | None = None,
        *,
        pickle: bool = False,
        step: int | None = None,
    ) -> None:
        """Store a model in a format that is safe to load: see `celltrail.log_model`."""
        store_model(self._journal, model, *self._label(name, step), pickle=pickle)

    # -- what was recorded unasked --------------------------------------------------

    def add_outputs(self, records: Sequence[OutputRecord], *, at_once: bool = False) -> None:
        """Record what the run's cell showed, soon, or at once where the process ends."""
        if at_once:
            write_outputs(self._journal, records)
        elif records:
            later(self, lambda: write_outputs(self._journal, records), "the outputs")

    def infer(self, found: Inference) -> None:
        """Record what was found in the code; what was logged by hand is left alone."""
        write_inferred(self._journal, self._points, found)

    def set_context(self, **facts: Any) -> None:
        """Record what became known after the start: ``git``, ``environment``, ``markdown``."""
        if facts.get("markdown"):
            facts["markdown"] = self._journal.clean(facts["markdown"])
        self._journal.event("run_context", **facts, redactions=self.redactions or None)

    def add_text(self, text: str) -> str:
        """Store a text without its secrets, once, and give its address."""
        return self._journal.session.add_source(self._journal.clean(text))

    def add_environment(self, sha256: str, facts: Mapping[str, Any]) -> None:
        """Store a description of the environment under its address."""
        self._journal.session.writer.event("environment", sha256=sha256, **facts)

    def add_warning(self, message: str) -> None:
        """Remember that something could not be recorded, without saying it aloud."""
        self._journal.warnings.append(message)

    # -- the end --------------------------------------------------------------------

    def finish(
        self,
        status: Status | str = Status.FINISHED,
        error: ErrorInfo | BaseException | str | None = None,
        *,
        cpu_seconds: float | None = None,
        peak_memory: int | None = None,
    ) -> None:
        """End the run. A second call does nothing.

        Only the process that began or resumed the run can end it. In any other, which has
        it by a fork or by a `RunHandle`, this is a warning.

        Parameters
        ----------
        status
            ``finished``, ``failed`` or ``interrupted``. Anything else is a warning, and
            counts as ``failed`` where there is an error, else as ``finished``.
        error
            What ended it: an exception, or a text.
        cpu_seconds, peak_memory
            What it cost: seconds of CPU time, and bytes.

        Examples
        --------
        >>> import celltrail as ct
        >>> run = ct.start("long")
        >>> run.finish("failed", ValueError("the loss is NaN"))
        >>> ct.run(run).error.message
        'the loss is NaN'
        """
        if not self.is_ours:
            where = "another process" if self._owner is None else self._owner.place
            self._journal.warn(
                "finish", f"{self.label} was begun by {where}, which ends it; it goes on."
            )
            return
        with self._lock:
            if not self.is_open:
                return
            end, ended_by = end_of(self._journal, status, error)
            # First written, then so: an interrupt in between lets it be ended again.
            self._journal.event(
                "run_end",
                session=None if self._owner is None else self._owner.id,
                status=end.value,
                ended=now_us(),
                error=None if ended_by is None else asdict(ended_by),
                cpu_seconds=cpu_seconds,
                peak_memory=peak_memory,
                redactions=self.redactions,
            )
            self.status = end
        self._journal.session.wake()

    # -- inside ---------------------------------------------------------------------

    def _label(self, name: object, step: object) -> tuple[str | None, int | None]:
        """Give an artifact's name and step as they are stored."""
        name = None if name is None else self._journal.clean_name(to_text(name))
        return name, None if step is None else self._points.step(step)
