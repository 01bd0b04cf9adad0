"""Record beside the cell what takes too long for it: one worker thread does it, in order."""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING, Protocol

from celltrail.record.values import to_text
from celltrail.store.system import may_start_threads

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["later", "wait_for_worker"]


class _Run(Protocol):
    """What is asked of a run: to remember that something was not recorded."""

    def add_warning(self, message: str) -> None: ...


_todo: queue.SimpleQueue[tuple[_Run, Callable[[], None], str] | threading.Event]
_todo = queue.SimpleQueue()
_lock = threading.Lock()
_worker: threading.Thread | None = None


def later(run: _Run, task: Callable[[], None], what: str) -> None:
    """Do something for a run soon, in the worker thread.

    Parameters
    ----------
    run
        The run, which is a run also when it fails: then its warnings say so.
    task
        What to do.
    what
        What it is, for the warning, such as ``"the environment"``.
    """
    global _worker
    if not threading.main_thread().is_alive():
        run.add_warning(f"{what} could not be recorded: the process is ending")
        return
    if not may_start_threads():
        _do(run, task, what)
        return
    _todo.put((run, task, what))
    try:
        with _lock:
            if _worker is None or not _worker.is_alive():
                _worker = threading.Thread(target=_work, name="celltrail-context", daemon=True)
                _worker.start()
    except RuntimeError as error:  # out of threads
        run.add_warning(f"{what} could not be recorded: {to_text(error)}")


def wait_for_worker(timeout: float) -> None:
    """Wait until all that was to be done is done, at most ``timeout`` seconds."""
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
        _do(*item)
        del item  # what it holds may be large


def _do(run: _Run, task: Callable[[], None], what: str) -> None:
    try:
        task()
    except Exception as error:  # noqa: BLE001  # the run is a run without it; its warnings say so
        run.add_warning(f"{what} could not be recorded: {to_text(error)}")


def _forget() -> None:
    """Start afresh in a forked child, where no thread but the forking one goes on."""
    global _todo, _lock, _worker
    _todo = queue.SimpleQueue()
    _lock = threading.Lock()
    _worker = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
