"""A curve that grows for hours and stays small: what a live view keeps of a metric."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["GAP", "GrowingCurve"]

#: Where a value that is not finite would stand; the others lie from 0 to 254.
GAP = 255


class GrowingCurve:
    """The least and the greatest value of each of at most so many parts of a curve.

    Parameters
    ----------
    parts
        At most so many; there are at least half as many once there were that many points.

    Attributes
    ----------
    count : int
        Points so far.
    last : float or None
        The value that came last.
    last_step : int or None
        Its step.
    low, high : float or None
        The least and the greatest finite value; None before there is any.

    Notes
    -----
    Parts hold equally many points, in the order in which they came. When there are too many
    parts, each two become one, as in a multi-resolution min-max cache: so memory and the time
    that a point takes are bounded however long the curve grows, and no spike is lost.

    Examples
    --------
    >>> import numpy as np
    >>> curve = GrowingCurve(parts=4)
    >>> curve.add(np.arange(100), np.arange(100) % 50.0)
    >>> curve.count, curve.last, curve.low, curve.high
    (100, 49.0, 0.0, 49.0)
    >>> curve.points()[1].tolist()
    [0.0, 31.0, 0.0, 49.0, 14.0, 45.0, 46.0, 49.0]
    """

    def __init__(self, parts: int = 48) -> None:
        self._most = max(2, parts)
        self._size = 1  # points of a part
        self._filled = 0  # points in the last part
        self._x = np.empty(0, np.int64)
        self._low = np.empty(0)
        self._high = np.empty(0)
        self.count = 0
        self.last: float | None = None
        self.last_step: int | None = None
        self.low: float | None = None
        self.high: float | None = None

    def add(self, steps: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> None:
        """Let it grow by some points, in the order in which they came.

        Parameters
        ----------
        steps
            Where they stand.
        values
            As many; those that are not finite are gaps.
        """
        if not len(values):
            return
        self.count += len(values)
        self.last, self.last_step = float(values[-1]), int(steps[-1])
        finite = values[np.isfinite(values)]
        if len(finite):
            low, high = float(finite.min()), float(finite.max())
            self.low = low if self.low is None else min(self.low, low)
            self.high = high if self.high is None else max(self.high, high)
        while self._size * self._most < self.count:
            self._halve()
        self._fill(steps, values)

    def points(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Give what to draw: of each part the least value and then the greatest.

        A part of one value is one point. NaN stands for a part without any finite value.
        """
        twice = self._low != self._high
        twice &= ~(np.isnan(self._low) & np.isnan(self._high))
        x = np.repeat(self._x, 1 + twice)
        y = np.repeat(self._low, 1 + twice)
        at = np.cumsum(1 + twice) - 1
        y[at] = self._high
        return x, y

    def drawn(self) -> dict[str, Any]:
        """Give what travels: a byte for each place of a point, and what they stand for.

        Returns
        -------
        dict
            ``x`` and ``y``, bytes as base64; ``from`` and ``to`` in steps; ``low`` and ``high``.
            Empty for fewer than two points, which are no curve.
        """
        x, y = self.points()
        if len(x) < 2 or self.low is None or self.high is None:
            return {}
        places = np.full(len(y), GAP, np.uint8)
        finite = np.isfinite(y)
        places[finite] = np.rint(_share(y[finite], self.low, self.high) * (GAP - 1))
        first, last = int(x.min()), int(x.max())
        across = np.rint(_share(x.astype(np.float64), first, last) * 255).astype(np.uint8)
        return {
            "x": base64.b64encode(across.tobytes()).decode(),
            "y": base64.b64encode(places.tobytes()).decode(),
            "from": first,
            "to": last,
            "low": self.low,
            "high": self.high,
        }

    def _halve(self) -> None:
        """Put each two parts together."""
        if len(self._x) % 2 == 0 and len(self._x):
            self._filled += self._size
        self._x = self._x[::2]
        self._low = _pairs(self._low, np.fmin)
        self._high = _pairs(self._high, np.fmax)
        self._size *= 2

    def _fill(self, steps: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> None:
        """Add points to the last part until it is full, and then to new ones."""
        values = np.where(np.isfinite(values), values, np.nan)
        room = self._size - self._filled if len(self._x) else 0
        if room:
            some = values[:room]
            self._low[-1] = np.fmin.reduce(some, initial=self._low[-1])
            self._high[-1] = np.fmax.reduce(some, initial=self._high[-1])
            self._filled += len(some)
        steps, values = steps[room:], values[room:]
        if not len(values):
            return
        starts = np.arange(0, len(values), self._size)
        self._x = np.concatenate([self._x, steps[starts]])
        self._low = np.concatenate([self._low, np.fmin.reduceat(values, starts)])
        self._high = np.concatenate([self._high, np.fmax.reduceat(values, starts)])
        self._filled = len(values) - int(starts[-1])


def _pairs(values: npt.NDArray[np.float64], take: np.ufunc) -> npt.NDArray[np.float64]:
    """Take one of each two values; the last of an odd number stays."""
    if len(values) < 2:
        return values
    found: npt.NDArray[np.float64] = take.reduceat(values, np.arange(0, len(values), 2))
    return found


def _share(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.float64]:
    """Say how far values lie between two bounds; in the middle when these are one."""
    # halves, so that the width of the whole range of floats is a number too
    if not low / 2 < high / 2:
        return np.full(len(values), 0.5)
    share: npt.NDArray[np.float64] = (values / 2 - low / 2) / (high / 2 - low / 2)
    return share
