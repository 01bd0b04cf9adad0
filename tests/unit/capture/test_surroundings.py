"""Git, the environment, the cost of a run and the notebook's path."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from celltrail.capture.environment import describe_environment, packages_stamp
from celltrail.capture.frontend import notebook_of
from celltrail.capture.git import describe_git, git_changes
from celltrail.capture.markdown import markdown_above
from celltrail.capture.resources import ResourceClock


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def _printed_by(script: str, folder: Path) -> list[str]:
    """Run a script in a folder, and give the words that it prints."""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_git_gives_commit_branch_and_whether_tracked_files_changed(tmp_path: Path) -> None:
    assert describe_git(tmp_path, ask=True) is None
    _git(tmp_path, "init", "-q", "-b", "work")
    assert describe_git(tmp_path, ask=True) is None  # no commit yet
    file = tmp_path / "a.txt"
    file.write_text("1")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-q", "-m", "first")
    commit = _git(tmp_path, "rev-parse", "HEAD").strip()
    (tmp_path / "untracked.txt").write_text("x")
    expected = {"commit": commit, "branch": "work", "dirty": False}
    assert describe_git(tmp_path, ask=True) == expected
    file.write_text("2")
    state = describe_git(tmp_path, ask=True)
    assert state is not None
    assert state["dirty"]
    _git(tmp_path, "checkout", "-q", "--detach")
    detached = describe_git(tmp_path, ask=True)
    assert detached is not None
    assert detached["branch"] is None


def _repository(folder: Path, *options: str) -> str:
    """Make a repository with one commit, and give the commit."""
    _git(folder, "init", "-q", "-b", "work/one", *options)
    (folder / "a.txt").write_text("1")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "first")
    return _git(folder, "rev-parse", "HEAD").strip()


def test_a_script_learns_commit_and_branch_without_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = _repository(tmp_path)
    inner = tmp_path / "deep" / "er"
    inner.mkdir(parents=True)
    programs, started = tmp_path / "bin", tmp_path / "started"
    programs.mkdir()
    fake = programs / "git"
    fake.write_text(f"#!/bin/sh\n: > '{started}'\n")
    fake.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(programs))
        assert describe_git(inner, ask=False) == {
            "commit": commit,
            "branch": "work/one",
            "dirty": None,
        }
        assert not started.exists()
        describe_git(inner, ask=True)
        assert started.exists()  # the fake is what would have been started


def test_a_plain_script_does_not_ask_git_and_so_knows_no_dirty(tmp_path: Path) -> None:
    _repository(tmp_path)
    script = (
        "import IPython, pathlib\n"
        "from celltrail.capture.git import describe_git, prepare_git\n"
        "prepare_git(pathlib.Path.cwd())\n"
        "plain = describe_git(pathlib.Path.cwd())['dirty']\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell.instance()\n"
        "prepare_git(pathlib.Path.cwd())\n"
        "print(plain, describe_git(pathlib.Path.cwd())['dirty'])\n"
    )
    assert _printed_by(script, tmp_path) == ["None", "False"]


def test_git_is_asked_by_no_child_of_this_process(tmp_path: Path) -> None:
    _repository(tmp_path)
    (tmp_path / "big").write_text("x\n" * 400_000)
    _git(tmp_path, "add", "big")
    script = (
        "import os, pathlib, signal, psutil\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from celltrail.capture import git, git_asker\n"
        "InteractiveShell.instance()\n"
        "here = pathlib.Path.cwd()\n"
        "git.prepare_git(here)\n"
        "for _ in range(3):\n"
        "    assert git.describe_git(here)['dirty']\n"
        "changes = git.git_changes(here)\n"
        "assert len(changes) < 263_000 and 'more characters' in changes\n"
        "assert git_asker.ask_beside(here, ['sh', '-c', 'exit 3']) == (3, '')\n"
        "os.environ['GIT_CEILING_DIRECTORIES'] = 'it is'\n"
        "told = git_asker.ask_beside(here, ['printenv', 'GIT_CEILING_DIRECTORIES'])\n"
        "assert told == (0, 'it is\\n')\n"
        "del os.environ['GIT_CEILING_DIRECTORIES']\n"
        "assert git_asker.ask_beside(here / 'a\\nb', ['true']) is None\n"
        "assert psutil.Process().children() == []\n"
        "try:\n"
        "    os.wait()\n"
        "except ChildProcessError:\n"
        "    print('nobody')\n"
        "if os.fork() == 0:\n"
        "    os._exit(0 if git.describe_git(here)['dirty'] is None else 1)\n"
        "print(os.wait()[1])\n"
        "os.close(git_asker._asker.answers)\n"
        "assert git.describe_git(here)['dirty'] is None\n"
        "git_asker._asker = None\n"
        "signal.signal(signal.SIGCHLD, lambda *_: print('called'))\n"
        "git.prepare_git(here)\n"
        "assert git.describe_git(here)['dirty'] is None\n"
    )
    assert _printed_by(script, tmp_path) == ["nobody", "0"]


def test_refs_are_found_packed_in_worktrees_and_on_detached_heads(tmp_path: Path) -> None:
    main = tmp_path / "main"
    main.mkdir()
    commit = _repository(main)
    _git(main, "pack-refs", "--all")
    assert not (main / ".git" / "refs" / "heads" / "work" / "one").exists()
    assert describe_git(main, ask=False) == {"commit": commit, "branch": "work/one", "dirty": None}
    _git(main, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    side = tmp_path / "linked"
    assert describe_git(side, ask=False) == {"commit": commit, "branch": "side", "dirty": None}
    _git(side, "checkout", "-q", "--detach")
    assert describe_git(side, ask=False) == {"commit": commit, "branch": None, "dirty": None}


def test_files_that_only_look_like_git_give_nothing(tmp_path: Path) -> None:
    git = tmp_path / ".git"
    for text in ("gitdir: nowhere", "garbage", "gitdir: \0"):
        git.write_text(text)
        assert describe_git(tmp_path, ask=False) is None
    git.unlink()
    git.mkdir()
    for head in ("", "ref: ../../secret", "ref: refs/heads/../../x", "no hash", "ref: HEAD"):
        (git / "HEAD").write_text(head)
        assert describe_git(tmp_path, ask=False) is None


def test_a_folder_that_is_not_there_has_no_git(tmp_path: Path) -> None:
    assert describe_git(tmp_path / "gone") is None


def test_the_environment_is_equal_as_long_as_nothing_changes() -> None:
    first = describe_environment()
    assert first == describe_environment()
    assert first["packages"]["numpy"]
    assert first["machine"]["cpus"]


def test_packages_are_those_that_their_metadata_name() -> None:
    said: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
        said.setdefault(name, distribution.version)
    assert describe_environment()["packages"] == said


def test_older_forms_of_installation_are_listed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("Old_Name-1.0-py3.11.egg-info", "torch-2.1.0+cpu.dist-info", "~umpy-2.dist-info"):
        (tmp_path / name).mkdir()
    (tmp_path / "file-3-py3.11-linux-x86_64.egg").touch()
    (tmp_path / "nothing.dist-info").mkdir()
    packages = describe_environment()["packages"]
    assert packages["old-name"] == "1.0"
    assert packages["torch"] == "2.1.0+cpu"
    assert packages["file"] == "3"
    assert "nothing" not in packages


_WHAT_IS_STARTED = """
import sys
started = []
starts = {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"}
sys.addaudithook(lambda event, _: started.append(event) if event in starts else None)
from celltrail.capture.environment import describe_environment
describe_environment()
print(started)
"""


def test_nothing_is_started_to_describe_the_environment() -> None:
    command = [sys.executable, "-c", _WHAT_IS_STARTED]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


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


def test_changes_of_tracked_files_are_told_and_bounded(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("x = 1\n")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "first")
    assert git_changes(tmp_path) == ""
    (tmp_path / "a.py").write_text("x = 2\n")
    changes = git_changes(tmp_path)
    assert changes is not None
    assert "-x = 1" in changes
    assert "+x = 2" in changes
    (tmp_path / "a.py").write_text("y = 3\n" * 100_000)
    changes = git_changes(tmp_path)
    assert changes is not None
    assert len(changes) < 300_000
    assert "more characters" in changes


def test_a_repository_runs_nothing_of_its_own(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("x\n")
    (tmp_path / ".gitattributes").write_text("*.txt diff=bad filter=bad\n")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "first")
    (tmp_path / "a.txt").write_text("changed\n")
    trap = f"touch {tmp_path}/ran; cat"
    for name in ("core.fsmonitor", "diff.external", "diff.bad.command", "diff.bad.textconv",
                 "filter.bad.clean", "filter.bad.process", "core.pager"):  # fmt: skip
        _git(tmp_path, "config", name, trap)
    assert describe_git(tmp_path, ask=True) is not None
    git_changes(tmp_path)
    assert not (tmp_path / "ran").exists()


def _notebook(path: Path, *cells: tuple[str, str, str]) -> str:
    made = [
        {"cell_type": kind, "id": name, "source": text.splitlines(True)}
        for kind, name, text in cells
    ]
    path.write_text(json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5}))
    return str(path)


def test_the_text_above_a_cell_is_read_from_the_saved_notebook(tmp_path: Path) -> None:
    notebook = _notebook(
        tmp_path / "n.ipynb",
        ("markdown", "a", "# Title"),
        ("code", "b", "x = 1"),
        ("markdown", "c", "## Fit\nwith care"),
        ("markdown", "d", "second"),
        ("code", "e", "%%track\nfit(x)"),
        ("code", "f", "same"),
        ("code", "g", "same"),
    )
    assert markdown_above(notebook, "e", "") == "## Fit\nwith care\n\nsecond"
    assert markdown_above(notebook, None, "fit(x)") == "## Fit\nwith care\n\nsecond"
    assert markdown_above(notebook, "b", "") == "# Title"
    assert markdown_above(notebook, None, "same") is None
    assert markdown_above(notebook, "f", "") is None
    assert markdown_above(str(tmp_path / "none.ipynb"), "e", "") is None
    (tmp_path / "n.ipynb").write_text("{broken")
    assert markdown_above(notebook, "e", "") is None
