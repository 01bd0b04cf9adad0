"""Who may touch a store's file, and when: merging into it, reading it, changing it."""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from celltrail.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreUnwritableError,
)
from celltrail.store.compact import Slab, claim, compact_slab
from celltrail.store.instance import attached, identity, process_wide, stamp, warm
from celltrail.store.layout import Layout, wal_of
from celltrail.store.lock import FairLock, LockTimeoutError
from celltrail.store.merge import Outcome, merge_spool
from celltrail.store.overlay import overlaid
from celltrail.store.schema import is_older, require_readable
from celltrail.store.spool import Spool, Writer
from celltrail.store.torn import is_torn, mend_after_kill, opening_fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__all__ = ["PATIENCE", "Access"]

#: Seconds that whoever reads or changes a store waits for its turn.
PATIENCE = 10.0
#: Seconds that a read waits to merge first; then it lays over what is not merged.
_SHORT_WAIT = 0.1
#: A store that was merged so few seconds ago is read without merging: a view that asks many
#: times a second costs its kernel, and keeps others waiting, no more than one that asks once.
_FRESH = 1.0


class Access:
    """The locks of one store, and what is done while they are held.

    Parameters
    ----------
    path
        The DuckDB file, absolute; it need not exist.

    Attributes
    ----------
    path
        The same.
    layout
        Everything that lies around it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.layout = Layout(path)
        self._spool = Spool(self.layout)
        self._lock = FairLock(self.layout.spool)
        self._outcome = Outcome()
        self._file: tuple[int, int] | None = None
        self._current: tuple[int, int] | None = None
        self._slabs: list[Slab] = []
        #: The file that could not be mended, so that it is not tried at each read.
        self._hopeless: tuple[int, int, int] | None = None
        self._held = threading.local()

    # -- merging -----------------------------------------------------------------------------

    def pending(self) -> bool:
        """Say whether a merge has something to do; cheap, it only looks at sizes of files."""
        file = identity(self.path)
        if file != self._file:
            # It was removed or replaced: what the spool still has is to be merged anew.
            self._file, self._outcome = file, Outcome()
        try:
            return any(writer.is_pending(self._outcome.merged) for writer in self._spool.writers())
        except OSError as error:
            raise StoreUnwritableError(self.path, error) from error

    def merge(self, wait: float = PATIENCE) -> bool:
        """Merge everybody's spool, if there is anything in it: see `Store.merge`."""
        if not self.pending():
            return True
        try:
            with self.alone(wait):
                self._take_in()
        except LockTimeoutError:
            return False
        return True

    def _take_in(self) -> None:
        try:
            self._outcome = merge_spool(self.layout)
        except StoreDamagedError as error:
            if not self._mend_after(error):
                raise
            self._outcome = merge_spool(self.layout)
        self._file = identity(self.path)

    def compact(self, wait: float = 0.0) -> bool:
        """Put a part of the points of a run that has ended together.

        Parameters
        ----------
        wait
            Seconds to wait for others; 0 tries once.

        Returns
        -------
        bool
            Whether there is more to do. Leave others a moment before the next part.
        """
        if not (self._slabs or self._outcome.scattered):
            return False
        try:
            with self.writing(wait) as con:
                self._slabs = self._slabs or claim(con)
                if self._slabs:
                    compact_slab(con, self._slabs[0], is_last=len(self._slabs) == 1)
        except StoreBusyError:
            return False
        if self._slabs:
            del self._slabs[0]
        return bool(self._slabs) or self._outcome.scattered

    def freshen(self) -> None:
        """Merge before a read, unless somebody just did: what is left then is laid over it.

        Raises
        ------
        StoreError
            When there is no store yet and none can be made.
        """
        if self._connection() is not None:
            return
        if not self.path.exists():
            self.merge()
        elif self.age() >= _FRESH or any(w.ended and w.readable for w in self._writers()):
            # Where it cannot be merged now, for whatever reason, it can be read all the same.
            with suppress(StoreError):
                self.merge(wait=_SHORT_WAIT)
        if self.path.exists():
            self.mend()
            self._bring_up_to_date()

    def mend(self) -> None:
        """Make the file whole where a killed process left it half written, if that can be done.

        What else there is, damage included, is left to whoever opens it next.
        """
        if not wal_of(self.path).exists():  # it lies there while somebody writes, or was killed
            return
        with suppress(LockTimeoutError, StoreError):
            with self.shared():
                fault = opening_fault(self.path)
            if is_torn(fault, self.path) and self._hopeless != stamp(self.path):
                with self.alone():
                    self._take_in()

    def _mend_after(self, fault: StoreDamagedError) -> bool:
        """Make the file whole, unless that was tried already; the exclusive lock must be held."""
        if not is_torn(fault, self.path) or self._hopeless == stamp(self.path):
            return False
        is_whole = mend_after_kill(self.path)
        self._hopeless = None if is_whole else stamp(self.path)
        return is_whole

    def _bring_up_to_date(self) -> None:
        """Migrate a store of an older celltrail, once; what is newer is left to the read."""
        file = identity(self.path)
        if file == self._current:
            return
        with self.shared(), attached(self.path, read_only=True) as con:
            older = is_older(con, self.path)
        if older:
            with self.writing():
                pass
        self._current = file

    def age(self) -> float:
        """Give the seconds since anybody wrote into the file; infinite when there is none."""
        try:
            return abs(time.time() - self.path.stat().st_mtime)
        except OSError:
            return math.inf

    # -- holding the store -------------------------------------------------------------------

    @contextmanager
    def alone(self, wait: float = PATIENCE) -> Iterator[None]:
        """Keep everybody else away; nothing is attached, so that the file may be replaced.

        Parameters
        ----------
        wait
            Seconds to wait for others; 0 tries once.

        Raises
        ------
        LockTimeoutError
            When others still used the store.
        StoreUnwritableError
            When its place cannot be written.
        """
        deadline = time.monotonic() + wait
        try:
            with process_wide(wait):
                warm()  # before others have to wait for this
                self.layout.spool.mkdir(parents=True, exist_ok=True)
                try:
                    with self._lock.exclusive(max(deadline - time.monotonic(), 0.0)):
                        yield
                finally:
                    self._tidy()
        except (LockTimeoutError, StoreError):
            raise
        except OSError as error:
            raise StoreUnwritableError(self.path, error) from error

    @contextmanager
    def writing(self, wait: float = PATIENCE) -> Iterator[DuckDBPyConnection]:
        """Merge everything, then keep everybody away and hold the store attached to be changed.

        The connection is in no transaction: the caller begins and commits its own.

        Raises
        ------
        StoreBusyError
            When others used the store for longer than ``wait`` seconds.
        StoreError
            When it cannot be written.
        """
        try:
            with self.alone(wait):
                self._take_in()
                with attached(self.path, read_only=False) as con:
                    yield con
        except LockTimeoutError as error:
            raise StoreBusyError(self.path, error) from error

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Keep those away who write, where there can be any; nothing is attached.

        Raises
        ------
        StoreBusyError
            When they still write after `PATIENCE` seconds.
        """
        try:
            with process_wide(PATIENCE):
                warm()
                with self.kept_still(PATIENCE):
                    yield
        except LockTimeoutError as error:
            raise StoreBusyError(self.path, error) from error

    @contextmanager
    def kept_still(self, wait: float) -> Iterator[None]:
        """Do what `shared` does for a second store, while `process_wide` is held for the first.

        Raises
        ------
        LockTimeoutError
            When others still write after ``wait`` seconds.
        """
        if not self._can_lock():
            yield  # nobody can write into a folder that cannot be written: nobody to keep away
            return
        try:
            with self._lock.shared(wait):
                yield
        finally:
            self._tidy()

    @contextmanager
    def reading(self) -> Iterator[DuckDBPyConnection]:
        """Hold the store attached to be read, with all that is not merged yet laid over it.

        Hold it for one bounded slice: fetch the result whole, then let it go.

        Raises
        ------
        StoreError
            When it cannot be read; the file must exist.
        """
        held = self._connection()
        if held is not None:
            yield held
            return
        with self.shared(), attached(self.path, read_only=True) as con:
            require_readable(con, self.path)
            with overlaid(con, self.layout, self._writers()) as seen:
                yield seen

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Answer all that this thread reads within the block from one look at the store.

        To lay what is not merged over the store costs more than most questions. Ask a few small
        ones within it and do nothing else, since all others wait: no merge, no other store, no
        lock that somebody who reads may hold.

        Raises
        ------
        StoreError
            When the store cannot be read.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from celltrail.store import open_store
        >>> store = open_store(Path(tempfile.mkdtemp()) / "s.duckdb")
        >>> with store.access.at_once():
        ...     store.run_rows(), store.meanings()
        ([], {})
        """
        self.freshen()
        if self._connection() is not None or not self.path.exists():
            yield
            return
        with self.reading() as con:
            self._held.con = con
            try:
                yield
            finally:
                self._held.con = None

    def _connection(self) -> DuckDBPyConnection | None:
        """Give what `at_once` holds for this thread."""
        found: DuckDBPyConnection | None = getattr(self._held, "con", None)
        return found

    def _writers(self) -> list[Writer]:
        """Give who writes, as far as this process may look."""
        try:
            return list(self._spool.writers())
        except OSError:
            return []

    def _can_lock(self) -> bool:
        folder = self.layout.spool
        try:
            folder.mkdir(exist_ok=True)
        except OSError:
            return False
        return os.access(folder, os.W_OK)

    def _tidy(self) -> None:
        """Remove the spool's folder after the last writer has gone."""
        if not any(self._spool.writers()) and self._lock.remove():
            self._spool.remove_if_empty()
