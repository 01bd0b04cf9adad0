"""The process's one warm DuckDB instance, to which a store is attached for moments only.

Starting an instance takes tens of milliseconds, attaching a file to a warm one takes one.
While a file is attached nobody else can open it; so nothing stays attached.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from celltrail.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreUnwritableError,
)
from celltrail.store.lock import LockTimeoutError
from celltrail.store.system import at_fork, keep_alive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb
    from duckdb import DuckDBPyConnection

__all__ = ["attached", "load_engine", "process_wide", "quoted", "translated"]

#: The oldest DuckDB that reads and writes our stores is 1.5.
_OPTIONS = "(STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE 16384)"


def load_engine() -> None:
    """Import DuckDB now, so that exit handlers registered from here on run before its own.

    Its handler, registered at its import, makes all queries fail that take Python values;
    the last merge of a process has to come before that.
    """
    import duckdb  # noqa: F401


class _Instance:
    """The connection and the lock under which alone it is used."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.con: DuckDBPyConnection | None = None
        self._forking: int | None = None

    def connection(self) -> DuckDBPyConnection:
        """Give the connection, made by the first call; the mutex must be held."""
        if self.con is None:
            import duckdb

            # No threads of its own: a forked child inherits none of them in mid-work.
            self.con = duckdb.connect(":memory:", config={"threads": 1})
            with suppress(duckdb.Error):  # versions before 2.0 have no such threads
                self.con.execute("SET async_threads = 0")
        return self.con

    def discard(self) -> None:
        """Give up a connection that is in no known state."""
        con, self.con = self.con, None
        if con is not None:
            con.close()

    def before_fork(self) -> None:
        """Wait until nothing is attached.

        That holds for `Store.sql` as well: DuckDB remembers for the whole process which
        files are attached, so a child that is made in between could never write the store.
        """
        self.mutex.acquire()
        self._forking = threading.get_ident()

    def after_fork_in_parent(self) -> None:
        """Let others go on."""
        # This module may have been imported after the fork had begun: then it did not wait.
        if self._forking == threading.get_ident():
            self._forking = None
            self.mutex.release()

    def after_fork_in_child(self) -> None:
        """Leave the inherited connection as it is, for ever."""
        if self.con is not None:
            keep_alive(self.con)
        self.con = None
        self._forking = None
        self.mutex = threading.Lock()


_instance = _Instance()

# Nothing is attached while the mutex is free, so a child never inherits an open store.
at_fork(
    before=_instance.before_fork,
    parent=_instance.after_fork_in_parent,
    child=_instance.after_fork_in_child,
)


def quoted(text: str | Path) -> str:
    """Quote a text for SQL where no parameter can stand, such as the path in ATTACH."""
    return "'" + str(text).replace("'", "''") + "'"


@contextmanager
def process_wide(timeout: float) -> Iterator[None]:
    """Be the only thread of this process that touches any store.

    Parameters
    ----------
    timeout
        Seconds to wait; 0 tries once.

    Raises
    ------
    LockTimeoutError
        When another thread was busy for longer.
    """
    mutex = _instance.mutex
    if not (mutex.acquire(timeout=timeout) if timeout > 0 else mutex.acquire(blocking=False)):
        raise LockTimeoutError
    try:
        yield
    finally:
        mutex.release()


@contextmanager
def attached(path: Path, *, read_only: bool) -> Iterator[DuckDBPyConnection]:
    """Attach a store, use it, and let it go.

    Parameters
    ----------
    path
        The DuckDB file; made when it is missing, unless ``read_only``.
    read_only
        Whether nothing is written.

    Yields
    ------
    DuckDBPyConnection
        A connection whose unqualified names are the store's. Results must be fetched
        whole before it ends. `process_wide` must be held.

    Raises
    ------
    StoreError
        The one that fits what DuckDB says.
    """
    import duckdb

    con = _instance.connection()
    try:
        # The options are for making a file; one that exists keeps what it has.
        options = "(READ_ONLY)" if read_only else "" if path.exists() else _OPTIONS
        con.execute(f"ATTACH {quoted(path)} AS store {options}")
        try:
            con.execute("USE store")
            yield con
        except BaseException:  # whatever it is: detached first, then raised on
            _let_go(con)
            raise
        con.execute("USE memory")
        con.execute("DETACH store")
    except duckdb.Error as error:
        _let_go(con)
        raise translated(error, path) from error


def _let_go(con: DuckDBPyConnection) -> None:
    """Detach after a failure, at the price of the instance if need be."""
    import duckdb

    if _instance.con is not con:
        return
    with suppress(duckdb.Error):  # there may be no transaction
        con.rollback()
    try:
        con.execute("USE memory")
        con.execute("DETACH DATABASE IF EXISTS store")
    except duckdb.Error:
        _instance.discard()


def translated(error: duckdb.Error, path: Path) -> StoreError:
    """Find the error of ours that says what DuckDB's means for the user."""
    import duckdb

    text = str(error)
    if "Could not set lock" in text or "file handle conflict" in text:
        return StoreBusyError(path, text.splitlines()[0])
    if "not a valid DuckDB database file" in text or "does not exist" in text:
        return StoreCorruptError(path, text)
    if isinstance(error, duckdb.IOException) and _is_about_place(text):
        return StoreUnwritableError(path, text)
    if isinstance(
        error, duckdb.IOException | duckdb.SerializationException | duckdb.FatalException
    ):
        return StoreCorruptError(path, text)
    return StoreError(f"{path}: {text}")


def _is_about_place(text: str) -> bool:
    places = ("Cannot open file", "Is a directory", "Permission denied", "No space left")
    return any(place in text for place in (*places, "Read-only file system", "Could not write"))
