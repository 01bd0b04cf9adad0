"""The live run: what code logs to while it runs."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from celltrail.errors import ArtifactError
from celltrail.ids import new_id
from celltrail.model import DatasetInfo, ErrorInfo, Inferred, SourceInfo, Status
from celltrail.record.artifacts import to_content
from celltrail.record.journal import Journal
from celltrail.record.points import PointMaker
from celltrail.record.values import flatten, short_repr, to_param, to_text
from celltrail.store.writer import now_us

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ActiveRun"]


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
        store: Path,
        *,
        experiment: str,
        name: str | None = None,
        note: str = "",
        source: SourceInfo | None = None,
        parent: ActiveRun | None = None,
    ) -> None:
        self.id = new_id()
        self._journal = Journal(self.id, store)
        self.name = None if name is None else self._journal.clean(name)
        self.experiment = self._journal.clean(experiment)
        self.status = Status.RUNNING
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._points = PointMaker(self._journal)
        self._note = ""
        source = source or SourceInfo("", kind="block")
        session = self._journal.session
        session.writer.event(
            "run",
            id=self.id,
            session=session.id,
            experiment=self.experiment,
            name=self.name,
            started=now_us(),
            kind=source.kind,
            source=session.add_source(self._journal.clean(source.text)),
            source_name=source.name,
            cell_id=source.cell_id,
            execution_count=source.execution_count,
            notebook=source.notebook,
            parent=None if parent is None else parent.id,
            note=None,
            git=None,
        )
        if note:
            self.note = note

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
    def is_open(self) -> bool:
        """Whether the run has not ended."""
        return self.status is Status.RUNNING

    @property
    def is_ours(self) -> bool:
        """Whether this process began the run (a forked child only logs to it)."""
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
            if metrics is not None:
                more = {**self._mapping(metrics), **more}
            rows = self._points.points(more, step)
            if rows:
                self._journal.points(rows)
            if self.status is not Status.RUNNING:
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
            pairs = [] if params is None else list(flatten(params))
        except TypeError as error:
            self._journal.warn("params", f"{error}; nothing of it was logged.")
            pairs = []
        for key, value in [*pairs, *flatten(more)]:
            try:
                self._journal.param(key, to_param(value))
            except Exception as error:  # noqa: BLE001  # a fault of ours; the warning says what
                self._journal.fault(f"param {key}", error)

    def tag(self, *tags: str) -> None:
        """Add tags to the run.

        Examples
        --------
        >>> import celltrail as ct
        >>> with ct.track() as run:
        ...     run.tag("baseline", "cv")
        """
        for tag in tags:
            self._journal.event("tag", tag=self._journal.clean(to_text(tag)), on=True)

    def untag(self, *tags: str) -> None:
        """Take tags off the run; one that it does not have is no error."""
        for tag in tags:
            self._journal.event("tag", tag=to_text(tag), on=False)

    @property
    def note(self) -> str:
        """Why the run was done, in the user's words. Can be set at any time."""
        return self._note

    @note.setter
    def note(self, text: str) -> None:
        self._note = self._journal.clean(to_text(text))
        self._journal.event("note", text=self._note)

    def log_artifact(
        self, value: object, name: str | None = None, *, step: int | None = None
    ) -> None:
        """Store a file or an object with the run.

        Parameters
        ----------
        value
            The path of a file, a matplotlib figure, an Altair chart, a PIL image, a
            pandas DataFrame (stored as CSV), a text, bytes, or a mapping or list (stored
            as JSON). Nothing is ever pickled.
        name
            What it is called; by default the file's name, or one that fits the kind.
            Needed for a text, which could be a misspelt path otherwise.
        step
            The step that it belongs to.

        Notes
        -----
        What cannot be stored, such as a path that does not exist, is a warning.

        Examples
        --------
        >>> import celltrail as ct
        >>> with ct.track() as run:
        ...     run.log_artifact("three folds only", name="remark.txt")
        """
        name = None if name is None else to_text(name)
        try:
            content = to_content(value, name)
            sha256, size = self._journal.session.writer.add_blob(content.data)
        except (ArtifactError, OSError) as error:
            self._journal.warn(f"artifact {name or short_repr(value)}", str(error))
            return
        except Exception as error:  # noqa: BLE001  # a figure or image may fail to draw in any way; the warning says how
            self._journal.warn(
                f"artifact {name}", f"artifact {name or ''!r} was not stored: {error!r}"
            )
            return
        self._journal.event(
            "artifact",
            name=name or content.name,
            kind=content.kind,
            mime=content.mime,
            step=None if step is None else self._points.step(step),
            sha256=sha256,
            size=size,
        )

    # -- what was recorded unasked --------------------------------------------------

    def infer(
        self,
        params: Mapping[str, Inferred],
        metrics: Mapping[str, Inferred],
        datasets: Sequence[DatasetInfo] = (),
    ) -> None:
        """Record what was found in the code; what was logged by hand is left alone.

        Parameters
        ----------
        params, metrics
            Name to value and reason. A name that the run already has, as a param or as a
            metric, is skipped.
        datasets
            The data that the code read.
        """
        known = self._journal.params.keys() | self._points.names
        for key, found in params.items():
            if key not in known:
                self._journal.param(key, to_param(found.value), found.reason)
        new = {key: found for key, found in metrics.items() if key not in known}
        rows = self._points.points({key: found.value for key, found in new.items()})
        for key, found in new.items():
            self._journal.event("reason", metric=key, reason=found.reason)
        if rows:
            self._journal.points(rows)
        for dataset in datasets:
            facts = asdict(dataset)
            described = json.dumps({k: v for k, v in facts.items() if k != "name"}, sort_keys=True)
            sha256 = hashlib.sha256(described.encode("utf-8", "surrogatepass")).hexdigest()
            self._journal.event("dataset", **facts, sha256=sha256)

    def set_context(self, **facts: Any) -> None:
        """Record facts that became known after the start: ``git`` and ``environment``."""
        self._journal.event("run_context", **facts)

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
        error: ErrorInfo | None = None,
        *,
        cpu_seconds: float | None = None,
        peak_memory: int | None = None,
    ) -> None:
        """End the run. A second call does nothing.

        Parameters
        ----------
        status
            ``finished``, ``failed`` or ``interrupted``.
        error
            What ended it, as text.
        cpu_seconds, peak_memory
            What it cost: seconds of CPU time, and bytes.

        Examples
        --------
        >>> import celltrail as ct
        >>> run = ct.start("long")
        >>> run.finish()
        """
        with self._lock:
            if not self.is_open:
                return
            self.status = Status(status)
        if error is not None:
            error = ErrorInfo(
                error.type, self._journal.clean(error.message), self._journal.clean(error.traceback)
            )
        self._journal.event(
            "run_end",
            status=self.status.value,
            ended=now_us(),
            error=None if error is None else asdict(error),
            cpu_seconds=cpu_seconds,
            peak_memory=peak_memory,
        )
        self._journal.session.wake()

    # -- inside ---------------------------------------------------------------------

    def _mapping(self, metrics: object) -> Mapping[Any, Any]:
        if isinstance(metrics, Mapping):
            return metrics
        kind = type(metrics).__qualname__
        self._journal.warn("metrics", f"log() takes a mapping of metrics, not a {kind}.")
        return {}
