"""Groups of runs that differ in their seed only: at each step their mean, and how far apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from celltrail.errors import UnknownNameError
from celltrail.views.downsample import downsample
from celltrail.views.format import format_value, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from celltrail.model import MetricMeaning
    from celltrail.query import Runs

__all__ = ["Band", "BandKind", "Bands", "group_runs", "read_bands"]

BandKind: TypeAlias = Literal["range", "sd"]

GROUPS_SHOWN = 20
_POINTS_IN_ALL = 12_000


@dataclass(frozen=True, slots=True)
class Band:
    """One metric of one group of runs, step by step.

    Parameters
    ----------
    label
        What its runs have in common.
    metric
        The metric.
    runs
        How many runs of the group have the metric.
    step
        The steps at which any run has a value, ascending.
    mean, low, high
        Of the values there; ``low`` and ``high`` are the ends of the band.
    count
        How many runs have a value there.
    """

    label: str
    metric: str
    runs: int
    step: npt.NDArray[np.int64]
    mean: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    count: npt.NDArray[np.int64]

    def take(self, kept: Any) -> Band:
        """Give only some of its steps."""
        names = ("step", "mean", "low", "high", "count")
        return replace(self, **{name: getattr(self, name)[kept] for name in names})

    def thinned(self, limit: int) -> Band:
        """Keep the extremes of the mean and of the band."""
        if len(self.step) <= limit:
            return self
        x = self.step.astype(np.float64)
        kept = [downsample(x, y, limit // 3) for y in (self.mean, self.low, self.high)]
        return self.take(np.unique(np.concatenate(kept)))


@dataclass(frozen=True, slots=True)
class Bands:
    """All bands of a chart, whole, and what was left out.

    Parameters
    ----------
    bands
        Metric by metric, in each in the order of the groups.
    metrics, labels
        The metrics, and the groups.
    caption
        How many runs and groups are shown of how many.
    meanings
        What each metric means.
    """

    bands: list[Band]
    metrics: list[str]
    labels: list[str]
    caption: str
    meanings: Mapping[str, MetricMeaning]

    @property
    def limit(self) -> int:
        """How many points each band may have."""
        return max(90, _POINTS_IN_ALL // max(1, len(self.bands)))


def group_runs(runs: Runs, names: Sequence[str]) -> dict[str, list[int]]:
    """Group runs by the values of params.

    Parameters
    ----------
    runs
        The runs.
    names
        The params.

    Returns
    -------
    dict
        For each group, in the order of its first run, the places of its runs. A run that
        lacks one of the params is in a group of those that lack it.

    Raises
    ------
    UnknownNameError
        When none of the runs has such a param.
    """
    columns = runs.table().columns
    for name in names:
        if f"params.{name}" not in columns:
            known = [key[7:] for key in columns if key.startswith("params.")]
            raise UnknownNameError("param", name, known)
    groups: dict[str, list[int]] = {}
    for place in range(len(runs)):
        parts = []
        for name in names:
            column = columns[f"params.{name}"]
            value = column.values[place]
            value = value.item() if isinstance(value, np.generic) else value
            parts.append(f"{name}={'–' if column.missing[place] else format_value(value)}")
        groups.setdefault(", ".join(parts), []).append(place)
    return groups


def read_bands(runs: Runs, metrics: Sequence[str], names: Sequence[str], kind: BandKind) -> Bands:
    """Read metrics of groups of runs.

    Parameters
    ----------
    runs
        The runs.
    metrics, names
        The metrics, and the params that the groups go by.
    kind
        What the band is: see `celltrail.views.curve_chart.curves`.

    Returns
    -------
    Bands
        Of a step that a run has several times its last value counts, as it does everywhere
        where one value is needed; values that are not finite count nowhere.
    """
    groups = group_runs(runs, names) if len(runs) else {}
    labels = list(groups)[:GROUPS_SHOWN]
    bands, shown = [], set()
    for metric in metrics:
        having = set(runs.with_metric(metric)) if len(runs) else set()
        for label in labels:
            places = [place for place in groups[label] if place in having]
            if places:
                shown.update(places)
                bands.append(_band(runs, places, label, metric, kind))
    caption = _caption(len(shown), len(runs), len(labels), len(groups), kind)
    meanings = {metric: runs.meaning(metric) for metric in metrics}
    return Bands(bands, list(metrics), labels, caption, meanings)


def _band(runs: Runs, places: Sequence[int], label: str, metric: str, kind: BandKind) -> Band:
    ids = runs.ids
    points = runs.select([ids[place] for place in places]).points(metric)
    # They come by run, step and time: the last of each run and step is its value there.
    last = np.ones(len(points.run), bool)
    last[:-1] = (points.run[1:] != points.run[:-1]) | (points.step[1:] != points.step[:-1])
    good = last & np.isfinite(points.value)
    step, where = np.unique(points.step[good], return_inverse=True)
    value = points.value[good]
    order = np.argsort(where, kind="stable")
    starts = np.searchsorted(where[order], np.arange(len(step)))
    if not len(step):
        none = np.zeros(0)
        return Band(label, metric, len(places), step, none, none, none, np.zeros(0, np.int64))
    ordered = value[order]
    count = np.diff(np.append(starts, len(ordered)))
    low, high = np.minimum.reduceat(ordered, starts), np.maximum.reduceat(ordered, starts)
    mean = _means(ordered, starts, count)
    if kind == "sd":
        spread = _deviations(ordered, starts, count, mean)
        low, high = mean - spread, mean + spread
    return Band(label, metric, len(places), step, mean, low, high, count.astype(np.int64))


def _means(
    values: npt.NDArray[np.float64], starts: npt.NDArray[Any], count: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    # Divided first where a sum could be more than a float holds.
    shares = np.repeat(count, count)
    large = np.abs(values).max() > 1e290
    summed = np.add.reduceat(values / shares if large else values, starts)
    mean: npt.NDArray[np.float64] = summed if large else summed / count
    return mean


def _deviations(
    values: npt.NDArray[np.float64],
    starts: npt.NDArray[Any],
    count: npt.NDArray[Any],
    mean: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Give the sample standard deviations; of one value there is none, so the band is thin."""
    with np.errstate(over="ignore"):
        squares = np.add.reduceat((values - np.repeat(mean, count)) ** 2, starts)
    spread: npt.NDArray[np.float64] = np.sqrt(squares / np.maximum(count - 1, 1))
    return spread


def _caption(shown: int, total: int, groups: int, all_groups: int, kind: BandKind) -> str:
    if not total:
        return "there are no runs to draw"
    of = f"{groups:,} of {all_groups:,}" if groups < all_groups else f"{groups:,}"
    band = "from the lowest to the highest" if kind == "range" else "± 1 standard deviation"
    parts = [
        f"{shown:,} of {plural(total, 'run')} shown",
        f"{of} group{'' if all_groups == 1 else 's'}",
        f"line: mean, band: {band}",
    ]
    return " \N{MIDDLE DOT} ".join(parts)
