"""What the wheel and the sdist hold."""

from __future__ import annotations

import email
import gzip
import tarfile
import zipfile
from pathlib import PurePosixPath

import pytest
from environments import Distribution
from packaging.requirements import Requirement

import celltrail

BUNDLES = (
    *("run_table.js", "compare.js", "chart.js", "chart_section.js", "live_card.js"),
    *("tools.js.gz", "vega.js.gz"),
)
CORE_LIMIT = 80_000  # each shown widget sends and evaluates its core bundle


@pytest.fixture(scope="session")
def wheel(distribution: Distribution) -> dict[str, bytes]:
    with zipfile.ZipFile(distribution.wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="session")
def sdist(distribution: Distribution) -> set[str]:
    with tarfile.open(distribution.sdist) as archive:
        return {str(PurePosixPath(*PurePosixPath(n).parts[1:])) for n in archive.getnames()}


@pytest.mark.parametrize("bundle", BUNDLES)
def test_the_wheel_holds_the_built_javascript(wheel: dict[str, bytes], bundle: str) -> None:
    content = wheel[f"celltrail/views/static/{bundle}"]
    assert len(gzip.decompress(content) if bundle.endswith(".gz") else content) > 1000
    if not bundle.endswith(".gz"):
        assert len(content) <= CORE_LIMIT


@pytest.mark.parametrize("bundle", BUNDLES)
def test_the_sdist_holds_the_built_javascript_and_its_sources(sdist: set[str], bundle: str) -> None:
    assert f"src/celltrail/views/static/{bundle}" in sdist
    assert {"js/package.json", "js/package-lock.json", "js/hatch_build.py"} <= sdist
    assert "js/src/run_table.ts" in sdist


def test_the_wheel_holds_the_package_and_nothing_else(wheel: dict[str, bytes]) -> None:
    tops = {PurePosixPath(name).parts[0] for name in wheel}
    assert tops == {"celltrail", f"celltrail-{celltrail.__version__}.dist-info"}
    assert "celltrail/py.typed" in wheel
    assert not [n for n in wheel if n.endswith((".ts", ".map", ".pyc", ".duckdb"))]


def test_the_sdist_holds_nothing_that_was_only_lying_about(sdist: set[str]) -> None:
    unwanted = ("node_modules", ".venv", "__pycache__", ".duckdb", "build/", "dist/")
    assert [name for name in sdist if any(part in name for part in unwanted)] == []


def test_the_metadata_names_version_license_and_python(wheel: dict[str, bytes]) -> None:
    folder = f"celltrail-{celltrail.__version__}.dist-info"
    metadata = email.message_from_bytes(wheel[f"{folder}/METADATA"])
    assert metadata["Version"] == celltrail.__version__
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Requires-Python"] == ">=3.11"  # no upper bound
    assert f"{folder}/licenses/LICENSE" in wheel


def test_no_requirement_has_an_upper_bound(wheel: dict[str, bytes]) -> None:
    """An upper bound of a library makes it uninstallable beside others, for no known reason."""
    folder = f"celltrail-{celltrail.__version__}.dist-info"
    metadata = email.message_from_bytes(wheel[f"{folder}/METADATA"])
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    bounds = {str(r) for r in requirements for s in r.specifier if s.operator != ">="}
    assert bounds == set()
