"""Git, the environment, the cost of a run and the notebook's path."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from celltrail.capture.environment import describe_environment, packages_stamp
from celltrail.capture.frontend import notebook_of
from celltrail.capture.git import describe_git
from celltrail.capture.resources import ResourceClock


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_git_gives_commit_branch_and_whether_tracked_files_changed(tmp_path: Path) -> None:
    assert describe_git(tmp_path) is None
    _git(tmp_path, "init", "-q", "-b", "work")
    assert describe_git(tmp_path) is None  # no commit yet
    file = tmp_path / "a.txt"
    file.write_text("1")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-q", "-m", "first")
    commit = _git(tmp_path, "rev-parse", "HEAD").strip()
    (tmp_path / "untracked.txt").write_text("x")
    assert describe_git(tmp_path) == {"commit": commit, "branch": "work", "dirty": False}
    file.write_text("2")
    state = describe_git(tmp_path)
    assert state is not None
    assert state["dirty"]
    _git(tmp_path, "checkout", "-q", "--detach")
    detached = describe_git(tmp_path)
    assert detached is not None
    assert detached["branch"] is None


def test_a_folder_that_is_not_there_has_no_git(tmp_path: Path) -> None:
    assert describe_git(tmp_path / "gone") is None


def test_the_environment_is_equal_as_long_as_nothing_changes() -> None:
    first = describe_environment()
    assert first == describe_environment()
    assert first["packages"]["numpy"]
    assert first["machine"]["cpus"]


def test_the_stamp_changes_with_an_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    before = packages_stamp()
    (tmp_path / "new-1.0.dist-info").mkdir()
    assert packages_stamp() != before


def test_cpu_time_and_memory_are_counted() -> None:
    clock = ResourceClock()
    size = 50_000_000
    block = bytearray(size)
    block[::4096] = b"x" * len(block[::4096])
    usage = clock.read()
    assert usage.cpu_seconds > 0
    assert usage.peak_memory is not None
    assert usage.peak_memory > size


def test_the_notebook_is_where_the_front_end_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert notebook_of({"__vsc_ipynb_file__": "/a/b.ipynb"}) == "/a/b.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", "/c/d.ipynb")
    assert notebook_of({}) == "/c/d.ipynb"
