"""Small curves for cells of the run table: what they look like, and what is said of them.

A cell is so small that a byte says where a point stands in it; least and greatest value, which
are what people ask about a curve, travel as they are. The twin is ``js/src/table/curves.ts``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from celltrail.model import Status
from celltrail.store import CurveQuery
from celltrail.views.growing import GAP, GrowingCurve, levels
from celltrail.views.growing_curves import GrowingCurves
from celltrail.views.rpc import Binary
from celltrail.views.theme import run_colors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from celltrail.query import Runs
    from celltrail.query.table import RunTable
    from celltrail.store.follow import News

__all__ = ["GAP", "GrowingCells", "curve_cells"]

#: What one answer holds at most: the kernel has other things to do in between.
_CURVES = 200
_PIXELS = (16, 400)
#: The widths for which curves that grow are kept are multiples of this.
_STEP = 64


class GrowingCells:
    """Keeps the curves of the runs that go on, for one table that is told what comes."""

    def __init__(self) -> None:
        self._width = 0
        self._curves: GrowingCurves | None = None

    def take(self, news: News) -> None:
        """Take in what came."""
        if self._curves is not None:
            self._curves.take(news)

    def of_width(self, pixels: int) -> GrowingCurves:
        """Give those for cells so wide: of other widths none are kept."""
        width = -(-pixels // _STEP) * _STEP
        if self._curves is None or self._width != width:
            self._width = width
            self._curves = GrowingCurves(CurveQuery(buckets=width, each=True))
        return self._curves


def curve_cells(
    runs: Runs,
    table: RunTable,
    wanted: Mapping[str, Sequence[str]],
    pixels: int,
    growing: GrowingCells | None = None,
) -> Binary:
    """Read the curves of some cells.

    Parameters
    ----------
    runs, table
        The runs of the table, and their columns.
    wanted
        For names of metrics the ids of runs. Runs and metrics that are not there any more
        are passed over.
    pixels
        How wide a cell's curve is.
    growing
        What keeps the curves of runs that go on; None to read those from the store too.

    Returns
    -------
    Binary
        For each curve ``metric``, ``id``, ``count``, ``gaps`` (points that are not finite),
        ``min`` and ``max`` (None where nothing is finite), ``color`` and how many ``points``
        are drawn; and for all of these in a row a byte each for x and then one each for y.

    Raises
    ------
    StoreError
        When the store cannot be read.
    """
    width = min(max(int(pixels), _PIXELS[0]), _PIXELS[1])
    places = {run_id: place for place, run_id in enumerate(table.ids)}
    status = table.columns["status"].values
    colors = run_colors(_numbers(table))
    heads: list[dict[str, Any]] = []
    parts: list[bytes] = []
    left = _CURVES
    for metric, asked in wanted.items():
        ids = [run_id for run_id in dict.fromkeys(asked) if run_id in places][:left]
        if not ids or f"metrics.{metric}" not in table.columns:
            continue
        left -= len(ids)
        going_on = [i for i in ids if status[places[i]] == Status.RUNNING.value]
        kept = {} if growing is None else _kept(growing, runs, metric, going_on, width)
        read = _read(runs, metric, [run_id for run_id in ids if run_id not in kept], width)
        for run_id in ids:
            curve = kept[run_id] if run_id in kept else read[run_id]
            drawn = _drawn(curve.x, curve.value)
            heads.append(
                {
                    "metric": metric,
                    "id": run_id,
                    "count": curve.count,
                    "gaps": curve.gaps,
                    **_ends(curve.value),
                    "color": colors[places[run_id]],
                    "points": len(drawn) // 2,
                }
            )
            parts.append(drawn)
    return Binary(heads, b"".join(parts))


@dataclass(frozen=True, slots=True)
class _Curve:
    x: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    count: int
    gaps: int


def _kept(
    growing: GrowingCells, runs: Runs, metric: str, ids: Sequence[str], width: int
) -> dict[str, _Curve]:
    """Give curves that are kept up to date."""
    curves = growing.of_width(width).get(runs, metric, ids) if ids else []
    return {run_id: _grown(curve) for run_id, curve in zip(ids, curves, strict=True)}


def _grown(curve: GrowingCurve) -> _Curve:
    points = curve.points()
    return _Curve(points.x, points.value, curve.count, curve.gaps)


def _read(runs: Runs, metric: str, ids: Sequence[str], width: int) -> dict[str, _Curve]:
    """Read curves from the store."""
    if not ids:
        return {}
    found = runs.curves(metric, CurveQuery(buckets=width, each=True), ids)
    ends = np.searchsorted(found.run, np.arange(len(ids) + 1))
    return {
        run_id: _Curve(
            found.x[ends[place] : ends[place + 1]],
            found.value[ends[place] : ends[place + 1]],
            int(found.counts[place]),
            int(found.gaps[place]),
        )
        for place, run_id in enumerate(ids)
    }


def _numbers(table: RunTable) -> list[tuple[int | None, str]]:
    numbers, experiments = table.columns["number"], table.columns["experiment"]
    return list(zip(numbers.values.tolist(), experiments.values.tolist(), strict=True))


def _ends(values: npt.NDArray[np.float64]) -> dict[str, float | None]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return {"min": None, "max": None}
    return {"min": float(finite.min()), "max": float(finite.max())}


def _drawn(x: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> bytes:
    """Write where points stand: nothing for a curve of one point, which is its value."""
    if len(values) < 2 or not np.isfinite(values).any():
        return b""
    return b"".join(levels(x, values))
