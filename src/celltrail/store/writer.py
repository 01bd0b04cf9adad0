"""The spool's writing side: what was logged is in a file when the call returns."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any, TypeAlias

from celltrail.ids import new_id
from celltrail.store.blobs import put_blob
from celltrail.store.identity import OpenRuns
from celltrail.store.layout import (
    DONE_NAME,
    EVENTS_SUFFIX,
    NEW_PREFIX,
    OWNER_NAME,
    POINTS_SUFFIX,
    Layout,
)
from celltrail.store.notices import warn
from celltrail.store.owner import SessionOwner
from celltrail.store.points import EXACT, pack_exact, pack_float
from celltrail.store.segment import AppendFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["JSON", "Row", "SpoolWriter"]

#: What `json.dumps` takes; NaN and the infinities are kept as such.
JSON: TypeAlias = Any
#: Key, step and value of one point.
Row: TypeAlias = tuple[str, int, float | int]

_SEGMENT_SIZE = 4 << 20
_KEPT_LIMIT = 64 << 20
#: How often the writer looks, while points come, whether its files are still there.
_CHECK_US = 5_000_000
#: How soon after a write that failed the next one is tried.
_RETRY_US = 500_000
#: Events after which little or nothing comes that would try again.
_LAST_EVENTS = ("run_end", "session_end")


def now_us() -> int:
    """Give the time in microseconds since 1970, in UTC."""
    return time.time_ns() // 1000


class SpoolWriter:
    """Appends one process's records to its own folder of a store's spool.

    Any thread may write. Nothing is on disk before the first record. A write that fails
    (a full disk, a folder that cannot be written) warns once, keeps its bytes in memory
    and is done again at a write soon after, or at the end. In a forked child the writer
    does nothing: the files are the parent's.

    Parameters
    ----------
    store
        Path of the DuckDB file, which need not exist.
    session_id
        The session's id, which no other writer ever uses.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> writer = SpoolWriter(Path(tempfile.mkdtemp()) / "s.duckdb", new_id())
    >>> run = new_id()
    >>> writer.event("run", id=run, experiment="demo")
    >>> writer.append(run, now_us(), [("loss", 0, 0.5), ("seen", 0, 128)])
    >>> writer.close()
    """

    def __init__(self, store: Path, session_id: str) -> None:
        self._layout = Layout(store)
        self._session = session_id
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._number = 1
        self._size = 0
        self._last_check = 0
        self._next_check = 0
        self._ready = False
        self._closed = False
        self._warned: set[str] = set()
        self._runs: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._open_runs = OpenRuns()
        self._events, self._points = self._files()

    @property
    def session_id(self) -> str:
        """The session's id."""
        return self._session

    @property
    def folder(self) -> Path:
        """Where this writer's files are."""
        return self._layout.writer(self._session)

    def append(self, run_id: str, time_us: int, rows: Sequence[Row]) -> None:
        """Write points of one run; they survive the death of the process.

        Parameters
        ----------
        run_id
            The run's id.
        time_us
            Microseconds since 1970 in UTC.
        rows
            Key, step and value of each; an integer is kept exactly and must fit 64 bits.
        """
        if os.getpid() != self._pid:
            self._warn_once("fork", "a forked process logged to its parent's run.")
            return
        with self._lock:
            if time_us > self._next_check or time_us < self._last_check:
                self._check(time_us)
            keys = self._keys
            try:
                run = self._runs[run_id]
                data = b"".join(
                    [
                        pack_float(run, keys[key], step, time_us, value)
                        if type(value) is float
                        else pack_exact(run, keys[key] | EXACT, step, time_us, value)
                        for key, step, value in rows
                    ]
                )
            except KeyError:
                self._define(run_id, [row[0] for row in rows])
                self.append(run_id, time_us, rows)
                return
            try:
                if self._events.kept or self._points.kept:
                    self._points.keep(data)
                else:
                    self._points.write(data)
            except OSError as error:
                self._trouble(error)
            self._size += len(data)
            if self._size > _SEGMENT_SIZE:
                self._rotate()

    def event(self, kind: str, /, **fields: JSON) -> None:
        """Write one event; it survives the death of the process.

        Parameters
        ----------
        kind
            What happened, such as ``"run"`` or ``"param"``.
        **fields
            The event's fields: anything that JSON can hold, NaN and infinities too.

        Raises
        ------
        TypeError, ValueError
            When a field cannot be written as JSON; nothing is written then.
        """
        if os.getpid() != self._pid:
            self._warn_once("fork", "a forked process logged to its parent's run.")
            return
        time_us = now_us()
        line = _line({"e": kind, "t": time_us, **fields})
        with self._lock:
            # The clock may have been put back, and be far from the next check.
            if (
                time_us > self._next_check
                or time_us < self._last_check
                or (kind in _LAST_EVENTS and (self._events.kept or self._points.kept))
            ):
                self._check(time_us)
            self._put(line)
            self._open_runs.take(kind, fields)
            if self._size > _SEGMENT_SIZE:
                self._rotate()

    def add_blob(self, data: bytes | Path) -> tuple[str, int]:
        """Store content before the event that names it.

        Parameters
        ----------
        data
            The content, or the path of a file that holds it.

        Returns
        -------
        tuple of str and int
            SHA-256 in hexadecimal, and the size.

        Raises
        ------
        OSError
            When the file cannot be read or the content not be written.
        """
        if os.getpid() != self._pid:
            message = "this writer belongs to the parent process"
            raise OSError(message)
        with self._lock:
            self._check(now_us())
            self._make_folder()
        return put_blob(self._layout, self._session, data)

    def close(self) -> None:
        """Write the session's end and say that nothing more will come.

        What could not be written by now is lost; a warning says how much.
        """
        if os.getpid() != self._pid or self._closed:
            return
        with self._lock:
            if not self._ready and not self._events.kept:
                return
            self.event("session_end", ended=now_us())
            self._closed = True
            lost = len(self._events.kept) + len(self._points.kept)
            dropped = self._events.dropped + self._points.dropped
            if lost or dropped:
                self._warn_once(
                    "lost",
                    f"{lost:,} bytes and {dropped:,} further writes could not be written to "
                    f"{self.folder} and are lost.",
                )
            self._close_files()
            self._next_check = 0
            # Otherwise whoever merges finds out that this process is gone.
            with contextlib.suppress(OSError):
                (self.folder / DONE_NAME).touch()

    # -- below, the lock is held -------------------------------------------------------------

    def _files(self) -> tuple[AppendFile, AppendFile]:
        base = self.folder / f"{self._number:06d}"
        return (
            AppendFile(base.with_suffix(EVENTS_SUFFIX), limit=_KEPT_LIMIT),
            AppendFile.points(base.with_suffix(POINTS_SUFFIX), limit=_KEPT_LIMIT),
        )

    def _put(self, line: bytes) -> None:
        self._size += len(line)
        if self._events.kept:
            self._events.keep(line)  # `_check` writes it
            return
        try:
            self._make_folder()
        except OSError as error:
            self._events.keep(line)
            self._trouble(error)
            return
        try:
            self._events.write(line)
        except OSError as error:
            self._trouble(error)

    def _define(self, run_id: str, keys: Sequence[str]) -> None:
        """Say in this segment what the numbers of a run and of keys mean."""
        # The number is remembered after it is written: an interrupt in between only makes
        # the same number be given, and written, anew.
        if run_id not in self._runs:
            number = len(self._runs) + 1
            self._put(_line({"e": "ref", "r": number, "run": run_id}))
            self._runs[run_id] = number
        for key in keys:
            if key not in self._keys:
                number = len(self._keys) + 1
                self._put(_line({"e": "key", "k": number, "name": key}))
                self._keys[key] = number

    def _make_folder(self) -> None:
        """Make the session's folder with its owner in it, all at once."""
        if self._ready:
            return
        new = self._layout.spool / (NEW_PREFIX + self._session)
        new.mkdir(parents=True, exist_ok=True)
        owner = SessionOwner.current(self._session).to_json()
        (new / OWNER_NAME).write_text(owner, "utf-8")
        try:
            new.rename(self.folder)
        except OSError:
            shutil.rmtree(new, ignore_errors=True)
            if not self.folder.is_dir():
                raise
        self._ready = True

    def _check(self, time_us: int) -> None:
        """Mend what went wrong before: files that vanished, writes that failed."""
        self._last_check = time_us
        self._next_check = time_us + _CHECK_US
        if self._closed:
            self._reopen()
        elif not (self._events.is_there() and self._points.is_there()):
            self._move_on()
        try:
            self._make_folder()
            self._events.flush()
            self._points.flush()
        except OSError as error:
            self._trouble(error)

    def _rotate(self) -> None:
        """Begin the next segment, which makes this one final."""
        if self._events.kept or self._points.kept:
            return
        self._close_files()
        self._number += 1
        self._runs.clear()
        self._keys.clear()
        self._events, self._points = self._files()
        self._repeat_runs()
        self._size = 0

    def _move_on(self) -> None:
        """Go on in a new segment because somebody removed the folder of this one."""
        events, points = self._events.kept, self._points.kept
        self._close_files()
        self._number += 1
        self._ready = False
        self._events, self._points = self._files()
        self._repeat_runs()
        # The numbers stay as they are, since points that were kept use them.
        for run_id, number in self._runs.items():
            self._put(_line({"e": "ref", "r": number, "run": run_id}))
        for key, number in self._keys.items():
            self._put(_line({"e": "key", "k": number, "name": key}))
        self._events.keep(events)
        self._points.keep(points)

    def _repeat_runs(self) -> None:
        """Say in this segment which runs are open, in case the store was removed too."""
        for event in self._open_runs.events():
            self._put(_line(event))

    def _reopen(self) -> None:
        """Go on after `close`, as code that runs very late at exit may."""
        self._closed = False
        self._session = new_id()
        self._number = 0
        self._move_on()

    def _close_files(self) -> None:
        self._events.close()
        self._points.close()

    def _trouble(self, error: OSError) -> None:
        self._next_check = now_us() + _RETRY_US
        self._warn_once(
            "write",
            f"cannot write to {self.folder} ({error}). What is logged is kept in memory "
            "and written as soon as that works again.",
        )

    def _warn_once(self, topic: str, message: str) -> None:
        if topic not in self._warned:
            self._warned.add(topic)
            warn(message, stacklevel=4)


def _line(fields: dict[str, JSON]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"
