"""The spool's writing side: what was logged is in a file when the call returns."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from celltrail.ids import new_id
from celltrail.store.blobs import Source, put_blob
from celltrail.store.current import CurrentSegment
from celltrail.store.events import now_us, to_line, to_lines
from celltrail.store.forked import OfOneProcess
from celltrail.store.identity import OpenRuns
from celltrail.store.layout import DONE_NAME, OWNER_NAME, Layout
from celltrail.store.loss import Loss
from celltrail.store.owner import make_folder
from celltrail.store.points import RECORD_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from celltrail.store.events import JSON, Event
    from celltrail.store.numbers import Row

__all__ = ["SpoolWriter"]

_SEGMENT_SIZE = 4 << 20
#: So many bytes are kept in memory while they cannot be written.
_KEPT_LIMIT = 64 << 20
#: So many more of what runs cannot do without: that they began, and how they ended.
_RESERVE = 1 << 20
_VITAL = ("session", "run", "resume", "run_end", "session_end", "lost")
#: How often the writer looks, while points come, whether its files are still there.
_CHECK_US = 5_000_000
#: How soon after a write that failed the next one is tried.
_RETRY_US = 500_000
#: Events after which little or nothing comes that would try again.
_LAST_EVENTS = ("run_end", "session_end")


class SpoolWriter(OfOneProcess):
    """Appends one process's records to its own folder of a store's spool.

    Any thread may write. Nothing is on disk before the first record. A write that fails
    (a full disk, a folder that cannot be written) warns once, keeps its bytes in memory
    and is done again at a write soon after, or at the end. Of what goes beyond 64 MiB the
    number of records is kept and told. In a forked child the writer does nothing: the
    files are the parent's.

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
    >>> writer.append(run, 1_700_000_000_000_000, [("loss", 0, 0.5), ("seen", 0, 128)])
    >>> writer.close()
    """

    def __init__(self, store: Path, session_id: str) -> None:
        super().__init__()
        self._layout = Layout(store)
        self._session = session_id
        self._lock = threading.RLock()
        self._last_check = self._next_check = 0
        self._is_ready = False
        self._is_closed = False
        # Whether a call is under way: another one is of a signal handler in the middle of it.
        self._is_writing = False
        self._loss = Loss()
        self._open_runs = OpenRuns()
        self._at = CurrentSegment(self.folder, 1)

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
        if not self.is_ours:
            self._warn_foreign()
            return
        with self._lock:
            outer, self._is_writing = self._is_writing, True
            try:
                if not outer:
                    self._prepare(time_us)
                try:
                    data = self._at.numbers.pack(run_id, time_us, rows)
                except KeyError:
                    if not self._define(run_id, [row[0] for row in rows]):
                        return
                    data = self._at.numbers.pack(run_id, time_us, rows)
                self._put_points(run_id, data)
            finally:
                self._is_writing = outer

    def append_floats(
        self, run_id: str, keys: tuple[str, ...], steps: Sequence[int], values: Iterable[float]
    ) -> bool:
        """Write points of this moment that are all floats: `append` for hot loops.

        Parameters
        ----------
        run_id
            The run's id.
        keys, steps, values
            Key, step and value of each.

        Returns
        -------
        bool
            False in a forked child, where nothing was written.
        """
        if not self.is_ours:
            return False
        time_us = time.time_ns() // 1000
        with self._lock:
            outer, self._is_writing = self._is_writing, True
            try:
                is_due = not self._last_check <= time_us <= self._next_check
                if (is_due or self._at.size > _SEGMENT_SIZE) and not outer:
                    self._prepare(time_us)
                try:
                    data = self._at.numbers.pack_floats(run_id, time_us, keys, steps, values)
                except KeyError:
                    if not self._define(run_id, keys):
                        return True
                    data = self._at.numbers.pack_floats(run_id, time_us, keys, steps, values)
                self._put_points(run_id, data)
            finally:
                self._is_writing = outer
        return True

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
        self.events([(kind, fields)])

    def events(self, events: Sequence[Event]) -> None:
        """Write several events by one write; otherwise as `event`.

        Parameters
        ----------
        events
            Kind and fields of each.
        """
        if not self.is_ours:
            self._warn_foreign()
            return
        time_us = now_us()
        lines = [to_line(kind, {"t": time_us, **fields}) for kind, fields in events]
        with self._call() as is_outermost:
            if is_outermost:
                self._prepare(time_us, at_once=any(kind in _LAST_EVENTS for kind, _ in events))
            for i, (kind, fields) in enumerate(events):
                self._open_runs.take(kind, fields)
                if not self._has_room(len(lines[i]), _RESERVE if kind in _VITAL else 0):
                    self._lose(str(fields.get("run", "")), 1)
                    lines[i] = b""
            self._put(b"".join(lines))

    def add_blob(self, data: Source) -> tuple[str, int]:
        """Store content before the event that names it.

        Parameters
        ----------
        data
            The content, the path of a file that holds it, or a stream of it.

        Returns
        -------
        tuple of str and int
            SHA-256 in hexadecimal, and the size.

        Raises
        ------
        OSError
            When the file cannot be read or the content not be written.
        """
        if not self.is_ours:
            message = "this writer belongs to the parent process"
            raise OSError(message)
        with self._call() as is_outermost:
            if is_outermost:
                self._check(now_us())
            self._make_folder()
        return put_blob(self._layout, self._session, data)

    def close(self) -> None:
        """Write the session's end and say that nothing more will come.

        What could not be written by now is lost; a warning says how much.
        """
        if not self.is_ours or self._is_closed:
            return
        with self._lock:
            if not self._is_ready and not self._at.events.kept:
                return
            self.event("session_end", ended=now_us())
            self._is_closed = True
            lost = self._at.records + self._loss.total
            if lost:
                self._loss.warn_once(
                    "lost", f"{lost:,} records could not be written to {self.folder} and are lost."
                )
            self._at.close()
            self._next_check = 0
            # Otherwise whoever merges finds out that this process is gone.
            with contextlib.suppress(OSError):
                (self.folder / DONE_NAME).touch()

    @contextlib.contextmanager
    def _call(self) -> Iterator[bool]:
        """Hold the lock; gives whether no call of this thread's is under way already.

        Only then may files be exchanged: a call that a signal handler interrupted writes into
        those that it found. `append` and `append_floats` do the same by hand, for speed.
        """
        with self._lock:
            outer, self._is_writing = self._is_writing, True
            try:
                yield not outer
            finally:
                self._is_writing = outer

    # -- below, the lock is held -------------------------------------------------------------

    def _prepare(self, time_us: int, *, at_once: bool = False) -> None:
        """Do what is due before a write: begin a new segment, mend what went wrong."""
        if self._at.size > _SEGMENT_SIZE:
            self._rotate()
        # The clock may have been put back, and be far from the next check.
        is_due = not self._last_check <= time_us <= self._next_check
        if is_due or (at_once and (self._at.waiting or self._loss)):
            self._check(time_us)

    def _has_room(self, size: int, reserve: int = 0) -> bool:
        """Say whether so much may be kept in memory, should it have to be."""
        return not self._at.waiting or self._at.waiting + size <= _KEPT_LIMIT + reserve

    def _lose(self, run_id: str, records: int) -> None:
        self._loss.add(run_id, records)
        self._loss.warn_once(
            "full",
            f"{_KEPT_LIMIT >> 20} MiB wait in memory because {self.folder} cannot be written: "
            "what is logged from now on is lost, and counted, until that works again.",
        )

    def _put(self, lines: bytes) -> None:
        """Write events, or keep them until `_check` can."""
        if not lines:
            return
        self._at.size += len(lines)
        try:
            if self._at.events.kept:
                self._at.events.kept += lines
                return
            self._make_folder()
        except OSError as error:
            self._at.events.kept += lines
            self._trouble(error)
            return
        try:
            self._at.events.write(lines)
        except OSError as error:
            self._trouble(error)

    def _put_points(self, run_id: str, data: bytes) -> None:
        self._at.size += len(data)
        try:
            if not (self._at.events.kept or self._at.points.kept):
                self._at.points.write(data)
            elif self._has_room(len(data)):
                self._at.points.kept += data
            else:
                self._lose(run_id, len(data) // RECORD_SIZE)
        except OSError as error:
            self._trouble(error)

    def _define(self, run_id: str, keys: Sequence[str]) -> bool:
        """Say in this segment what the numbers of a run and of keys mean, if there is room."""
        events = self._at.numbers.missing(run_id, keys)
        if events and not self._has_room(RECORD_SIZE * len(keys)):
            self._lose(run_id, len(keys))
            return False
        if events:
            self._put(to_lines(events))
            self._at.numbers.define(events)
        return True

    def _make_folder(self) -> None:
        if not self._is_ready:
            make_folder(self._layout, self._session)
            self._is_ready = True

    def _check(self, time_us: int) -> None:
        """Mend what went wrong before: files that vanished, writes that failed."""
        self._last_check = time_us
        self._next_check = time_us + _CHECK_US
        if self._is_closed:
            self._reopen()
        elif not self._at.is_there():
            self._move_on()
        try:
            if self._is_ready and not (self.folder / OWNER_NAME).exists():
                self._is_ready = False  # without it we are taken for gone before long
            self._make_folder()
            self._at.flush()
        except OSError as error:
            self._trouble(error)
            return
        if self._loss:
            self._put(to_lines(self._loss.take()))

    def _rotate(self) -> None:
        """Begin the next segment, which makes this one final."""
        old = self._at
        new = CurrentSegment(self.folder, old.number + 1)
        if old.events.kept or old.points.kept:
            return  # asked last: nothing comes between this and the next line
        self._at = new
        old.close()
        # In case the store is removed: this segment says too which runs are open.
        self._put(to_lines(self._open_runs.events()))

    def _move_on(self) -> None:
        """Go on in a new segment because somebody removed the folder of this one."""
        old = self._at
        # The numbers stay as they are, since points that were kept use them.
        new = CurrentSegment(self.folder, old.number + 1, old.numbers)
        meanings = old.meanings(self._open_runs)
        new.events.kept += meanings
        # Nothing comes between these: what is kept from then on is kept in the new files.
        new.events.kept += old.events.kept
        new.points.kept += old.points.kept
        self._at = new
        self._is_ready = False
        late = new.meanings(self._open_runs)
        if late != meanings:  # a signal handler defined more before that
            new.events.kept += late
        old.close()

    def _reopen(self) -> None:
        """Go on after `close`, as code that runs very late at exit may."""
        self._is_closed = False
        self._session = new_id()
        self._at.number = 0
        self._move_on()

    def _trouble(self, error: OSError) -> None:
        self._next_check = now_us() + _RETRY_US
        self._loss.warn_once(
            "write",
            f"cannot write to {self.folder} ({error}). What is logged is kept in memory "
            "and written as soon as that works again.",
        )

    def _warn_foreign(self) -> None:
        self._loss.warn_once("fork", "a forked process logged to its parent's run.")
