"""Kernels for tests: of the test's own, or shared by the tests of a module."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel_session import KernelSession, repository


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


def _kernel(factory: pytest.TempPathFactory, name: str, *cells: str) -> Iterator[KernelSession]:
    folder = factory.mktemp(name)
    repository(folder)
    session = KernelSession(folder, _environment(folder))
    try:
        for cell in cells:
            assert session.run(cell).status == "ok"
        yield session
    finally:
        session.close()


@pytest.fixture(scope="module")
def shared_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelSession]:
    """Give a kernel with the extension loaded, for all tests of the module."""
    yield from _kernel(tmp_path_factory, "tracked", "%load_ext celltrail")


@pytest.fixture(scope="module")
def plain_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelSession]:
    """Give a kernel that knows nothing of celltrail, for all tests of the module."""
    yield from _kernel(tmp_path_factory, "plain", "pass  # so that both have the same count")


@pytest.fixture(scope="module")
def auto_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelSession]:
    """Give a kernel that records every cell that computes something."""
    yield from _kernel(tmp_path_factory, "tracked", "%load_ext celltrail", "%track --auto")


@pytest.fixture(scope="module")
def other_plain_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelSession]:
    """Give another kernel that knows nothing of celltrail."""
    yield from _kernel(tmp_path_factory, "plain", "pass", "pass  # to have the same count")


#: What is made to fail in a kernel, before the extension is loaded.
FAULTS = {
    "before raises": "h.head_of = fail",
    "before exits": "h.head_of = leave",
    "after raises": "h.outcome = fail",
    "after exits": "h.outcome = leave",
    "after is stopped": "h.outcome = stop",
    "analysis raises": "import celltrail.ipython.recorder as r; r.analyse = r.infer = fail",
    "tap raises": "import celltrail.ipython.tap as t; t._note = leave",
    "store raises": "import celltrail.record.journal as j; j.session_for = fail",
    "all are slow": "h.head_of, h.outcome = slow(h.head_of), slow(h.outcome)",
}
_WARM = ("%%track --quiet\nz0 = 1", "z0 = abs(1)")
_PATCH = """
import celltrail.ipython.hooks as h, time
def fail(*a, **k): raise RuntimeError("made to fail")
def leave(*a, **k): raise SystemExit("made to leave")
def stop(*a, **k): raise GeneratorExit
def slow(f):
    def later(*a, **k):
        time.sleep(0.03)
        return f(*a, **k)
    return later
{fault}
%load_ext celltrail
"""


#: Each takes a kernel of its own: these run each time, the others with the heavy tests.
_EACH_TIME = ("before raises", "after exits", "tap raises", "store raises", "all are slow")
_CASES = [
    pytest.param(name, marks=[] if name in _EACH_TIME else [pytest.mark.heavy]) for name in FAULTS
]


@pytest.fixture(scope="module", params=_CASES)
def faulty_kernel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KernelSession]:
    """Give a kernel in which something of celltrail's own fails at each cell."""
    patch = _PATCH.format(fault=FAULTS[request.param])
    # The second one brings the warning, which comes once.
    yield from _kernel(tmp_path_factory, "tracked", patch, "%track --auto", *_WARM)
