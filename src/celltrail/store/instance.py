"""The process's one warm DuckDB instance, to which a store is attached for moments only.

Starting an instance takes tens of milliseconds, attaching a file to a warm one takes one.
While a file is attached nobody else can open it; so nothing stays attached.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from celltrail.errors import StoreReplacedError
from celltrail.store.lock import LockTimeoutError
from celltrail.store.system import at_fork, keep_alive
from celltrail.store.translation import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__all__ = [
    "ForkedError",
    "at_load",
    "attached",
    "identity",
    "interruptible",
    "let_forks_go_first",
    "load_engine",
    "note_engine",
    "process_wide",
    "quoted",
    "stamp",
    "warm",
]

_SETTINGS = (
    # Columns of Python objects are texts; it need not look through them to find out.
    "pandas_analyze_sample = 0",
    # It would be printed into whatever cell runs.
    "enable_progress_bar = false",
    # A file of another database is none of ours, and nothing is ever downloaded.
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
)
#: Not kept in the file: DuckDB writes larger groups whenever it is not told so.
_ROW_GROUPS = "ROW_GROUP_SIZE 16384"
#: The oldest DuckDB that reads and writes our stores is 1.5. For making a file: one that
#: exists keeps the version that it has.
_STORAGE = "STORAGE_VERSION 'v1.5.0'"


#: Seconds that a fork waits for a query before it interrupts it.
_FORK_PATIENCE = 1.0


_loaded = False
_at_load: list[Callable[[], None]] = []


def load_engine() -> None:
    """Import DuckDB now, so that exit handlers registered from here on run before its own.

    Its handler, registered at its import, makes all queries fail that take Python values;
    the last merge of a process has to come before that. Handlers registered earlier are
    registered anew by what `at_load` was given.
    """
    global _loaded
    import duckdb  # noqa: F401

    if not _loaded:
        _loaded = True
        for register in _at_load:
            register()


def note_engine() -> None:
    """Look whether somebody else has imported DuckDB, whose exit handler is then the newest."""
    if not _loaded and "duckdb" in sys.modules:
        load_engine()


def at_load(register: Callable[[], None]) -> None:
    """Have exit handlers that use the store registered anew once DuckDB is imported."""
    _at_load.append(register)


class _Instance:
    """The connection and the lock under which alone it is used."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.con: DuckDBPyConnection | None = None
        #: A query of the user's that may be begun again, so that a fork need not wait for it.
        self.interruptible: DuckDBPyConnection | None = None
        self.interrupted = False
        self.fork_waits = False
        self._forking: int | None = None

    def connection(self) -> DuckDBPyConnection:
        """Give the connection, made by the first call; the mutex must be held."""
        if self.con is None:
            load_engine()
            import duckdb

            # No threads of its own: a forked child inherits none of them in mid-work.
            con = duckdb.connect(":memory:", config={"threads": 1})
            for setting in _SETTINGS:
                con.execute(f"SET {setting}")
            with suppress(duckdb.Error):  # versions before 2.0 have no such threads
                con.execute("SET async_threads = 0")
            self.con = con
        return self.con

    def discard(self) -> None:
        """Give up a connection that is in no known state."""
        import duckdb

        con, self.con = self.con, None
        if con is not None:
            with suppress(duckdb.Error):  # it may refuse even that after a fault
                con.close()

    def before_fork(self) -> None:
        """Wait until nothing is attached.

        That holds for `Store.sql` as well: DuckDB remembers for the whole process which
        files are attached, so a child that is made in between could never write the store.
        A query that takes long is interrupted, and begun again after the fork.
        """
        self.fork_waits = True
        while not self.mutex.acquire(timeout=_FORK_PATIENCE):
            self._interrupt()
        self.fork_waits = False
        self._forking = threading.get_ident()

    def _interrupt(self) -> None:
        import duckdb

        con, self.interruptible = self.interruptible, None
        if con is not None:
            self.interrupted = True
            with suppress(duckdb.Error):  # it ended in this very moment
                con.interrupt()

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
        self.con = self.interruptible = None
        self.interrupted = self.fork_waits = False
        self._forking = None
        self.mutex = threading.Lock()


_instance = _Instance()


class ForkedError(Exception):
    """A query was interrupted by a fork, and can be begun again."""


@contextmanager
def interruptible(con: DuckDBPyConnection) -> Iterator[None]:
    """Let a fork interrupt what the connection does, which must be harmless to do again.

    Raises
    ------
    ForkedError
        When that happened. `process_wide` must be held, and let go before it is done again.
    """
    import duckdb

    _instance.interrupted = False
    _instance.interruptible = con
    try:
        yield
    except duckdb.InterruptException as error:
        if _instance.interrupted:
            raise ForkedError from error
        raise
    finally:
        _instance.interruptible = None


# Nothing is attached while the mutex is free, so a child never inherits an open store.
at_fork(
    before=_instance.before_fork,
    parent=_instance.after_fork_in_parent,
    child=_instance.after_fork_in_child,
)


def let_forks_go_first() -> None:
    """Wait until a fork that waits has what it waits for, which the mutex does not see to."""
    while _instance.fork_waits:
        time.sleep(0.001)


def quoted(text: str | Path) -> str:
    """Quote a text for SQL where no parameter can stand, such as the path in ATTACH."""
    return "'" + str(text).replace("'", "''") + "'"


def warm() -> None:
    """Start the instance, if it does not run; `process_wide` must be held."""
    _instance.connection()


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
        message = "another thread of this process uses a store"
        raise LockTimeoutError(message)
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
    StoreReplacedError
        When another file, or none, stands there now: what was written is in neither.
    StoreError
        The one that fits what DuckDB says.
    """
    import duckdb

    con = _instance.connection()
    try:
        con.execute(f"ATTACH {quoted(path)} AS store ({_options(path, read_only)})")
        file = identity(path)
        con.execute("USE store")
        yield con
        con.execute("USE memory")
        con.execute("DETACH store")
    except BaseException as error:  # whatever it is: detached first, then raised on
        _let_go(con)
        if _is_interrupt(error):
            raise KeyboardInterrupt from error
        if isinstance(error, duckdb.Error):
            raise translated(error, path) from error
        raise
    if not read_only and identity(path) != file:
        raise StoreReplacedError(path)


def _is_interrupt(error: BaseException) -> bool:
    """Say whether it is an interrupt of the user's that DuckDB gives another form."""
    import duckdb

    if isinstance(error, duckdb.Error):
        return isinstance(error, duckdb.InterruptException) or "KeyboardInterrupt" in str(error)
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"


def identity(path: Path) -> tuple[int, int] | None:
    """Tell one file from another that is put in its place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def stamp(path: Path) -> tuple[int, int, int] | None:
    """Give what changes when a file is written, or replaced; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _options(path: Path, read_only: bool) -> str:
    if read_only:
        return "READ_ONLY, TYPE duckdb"
    options = f"TYPE duckdb, {_ROW_GROUPS}"
    return options if path.exists() else f"{options}, {_STORAGE}"


def _let_go(con: DuckDBPyConnection) -> None:
    """Detach everything after a failure, at the price of the instance if need be."""
    import duckdb

    if _instance.con is not con:
        return
    try:
        with suppress(duckdb.Error):  # there may be no transaction
            con.rollback()
        con.execute("USE memory")
        for name in ("fresh", "store"):
            con.execute(f"DETACH DATABASE IF EXISTS {name}")
    except duckdb.Error:
        _instance.discard()
    except BaseException:  # interrupted once more
        _instance.discard()
        raise
