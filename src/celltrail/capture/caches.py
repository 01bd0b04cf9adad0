"""Blocks of code that marimo skips, since it has their values in a cache."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["cache_hits"]


def cache_hits(namespace: Mapping[str, object]) -> frozenset[int]:
    """Find the caches of marimo that have given values in the place of a block.

    Parameters
    ----------
    namespace
        Where ``with mo.persistent_cache("name") as cache`` binds them.

    Returns
    -------
    frozenset of int
        Their ids, for them to be told from those of another moment. Without marimo none.

    Examples
    --------
    >>> cache_hits({"x": 1})
    frozenset()
    """
    kind = getattr(sys.modules.get("marimo._save.cache"), "CacheContext", None)
    if not isinstance(kind, type):
        return frozenset()
    caches = [value for value in list(namespace.values()) if issubclass(type(value), kind)]
    return frozenset(id(cache) for cache in caches if getattr(cache, "hit", False) is True)
