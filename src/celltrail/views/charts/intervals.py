"""Intervals around means: how far a value of few runs can be trusted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from celltrail.errors import OptionError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["INTERVALS", "IntervalKind", "interval", "t_quantile"]

IntervalKind: TypeAlias = Literal["t", "bootstrap", "sd", "range"]
INTERVALS = ("t", "bootstrap", "sd", "range")
_RESAMPLES = 10_000
_SEED = 0


def interval(
    values: npt.NDArray[np.float64], kind: IntervalKind, confidence: float
) -> tuple[float, float] | None:
    """Give an interval around the mean of some values.

    Parameters
    ----------
    values
        Finite values, one a run.
    kind
        ``"t"``: Student's interval, ``mean ± t * s / sqrt(n)``, with ``t`` the quantile of
        the t distribution with ``n - 1`` degrees of freedom and ``s`` the sample standard
        deviation; it takes the runs for independent and their values for about normal.
        ``"bootstrap"``: the percentile interval of 10,000 resamples (Efron and Tibshirani,
        *An Introduction to the Bootstrap*, 1993, chapter 13), which is too narrow for
        fewer than about ten runs. ``"sd"``: one sample standard deviation on each side.
        ``"range"``: from the lowest to the highest.
    confidence
        Of the first two: how often such an interval holds the true mean.

    Returns
    -------
    tuple of float, or None
        None for fewer than two values, of which nothing can be said.

    Examples
    --------
    >>> low, high = interval(np.array([1.0, 2.0, 3.0]), "t", 0.95)
    >>> round(low, 3), round(high, 3)
    (-0.484, 4.484)
    """
    if kind not in INTERVALS:
        message = f"interval is {kind!r}: choose one of {', '.join(INTERVALS)}."
        raise OptionError(message)
    if not 0 < confidence < 1:
        message = f"confidence is {confidence!r}: choose a number between 0 and 1, such as 0.95."
        raise OptionError(message)
    count = len(values)
    if count < 2:
        return None
    if kind == "range":
        return float(values.min()), float(values.max())
    # Scaled, since squares of very large values are more than a float holds.
    scale = float(np.abs(values).max()) or 1.0
    scaled = values / scale
    mean, deviation = float(scaled.mean()), float(scaled.std(ddof=1))
    if kind == "bootstrap":
        draws = np.random.default_rng(_SEED).integers(0, count, (_RESAMPLES, count))
        ends = np.quantile(scaled[draws].mean(axis=1), [(1 - confidence) / 2, (1 + confidence) / 2])
        return float(ends[0]) * scale, float(ends[1]) * scale
    half = deviation
    if kind == "t":
        half *= t_quantile(confidence, count - 1) / math.sqrt(count)
    return (mean - half) * scale, (mean + half) * scale


def t_quantile(confidence: float, degrees: int) -> float:
    """Give ``t`` so that a t distribution lies between ``-t`` and ``t`` that often.

    Parameters
    ----------
    confidence
        Between 0 and 1.
    degrees
        Degrees of freedom, at least 1.

    Notes
    -----
    The distribution has a closed form for whole degrees (Abramowitz and Stegun, *Handbook of
    Mathematical Functions*, 26.7.3 and 26.7.4), which is halved here to the last bit.

    Examples
    --------
    >>> round(t_quantile(0.95, 4), 4)
    2.7764
    """
    low, high = 0.0, 1.0
    while _between(high, degrees) < confidence and high < 1e16:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if _between(middle, degrees) < confidence:
            low = middle
        else:
            high = middle
    return high


def _between(t: float, degrees: int) -> float:
    """Give the share of a t distribution between -t and t."""
    angle = math.atan2(t, math.sqrt(degrees))
    cosine = math.cos(angle)
    square = cosine * cosine
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = 0.0
    for k in range(1, degrees // 2 + 1):
        total += term
        term *= square * ((2 * k) / (2 * k + 1) if odd else (2 * k - 1) / (2 * k))
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total
