"""What each kind of view brings into a page without a kernel: its state, and what it may ask."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import numpy as np
import pandas as pd
from altair.utils.schemapi import SchemaBase
from pandas.api.types import is_datetime64_any_dtype

from celltrail.errors import CelltrailError, UsageError
from celltrail.query import Runs
from celltrail.views.chart import Chart, chart_spec
from celltrail.views.chart_section import ChartSection
from celltrail.views.compare import SideBySide
from celltrail.views.curve_cells import curve_cells
from celltrail.views.curve_chart import DOTS_UP_TO
from celltrail.views.details import run_details
from celltrail.views.rpc import Binary
from celltrail.views.run_table import RunTableWidget
from celltrail.views.static_comparison import comparison_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from celltrail.views.drawing import Zoom

__all__ = ["Budget", "Part", "Question", "parts_of"]

#: Runs whose details are in the page, and how many curves stand in the cells of a table.
_DETAILS, _CURVES = 1_000, 4_000
#: So many runs are read at once.
_AT_ONCE = 100
#: With fewer characters left no answer is looked for any more.
_LITTLE = 200
_ASKED, _PIXELS = 200, 120
#: Names and steps of artifacts, in all, that the slider of a comparison can come to.
_PLACES = 3_000
#: Artifacts whose contents are in the page at most.
_CONTENTS = 2_000
#: Into so many parts the x axis of curves is cut, each with as many points as the whole has in
#: a notebook: there is no kernel that would bring more of them; up to so many rows.
_FINER, _ROWS = 4, 60_000


@dataclass(frozen=True, slots=True)
class Question:
    """A question that the page may ask, with its answer."""

    method: str
    params: dict[str, Any]
    result: Any


@dataclass(slots=True)
class Part:
    """One view in the page.

    Parameters
    ----------
    bundle
        The name of its script and its style sheet.
    state
        What it would be sent by a kernel.
    still
        Its still form, which stands there until the view does.
    heading
        Stands above it.
    """

    bundle: str
    state: dict[str, Any]
    still: str = ""
    heading: str = ""
    answers: list[Question] = field(default_factory=list)
    curves: Binary | None = None


@dataclass(slots=True)
class Budget:
    """Bounds what answers come to, in characters, and notes what was left out."""

    left: int
    notes: list[str] = field(default_factory=list)

    def take(self, questions: Iterable[Question], count: int, what: str) -> Iterator[Question]:
        """Pass on answers as long as there is room for them, and one that is too large by none."""
        taken = 0
        for question in questions:
            size = len(json.dumps(question.result, default=str))
            if size <= self.left:
                self.left -= size
                taken += 1
                yield question
            if self.left < _LITTLE:
                break
        if taken < count:
            self.notes.append(f"{what}: {taken:,} of {count:,} are in this page.")


def parts_of(view: Any, budget: Budget) -> list[Part]:
    """Give what a page shows of a view.

    Parameters
    ----------
    view
        A run table, a comparison, a chart, a box of such widgets, runs, an Altair chart, or a
        list of these.
    budget
        What answers may come to.

    Raises
    ------
    UsageError
        When it is nothing of the kind.
    """
    if isinstance(view, Runs):
        return parts_of(RunTableWidget(view, live=False), budget)
    if isinstance(view, SchemaBase):
        return parts_of(Chart(view, still_html="", still_text=""), budget)
    if isinstance(view, RunTableWidget):
        return [_table(view, budget)]
    if isinstance(view, Chart):
        return [_chart(view, budget)]
    if isinstance(view, SideBySide):
        return [_side_by_side(view, budget)]
    if isinstance(view, ChartSection):
        return _section(view, budget)
    inner: Sequence[Any] | None = None
    if isinstance(view, ipywidgets.Box):
        inner = view.children
    elif isinstance(view, list | tuple):
        inner = view
    if inner is None:
        message = (
            "a page can hold a table, a comparison, a chart, or a list of them, "
            f"and not {type(view).__name__}."
        )
        raise UsageError(message)
    return [part for one in inner for part in parts_of(one, budget)]


_NOT_SENT = {"_esm", "_css", "_anywidget_id"}


def _state(widget: Any) -> dict[str, Any]:
    """Give what a widget keeps in step with its page, beyond what every widget has."""
    common = {*anywidget.AnyWidget.class_trait_names(sync=True), *_NOT_SENT}
    return {n: getattr(widget, n) for n in widget.trait_names(sync=True) if n not in common}


def _table(table: RunTableWidget, budget: Budget) -> Part:
    runs = table.runs
    selected = set(table.selected_ids)
    # what is selected is what its reader will look at
    order = sorted(table._ids, key=lambda run_id: run_id not in selected)
    first = order[:_DETAILS]
    details = (
        Question("details", {"id": run.id}, run_details(run))
        for start in range(0, len(first), _AT_ONCE)
        for run in runs.select(first[start : start + _AT_ONCE]).together(outputs=True)
    )
    answers = list(budget.take(details, len(table._ids), "Details of runs"))
    state = {**_state(table), "_page": True}
    return Part("run_table", state, table._still_html(), "", answers, _curves(table, order, budget))


def _curves(table: RunTableWidget, order: Sequence[str], budget: Budget) -> Binary:
    """Read the curves of all cells, as far as they are bounded."""
    runs, columns = table.runs, json.loads(table._columns)
    names = [c["name"].removeprefix("metrics.") for c in columns if c.get("steps")]
    wanted = [(name, run_id) for run_id in order for name in names]
    heads: list[Any] = []
    drawn = []
    for start in range(0, min(len(wanted), _CURVES), _ASKED):
        asked: dict[str, list[str]] = {}
        for name, run_id in wanted[start : min(start + _ASKED, _CURVES)]:
            asked.setdefault(name, []).append(run_id)
        found = curve_cells(runs, table._table, asked, _PIXELS)
        heads += found.result
        drawn.append(found.data)
    if len(wanted) > _CURVES:
        budget.notes.append(
            f"Curves in the cells of the table: {_CURVES:,} of {len(wanted):,} are in this page."
        )
    return Binary(heads, b"".join(drawn))


def _chart(chart: Chart, budget: Budget, heading: str = "") -> Part:
    state = _state(chart)
    spec = chart_spec(chart.chart, instead=_Finer(chart.zoom) if chart.zoom else None)
    state |= {"_spec": spec.text, "_data": spec.data, "_zoom": []}
    budget.notes += [
        f"A chart takes its data from {address}, which is not in this page: nothing is loaded."
        for address in _addresses(json.loads(spec.text))
    ]
    return Part("chart", state, chart._still_html(), heading)


def _addresses(spec: Any) -> list[str]:
    """List where a specification would load data from."""
    if isinstance(spec, list):
        return [found for each in spec for found in _addresses(each)]
    if not isinstance(spec, dict):
        return []
    data = spec.get("data")
    own = [str(data["url"])] if isinstance(data, dict) and "url" in data else []
    return own + [
        found for name, v in spec.items() if name != "datasets" for found in _addresses(v)
    ]


@dataclass(frozen=True, slots=True)
class _Finer:
    """Gives the data of a panel that can be zoomed with more points than fit its pixels."""

    zoom: Zoom

    def __call__(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        panels = [i for i, panel in enumerate(self.zoom.panels) if panel["dataset"] == name]
        parts = min(_FINER, _ROWS // max(1, len(frame)))
        if not panels or parts < 2 or frame.empty:
            return frame
        x = frame[self.zoom.panels[panels[0]]["field"]]
        numbers = x.map(pd.Timestamp.timestamp) * 1e3 if is_datetime64_any_dtype(x) else x
        edges = np.linspace(float(numbers.min()), float(numbers.max()), parts + 1)
        if not np.isfinite(edges).all() or edges[0] == edges[-1]:
            return frame
        found = [self.zoom.read(panels[0], low, high) for low, high in pairwise(edges)]
        whole = pd.concat(found, ignore_index=True)
        # what stands at an edge, or was read beyond it so that lines go on, comes twice
        points = whole.drop(columns="dot", errors="ignore")
        whole = whole[~points.duplicated()].reset_index(drop=True)
        # nothing was left out of it
        return _dotted(whole) if len(whole) > len(frame) else frame


def _dotted(frame: pd.DataFrame) -> pd.DataFrame:
    """Say anew which points are dots: those parts were read alone."""
    if "dot" not in frame:
        return frame
    keys = [frame[name] for name in ("run_id", "group", "metric") if name in frame]
    gap = pd.Series(~np.isfinite(frame["value"].to_numpy(np.float64)), frame.index)
    of_each = gap.groupby(keys)
    alone = ~gap & of_each.shift(1, fill_value=True) & of_each.shift(-1, fill_value=True)
    few = of_each.transform("size") <= DOTS_UP_TO
    return frame.assign(dot=(few | alone).astype("int8"))


def _section(section: ChartSection, budget: Budget) -> list[Part]:
    """Give the chart of a section, drawn with what is chosen where it was not shown yet."""
    chosen = ", ".join(f"{name}: {value}" for name, value in section.chosen.items())
    heading = f"{section.title} ({chosen})" if chosen else section.title
    if section.chart is not None:
        return [_chart(section.chart, budget, heading)]
    if section.said:
        return []
    if section.is_slow:
        budget.notes.append(f"{heading}: show it before the page is made, to have it in there.")
        return []
    try:
        return [_chart(Chart.of(section.drawn().drawing), budget, heading)]
    except CelltrailError as error:  # what cannot be drawn of these runs is no reason for no page
        budget.notes.append(f"{heading}: {error}")
        return []


def _side_by_side(view: SideBySide, budget: Budget) -> Part:
    ids = view.runs.ids
    outputs = (Question("outputs", {"id": i}, view.methods["outputs"](id=i)) for i in ids)
    answers = list(budget.take(outputs, len(ids), "Outputs of runs"))
    answers += _artifacts(view, budget)
    still = comparison_html(view.compared) + view.still_artifacts()
    return Part("compare", _state(view), still, answers=answers)


def _artifacts(view: SideBySide, budget: Budget) -> list[Question]:
    """Give what the slider over the steps of artifacts can come to."""
    listed = view.methods["artifacts"]()
    if not listed["names"]:
        return []
    most = max(2, _PLACES // len(listed["names"]))
    steps: list[str | None] = listed["steps"]
    if len(steps) > most:
        listed["notes"].append(f"In this page the slider goes to {most:,} of {len(steps):,} steps.")
        steps = [steps[i * (len(steps) - 1) // (most - 1)] for i in range(most)]
        listed["steps"] = steps
    answers = [Question("artifacts", {}, listed)]
    contents: dict[str, dict[str, Any]] = {}
    asked_of = [
        {"name": one["name"], "step": s} for one in listed["names"] for s in steps or [None]
    ]
    placed = (Question("artifacts_at", q, view.methods["artifacts_at"](**q)) for q in asked_of)
    for at in budget.take(placed, len(asked_of), "Steps of artifacts"):
        answers.append(at)
        for run_id, there in zip(view.runs.ids, at.result, strict=True):
            if there and there["key"]:
                name, step = at.params["name"], there["step"]
                asked = {"id": run_id, "name": name, "step": step, "draw": False}
                contents[json.dumps(asked)] = asked
    shown = (_content(view, asked) for asked in list(contents.values())[:_CONTENTS])
    return answers + list(budget.take(shown, len(contents), "Contents of artifacts"))


def _content(view: SideBySide, asked: dict[str, Any]) -> Question:
    # what is drawn when asked for nobody can draw there
    return Question("artifact", asked, {**view.methods["artifact"](**asked), "can_draw": False})
