"""Curves as one line of text, for terminals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["sparkline"]

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Iterable[float], width: int = 20) -> str:
    """Draw a curve with eight heights.

    Parameters
    ----------
    values
        In their order. What is not finite is a gap.
    width
        Characters at most; of more values each character is that one of its share which
        lies farthest from the mean of all, so that a spike is seen.

    Returns
    -------
    str
        Empty for fewer than two values: one is no curve.

    Examples
    --------
    >>> sparkline([1, 2, 3, 2, 1]), sparkline([0] * 50 + [9] + [0] * 49, 10)
    ('▁▅█▅▁', '▁▁▁▁▁█▁▁▁▁')
    """
    found = [float(value) for value in values]
    finite = [value for value in found if math.isfinite(value)]
    if len(found) < 2 or not finite:
        return ""
    # halves, so that the width of the whole range of floats is a number too
    low, high = min(finite) / 2, max(finite) / 2
    mean = math.fsum(value / len(finite) for value in finite)
    size = min(width, len(found))
    marks = []
    for place in range(size):
        share = found[place * len(found) // size : (place + 1) * len(found) // size]
        there = [value for value in share if math.isfinite(value)]
        if not there:
            marks.append(" ")
            continue
        value = max(there, key=lambda one: abs(one / 2 - mean / 2))
        height = (value / 2 - low) / (high - low) if high > low else 0.5
        marks.append(_BLOCKS[round(height * (len(_BLOCKS) - 1))])
    return "".join(marks)
