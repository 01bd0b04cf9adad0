"""Describe where a run runs, beside it: git, the environment, the text above its cell."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celltrail.capture.environment import describe_environment, packages_stamp
from celltrail.capture.git import describe_git, git_changes, prepare_git
from celltrail.capture.markdown import markdown_above
from celltrail.config import settings
from celltrail.record.worker import later

if TYPE_CHECKING:
    from celltrail.model import SourceInfo
    from celltrail.record.active import ActiveRun

__all__ = ["describe_later"]

# The environment that was last described for each store, and what it was true for.
_environments: dict[Path, tuple[object, str]] = {}


def describe_later(run: ActiveRun, source: SourceInfo | None = None) -> None:
    """Record git's and the environment's state for a run, soon, from a worker thread.

    A subprocess and a look at the installed packages cost milliseconds: the cell does not wait
    for them.

    Parameters
    ----------
    run
        The run.
    source
        Where its code stands, if it is a cell of a notebook.
    """
    try:
        folder = Path.cwd()
        prepare_git(folder)
    except OSError:  # it was deleted, and git's state with it
        folder = None
    later(run, lambda: _describe(run, folder, source), "the environment")


def _describe(run: ActiveRun, folder: Path | None, source: SourceInfo | None) -> None:
    facts: dict[str, Any] = {"environment": _environment(run)}
    git = None if folder is None else describe_git(folder)
    level = settings().capture
    if git is not None:
        facts["git"] = dict(git)
        if git["dirty"] and folder is not None and level != "values":
            changes = git_changes(folder)
            if changes:
                facts["git"]["diff"] = run.add_text(changes)
    if source is not None and source.notebook is not None and level != "values":
        facts["markdown"] = markdown_above(source.notebook, source.cell_id, source.text)
    run.set_context(**facts)


def _environment(run: ActiveRun) -> str:
    """Give the address of this process's environment, stored once until packages change."""
    stamp = packages_stamp()
    known = _environments.get(run.store_path)
    if known is not None and known[0] == stamp:
        return known[1]
    facts = describe_environment()
    text = json.dumps(facts, sort_keys=True, default=str)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    run.add_environment(sha256, facts)
    _environments[run.store_path] = stamp, sha256
    return sha256


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_environments.clear)
