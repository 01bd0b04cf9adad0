"""Smoothing of a curve by an exponential moving average that knows how far apart points are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from celltrail.errors import OptionError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["require_smooth", "smoothed"]

#: The range of x counts as so many units, so that the weight does not depend on its units.
_UNITS = 1000
_STRONGEST = 0.999
#: Ticks of a clock that pandas measures distances with; far finer than a unit.
_TICKS = 10**15


def require_smooth(smooth: float) -> float:
    """Give a smoothing weight back, or say what it may be."""
    if not 0 <= smooth < 1:  # nor is NaN
        message = f"smooth is {smooth!r}: choose a number from 0 (none) to below 1, such as 0.9."
        raise OptionError(message)
    return float(smooth)


def smoothed(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], smooth: float
) -> npt.NDArray[np.float64]:
    """Smooth a curve by the time-weighted exponential moving average, without its bias.

    Parameters
    ----------
    x
        Positions, ascending, at any distances.
    y
        Values; those that are not finite are left out, and stay gaps.
    smooth
        The weight, from 0 to below 1.

    Returns
    -------
    numpy.ndarray
        As long as ``y``.

    Notes
    -----
    With ``w = min(sqrt(smooth), 0.999)`` and x in thousandths of the whole range, the value
    at ``x[i]`` is the mean of all values up to there, each weighted by ``w ** (x[i] - x[j])``:

        s[i] = sum(w ** (x[i] - x[j]) * y[j] for j <= i) / sum(w ** (x[i] - x[j]) for j <= i)

    The division takes the bias to the first value out. It is the «time weighted EMA» of
    Weights & Biases, so that a weight looks as it does there
    (https://docs.wandb.ai/guides/app/features/panels/line-plot/smoothing). It is computed
    from all points, never from thinned ones, and the range is that of the whole curve, so
    that a zoom does not change the line.

    Examples
    --------
    >>> smoothed(np.array([0.0, 1000.0]), np.array([1.0, 2.0]), 0.5).tolist()
    [1.0, 2.0]
    """
    good = np.isfinite(y)
    out = np.full(len(y), np.nan)
    span = float(x[-1] - x[0]) if len(x) else 0.0
    if not good.any():
        return out
    if smooth == 0:
        out[good] = y[good]
        return out
    weight = min(math.sqrt(smooth), _STRONGEST)
    place = (x[good] - x[0]) / span if span > 0 else np.zeros(int(good.sum()))
    # Values near the largest that a float holds would overflow when they are added up.
    top = float(np.abs(y[good]).max())
    scale = top if top > 1e150 else 1.0
    half = math.log(0.5) / math.log(weight) / _UNITS
    times: Any = np.round(place * _TICKS).astype("int64").view("M8[ns]")
    halflife: Any = pd.Timedelta(max(1, round(half * _TICKS)), unit="ns")  # stubs know numbers only
    ewm = pd.Series(y[good] / scale).ewm(halflife=halflife, times=times)
    out[good] = ewm.mean().to_numpy() * scale
    return out
