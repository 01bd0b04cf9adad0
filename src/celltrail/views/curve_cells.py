"""Small curves for cells of the run table: what they look like, and what is said of them.

A cell is so small that a byte says where a point stands in it; least and greatest value, which
are what people ask about a curve, travel as they are. The twin is ``js/src/table/curves.ts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from celltrail.store import CurveQuery
from celltrail.views.rpc import Binary
from celltrail.views.theme import run_colors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from celltrail.query import Runs
    from celltrail.query.table import RunTable

__all__ = ["GAP", "curve_cells"]

#: Where a value that is not finite would stand; the others lie from 0 to 254.
GAP = 255
#: What one answer holds at most: the kernel has other things to do in between.
_CURVES = 200
_PIXELS = (16, 400)


def curve_cells(
    runs: Runs, table: RunTable, wanted: Mapping[str, Sequence[str]], pixels: int
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

    Returns
    -------
    Binary
        For each curve ``metric``, ``id``, ``count``, ``gaps`` (points that are not finite),
        ``min`` and ``max`` (None where nothing is finite), ``color`` and how many ``points``
        are drawn; and for all of these in a row a byte each for x and then one each for y.
    """
    width = min(max(int(pixels), _PIXELS[0]), _PIXELS[1])
    query = CurveQuery(buckets=width, each=True)
    places = {run_id: place for place, run_id in enumerate(table.ids)}
    colors = run_colors(_numbers(table))
    heads: list[dict[str, Any]] = []
    parts: list[bytes] = []
    left = _CURVES
    for metric, asked in wanted.items():
        ids = [run_id for run_id in dict.fromkeys(asked) if run_id in places][:left]
        if not ids or f"metrics.{metric}" not in table.columns:
            continue
        left -= len(ids)
        found = runs.curves(metric, query, ids)
        ends = np.searchsorted(found.run, np.arange(len(ids) + 1))
        for place, run_id in enumerate(ids):
            part = slice(ends[place], ends[place + 1])
            drawn = _drawn(found.x[part], found.value[part])
            heads.append(
                {
                    "metric": metric,
                    "id": run_id,
                    "count": int(found.counts[place]),
                    "gaps": int(found.gaps[place]),
                    **_ends(found.value[part]),
                    "color": colors[places[run_id]],
                    "points": len(drawn) // 2,
                }
            )
            parts.append(drawn)
    return Binary(heads, b"".join(parts))


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
    finite = np.isfinite(values)
    if len(values) < 2 or not finite.any():
        return b""
    across = np.rint(_share(x.astype(np.float64)) * 255).astype(np.uint8)
    up = np.full(len(values), GAP, np.uint8)
    up[finite] = np.rint(_share(values[finite]) * (GAP - 1)).astype(np.uint8)
    return across.tobytes() + up.tobytes()


def _share(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Say how far values lie between the least and the greatest; in the middle when all agree."""
    # halves, so that the width of the whole range of floats is a number too
    low, high = values.min() / 2, values.max() / 2
    if not low < high:
        return np.full(len(values), 0.5)
    share: npt.NDArray[np.float64] = (values / 2 - low) / (high - low)
    return share
