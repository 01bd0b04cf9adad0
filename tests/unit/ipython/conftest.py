"""A shell of the test's own, in this process."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from celltrail.ipython import extension


@pytest.fixture
def shell() -> Iterator[Any]:
    """Give a bare shell; what a test loads into it is taken off again."""
    shell = InteractiveShell()
    yield shell
    extension.unload(shell)
    atexit.unregister(shell.atexit_operations)
    history = shell.history_manager
    shell.atexit_operations()
    assert history is not None
    history.db.close()
    gc.collect()  # shells are made of reference cycles, with an open database within
