"""Where the code stands in git: asked with bounded time, and never within a cell."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GitState", "describe_git"]

_TIMEOUT = 5.0


class GitState(TypedDict):
    """The commit that is checked out, and whether tracked files differ from it.

    Attributes
    ----------
    commit
        The full hash.
    branch
        None on a detached head.
    dirty
        Whether tracked files were changed; new files do not count.
    """

    commit: str
    branch: str | None
    dirty: bool


def describe_git(folder: Path) -> GitState | None:
    """Ask git about the repository that a folder is in.

    Parameters
    ----------
    folder
        Any folder of the work tree.

    Returns
    -------
    GitState or None
        None outside of a repository, before the first commit, without git, or when git
        does not answer within five seconds.

    Notes
    -----
    Starts a process: for a worker thread, not for a cell's hooks. ``git`` is told to take
    no locks, so that a commit going on elsewhere is not disturbed.
    """
    command = ["git", "--no-optional-locks", "status", "--porcelain=v2", "--branch"]
    command += ["--untracked-files=no"]
    try:
        done = subprocess.run(
            command,
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
    return _read_status(done.stdout) if done.returncode == 0 else None


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
