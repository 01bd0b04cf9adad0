"""Blocks whose values marimo takes from a cache."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

import celltrail as ct


@pytest.fixture
def cache_type(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stand in for marimo's own, whose block the tests have to skip themselves."""
    kind = type("CacheContext", (), {"hit": False})
    module = types.ModuleType("marimo._save.cache")
    module.CacheContext = kind  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "marimo", types.ModuleType("marimo"))
    monkeypatch.setitem(sys.modules, "marimo._save.cache", module)
    return kind


def tags(name: str) -> list[str]:
    return list(ct.run(name).tags)


def test_a_block_that_came_from_a_cache_is_marked(cache_type: Any) -> None:
    with ct.track("first"):
        cache = cache_type()
    assert tags("first") == []
    with ct.track("second"):
        cache = cache_type()
        cache.hit = True
    assert tags("second") == ["cached"]
    with ct.track("another"):
        pass  # the cache of before is still bound
    assert tags("another") == []
    assert cache.hit


def test_without_marimo_nothing_is_looked_for() -> None:
    with ct.track("plain"):
        hit = True
    assert tags("plain") == []
    assert hit
