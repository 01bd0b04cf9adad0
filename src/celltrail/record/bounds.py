"""How far a walk through a structure goes that may contain itself, or one thing many times."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CUT", "Bounds"]

#: What stands in the place of a part that is not walked through.
CUT = "…"

#: How many times over the parts of a structure may be walked through, beside `Bounds.extra`.
_REPEATS = 8


class Bounds:
    """Keeps one walk through a structure finite, and in proportion to what is in memory.

    A structure that contains itself would be walked through for ever; and one of thirty
    lists, each of which has the next one twice, is a tree of a thousand million.

    Parameters
    ----------
    extra
        How many parts may be walked through that were met before, or that an object makes
        up when it is asked.

    Examples
    --------
    >>> bounds, ring = Bounds(), []
    >>> bounds.enter(ring, 0), bounds.enter(ring, 0)
    (True, False)
    """

    def __init__(self, extra: int = 10_000) -> None:
        self._left = extra
        self._path: set[int] = set()
        self._met: set[int] = set()

    def enter(self, value: object, size: int) -> bool:
        """Say whether to walk through the parts of an object; then `leave` follows.

        Parameters
        ----------
        value
            A container.
        size
            How many parts it has.
        """
        key = id(value)
        if key in self._path:
            return False
        makes_up = isinstance(value, Mapping) and not isinstance(value, dict)
        if makes_up or key in self._met:
            if self._left <= size:
                return False
            self._left -= size + 1
        else:
            self._met.add(key)
            self._left += _REPEATS * size
        self._path.add(key)
        return True

    def leave(self, value: object) -> None:
        """Come back from the parts of an object that was entered."""
        self._path.discard(id(value))
