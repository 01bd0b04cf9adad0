"""Runs compared in the notebook: what differs, charts, code, environments, outputs, artifacts."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from celltrail.query.seeds import seeds_of
from celltrail.views.bundles import bundle_text
from celltrail.views.charts.parallel import parallel
from celltrail.views.compare_charts import importance_section, scatter_section
from celltrail.views.comparison import ComparedRuns, compare_runs
from celltrail.views.curve_chart import curves
from celltrail.views.details import run_outputs
from celltrail.views.format import plural
from celltrail.views.marimo import stacked
from celltrail.views.rpc import answer_questions
from celltrail.views.run_table import RunTableWidget
from celltrail.views.selecting import Selecting
from celltrail.views.side_artifacts import SideArtifacts
from celltrail.views.snapshot import STILL_BYTES, Snapshot, size
from celltrail.views.static_artifacts import artifacts_html
from celltrail.views.static_comparison import comparison_html, comparison_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from celltrail.query import Run, Runs
    from celltrail.views.chart import Chart
    from celltrail.views.chart_section import ChartSection

__all__ = ["Comparison", "SideBySide"]

#: Of more runs than this params and metrics stand in a table with a row for each run.
_COLUMNS = 8
#: More runs than this are not put side by side: what is shown says so.
_RUNS = 50
_CURVES = 4
_AXES = 6


class SideBySide(anywidget.AnyWidget):
    """What differs between runs, with a column for each, and two of them in detail.

    Parameters
    ----------
    runs
        The runs.
    mark
        Of the still picture that stands for it while there is no kernel.

    Attributes
    ----------
    selected_ids : list of str
        Ids of the runs whose headings were chosen.
    pair : list of str
        Ids of the two runs whose code and outputs stand side by side.
    """

    selected_ids = traitlets.List(traitlets.Unicode()).tag(sync=True)
    pair = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _rows = traitlets.Unicode("{}").tag(sync=True)
    _mark = traitlets.Unicode("").tag(sync=True)

    def __init__(self, runs: Runs, compared: ComparedRuns, mark: str, **options: Any) -> None:
        self._esm = bundle_text("compare.js")
        self._css = bundle_text("compare.css")
        self._runs, self.compared = runs, compared
        self._artifacts = SideArtifacts(runs)
        data = {
            **asdict(compared),
            "wide": len(runs) > _COLUMNS,
            "artifacts": len(self._artifacts.steps.names),
        }
        self._labels = [head["label"] for head in compared.heads]
        super().__init__(_rows=json.dumps(data), _mark=mark, **options)
        #: What the page may ask, by name.
        self.methods: Mapping[str, Callable[..., Any]] = {
            "outputs": self._outputs,
            **self._artifacts.methods,
        }
        answer_questions(self, self.methods)

    @property
    def runs(self) -> Runs:
        """The runs that stand side by side."""
        return self._runs

    def still_artifacts(self, most: int = STILL_BYTES) -> str:
        """Give the last step of what was logged to the runs as still HTML of so many bytes."""
        return artifacts_html(self._artifacts.steps, self._labels, limit=most)

    def _outputs(self, id: str) -> list[dict[str, Any]]:
        return run_outputs(self._runs.select([id])[0])


class Comparison(Selecting, Snapshot, ipywidgets.VBox):  # type: ignore[misc]
    """Runs compared: an ordinary box of widgets whose selections are one.

    Parameters
    ----------
    runs
        The runs; with the first of them all others are compared.
    metrics
        Metrics whose curves are drawn; by default up to four that have curves.

    Attributes
    ----------
    selected_ids : list of str
        Ids of the selected runs, in whichever part they were selected.
    side_by_side : SideBySide
        What differs, code, outputs and artifacts.
    table : RunTableWidget or None
        Of more than eight runs, what differs as a table.
    curves : Chart or None
        The metrics over the steps.
    parallel : Chart or None
        Of more than eight runs, the params and metrics that differ as parallel axes.
    scatter : ChartSection or None
        Of three runs and more, any two columns; drawn when it is asked for, in the page or by
        ``comparison.scatter.show(x="params.lr", y="metrics.loss")``.
    importance : ChartSection or None
        Of three runs and more, how much the params matter for a metric; drawn when it is asked
        for, in the page or by ``comparison.importance.show(metric="loss")``.

    Examples
    --------
    >>> comparison = ct.compare(ct.runs(limit=2))  # doctest: +SKIP
    >>> comparison.selected.df()  # doctest: +SKIP
    """

    selected_ids = traitlets.List(traitlets.Unicode())

    def __init__(
        self, runs: Runs, metrics: str | Sequence[str] | None = None, **options: Any
    ) -> None:
        self._all = runs
        self._runs = runs = runs[:_RUNS]
        self._mark = self._new_mark()
        loaded = runs.together()
        self._compared = _counted(compare_runs(loaded, seeds_of(runs)), len(self._all))
        self.side_by_side = SideBySide(runs, self._compared, self._mark)
        self.table: RunTableWidget | None = None
        if len(runs) > _COLUMNS:
            self.table = _table(runs, self._compared)
        self.curves = _curves(runs, loaded, metrics)
        self.parallel = _parallel(runs, self._compared)
        self.scatter: ChartSection | None = scatter_section(runs)
        self.importance: ChartSection | None = importance_section(runs)
        parts = [self.table, self.parallel, self.curves, self.scatter, self.importance]
        # Of few runs what differs fits into columns, and is what they are compared for.
        parts.insert(0 if self.table is None else len(parts), self.side_by_side)
        shown = [part for part in parts if part is not None]
        super().__init__(shown, **options)
        for part in shown:
            traitlets.link((self, "selected_ids"), (part, "selected_ids"))

    @property
    def runs(self) -> Runs:
        """The runs that are compared."""
        return self._runs

    def _display_(self) -> Any:
        """Give what marimo shows."""
        return stacked(self.children)

    def _still_html(self, most: int = STILL_BYTES) -> str:
        charts = [self.curves]
        charts += [part.chart for part in (self.scatter, self.importance) if part is not None]
        page = comparison_html(self._compared)
        for chart in charts:
            drawn = "" if chart is None else chart._still_html()
            page += drawn if size(page) + size(drawn) <= most else ""
        return page + self.side_by_side.still_artifacts(most - size(page))

    def _kept_parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = {"side by side": (self.side_by_side, ("pair",))}
        if self.table is not None:
            parts |= self.table._kept_parts()
        return parts

    def _known_ids(self) -> Sequence[str]:
        return self._runs.ids

    def _still_text(self) -> str:
        return comparison_text(self._compared)

    def __repr__(self) -> str:
        return f"<Comparison of {plural(len(self._runs), 'run')}>"


def _counted(compared: ComparedRuns, total: int) -> ComparedRuns:
    """Say first how many runs of how many are compared."""
    shown = len(compared.heads)
    if shown == total:
        return compared
    note = f"{shown:,} of {total:,} runs are compared: the first ones."
    return ComparedRuns(compared.heads, compared.rows, compared.sources, (note, *compared.notes))


def _table(runs: Runs, compared: ComparedRuns) -> RunTableWidget:
    known = {row.name for row in compared.rows if row.group == "metrics" and row.best}
    coloured = [f"metrics.{name}" for name in sorted(known)][:6]
    return RunTableWidget(runs, only_differences=True, coloured=coloured)


def _curves(runs: Runs, loaded: Sequence[Run], metrics: str | Sequence[str] | None) -> Chart | None:
    """Draw the metrics that were asked for, or those that have more than a point."""
    if metrics is None:
        counts: dict[str, int] = {}
        for run in loaded:
            for name, summary in run.summaries.items():
                counts[name] = max(counts.get(name, 0), summary.count)
        metrics = sorted(name for name, count in counts.items() if count > 1)[:_CURVES]
    # those that are compared, also when others fit the same question later
    return curves(runs.select(runs.ids), metrics) if metrics else None


def _parallel(runs: Runs, compared: ComparedRuns) -> Chart | None:
    """Draw the params that differ and the first metrics of many runs as parallel axes."""
    if len(runs) <= _COLUMNS:
        return None
    differing = [row for row in compared.rows if row.differs]
    params = [f"params.{row.name}" for row in differing if row.group == "params"][:_AXES]
    metrics = [f"metrics.{row.name}" for row in differing if row.group == "metrics"]
    if not params or not metrics:
        return None
    return parallel(runs, [*params, *metrics[:2]])
