"""Fewer points of a curve, with its extremes kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["downsample"]


def downsample(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], limit: int
) -> npt.NDArray[np.int64]:
    """Choose at most ``limit`` points of a curve so that it looks the same.

    The curve is cut into stretches of equally many points, and of each its lowest and its
    highest are kept, and its first point that is not finite, so that a gap stays a gap;
    so are the first and the last of the whole. A single spike is never lost.

    Parameters
    ----------
    x
        Positions, ascending; only their order matters.
    y
        Values; those that are not finite are gaps.
    limit
        How many points to keep at most; at least 5.

    Returns
    -------
    numpy.ndarray
        Ascending indices into ``x`` and ``y``; all of them when they are few enough.
    """
    count = len(y)
    if count <= limit:
        return np.arange(count, dtype=np.int64)
    stretches = max(1, (limit - 2) // 3)
    edges = np.linspace(0, count, stretches + 1).astype(np.int64)[:-1]
    sizes = np.diff(np.append(edges, count))
    bad = ~np.isfinite(y)
    low = np.where(bad, np.inf, y)
    high = np.where(bad, -np.inf, y)
    group = np.repeat(np.arange(stretches), sizes)
    chosen = [
        np.array([0, count - 1]),
        _first(low == np.minimum.reduceat(low, edges)[group], group),
        _first(high == np.maximum.reduceat(high, edges)[group], group),
        _first(bad, group),
    ]
    return np.unique(np.concatenate(chosen)).astype(np.int64)


def _first(mask: npt.NDArray[np.bool_], group: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give the index of the first true of each group that has one."""
    hits = np.flatnonzero(mask)
    _, places = np.unique(group[hits], return_index=True)
    return hits[places]
