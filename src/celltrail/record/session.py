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
from celltrail.store.notices import warn
from celltrail.store.writer import now_us

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Session",
    "at_session_end",
    "close_sessions",
    "forget_sessions",
    "record_cell",
    "session_for",
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
    store
        Where it is read.
    writer
        Where it is written.
    """

    def __init__(self, path: Path) -> None:
        self.id = new_id()
        self.pid = os.getpid()
        self.store: Store = open_store(path)
        self.writer = SpoolWriter(path, self.id)
        self._merger = Merger(self.store)
        self._sources: set[str] = set()
        owner = SessionOwner.current(self.id)
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
        self._merger.start()
        # Registered only now, after those of all that the session stands on, to run before them.
        atexit.unregister(close_sessions)
        atexit.register(close_sessions)

    def add_source(self, text: str) -> str:
        """Store a source text, once for each distinct one.

        Returns
        -------
        str
            Its SHA-256, by which runs refer to it.
        """
        sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if sha256 not in self._sources:
            self.writer.event("source", sha256=sha256, text=text)
            self._sources.add(sha256)
        return sha256

    def add_cell(self, source: str, **fields: Any) -> None:
        """Record that a cell was executed: see `record_cell`."""
        self.writer.event("cell", session=self.id, source=self.add_source(source), **fields)

    def wake(self) -> None:
        """Merge soon: a run has ended, and somebody will want to read it."""
        self._merger.wake()

    def close(self) -> None:
        """End the session: everything that was logged is in the store, or stays in the spool."""
        self._merger.stop()
        self.writer.close()
        try:
            self.store.merge(wait=_EXIT_WAIT)
        except Exception as error:  # noqa: BLE001  # at exit nobody can catch it: said as a warning, kept in the spool
            warn(str(error))


def session_for(path: Path) -> Session:
    """Give this process's session with a store, and begin it when there is none.

    Parameters
    ----------
    path
        The store's absolute path.
    """
    global _newest
    with _lock:
        session = _sessions.get(path)
        if session is None:
            session = _sessions[path] = Session(path)
            while _early_cells:
                session.add_cell(**_early_cells.popleft())
        _newest = session
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
        session.close()
    _sessions.clear()
    _newest = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_sessions)
