"""The wheel in an empty environment without Node: a real kernel tracks a cell with it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
from environments import Distribution, Environment, run

CHECK = Path(__file__).with_name("kernel_check.py")


def test_the_wheel_works_in_a_kernel_without_node(
    distribution: Distribution,
    new_environment: Callable[..., Environment],
    root: Path,
    tmp_path: Path,
) -> None:
    environment = new_environment()
    environment.install(
        str(distribution.wheel), "ipykernel", "--constraint", str(root / "constraints.txt")
    )
    store = tmp_path / "notebook" / "celltrail.duckdb"
    store.parent.mkdir()
    run(
        [environment.python, str(CHECK)],
        env={"PATH": environment.path, "HOME": str(tmp_path), "LANG": "C.UTF-8"},
        cwd=store.parent,
    )
    # The kernel is gone, so the one file must be complete.
    assert not store.with_name("celltrail.duckdb.spool").exists()
    with duckdb.connect(store, read_only=True) as database:
        assert database.execute("SELECT name, status FROM v_runs").fetchall() == [
            ("from the wheel", "finished")
        ]
        params = dict(database.execute("SELECT key, value FROM v_params").fetchall())
        assert {"depth": "3", "rate": "0.1"}.items() <= params.items()
        points = "SELECT count(*), min(step), max(step) FROM v_history WHERE key = 'loss'"
        assert database.execute(points).fetchall() == [(20, 0, 19)]


def test_the_sdist_becomes_a_wheel_without_any_node(
    distribution: Distribution,
    new_environment: Callable[..., Environment],
    root: Path,
    tmp_path: Path,
) -> None:
    """Its JavaScript is built already, so that the build hook has nothing to do."""
    environment = new_environment()
    environment.install("hatchling", "--constraint", str(root / "constraints.txt"))
    command = [environment.python, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    run(
        [*command, "--wheel-dir", str(tmp_path), str(distribution.sdist)],
        env={**environment.outer, "PATH": environment.path},
    )
    (rebuilt,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(rebuilt) as again, zipfile.ZipFile(distribution.wheel) as first:
        bundles = [name for name in first.namelist() if "/static/" in name]
        assert bundles
        assert [again.read(name) for name in bundles] == [first.read(name) for name in bundles]
