"""Blocks of code that marimo skips, since it has their values in a cache."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["cache_hits"]


def cache_hits(frame: FrameType) -> frozenset[int]:
    """Find the caches of marimo that have given values in the place of a block.

    Parameters
    ----------
    frame
        That of the code in which ``with mo.persistent_cache("name") as cache`` binds them. Its
        names are only looked at where there is marimo: for a function that costs a copy.

    Returns
    -------
    frozenset of int
        Their ids, for them to be told from those of another moment. Without marimo none.

    Examples
    --------
    >>> import sys
    >>> cache_hits(sys._getframe())
    frozenset()
    """
    kind = getattr(sys.modules.get("marimo._save.cache"), "CacheContext", None)
    if not isinstance(kind, type):
        return frozenset()
    caches = [value for value in list(frame.f_locals.values()) if issubclass(type(value), kind)]
    return frozenset(id(cache) for cache in caches if getattr(cache, "hit", False) is True)
