"""Who may touch a store's file, and when: merging into it, reading it, changing it."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from celltrail.errors import StoreBusyError, StoreError, StoreUnwritableError
from celltrail.store.instance import attached, process_wide
from celltrail.store.layout import Layout
from celltrail.store.lock import FairLock, LockTimeoutError
from celltrail.store.merge import merge_spool
from celltrail.store.notices import warn
from celltrail.store.schema import migrate, require_readable
from celltrail.store.spool import Offsets, Spool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__all__ = ["PATIENCE", "Access"]

#: Seconds that whoever reads or changes a store waits for its turn.
PATIENCE = 10.0


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
        self._merged: dict[tuple[str, int], Offsets] = {}

    # -- merging -----------------------------------------------------------------------------

    def pending(self) -> bool:
        """Say whether a merge has something to do; cheap, it only looks at sizes of files."""
        if not self.path.exists():
            self._merged = {}  # it was removed: what the spool still has is to be merged anew
        try:
            return any(writer.is_pending(self._merged) for writer in self._spool.writers())
        except OSError as error:
            raise StoreUnwritableError(self.path, error) from error

    def merge(self, wait: float = PATIENCE) -> bool:
        """Merge everybody's spool, if there is anything in it: see `Store.merge`."""
        if not self.pending():
            return True
        try:
            with self.alone(wait):
                self._merged = merge_spool(self.layout)
        except LockTimeoutError:
            return False
        return True

    def merge_for_reading(self) -> None:
        """Merge, and where that cannot be done say so and let the reader go on."""
        try:
            self.merge()
        except StoreUnwritableError as error:
            if not self.path.exists():
                raise
            warn(f"{error} What was logged since is not shown.", stacklevel=6)

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
                self.layout.spool.mkdir(parents=True, exist_ok=True)
                with self._lock.exclusive(max(deadline - time.monotonic(), 0.0)):
                    yield
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
                self._merged = merge_spool(self.layout)
                with attached(self.path, read_only=False) as con:
                    migrate(con, self.path)
                    yield con
        except LockTimeoutError as error:
            raise StoreBusyError(self.path, "it is in use all the time") from error

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Keep those away who write, where there can be any; nothing is attached.

        Raises
        ------
        StoreBusyError
            When they still write after `PATIENCE` seconds.
        """
        try:
            with ExitStack() as held:
                held.enter_context(process_wide(PATIENCE))
                # Nobody can write into a folder that cannot be written: nobody to keep away.
                if self._can_lock():
                    held.callback(self._tidy)
                    held.enter_context(self._lock.shared(PATIENCE))
                yield
        except LockTimeoutError as error:
            raise StoreBusyError(self.path, "it is in use all the time") from error

    @contextmanager
    def reading(self) -> Iterator[DuckDBPyConnection]:
        """Hold the store attached to be read: for one bounded slice, then let it go.

        Raises
        ------
        StoreError
            When it cannot be read; the file must exist.
        """
        with self.shared(), attached(self.path, read_only=True) as con:
            require_readable(con, self.path)
            yield con

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
