"""Describe where a run runs, beside it: git and the environment, off the main thread."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celltrail.capture.environment import describe_environment, packages_stamp
from celltrail.capture.git import describe_git
from celltrail.record.values import to_text

if TYPE_CHECKING:
    from celltrail.record.active import ActiveRun

__all__ = ["describe_later", "wait_for_descriptions"]

_todo: queue.SimpleQueue[tuple[ActiveRun, Path | None] | threading.Event] = queue.SimpleQueue()
_lock = threading.Lock()
_worker: threading.Thread | None = None
# The environment that was last described for each store, and what it was true for.
_environments: dict[Path, tuple[object, str]] = {}


def describe_later(run: ActiveRun) -> None:
    """Record git's and the environment's state for a run, soon, from a worker thread.

    A subprocess and a walk over the installed packages cost tens of milliseconds: the
    cell does not wait for them. A run whose surroundings cannot be asked for is still a run;
    its warnings say so.
    """
    try:
        _ask(run)
    except Exception as error:  # noqa: BLE001  # such as no thread at the end of the process
        run.add_warning(f"the environment could not be described: {to_text(error)}")


def _ask(run: ActiveRun) -> None:
    global _worker
    try:
        folder = Path.cwd()
    except OSError:  # it was deleted, and git's state with it
        folder = None
    if not threading.main_thread().is_alive():
        message = "the process is ending"
        raise RuntimeError(message)
    _todo.put((run, folder))
    with _lock:
        if _worker is None or not _worker.is_alive():
            _worker = threading.Thread(target=_work, name="celltrail-context", daemon=True)
            _worker.start()


def wait_for_descriptions(timeout: float) -> None:
    """Wait until all that was asked for is recorded, at most ``timeout`` seconds."""
    if _worker is not None and _worker.is_alive():
        done = threading.Event()
        _todo.put(done)
        done.wait(timeout)


def _work() -> None:
    while True:
        item = _todo.get()
        if isinstance(item, threading.Event):
            item.set()
            continue
        try:
            _describe(*item)
        except Exception as error:  # noqa: BLE001  # a run without its context is still a run; its warnings say so
            item[0].add_warning(f"the environment could not be described: {to_text(error)}")


def _describe(run: ActiveRun, folder: Path | None) -> None:
    facts: dict[str, Any] = {"environment": _environment(run)}
    git = None if folder is None else describe_git(folder)
    if git is not None:
        facts["git"] = git
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


def _forget() -> None:
    """Start afresh in a forked child, where no thread but the forking one goes on."""
    global _todo, _lock, _worker
    _todo = queue.SimpleQueue()
    _lock = threading.Lock()
    _worker = None
    _environments.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
