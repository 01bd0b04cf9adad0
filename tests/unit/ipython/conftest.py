"""Shells in this process."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from celltrail.ipython import extension
from celltrail.ipython.transform import HeadStripper


def _close(shell: Any) -> None:
    atexit.unregister(shell.atexit_operations)
    history = shell.history_manager
    shell.atexit_operations()
    assert history is not None
    history.db.close()
    gc.collect()  # shells are made of reference cycles, with an open database within


@pytest.fixture
def shell() -> Iterator[Any]:
    """Give a bare shell; what a test loads into it is taken off again."""
    shell = InteractiveShell()
    yield shell
    extension.unload(shell)
    _close(shell)


@pytest.fixture(scope="module")
def stripping_shell() -> Iterator[Any]:
    """Give a shell with nothing but the three transformers, for tests that run nothing."""
    shell = InteractiveShell()
    stripper = HeadStripper()
    shell.input_transformers_cleanup.insert(0, stripper.first)
    shell.input_transformers_cleanup.append(stripper.pasted)
    shell.input_transformers_post.append(stripper.pad)
    yield shell
    _close(shell)
