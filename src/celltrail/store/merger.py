"""The thread that merges in the background, so that the store is never far behind."""

from __future__ import annotations

import atexit
import os
import threading
import time
from typing import TYPE_CHECKING

from celltrail.store.idle import has_cells, is_idle
from celltrail.store.instance import load_engine
from celltrail.store.notices import defer
from celltrail.store.system import may_start_threads
from celltrail.store.turns import short_turns

if TYPE_CHECKING:
    from celltrail.store.store import Store

__all__ = ["Merger"]

#: Seconds that a merge waits for its turn; a fork of this process may have to wait as long.
_WAIT = 0.2
#: Seconds that others are left between two parts of a compaction.
_BREATH = 0.05
#: Seconds between two merges at least, when runs end one after the other.
_PAUSE = 1.0
#: Seconds that a merge waits for the cells of a notebook to pause, and between two looks.
_PATIENCE = 10.0
_LOOK = 0.05


class Merger:
    """Merges a store's spool from time to time; it never raises into the user's code.

    Parameters
    ----------
    store
        The store.
    interval
        Seconds between two looks.
    """

    def __init__(self, store: Store, interval: float = 2.0) -> None:
        self._store = store
        self._interval = interval
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._warned = False
        self._pid = 0

    def start(self) -> None:
        """Start the thread; does nothing when it runs, or when none can be started."""
        if (self._thread is not None and self._thread.is_alive()) or not may_start_threads():
            return  # reads and the end of the session merge all the same
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._pid = os.getpid()
        thread = threading.Thread(target=self._work, name="celltrail-merge", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # at the very end of the interpreter, or out of threads
            return
        self._thread = thread
        if not has_cells():  # between two cells there will be a better moment
            load_engine()
        # A daemon, so that Python does not wait for it before it runs exit handlers; but one
        # that is still inside DuckDB when the interpreter is torn down crashes the process.
        atexit.register(self.stop)

    def wake(self) -> None:
        """Let it look now."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread, after the merge that it is in; does nothing when there is none."""
        thread, self._thread = self._thread, None
        if os.getpid() != self._pid:
            return  # a forked child has a copy of this object, and no such thread
        self._stopped.set()
        self._wake.set()
        atexit.unregister(self.stop)
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _work(self) -> None:
        wake, stopped = self._wake, self._stopped
        while not stopped.is_set():
            woken = wake.wait(self._interval)
            wake.clear()
            # Whoever merges takes in what everybody has logged: of many kernels one is enough.
            age = self._store.access.age()
            if woken:
                if stopped.wait(max(_PAUSE - age, 0.0)):
                    return
            elif age < self._interval / 2:
                continue
            # cells that follow one another share the interpreter with nobody
            deadline = time.monotonic() + _PATIENCE
            while not is_idle() and time.monotonic() < deadline:
                if stopped.wait(_LOOK):
                    return
            try:
                self._merge(stopped)
                self._warned = False
            except Exception as error:  # noqa: BLE001  # any; it is told, once
                self._warn(error)

    def _merge(self, stopped: threading.Event) -> None:
        with short_turns():
            more = self._store.merge(wait=_WAIT) and self._store.access.compact()
        while more and not stopped.wait(_BREATH):
            with short_turns():
                more = self._store.access.compact()

    def _warn(self, error: Exception) -> None:
        if self._warned:
            return
        self._warned = True
        defer(f"{error} What is logged stays in the spool until that works again.")
