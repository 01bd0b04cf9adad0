"""The sessions of one process: a writer and a background merger for each store in use."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from celltrail.config import notebook_path
from celltrail.ids import new_id
from celltrail.store import Merger, SessionOwner, SpoolWriter, Store, open_store
from celltrail.store.events import now_us
from celltrail.store.instance import at_load
from celltrail.store.notices import warn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from celltrail.store.events import Event

__all__ = [
    "Session",
    "at_session_end",
    "close_sessions",
    "forget_sessions",
    "record_cell",
    "session_for",
    "source_address",
]

#: Cell executions kept in memory until there is a store to write them to.
_MAX_EARLY_CELLS = 10_000
#: How long the end of the process waits for its last merge; the spool keeps what is left.
_EXIT_WAIT = 10.0

_lock = threading.Lock()
_sessions: dict[Path, Session] = {}
_newest: Session | None = None
_early_cells: deque[dict[str, Any]] = deque(maxlen=_MAX_EARLY_CELLS)
_enders: list[Any] = []


def _process_kind() -> str:
    if "ipykernel" in sys.modules and "IPython" in sys.modules:
        return "kernel"
    return "ipython" if "IPython" in sys.modules and hasattr(sys, "ps1") else "script"


class Session:
    """One life of this process with one store.

    Parameters
    ----------
    path
        The store's path. Nothing is written before the first record.

    Attributes
    ----------
    id
        The session's id.
    owner
        This process.
    store
        Where it is read.
    writer
        Where it is written.
    """

    def __init__(self, path: Path) -> None:
        self.id = new_id()
        self.store: Store = open_store(path)
        self.writer = SpoolWriter(path, self.id)
        self._merger = Merger(self.store)
        self._is_merging = False
        self._sources: set[str] = set()
        self.owner = owner = SessionOwner.current(self.id)
        notebook = notebook_path()
        self.writer.event(
            "session",
            id=self.id,
            host=owner.host,
            pid=owner.pid,
            process_started=owner.process_started,
            started=now_us(),
            kind=_process_kind(),
            notebook=None if notebook is None else str(notebook),
            environment=None,
        )
        _close_at_exit()

    def start_merging(self) -> None:
        """Bring what is logged into the store, from now on and until the end.

        A process that only logs to the run of another, living one leaves that to it; and so
        does one whose end has come, in an exit handler: nobody would end a thread that is
        begun then, and one that is inside DuckDB as the interpreter goes crashes the process.
        What is logged there stays in the spool, for whoever merges next.
        """
        if not self._is_merging and threading.main_thread().is_alive():
            self._merger.start()
            self._is_merging = True
            _close_at_exit()

    def write(self, events: Sequence[Event], source: str) -> None:
        """Write events by one write, with a source text before them.

        Parameters
        ----------
        events
            Kind and fields of each; they name the source by `source_address`.
        source
            The text, which is stored once for each distinct one.
        """
        sha256 = source_address(source)
        if sha256 not in self._sources:
            events = [("source", {"sha256": sha256, "text": source}), *events]
        self.writer.events(events)
        self._sources.add(sha256)

    def add_source(self, text: str) -> str:
        """Store a text, once, and give its address."""
        self.write([], text)
        return source_address(text)

    def add_cell(self, source: str, **fields: Any) -> None:
        """Record that a cell was executed: see `record_cell`."""
        cell = {"session": self.id, "source": source_address(source), **fields}
        self.write([("cell", cell)], source)

    def wake(self) -> None:
        """Merge soon: a run has ended, and somebody will want to read it."""
        self._merger.wake()  # nobody hears it where there is no thread

    def close(self) -> None:
        """End the session: everything that was logged is in the store, or stays in the spool."""
        self._merger.stop()
        self.writer.close()
        if not self._is_merging:
            return
        try:
            self.store.merge(wait=_EXIT_WAIT)
        except Exception as error:  # noqa: BLE001  # at exit nobody can catch it: said as a warning, kept in the spool
            warn(str(error))


def source_address(text: str) -> str:
    """Give the SHA-256 of a source text, by which runs and cells refer to it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def session_for(path: Path, *, merging: bool = True) -> Session:
    """Give this process's session with a store, and begin it when there is none.

    Parameters
    ----------
    path
        The store's absolute path.
    merging
        Whether it must merge; one that does so already goes on.
    """
    global _newest
    with _lock:
        session = _sessions.get(path)
        if session is None:
            session = _sessions[path] = Session(path)
            while _early_cells:
                session.add_cell(**_early_cells.popleft())
        _newest = session
        if merging:
            session.start_merging()
    return session


def record_cell(**fields: Any) -> None:
    """Record that a cell was executed, tracked or not.

    Before the first run of the process there is no store to write to, and none is made
    just for this: the executions are kept in memory (the last 10,000) and written when
    the first run begins. They go to the store of the newest run.

    Parameters
    ----------
    **fields
        ``execution_count``, ``cell_id``, ``source`` (text), ``started``, ``ended``
        (microseconds), ``status`` and ``run`` (id or None).
    """
    if _newest is None:
        _early_cells.append(fields)
    else:
        _newest.add_cell(**fields)


def at_session_end(ender: Any) -> None:
    """Call ``ender`` before the sessions close at the end of the process."""
    _enders.append(ender)


def forget_sessions() -> None:
    """Drop all sessions without closing them, as a forked child must: they are its parent's."""
    global _lock, _newest
    _lock = threading.Lock()
    _newest = None
    _sessions.clear()
    _early_cells.clear()


def close_sessions() -> None:
    """End all runs that are open and all sessions, as at the end of the process."""
    global _newest
    for ender in _enders:
        with contextlib.suppress(Exception):  # the other sessions are still to be closed
            ender()
    for session in list(_sessions.values()):
        try:
            session.close()
        except Exception as error:  # noqa: BLE001  # the other sessions are still to be closed
            warn(f"{session.store.path}: {error!r}; what was logged stays in the spool.")
    _sessions.clear()
    _newest = None


def _close_at_exit() -> None:
    """Have the sessions closed at the end, before what was registered so far is undone."""
    atexit.unregister(close_sessions)
    atexit.register(close_sessions)
    # A process of multiprocessing may end without running what atexit knows.
    util: Any = sys.modules.get("multiprocessing.util")
    process: Any = sys.modules.get("multiprocessing.process")
    if util is not None and process is not None and process.parent_process() is not None:
        util.Finalize(None, close_sessions, exitpriority=0)


at_load(_close_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_sessions)
