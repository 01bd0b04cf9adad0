"""What every test has: a store, a home and a folder of its own, and nobody's settings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from celltrail.capture import known_secrets
from celltrail.config import use_store
from celltrail.store.notices import take_deferred

ROOT = Path(__file__).resolve().parents[1]

# The cheap ones first, and the browser last: Playwright's event loop then runs beside no other.
ORDER = ("architecture", "unit", "property", "kernel", "processes", "soak", "packaging", "browser")

# Taken before any test changes it: what starts pip needs the user's own caches and settings.
OUTER_ENVIRONMENT = dict(os.environ)

# A slow machine is no failure, so no deadline; examples that failed are kept for the next run.
settings.register_profile(
    "celltrail",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    database=DirectoryBasedExampleDatabase(ROOT / ".hypothesis" / "examples"),
)
settings.load_profile("celltrail")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders of tests in the order of their cost."""

    def place(item: pytest.Item) -> int:
        parts = item.path.relative_to(ROOT).parts
        folder = parts[1] if len(parts) > 2 else ""
        return ORDER.index(folder) if folder in ORDER else -1

    items.sort(key=place)


@pytest.fixture(autouse=True)
def own_world(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Give the test, and every process that it starts, an empty home and a store of its own."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("CELLTRAIL_", "JUPYTER_", "JPY_", "IPYTHON", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    # Matplotlib searches all fonts once for each folder that it has not seen.
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path_factory.getbasetemp() / "matplotlib"))
    monkeypatch.setenv("CELLTRAIL_STORE", str(tmp_path / "celltrail.duckdb"))
    for kept in ("_of_variables", "_of_code", "_looked_through"):
        monkeypatch.setattr(known_secrets, kept, {})  # what another test called a secret
    monkeypatch.chdir(tmp_path)
    yield
    take_deferred()
    use_store(None)


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    """Give the path of this test's store, which does not exist yet."""
    return tmp_path / "celltrail.duckdb"


@pytest.fixture(scope="session")
def outer_environment() -> Mapping[str, str]:
    """Give the environment that the tests were started in."""
    return OUTER_ENVIRONMENT


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the root of the repository."""
    return ROOT
