"""How many examples a test of properties tries that fills a store with each."""

from __future__ import annotations

import os

from hypothesis import settings

__all__ = ["examples"]

#: Set by ``make test-all``: each run tries other examples, so that few each time are many.
THOROUGH = "THOROUGH" in os.environ


def examples(count: int) -> settings:
    """Try so many examples, thrice as many in ``make test-all``."""
    return settings(max_examples=3 * count if THOROUGH else count)
