"""The points of a curves chart: few enough to draw, with names, and with what is not shown."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from celltrail.model import Status
from celltrail.store import CurveQuery
from celltrail.views.downsample import downsample
from celltrail.views.format import plural
from celltrail.views.growing import Points
from celltrail.views.smoothing import smoothed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.query import Run, Runs

__all__ = [
    "Axis",
    "Curve",
    "CurveOptions",
    "Curves",
    "drawn_curve",
    "read_curve",
    "read_curves",
    "run_labels",
]

Axis: TypeAlias = Literal["step", "time", "wall"]

#: More lines than this are told apart by nobody.
RUNS_SHOWN = 50
#: About 260 kB on the wire: 20 curves at two points for each of 700 pixels.
POINTS_IN_ALL = 28_000
_LEAST_PIXELS = 25
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_ENDED_BADLY = (Status.FAILED, Status.INTERRUPTED, Status.LOST)


@dataclass(frozen=True, slots=True)
class CurveOptions:
    """What a curves chart is asked for.

    Parameters
    ----------
    x
        ``step``; ``time`` since the start of each run; ``wall`` clock time.
    smooth
        The weight of the smoothing; 0 is none.
    log_x, log_y
        Whether an axis is logarithmic.
    width
        Of a panel, in pixels.
    """

    x: Axis = "step"
    smooth: float = 0.0
    log_x: bool = False
    log_y: bool = False
    width: int = 520

    @property
    def units(self) -> float:
        """How many of the store's units one unit of the page is: seconds, or milliseconds."""
        return {"step": 1.0, "time": 1e6, "wall": 1e3}[self.x]

    def query(self, curves: int, between: tuple[float, float] | None = None) -> CurveQuery:
        """Give the question for so many curves, of a range of the page's x."""
        pixels = min(self.width, POINTS_IN_ALL // (2 * max(1, curves)))
        within = None if between is None else (between[0] * self.units, between[1] * self.units)
        return CurveQuery(
            self.x, within, max(_LEAST_PIXELS, pixels), log_x=self.log_x, log_y=self.log_y
        )


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric of one run: its points in the order of x.

    Parameters
    ----------
    run_id, label
        The run, and its name in this chart, which no other run in it has.
    metric
        The metric.
    step
        Steps.
    x
        What the points stand over: steps, seconds since the start of the run, or
        milliseconds since 1970.
    value
        Values; NaN and the infinities are gaps, as are values that the axis cannot show.
    smooth
        The smoothed values, where that was asked for.
    """

    run_id: str
    label: str
    metric: str
    step: npt.NDArray[np.int64]
    x: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]
    smooth: npt.NDArray[np.float64] | None = None

    def take(self, kept: Any) -> Curve:
        """Give only some of its points."""
        smooth = None if self.smooth is None else self.smooth[kept]
        return replace(
            self, step=self.step[kept], x=self.x[kept], value=self.value[kept], smooth=smooth
        )


@dataclass(frozen=True, slots=True)
class Curves:
    """All curves of a chart, and what was left out.

    Parameters
    ----------
    curves
        Metric by metric, in each in the order of the runs.
    metrics
        The metrics' names.
    runs
        The shown runs.
    labels
        Their labels.
    caption
        How many are shown of how many, and what is not shown, as a phrase.
    thinned
        How many curves have more points than are drawn.
    """

    curves: list[Curve]
    metrics: list[str]
    runs: Runs
    labels: list[str]
    caption: str
    thinned: int = 0


def read_curves(runs: Runs, metrics: Sequence[str], options: CurveOptions) -> Curves:
    """Read the curves of metrics, thinned so that a browser draws them at once.

    Parameters
    ----------
    runs
        The runs; those without any of the metrics are left out. There may be none.
    metrics
        Names of metrics.
    options
        How they are drawn.

    Returns
    -------
    Curves
        At most 50 runs and about 28,000 points in all; spikes and gaps survive the
        thinning, and the caption names what is left out.

    Raises
    ------
    UnknownNameError
        When there are runs, and none of them has one of the metrics.
    """
    if not len(runs):
        return Curves([], list(metrics), runs, [], "there are no runs to draw")
    having = sorted(set().union(*(runs.with_metric(metric) for metric in metrics)))
    shown = runs.select([runs.ids[place] for place in having[:RUNS_SHOWN]])
    labels = run_labels(list(shown))
    curves: list[Curve] = []
    thinned = gaps = 0
    for metric in metrics:
        found, counts, bad = read_curve(shown, labels, metric, options, len(metrics))
        thinned += sum(len(curve.value) < counts[curve.run_id] for curve in found)
        gaps += bad
        curves += found
    caption = _caption(shown, len(runs), len(runs) - len(having), thinned, gaps, options)
    return Curves(curves, list(metrics), shown, labels, caption, thinned)


def read_curve(
    shown: Runs,
    labels: Sequence[str],
    metric: str,
    options: CurveOptions,
    metrics: int,
    between: tuple[float, float] | None = None,
) -> tuple[list[Curve], dict[str, int], int]:
    """Read one metric of some runs.

    Parameters
    ----------
    shown, labels
        The runs and their names in the chart.
    metric
        The metric's name.
    options
        How it is drawn.
    metrics
        How many metrics share the chart.
    between
        Only this range of x, and one point on each side of it.

    Returns
    -------
    tuple
        A curve for each run that has points; how many points each has in the range, by id;
        and how many of all those are gaps.
    """
    query = options.query(len(shown) * metrics, between)
    if options.smooth:
        return _read_smooth(shown, labels, metric, options, query)
    found = shown.curves(metric, query)
    curves = []
    starts, ends = (
        np.searchsorted(found.run, np.arange(len(shown)), side) for side in ("left", "right")
    )
    for run, label, start, end in zip(shown, labels, starts, ends, strict=True):
        if start < end:
            part = slice(start, end)
            points = Points(found.x[part], found.step[part], found.time[part], found.value[part])
            curves.append(drawn_curve(run.id, label, metric, points, options))
    counts = dict(zip(shown.ids, found.counts.tolist(), strict=True))
    return curves, counts, int(found.gaps.sum())


def drawn_curve(
    run_id: str, label: str, metric: str, points: Points, options: CurveOptions
) -> Curve:
    """Give points as a chart draws them: x in the page's units, and gaps as NaN."""
    value = _drawable(points.value, options)
    return Curve(run_id, label, metric, points.step, points.x / options.units, value)


def _read_smooth(
    shown: Runs, labels: Sequence[str], metric: str, options: CurveOptions, query: CurveQuery
) -> tuple[list[Curve], dict[str, int], int]:
    """Read whole curves, one at a time: each point counts in the average of all after it."""
    curves, counts, gaps = [], dict.fromkeys(shown.ids, 0), 0
    for run, label in zip(shown, labels, strict=True):
        found = shown.select([run.id]).points(metric)
        at = {
            "step": found.step,
            "time": found.time - (run.started - _EPOCH) // dt.timedelta(microseconds=1),
            "wall": found.time,
        }[options.x]
        order = np.argsort(at, kind="stable")
        order = order[at[order] > 0] if options.log_x else order
        x = at[order] / options.units
        value = _drawable(found.value[order], options)
        smooth = smoothed(x, value, options.smooth)
        curve = Curve(run.id, label, metric, found.step[order], x, value, smooth)
        if query.between is not None:
            low = np.searchsorted(at[order], query.between[0], "left")
            high = np.searchsorted(at[order], query.between[1], "right")
            curve = curve.take(slice(max(0, low - 1), high + 1))
        counts[run.id] = len(curve.value)
        gaps += int((~np.isfinite(curve.value)).sum())
        if len(curve.value):
            drawn = (curve.value, smooth if curve.smooth is None else curve.smooth)
            kept = [downsample(curve.x, each, query.buckets + 5) for each in drawn]
            curves.append(curve.take(np.union1d(*kept)))
    return curves, counts, gaps


def _drawable(values: npt.NDArray[np.float64], options: CurveOptions) -> npt.NDArray[np.float64]:
    return np.where(values > 0, values, np.nan) if options.log_y else values


def run_labels(runs: Sequence[Run]) -> list[str]:
    """Name each run so that no two are the same: names need not be unique.

    Parameters
    ----------
    runs
        The runs of a chart.

    Returns
    -------
    list of str
        Their labels, with the number where a name is taken, and with the status of those
        that did not end well.
    """
    counts = Counter(run.label for run in runs)
    labels: list[str] = []
    for run in runs:
        label = run.label
        if counts[label] > 1 and run.number:
            label = f"{label} #{run.number}"
        if run.status in _ENDED_BADLY:
            label = f"{label} ({Status(run.status).value})"
        # a run may be called as another one is told apart
        again = (f"{label} ({number})" for number in count(2))
        labels.append(next(name for name in chain([label], again) if name not in labels))
    return labels


def _caption(
    shown: Sequence[Run], total: int, without: int, thinned: int, gaps: int, options: CurveOptions
) -> str:
    parts = [f"{len(shown):,} of {plural(total, 'run')} shown"]
    if without:
        parts.append(f"{without:,} without the metric")
    counts = Counter(run.status for run in shown)
    parts += [f"{counts[status]:,} {status.value}" for status in _ENDED_BADLY if counts[status]]
    if options.smooth:
        parts.append(f"smoothed by {options.smooth:g}")
    if thinned:
        parts.append(f"{plural(thinned, 'curve')} thinned, extremes kept")
    if gaps:
        problem = "not above 0" if options.log_y else "not finite"
        parts.append(f"{plural(gaps, 'value')} {problem}, drawn as gaps")
    if options.log_x:
        parts.append("nothing at 0 or below it on the logarithmic axis")
    return " \N{MIDDLE DOT} ".join(parts)
