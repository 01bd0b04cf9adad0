"""What stands in the repository: one version, no machine's paths, no registry's addresses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import celltrail

ROOT = Path(__file__).resolve().parents[2]

# The folders of one person's or one machine's; `/usr/bin/…` is the same everywhere.
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:root|work|tmp|Users|private|builds)/[\w.-]+")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
ISSUE_NUMBER = re.compile(r"\bissues? #?\d+\b|\(#\d+\)", re.IGNORECASE)


def tracked() -> list[Path]:
    """List the files that git knows or would take, without the built ones."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in sorted(set(listed.split("\0")) - {""})]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        try:
            yield path.relative_to(ROOT), path.read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError):  # a picture; removed but not committed
            continue


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}: {match.group()}"
        for path, text in texts()
        if path.name != Path(__file__).name
        for match in pattern.finditer(text)
    ]


def test_no_file_names_a_path_of_one_machine() -> None:
    assert found(MACHINE_PATH) == []
    here = re.compile("|".join(re.escape(str(p)) for p in {ROOT, Path(sys.prefix)}))
    assert found(here) == []


def test_nothing_is_left_unfinished() -> None:
    assert found(UNFINISHED) == []


def test_a_reader_needs_no_issue_to_understand_a_comment() -> None:
    assert found(ISSUE_NUMBER) == []


def test_the_lock_file_of_npm_names_no_host() -> None:
    """A lock file that names a registry works only where that one is reached."""
    lock = json.loads((ROOT / "js" / "package-lock.json").read_text("utf-8"))
    assert lock["packages"]
    resolved = {name: p["resolved"] for name, p in lock["packages"].items() if "resolved" in p}
    assert resolved == {}
    assert all("integrity" in p for name, p in lock["packages"].items() if name)


def test_the_constraints_of_pip_name_no_host_and_no_path() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.+]+", pin)] == []


@pytest.mark.parametrize("name", ["Makefile", "pyproject.toml", "js/.npmrc", ".ci/run"])
def test_no_setting_chooses_a_registry(name: str) -> None:
    path = ROOT / name
    text = path.read_text("utf-8") if path.exists() else ""
    assert re.findall(r"index-url|find-links|trusted-host|^registry\s*=", text, re.M) == []


def test_the_changelog_starts_with_the_package_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert headings[0] == celltrail.__version__


def test_the_javascript_has_the_package_version() -> None:
    package = json.loads((ROOT / "js" / "package.json").read_text("utf-8"))
    assert package["version"] == celltrail.__version__


def test_everything_that_is_imported_is_declared() -> None:
    """The core dependencies are exactly the third-party packages that the source imports."""
    import_names = {"ipython": "IPython"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {re.split(r"[<>=!~ ;\[]", d)[0] for d in project["dependencies"]}
    declared = {import_names.get(name, name) for name in declared}
    text = "\n".join(p.read_text("utf-8") for p in (ROOT / "src").rglob("*.py"))
    used = set(re.findall(r"^\s*(?:import|from) (\w+)", text, re.M))
    assert declared - used == set(), "declared but never imported"


def test_test_files_have_unique_names() -> None:
    names = [p.name for p in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(n for n in names if names.count(n) > 1) == []


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_notebook_is_saved_as_it_ran(path: Path) -> None:
    """Its outputs are what nbval compares with: without them it would compare nothing."""
    notebook = json.loads(path.read_text("utf-8"))
    cells = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    counts = [cell["execution_count"] for cell in cells]
    assert counts == list(range(1, len(cells) + 1)), "run `make notebooks`"
    assert any(cell["outputs"] for cell in cells)
    assert "widgets" not in notebook["metadata"], "the static forms are enough to show it"
