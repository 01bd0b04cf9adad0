"""The distribution as it would be uploaded, and empty environments to put it into."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from environments import Distribution, Environment, run


@pytest.fixture(scope="session")
def distribution(
    root: Path, outer_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Distribution:
    """Build the wheel and the sdist, each from the working tree."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--sdist"]
    run([*build, "--outdir", str(folder), str(root)], env=outer_environment)
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    return Distribution(wheel, sdist)


@pytest.fixture
def new_environment(
    tmp_path: Path, outer_environment: Mapping[str, str]
) -> Callable[..., Environment]:
    """Give a function that makes an empty virtual environment of some Python."""

    def make(python: str = sys.executable) -> Environment:
        folder = tmp_path / "environment"
        run([python, "-m", "venv", str(folder)], env=outer_environment)
        environment = Environment(folder, outer_environment)
        assert shutil.which("node", path=environment.path) is None
        return environment

    return make
