"""What the tests of upkeep share: a store, and whole contents that can be compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from upkeep_contents import content

from celltrail.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "s.duckdb")


@pytest.fixture
def contents() -> Callable[[Store], dict[str, Any]]:
    """Read everything that a store holds, in a form that does not know its keys and numbers."""
    return content
