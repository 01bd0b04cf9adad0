"""The points of a curves chart: from metric histories to few enough points with names."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from celltrail.views.downsample import downsample
from celltrail.views.format import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.query import Run, Runs
    from celltrail.store import HistoryColumns

__all__ = ["Curve", "Curves", "read_curves"]

#: More lines than this are told apart by nobody.
RUNS_SHOWN = 50
POINTS_PER_CURVE = 1_000
POINTS_IN_ALL = 20_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


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
    seconds
        Since the start of the run.
    value
        Values; NaN and the infinities are gaps.
    """

    run_id: str
    label: str
    metric: str
    step: npt.NDArray[np.int64]
    seconds: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curves:
    """All curves of a chart, and what was left out.

    Parameters
    ----------
    curves
        Metric by metric, in each in the order of the runs.
    metrics
        The metrics' names.
    labels
        The shown runs' labels, in their order.
    caption
        What is not shown, as a phrase; empty when all is.
    """

    curves: list[Curve]
    metrics: list[str]
    labels: list[str]
    caption: str


def read_curves(runs: Runs, metrics: Sequence[str], *, by_time: bool) -> Curves:
    """Read metric histories, and thin them so that a browser draws them at once.

    Parameters
    ----------
    runs
        The runs; those without any of the metrics are left out. There may be none.
    metrics
        Names of metrics.
    by_time
        Order and thin along the time instead of along the step.

    Returns
    -------
    Curves
        At most 50 runs, 1,000 points a curve and 20,000 points in all; spikes and gaps
        survive the thinning, and the caption names what is left out.

    Raises
    ------
    UnknownNameError
        When there are runs, and none of them has one of the metrics.
    """
    if not len(runs):
        return Curves([], list(metrics), [], "there are no runs to draw")
    points = {metric: runs.points(metric) for metric in metrics}
    places = sorted(set().union(*(np.unique(found.run).tolist() for found in points.values())))
    shown = [runs[place] for place in places[:RUNS_SHOWN]]
    labels = _labels(shown)
    limit = min(POINTS_PER_CURVE, max(50, POINTS_IN_ALL // max(1, len(shown) * len(metrics))))
    curves: list[Curve] = []
    thinned = gaps = 0
    for metric, found in points.items():
        starts, ends = (
            np.searchsorted(found.run, places[: len(shown)], side) for side in ("left", "right")
        )
        for run, label, start, end in zip(shown, labels, starts, ends, strict=True):
            if start == end:
                continue
            full = _curve(run, label, metric, found, slice(start, end), by_time)
            gaps += int((~np.isfinite(full.value)).sum())
            kept = downsample(full.seconds, full.value, limit)
            thinned += len(kept) < len(full.value)
            curves.append(_take(full, kept))
    return Curves(curves, list(metrics), labels, _caption(len(shown), len(places), thinned, gaps))


def _curve(
    run: Run, label: str, metric: str, points: HistoryColumns, part: slice, by_time: bool
) -> Curve:
    began = (run.started - _EPOCH) // dt.timedelta(microseconds=1)
    seconds = (points.time[part] - began) / 1e6
    step = points.step[part]
    value = points.value[part]
    order = np.argsort(seconds if by_time else step, kind="stable")
    return Curve(run.id, label, metric, step[order], seconds[order], value[order])


def _take(curve: Curve, kept: npt.NDArray[np.int64]) -> Curve:
    return Curve(
        curve.run_id,
        curve.label,
        curve.metric,
        curve.step[kept],
        curve.seconds[kept],
        curve.value[kept],
    )


def _labels(runs: Sequence[Run]) -> list[str]:
    """Name each run so that no two are the same: names need not be unique."""
    counts = Counter(run.label for run in runs)
    taken: Counter[str] = Counter()
    labels = []
    for run in runs:
        label = run.label
        if counts[label] > 1 and run.number:
            label = f"{label} #{run.number}"
        taken[label] += 1
        labels.append(label if taken[label] == 1 else f"{label} ({taken[label]})")
    return labels


def _caption(shown: int, total: int, thinned: int, gaps: int) -> str:
    parts = [f"{shown:,} of {total:,} runs shown"] if shown < total else []
    if thinned:
        parts.append(f"{plural(thinned, 'curve')} thinned, extremes kept")
    if gaps:
        parts.append(f"{plural(gaps, 'value')} not finite, drawn as gaps")
    return " \N{MIDDLE DOT} ".join(parts)
