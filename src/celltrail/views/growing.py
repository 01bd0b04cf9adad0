"""A curve that grows for hours and stays small: what a live view keeps of a metric."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["GAP", "GrowingCurve", "Points", "levels"]

#: Where a value that is not finite would stand; the others lie from 0 to 254.
GAP = 255


class Points(NamedTuple):
    """Points of a curve.

    Parameters
    ----------
    x
        What they stand over.
    step, time, value
        As logged; times in microseconds since 1970.
    """

    x: npt.NDArray[np.int64]
    step: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]

    def take(self, kept: Any) -> Points:
        """Give some of them."""
        return Points(self.x[kept], self.step[kept], self.time[kept], self.value[kept])

    def and_more(self, more: Points) -> Points:
        """Give these and others, ordered by x and then by time."""
        columns: Any = map(np.concatenate, zip(self, more, strict=True))
        both = Points(*columns)
        return both.take(np.lexsort([both.time, both.x]))


_NO_INTEGERS = np.empty(0, np.int64)
_NONE = Points(_NO_INTEGERS, _NO_INTEGERS, _NO_INTEGERS, np.empty(0))


class GrowingCurve:
    """A curve as it is seen in so many pixels, however many points it has.

    Parameters
    ----------
    parts
        Into at most so many parts of equal width its range is cut, and into at least half as
        many. A curve of at most two points for each is kept whole.
    log_y
        Whether values at 0 and below it are gaps, as on a logarithmic axis.

    Attributes
    ----------
    count, gaps : int
        Points so far, and how many of them cannot be drawn; set it where points stand for more.
    last : float or None
        The value that came last.
    last_step : int or None
        Its step.
    low, high : float or None
        The least and the greatest value that can be drawn; None before there is any.

    Notes
    -----
    Of each part its least and its greatest point are kept, its first and its last, and the
    first that cannot be drawn: «M4» of Jugel, Jerzak, Hackenbroich and Markl, PVLDB 7(10), 2014,
    which the store draws as well (``store/curves.py``). A part is a power of two wide and begins
    at a multiple of that. So when there are too many, each two become one and what is kept of
    both is enough: memory and the time that a point takes are bounded however long the curve
    grows, no spike is lost, and it is the same in whatever pieces it came.

    Examples
    --------
    >>> import numpy as np
    >>> curve = GrowingCurve(parts=4)
    >>> steps = np.arange(100)
    >>> curve.add(Points(x=steps, step=steps, time=steps, value=steps % 50.0))
    >>> curve.count, curve.last, curve.low, curve.high
    (100, 49.0, 0.0, 49.0)
    >>> curve.points().x.tolist()
    [0, 31, 49, 50, 64, 95, 96, 99]
    """

    def __init__(self, parts: int = 48, *, log_y: bool = False) -> None:
        self._most = max(2, parts)
        self._log_y = log_y
        self._shift = 0  # a part is two to the power of this wide
        self._is_thinned = False
        self._kept = _NONE
        self.count = self.gaps = 0
        self.last: float | None = None
        self.last_step: int | None = None
        self.low: float | None = None
        self.high: float | None = None

    def add(self, points: Points) -> None:
        """Let it grow by some points, in the order in which they came."""
        value = points.value
        if not len(value):
            return
        good = self._is_drawn(value)
        self.count += len(value)
        self.gaps += len(value) - int(good.sum())
        self.last, self.last_step = float(value[-1]), int(points.step[-1])
        if good.any():
            low, high = float(value[good].min()), float(value[good].max())
            self.low = low if self.low is None else min(self.low, low)
            self.high = high if self.high is None else max(self.high, high)
        self._kept = self._kept.and_more(points)
        self._is_thinned = self._is_thinned or len(self._kept.x) > 2 * self._most
        if self._is_thinned:
            self._thin()

    def points(self) -> Points:
        """Give what to draw: the least and the greatest point of each part, and its gap.

        Its first and its last point are drawn where the part beside it is empty: a line leaves
        from there, and it has to leave at the right height.
        """
        return self._kept.take(self._places(sides=False)) if self._is_thinned else self._kept

    def drawn(self) -> dict[str, Any]:
        """Give what travels: a byte for each place of a point, and what they stand for.

        Returns
        -------
        dict
            ``x`` and ``y``, bytes as base64; ``from`` and ``to`` in x; ``low`` and ``high``.
            Empty for fewer than two points, which are no curve.
        """
        points = self.points()
        if len(points.x) < 2 or self.low is None or self.high is None:
            return {}
        across, up = levels(points.x, points.value)
        return {
            "x": base64.b64encode(across).decode(),
            "y": base64.b64encode(up).decode(),
            "from": int(points.x[0]),
            "to": int(points.x[-1]),
            "low": self.low,
            "high": self.high,
        }

    def _is_drawn(self, value: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        good = np.isfinite(value)
        return good & (value > 0) if self._log_y else good

    def _thin(self) -> None:
        """Make parts wider until there are few enough, and keep what is seen of each."""
        first, last = int(self._kept.x[0]), int(self._kept.x[-1])
        while (last >> self._shift) - (first >> self._shift) >= self._most:
            self._shift += 1
        self._kept = self._kept.take(self._places(sides=True))

    def _places(self, *, sides: bool) -> npt.NDArray[np.int64]:
        """Find the points to keep; their sides everywhere, or only beside an empty part."""
        part, value = self._kept.x >> self._shift, self._kept.value
        starts = np.flatnonzero(np.diff(part, prepend=part[0] - 1))
        ends = np.append(starts[1:], len(part))
        of = np.repeat(np.arange(len(starts)), ends - starts)
        good = self._is_drawn(value)
        low, high = np.where(good, value, np.inf), np.where(good, value, -np.inf)
        found = [
            _first(good & (low == np.minimum.reduceat(low, starts)[of]), of),
            _first(good & (high == np.maximum.reduceat(high, starts)[of]), of),
            _first(~good, of),
        ]
        if sides:
            found += [starts, ends - 1]
        else:
            follows = np.zeros(len(starts) + 1, bool)
            follows[1:-1] = np.diff(part[starts]) == 1
            found += [starts[~follows[:-1]], ends[~follows[1:]] - 1]
        return np.unique(np.concatenate(found))


def _first(mask: npt.NDArray[np.bool_], of: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Find the first that is true of each part that has one."""
    hits = np.flatnonzero(mask)
    return hits[np.diff(of[hits], prepend=-1) > 0]


def levels(x: npt.NDArray[np.int64], value: npt.NDArray[np.float64]) -> tuple[bytes, bytes]:
    """Write where points stand in a picture so small that a byte says it.

    Parameters
    ----------
    x, value
        The points; one value at least is finite.

    Returns
    -------
    tuple of bytes
        For each point where it stands across, from 0 to 255, and how high, from 0 to 254 or
        `GAP`.
    """
    across = np.rint(_share(x.astype(np.float64)) * 255).astype(np.uint8)
    up = np.full(len(value), GAP, np.uint8)
    finite = np.isfinite(value)
    up[finite] = np.rint(_share(value[finite]) * (GAP - 1)).astype(np.uint8)
    return across.tobytes(), up.tobytes()


def _share(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Say how far values lie between the least and the greatest; in the middle when all agree."""
    # halves, so that the width of the whole range of floats is a number too
    low, high = values.min() / 2, values.max() / 2
    if not low < high:
        return np.full(len(values), 0.5)
    share: npt.NDArray[np.float64] = (values / 2 - low) / (high - low)
    return share
