"""Waits of different lengths, so that processes do not meet again and again."""

from __future__ import annotations

from random import SystemRandom

__all__ = ["jitter"]

# Not the functions of `random` themselves: a seeded notebook would get other numbers.
_source = SystemRandom()


def jitter(least: float, most: float) -> float:
    """Give a random number, and leave the user's random numbers alone.

    Parameters
    ----------
    least, most
        Between which it is.

    Examples
    --------
    >>> 0.5 <= jitter(0.5, 1.0) <= 1.0
    True
    """
    return _source.uniform(least, most)
