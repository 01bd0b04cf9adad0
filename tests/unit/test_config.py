"""Where the store is, and whether celltrail is on: which setting wins."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

import pytest

import celltrail as ct
from celltrail.config import Config, is_disabled, notebook_path, resolve_store, settings
from celltrail.errors import UsageError


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


def test_a_broken_config_never_raises_where_warnings_are_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text("broken [")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not is_disabled()
        assert resolve_store() == tmp_path / "celltrail.duckdb"
    assert capsys.readouterr().err.count("the defaults are used") == 1


@pytest.mark.parametrize("store", ["~nobody-of-this-name/x.duckdb", "a\\u0000b", "folder"])
def test_a_store_of_the_config_that_cannot_be_is_a_warning(tmp_path: Path, store: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "pyproject.toml").write_text(f'[tool.celltrail]\nstore = "{store}"\n')
    with pytest.warns(ct.CelltrailWarning, match="default"):
        assert resolve_store() == tmp_path / "celltrail.duckdb"


@pytest.mark.parametrize("store", ["~nobody-of-this-name/x.duckdb", "folder"])
def test_a_store_of_the_environment_that_cannot_be_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("CELLTRAIL_STORE", store)
    with pytest.warns(ct.CelltrailWarning, match="CELLTRAIL_STORE: .* The default is used"):
        assert resolve_store() == tmp_path / "celltrail.duckdb"


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x.duckdb", "a\0b", "/", "."])
def test_a_store_that_cannot_be_is_refused_at_once(path: str) -> None:
    with pytest.raises(UsageError, match="give"):
        ct.use(path)


def test_the_script_is_known_in_a_folder_that_was_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__file__", "fit.py", raising=False)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    ct.use(None)
    gone.rmdir()
    found = notebook_path()
    assert found is not None
    assert found.name == "fit.py"


def test_every_setting_is_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.celltrail]\ncapture = "code"\nredact = ["ACME-\\\\d+"]\ncapture_cells = false\n'
        'auto = true\ninfer = false\nignore = ["tmp_*"]\nsystem_metrics = false\n'
    )
    assert settings() == Config(
        capture="code", redact=(r"ACME-\d+",), capture_cells=False, auto=True, infer=False,
        ignore=("tmp_*",), system_metrics=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('capture = "everything"', "capture must be one of values, code, full, it is 'everything'"),
        ("auto = 1", "auto must be true or false, it is 1"),
        ('ignore = "tmp"', "ignore must be a list, it is 'tmp'"),
        ("redact = [1]", r"redact must be a list of texts, it is \[1\]"),
        ("capure = 1", "capure is no setting; did you mean capture?"),
        ("zzz = 1", "zzz is no setting"),
    ],
)
def test_a_setting_that_is_of_no_use_is_a_warning_and_its_default_holds(
    tmp_path: Path, line: str, said: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.celltrail]\n{line}\ninfer = false\n")
    with pytest.warns(ct.CelltrailWarning, match=said):
        assert settings() == Config(infer=False)


def test_the_environment_says_how_much_is_captured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.celltrail]\ncapture = "code"\n')
    monkeypatch.setenv("CELLTRAIL_CAPTURE", "values")
    assert settings().capture == "values"
    monkeypatch.setenv("CELLTRAIL_CAPTURE", "less")
    with pytest.warns(ct.CelltrailWarning, match="CELLTRAIL_CAPTURE must be one of"):
        assert settings().capture == "code"
