"""Where the store is, and whether celltrail is on: which setting wins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import celltrail as ct
from celltrail.config import is_disabled, notebook_path, resolve_store


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELLTRAIL_STORE")


def test_the_default_is_beside_the_notebook_or_the_nearest_store_above(tmp_path: Path) -> None:
    assert resolve_store() == tmp_path / "celltrail.duckdb"
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    os.chdir(inner)
    ct.use(None)  # looks again from here
    assert resolve_store() == inner / "celltrail.duckdb"
    (tmp_path / "celltrail.duckdb").touch()
    assert resolve_store() == tmp_path / "celltrail.duckdb"


def test_argument_wins_over_use_over_environment_over_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.celltrail]\nstore = "from/config.duckdb"\n')
    assert resolve_store() == tmp_path / "from" / "config.duckdb"
    monkeypatch.setenv("CELLTRAIL_STORE", "environment.duckdb")
    assert resolve_store() == tmp_path / "environment.duckdb"
    ct.use("chosen.duckdb")
    assert resolve_store() == tmp_path / "chosen.duckdb"
    assert resolve_store("argument.duckdb") == tmp_path / "argument.duckdb"
    ct.use(None)
    assert resolve_store() == tmp_path / "environment.duckdb"


def test_a_config_that_changes_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text("[tool.celltrail]\ndisabled = true\n")
    assert is_disabled()
    file.write_text("[tool.celltrail]\ndisabled = false\n")
    os.utime(file, ns=(1, 1))
    assert not is_disabled()


@pytest.mark.parametrize("text", ["no toml at all", "[tool]\ncelltrail = 3", "tool = 1"])
def test_a_config_that_cannot_be_read_warns_and_changes_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.warns(ct.CelltrailWarning, match=r"the defaults are used"):
        assert resolve_store() == tmp_path / "celltrail.duckdb"


@pytest.mark.parametrize(("value", "off"), [("1", True), ("true", True), ("0", False), ("", False)])
def test_the_environment_switches_off(
    monkeypatch: pytest.MonkeyPatch, value: str, off: bool
) -> None:
    monkeypatch.setenv("CELLTRAIL_DISABLED", value)
    assert is_disabled() is off


def test_the_notebook_is_what_jupyter_server_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert notebook_path() is None
    monkeypatch.setenv("JPY_SESSION_NAME", "work/fit.ipynb")
    assert notebook_path() == tmp_path / "fit.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "x" / "fit.ipynb"))
    assert notebook_path() == tmp_path / "x" / "fit.ipynb"
