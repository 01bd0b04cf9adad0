"""Sessions end with their test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from celltrail.record.session import close_sessions


@pytest.fixture(autouse=True)
def sessions() -> Iterator[None]:
    yield
    close_sessions()
