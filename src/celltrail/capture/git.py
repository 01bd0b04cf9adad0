"""Where the code stands in git: read from its files, and never within a cell."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, TypedDict

from celltrail.capture.git_asker import ask_beside, can_ask_beside, is_ready, start_asker
from celltrail.capture.values import known_class

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GitState", "describe_git", "git_changes", "prepare_git"]

_TIMEOUT = 5.0
#: Characters of the changes that are kept.
_MAX_DIFF = 262_144
#: A repository's own settings may name programs; none of them is to be run.
_HARMLESS = [
    "git", "--no-optional-locks", "--no-pager", "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null", "-c", "diff.external=", "-c", "core.attributesFile=",
    "-c", "submodule.recurse=false",
]  # fmt: skip
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"refs/[^\s:?*\[\\]+")
_BRANCH = "refs/heads/"
#: A symbolic ref may name another; git itself follows five.
_MAX_LINKS = 5


class GitState(TypedDict):
    """The commit that is checked out, and whether tracked files differ from it.

    Attributes
    ----------
    commit
        The full hash.
    branch
        None on a detached head.
    dirty
        Whether tracked files were changed; new files do not count. None where git was not
        asked or did not answer.
    """

    commit: str
    branch: str | None
    dirty: bool | None


def describe_git(folder: Path, *, ask: bool | None = None) -> GitState | None:
    """Tell the state of the repository that a folder is in.

    Parameters
    ----------
    folder
        Any folder of the work tree.
    ask
        Whether the program ``git`` may be started, which alone can tell ``dirty``. By
        default only in a process of IPython's, such as a notebook's kernel.

    Returns
    -------
    GitState or None
        None outside of a repository and before the first commit.

    Notes
    -----
    Commit and branch are read from the files in ``.git``, also of linked worktrees and
    submodules. A cell or a script may be waiting for children of its own (``os.wait``), and
    would get the end of ours: hence in scripts no process is started, and ``dirty`` is None,
    and in notebooks a shell asks git that is no child, after `prepare_git`.
    This is for a worker thread: git is given five seconds. It is
    told to take no locks, so that a commit going on elsewhere is not disturbed.
    """
    ours = _found(folder)
    if ours is None:
        return None
    state = _read_files(ours)
    if ask is None:
        ask = _is_interactive() and (is_ready() or not can_ask_beside())
    if not ask:
        return state
    told = _ask_git(folder)
    if state is None or told is None:
        return told or state
    state["dirty"] = told["dirty"]
    return state


def prepare_git(folder: Path) -> None:
    """Get ready to ask git, in a notebook's kernel and within a repository.

    Parameters
    ----------
    folder
        Any folder of the work tree.

    Notes
    -----
    To be called before a cell runs, in its thread; takes two milliseconds, once.
    """
    if not is_ready() and _is_interactive() and _found(folder) is not None:
        start_asker()


def _found(folder: Path) -> Path | None:
    """Give the git folder of the repository that a folder is in."""
    if not folder.is_dir():
        return None
    return next((g for f in (folder, *folder.parents) if (g := _git_folder(f / ".git"))), None)


def _is_interactive() -> bool:
    """Say whether a shell of IPython's runs in this process, without importing it."""
    shell = known_class("IPython.core.interactiveshell", "InteractiveShell")
    return shell is not None and bool(shell.initialized())  # type: ignore[attr-defined]


def _git_folder(place: Path) -> Path | None:
    """Give the folder that ``.git`` is or, in worktrees and submodules, names."""
    try:
        if place.is_file():
            kind, _, path = place.read_text("utf-8", "surrogateescape").partition(":")
            if kind != "gitdir":
                return None
            place = place.parent / path.strip()
        return place if (place / "HEAD").is_file() else None
    except (OSError, ValueError):
        return None


def _read_files(ours: Path) -> GitState | None:
    """Follow ``HEAD`` to a commit; None where there is none, or git keeps refs otherwise."""
    shared = _first_line(ours / "commondir")
    common = ours / shared if shared else ours
    value = _first_line(ours / "HEAD")
    branch = None
    for _ in range(_MAX_LINKS):
        if not value.startswith("ref:"):
            break
        name = value.removeprefix("ref:").strip()
        if not _REF.fullmatch(name) or ".." in name:
            return None
        if branch is None and name.startswith(_BRANCH):
            branch = name.removeprefix(_BRANCH)
        value = _first_line(ours / name) or _first_line(common / name) or _packed(common, name)
    if not _HASH.fullmatch(value):
        return None
    return {"commit": value, "branch": branch, "dirty": None}


def _first_line(file: Path) -> str:
    """Give a file's first line, empty where there is no such file."""
    try:
        with file.open(encoding="utf-8", errors="surrogateescape") as stream:
            return stream.readline(4_096).strip()
    except (OSError, ValueError):
        return ""


def _packed(common: Path, name: str) -> str:
    """Give a ref's hash from ``packed-refs``, where git moves refs that rarely change."""
    try:
        with (common / "packed-refs").open(encoding="utf-8", errors="surrogateescape") as lines:
            found = (line.split() for line in lines)
            return next((parts[0] for parts in found if parts[1:] == [name]), "")
    except (OSError, ValueError):
        return ""


def _ask_git(folder: Path) -> GitState | None:
    found = _run(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no",
                 "--ignore-submodules=all")  # fmt: skip
    return None if found is None else _read_status(found)


def git_changes(folder: Path) -> str | None:
    """Tell how tracked files differ from the commit, as text.

    Parameters
    ----------
    folder
        Any folder of the work tree.

    Returns
    -------
    str or None
        What ``git diff HEAD`` says, the first 256 KiB of it; of binary files only that they
        differ. None where git does not answer.

    Notes
    -----
    A repository may be somebody else's: neither external diff programs nor text converters,
    nor filters, monitors and hooks that its settings name are run. Where it has filters of
    content (as Git LFS does), git would have to run them to tell: then it is not asked.
    """
    filters = _run(folder, "config", "--local", "--get-regexp", r"^filter\..*\.(clean|process)$")
    if filters:
        return None
    options = ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all")
    found = _run(folder, "diff", *options, "HEAD")
    if found is None or len(found) <= _MAX_DIFF:
        return found
    return f"{found[:_MAX_DIFF]}\n[{len(found) - _MAX_DIFF:,} more characters]\n"


def _run(folder: Path, *words: str) -> str | None:
    """Run git, and give what it says; empty where it finds nothing, None where it fails."""
    may_be_empty = words[0] == "config"
    if is_ready():
        answer = ask_beside(folder, [*_HARMLESS, *words])
        is_told = answer is not None and (answer[0] == 0 or (may_be_empty and answer[0] == 1))
        return answer[1] if answer is not None and is_told else None
    try:
        done = subprocess.run(
            [*_HARMLESS, *words],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    is_told = done.returncode == 0 or (may_be_empty and done.returncode == 1)
    return done.stdout if is_told else None


def _read_status(text: str) -> GitState | None:
    facts = {}
    dirty = False
    for line in text.splitlines():
        if line.startswith("# "):
            key, _, value = line[2:].partition(" ")
            facts[key] = value
        elif line.strip():
            dirty = True
    commit = facts.get("branch.oid", "")
    if not commit or commit == "(initial)":
        return None
    branch = facts.get("branch.head")
    return {"commit": commit, "branch": None if branch == "(detached)" else branch, "dirty": dirty}
