"""One stored run, as it is read."""

from __future__ import annotations

import datetime as dt
import html
from functools import cached_property
from typing import TYPE_CHECKING, Any

from celltrail.errors import UnknownNameError
from celltrail.model import (
    SYSTEM_PREFIX,
    DatasetInfo,
    ErrorInfo,
    MetricMeaning,
    Number,
    OutputInfo,
    ParamValue,
    Status,
    Summary,
    is_system_metric,
)
from celltrail.query.artifacts import StoredArtifact, find_artifact
from celltrail.query.editing import edit_run
from celltrail.query.history import history_frame
from celltrail.query.meaning import meaning_of, primary_first

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from celltrail.store import RunRow, Store, SummaryColumns, TableData

__all__ = ["Run", "load_run", "summary_at"]


class Run:
    """A run of the store: what it was given, what it came to, and what it ran.

    Given by `celltrail.run`, `celltrail.runs` and `celltrail.last_run`. What it says is
    the state at the time of reading; ask again for a run that is still going on.

    Attributes
    ----------
    id : str
        The run's id.
    number : int
        Its number within its experiment.
    name : str or None
        The name that was given.
    experiment : str
        The group of runs that it belongs to.
    status : Status
        ``running``, ``finished``, ``failed``, ``interrupted`` or ``lost``.
    note : str
        Why it was done.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("fit", params={"lr": 0.1}) as active:
    ...     active.log(loss=0.5)
    >>> run = ct.run(active)
    >>> run.params, run.metrics
    ({'lr': 0.1}, {'loss': 0.5})
    """

    def __init__(self, store: Store, row: RunRow) -> None:
        self._store = store
        self._row = row
        self.id = row.id
        self.number = row.number
        self.name = row.name
        self.experiment = row.experiment
        self.status = Status(row.status)
        self._note = row.note or ""

    def __repr__(self) -> str:
        return f"<Run {self.label!r} of {self.experiment!r}, {self.status.value}>"

    def _repr_html_(self) -> str:
        rows = [
            ("experiment", self.experiment),
            ("status", self.status.value),
            ("started", f"{self.started.astimezone():%Y-%m-%d %H:%M:%S %Z}"),
            *((f"params.{key}", value) for key, value in self.params.items()),
            *((f"metrics.{key}", value) for key, value in self.metrics.items()),
        ]
        cells = "".join(
            f'<tr><th style="text-align:left">{html.escape(key)}</th>'
            f'<td style="text-align:left">{html.escape(str(value))}</td></tr>'
            for key, value in rows
        )
        return f"<b>{html.escape(self.label)}</b><table>{cells}</table>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def store_path(self) -> Path:
        """The store that it was read from."""
        return self._store.path

    @property
    def label(self) -> str:
        """What people call it: its name, or ``run 12``."""
        return self.name or f"run {self.number}"

    @property
    def started(self) -> dt.datetime:
        """When it began, in UTC."""
        return _moment(self._row.started)

    @property
    def ended(self) -> dt.datetime | None:
        """When it ended, in UTC; None while it goes on, and when nobody knows."""
        return None if self._row.ended is None else _moment(self._row.ended)

    @property
    def duration(self) -> float | None:
        """How long it took, in seconds; None while it goes on."""
        ended = self._row.ended
        return None if ended is None else max(0, ended - self._row.started) / 1e6

    @property
    def error(self) -> ErrorInfo | None:
        """The exception that ended it, as text."""
        return self._row.error

    @property
    def cell_id(self) -> str | None:
        """The front end's id of its cell."""
        return self._row.cell_id

    @property
    def notebook(self) -> str | None:
        """The notebook or script that it ran in."""
        return self._row.notebook

    @property
    def git(self) -> dict[str, str | bool | None] | None:
        """The commit, the branch and whether files differ (None in scripts); None without git."""
        row = self._row
        if row.git_commit is None:
            return None
        return {"commit": row.git_commit, "branch": row.git_branch, "dirty": row.git_dirty}

    @cached_property
    def git_diff(self) -> str:
        """How tracked files differed from the commit; empty where that is not known."""
        sha256 = self._row.git_diff
        return "" if sha256 is None else self._store.source(sha256)

    @property
    def markdown(self) -> str | None:
        """The text that stood above the cell in the notebook, where it is known."""
        return self._row.markdown

    @property
    def auto(self) -> bool:
        """Whether it was recorded by ``%track --auto``, and not asked for by itself."""
        return bool(self._row.auto)

    @property
    def redactions(self) -> int:
        """How many secrets were taken out of what was recorded."""
        return self._row.redactions or 0

    @property
    def cpu_seconds(self) -> float | None:
        """CPU time that the process spent during the run, in seconds."""
        return self._row.cpu_seconds

    @property
    def peak_memory(self) -> int | None:
        """The most memory that the process had during the run, in bytes."""
        return self._row.peak_memory

    @cached_property
    def source(self) -> str:
        """The code that it ran; empty where that is not known."""
        sha256 = self._row.source_sha
        return "" if sha256 is None else self._store.source(sha256)

    @cached_property
    def environment(self) -> dict[str, object]:
        """Python, the platform, the packages and the machine; empty where not known."""
        sha256 = self._row.environment
        return {} if sha256 is None else self._store.environment(sha256)

    @property
    def note(self) -> str:
        """Why it was done, in the user's words; can be set at any time."""
        return self._note

    @note.setter
    def note(self, text: str | None) -> None:
        self._note = edit_run(self.store_path, self.id, note=text or "")["note"]

    def rename(self, name: str) -> None:
        """Give it another name; UsageError when that is empty.

        Examples
        --------
        >>> import celltrail as ct
        >>> with ct.track("first try"):
        ...     pass
        >>> ct.run("first try").rename("baseline")
        >>> ct.run("baseline").label
        'baseline'
        """
        self.name = edit_run(self.store_path, self.id, name=name)["name"]

    @cached_property
    def tags(self) -> list[str]:
        """Its tags, sorted."""
        return sorted(self._data.tags.get(self._row.run, []))

    def tag(self, *tags: str) -> None:
        """Put tags on it, such as ``run.tag("best")``; UsageError for an empty one."""
        edit_run(self.store_path, self.id, add_tags=tags)
        self.tags = sorted({*self.tags, *(str(tag).strip() for tag in tags)})

    def untag(self, *tags: str) -> None:
        """Take tags off it; one that it does not have is no error."""
        edit_run(self.store_path, self.id, remove_tags=tags)
        self.tags = sorted(set(self.tags) - {str(tag).strip() for tag in tags})

    @cached_property
    def params(self) -> dict[str, ParamValue]:
        """Its params by name."""
        params = self._data.params
        return {params.names[key]: params.value(i) for i, key in enumerate(params.key.tolist())}

    @cached_property
    def reasons(self) -> dict[str, str]:
        """Why a param or metric that was not logged by hand was recorded, by its name."""
        params = self._data.params
        return {
            **{
                params.names[k]: why
                for k, why in zip(params.key, params.reason, strict=True)
                if why
            },
            **self._store.metric_reasons(self.id),
        }

    @cached_property
    def summaries(self) -> dict[str, Summary]:
        """What each metric came to."""
        return {k: s for k, s in self._summaries.items() if not is_system_metric(k)}

    def meaning(self, metric: str) -> MetricMeaning:
        """Give what a metric means; see `celltrail.metric`."""
        return meaning_of(metric, self._meanings)

    @cached_property
    def _meanings(self) -> dict[str, MetricMeaning]:
        return self._data.meanings

    @property
    def metrics(self) -> dict[str, Number]:
        """The last value of each metric; primary ones come first."""
        return {key: summary.last for key, summary in self.summaries.items()}

    @property
    def system_metrics(self) -> dict[str, Summary]:
        """What was sampled of the machine while it ran, empty for a run of under three seconds.

        See `celltrail.capture.system_metrics` for the names. Their curves are given by
        ``history("system/cpu_percent")``, and filters may name them.
        """
        found = self._summaries.items()
        return {k.removeprefix(SYSTEM_PREFIX): s for k, s in found if is_system_metric(k)}

    @cached_property
    def _summaries(self) -> dict[str, Summary]:
        found = self._data.summaries
        each = {found.names[key]: summary_at(found, i) for i, key in enumerate(found.key.tolist())}
        return {name: each[name] for name in primary_first(list(each), self._meanings)}

    @property
    def previous(self) -> Run | None:
        """The run before of the same cell or function, if there is one."""
        return None if self._row.previous is None else load_run(self._store, self._row.previous)

    @property
    def parent(self) -> Run | None:
        """The run that it ran inside of, if there is one."""
        return None if self._row.parent is None else load_run(self._store, self._row.parent)

    @cached_property
    def artifacts(self) -> list[StoredArtifact]:
        """What was stored with it, in the order of storing; of a series each step."""
        return [StoredArtifact(self._store, info) for info in self._store.artifacts(self.id)]

    @cached_property
    def datasets(self) -> list[DatasetInfo]:
        """The data that it read."""
        return self._store.datasets(self.id)

    @cached_property
    def outputs(self) -> list[OutputInfo]:
        """What its cell showed, in order: texts, and the names of what is an artifact."""
        return self._store.outputs(self.id)

    def artifact(self, name: str, step: int | None = None) -> StoredArtifact:
        """Give one artifact, whose content is read when it is asked for.

        Parameters
        ----------
        name
            Its name; of several with one name, the one that was stored last.
        step
            Of a series, the step.

        Raises
        ------
        UnknownNameError
            When the run has none of that name, or not at that step.

        Examples
        --------
        >>> import celltrail as ct
        >>> with ct.track() as active:
        ...     active.log_artifact("three folds only", "remark.txt")
        >>> ct.run(active).artifact("remark.txt").text()
        'three folds only'
        """
        return find_artifact(self.artifacts, name, step)

    def load_model(
        self,
        name: str,
        step: int | None = None,
        *,
        trusted: Sequence[str] = (),
        allow_pickle: bool = False,
    ) -> Any:
        """Give a model that was stored: `artifact` and `StoredArtifact.load_model` in one."""
        stored = self.artifact(name, step)
        return stored.load_model(trusted=trusted, allow_pickle=allow_pickle)

    def history(self, metric: str, *, since_step: int | None = None) -> pd.DataFrame:
        """Give the points of a metric: ``run_id, name, metric, step, time, value``.

        Parameters
        ----------
        metric
            The metric's name.
        since_step
            Only points of greater steps.

        Raises
        ------
        UnknownNameError
            When the run has no such metric.
        """
        frame = history_frame(self._store, [self._row], metric, since_step=since_step)
        if frame.empty and metric not in self._summaries:
            raise UnknownNameError("metric", metric, self.summaries)
        return frame

    @cached_property
    def _data(self) -> TableData:
        return self._store.table_data(ids=[self.id])


def load_run(store: Store, run_id: str) -> Run | None:
    """Read one run by its id, or give None when the store has none of that id."""
    rows = store.run_rows(ids=[run_id])
    return Run(store, rows[0]) if rows else None


def summary_at(columns: SummaryColumns, i: int) -> Summary:
    """Give the ``i``-th of the summaries that the store read."""
    exact = bool(columns.is_exact[i])
    return Summary(
        last=int(columns.last_exact[i]) if exact else float(columns.last[i]),
        last_step=int(columns.last_step[i]),
        min=float(columns.min[i]),
        max=float(columns.max[i]),
        mean=float(columns.mean[i]),
        count=int(columns.count[i]),
    )


def _moment(microseconds: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=microseconds)
