"""The test suite against the wheel, with other versions of Python and the oldest libraries."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from environments import Distribution, Environment, run

# The oldest that pyproject.toml admits, with what they need of others to work at all.
OLDEST = ("ipykernel==6.17.1", "traitlets<5.10")
SUITE = ("tests/unit", "tests/property", "tests/kernel", "tests/processes")

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(3600)]


def find_python(version: str, environment: Mapping[str, str]) -> str:
    """Give a python of this version that really starts, or skip the test."""
    candidates = [shutil.which(f"python{version}", path=environment.get("PATH")) or ""]
    pyenv = Path(environment.get("PYENV_ROOT") or Path(environment.get("HOME", "")) / ".pyenv")
    candidates += [str(p) for p in sorted(pyenv.glob(f"versions/{version}.*/bin/python"))]
    for candidate in filter(None, candidates):
        probe = [candidate, "-c", "import sys, venv; print(sys.executable)"]
        done = subprocess.run(
            probe, env=dict(environment), capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return done.stdout.strip()
    pytest.skip(f"there is no python{version} here")


def run_suite(
    environment: Environment, root: Path, tmp_path: Path, suite: Sequence[str] = SUITE
) -> None:
    """Run the suite against what is installed, with that environment's python first on PATH."""
    env = {**environment.outer, "HOME": str(tmp_path)}
    env["PATH"] = environment.path + ":" + env.get("PATH", "")
    # Other versions have other deprecation warnings; here it is about what works.
    options = ["-p", "no:cacheprovider", "-o", "filterwarnings=default", "-m", "not heavy"]
    options += ["-n", "2", "--dist", "loadfile"]
    folders = [folder for folder in suite if (root / folder).is_dir()]
    print(run([environment.python, "-m", "pytest", *options, *folders], env=env, cwd=root))


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_the_suite_passes_with_another_python(
    version: str,
    distribution: Distribution,
    new_environment: Callable[..., Environment],
    outer_environment: Mapping[str, str],
    root: Path,
    tmp_path: Path,
) -> None:
    environment = new_environment(find_python(version, outer_environment))
    environment.install("--upgrade", "pip")
    environment.install(str(distribution.wheel), "--group", f"{root / 'pyproject.toml'}:test")
    run_suite(environment, root, tmp_path)


def test_the_suite_passes_with_the_oldest_libraries(
    distribution: Distribution,
    new_environment: Callable[..., Environment],
    root: Path,
    tmp_path: Path,
) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    pins = [re.sub(r">=", "==", requirement) for requirement in project["dependencies"]]
    tools = ["pytest>=9", "pytest-timeout", "pytest-xdist", "hypothesis", "nbclient", "matplotlib"]
    tools += ["lightgbm", "nvidia-ml-py", "onnx", "plotly", "polars", "safetensors"]
    tools += ["scikit-learn", "skops"]
    environment = new_environment()
    environment.install("--upgrade", "pip")
    environment.install(str(distribution.wheel), *pins, *OLDEST, *tools)
    run_suite(environment, root, tmp_path)


def test_cells_behave_the_same_under_ipython_8(
    distribution: Distribution,
    new_environment: Callable[..., Environment],
    root: Path,
    tmp_path: Path,
) -> None:
    environment = new_environment()
    environment.install("--upgrade", "pip")
    group = f"{root / 'pyproject.toml'}:test"
    older = ["ipython>=8,<9", "ipykernel>=6,<7"]
    environment.install(str(distribution.wheel), *older, "--group", group)
    run_suite(environment, root, tmp_path, ["tests/kernel", "tests/unit/ipython"])


def test_a_clone_without_the_built_javascript_installs_without_a_system_node(
    new_environment: Callable[..., Environment],
    outer_environment: Mapping[str, str],
    root: Path,
    tmp_path: Path,
) -> None:
    """What `pip install git+…` does: the build brings its own Node."""
    clone = tmp_path / "clone"
    listed = run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        env=outer_environment,
        cwd=root,
    )
    for name in listed.splitlines():
        target = clone / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target)
    environment = new_environment()
    for tool in ("sh", "env", "uname"):  # npm's scripts want a shell, and /usr/bin may have node
        (environment.folder / "bin" / tool).symlink_to(shutil.which(tool) or "")
    outer = {**environment.outer, "PATH": environment.path}
    run([environment.python, "-m", "pip", "install", "--quiet", str(clone)], env=outer)
    found = run(
        [environment.python, "-c", "import celltrail.views as v; print(v.__path__[0])"],
        env={"PATH": environment.path},
        cwd=tmp_path,
    )
    assert (Path(found.strip()) / "static" / "run_table.js").stat().st_size > 1000
