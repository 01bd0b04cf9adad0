"""Kernels for tests: of the test's own, or shared by the tests of a module."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel_session import KernelSession


def _environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CELLTRAIL_", "JPY_"))}
    return kept | {
        "CELLTRAIL_STORE": str(folder / "celltrail.duckdb"),
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "MPLCONFIGDIR": str(folder.parent / "matplotlib"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[KernelSession]:
    """Give a kernel with the extension loaded, whose store is the test's own."""
    session = KernelSession(tmp_path, _environment(tmp_path))
    try:
        assert session.run("%load_ext celltrail").status == "ok"
        yield session
    finally:
        session.close()


@pytest.fixture(scope="module")
def shared_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelSession]:
    """Give a kernel with the extension loaded, for all tests of the module."""
    folder = tmp_path_factory.mktemp("tracked")
    session = KernelSession(folder, _environment(folder))
    try:
        session.run("%load_ext celltrail")
        yield session
    finally:
        session.close()


@pytest.fixture(scope="module")
def plain_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelSession]:
    """Give a kernel that knows nothing of celltrail, for all tests of the module."""
    folder = tmp_path_factory.mktemp("plain")
    session = KernelSession(folder, _environment(folder))
    try:
        session.run("pass  # so that both kernels have the same count")
        yield session
    finally:
        session.close()
