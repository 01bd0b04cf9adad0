"""Threads that look at something now and then, as long as there is something to look at."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakSet

from celltrail.store.instance import at_load
from celltrail.store.notices import defer
from celltrail.store.system import may_start_threads
from celltrail.store.turns import short_turns

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Ticker"]

#: Seconds that the end of the process waits for a look that is going on.
_PATIENCE = 5.0

_all: WeakSet[Ticker] = WeakSet()


class Ticker:
    """Calls something regularly, in a daemon thread that lives only while it is needed.

    Parameters
    ----------
    name
        The thread's name.
    look
        What is called. It gives the seconds until it is called again; None when there is
        nothing to look at any more: then the thread ends, until `start`. What it raises is told
        once as a warning, and it is called again a second later.

    Notes
    -----
    A thread that is still inside DuckDB when the interpreter is torn down crashes the process:
    so all are stopped before that.
    """

    def __init__(self, name: str, look: Callable[[], float | None]) -> None:
        self._name = name
        self._look = look
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._told: set[str] = set()
        _all.add(self)

    def start(self) -> bool:
        """See to it that the thread runs; say whether it does.

        What is to be looked at must be there before this is called.
        """
        if not may_start_threads():
            return False
        with self._lock:  # so that it does not end in between
            if self._thread is not None and self._thread.is_alive():
                return True
            stopped = threading.Event()
            thread = threading.Thread(
                target=self._work, args=(stopped,), name=self._name, daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # out of threads, or the interpreter is ending
                return False
            self._thread, self._stopped = thread, stopped
        return True

    @property
    def is_running(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None

    def stop(self) -> None:
        """End the thread, after the look that it is in."""
        self._stopped.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_PATIENCE)

    def forget(self) -> None:
        """Start afresh in a forked child, which has no such thread."""
        self._lock = threading.Lock()
        self._thread = None

    def _work(self, stopped: threading.Event) -> None:
        pause: float | None = 0.0
        while not stopped.wait(pause):
            try:
                with short_turns():
                    pause = self._look()
            except Exception as error:  # noqa: BLE001  # any: what it does is never worth a cell
                pause = 1.0
                said = f"{self._name}: {error!r}"
                if said not in self._told:
                    self._told.add(said)
                    defer(said)
            if pause is None:
                with self._lock:
                    # somebody may have come since it looked
                    pause = self._again()
                    if pause is None:
                        self._thread = None
                        return

    def _again(self) -> float | None:
        try:
            return self._look()
        except Exception:  # noqa: BLE001  # it was told
            return 1.0


def _stop_all() -> None:
    for ticker in list(_all):
        ticker.stop()


def _stop_at_exit() -> None:
    """Have the threads stopped before what was registered so far is undone."""
    atexit.unregister(_stop_all)
    atexit.register(_stop_all)


def _forget_all() -> None:
    for ticker in list(_all):
        ticker.forget()


atexit.register(_stop_all)
at_load(_stop_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
