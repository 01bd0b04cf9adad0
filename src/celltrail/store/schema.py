"""Making a store, and bringing an older one up to date."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from celltrail.errors import StoreCorruptError, StoreNewerError
from celltrail.store.events import now_us
from celltrail.store.instance import attached, identity
from celltrail.store.layout import wal_of
from celltrail.store.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__all__ = ["create", "expected_columns", "is_older", "migrate", "require_readable"]

#: Tables that schemas before these did not have.
_SINCE = {2: {"purged", "scattered"}, 3: {"outputs"}, 4: {"metric_meanings"}}
_MACROS = """
SELECT function_name FROM duckdb_functions() WHERE database_name = 'store' AND NOT internal
INTERSECT SELECT function_name FROM duckdb_functions() WHERE internal
"""
#: Files that were looked through: listing all functions takes longer than most reads.
_without_macros: set[tuple[int, int] | None] = set()


@cache
def _migrations() -> list[tuple[int, str]]:
    """Give the numbered migrations, in order."""
    folder = resources.files("celltrail.store") / "sql"
    files = sorted((file.name, file) for file in folder.iterdir() if file.name.endswith(".sql"))
    return [(int(name[:4]), file.read_text("utf-8")) for name, file in files]


def _version(con: DuckDBPyConnection, path: Path) -> int:
    """Give the version of the schema, 0 for an empty database."""
    tables = {
        name
        for (name,) in con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'store'"
        ).fetchall()
    }
    if not tables:
        return 0
    if "migrations" not in tables or "runs" not in tables:
        raise StoreCorruptError(path, "it is a DuckDB file of something else")
    (version,) = con.execute("SELECT max(version) FROM migrations").fetchall()[0]
    known = _migrations()[-1][0]
    if version > known:
        raise StoreNewerError(path, version, known)
    _require_plain(con, path, tables, int(version))
    return int(version)


def _require_plain(con: DuckDBPyConnection, path: Path, tables: set[str], version: int) -> None:
    """Raise when what should be data is code, which would run as soon as it is read.

    A store may be somebody else's: a view in the place of a table, or a macro in that of one
    of DuckDB's functions, could read any file of this machine.
    """
    missing = {*TABLES} - tables
    for since, tables_since in _SINCE.items():
        if version < since:
            missing -= tables_since
    if missing:
        raise StoreCorruptError(path, f"it has no table {min(missing)!r}")
    file = identity(path)
    if file not in _without_macros:
        found = con.execute(_MACROS).fetchall()
        if found:
            raise StoreCorruptError(path, f"it has a macro in place of the function {found[0][0]}")
        _without_macros.add(file)


def require_readable(con: DuckDBPyConnection, path: Path) -> None:
    """Raise unless the attached file has the schema that this celltrail reads.

    Raises
    ------
    StoreCorruptError
        For a database of something else.
    StoreNewerError
        For a store of a later celltrail.
    """
    if _version(con, path) == 0:
        raise StoreCorruptError(path, "it is an empty DuckDB file")


def is_older(con: DuckDBPyConnection, path: Path) -> bool:
    """Say whether the attached file lacks migrations, so that it has to be written first.

    Raises
    ------
    StoreCorruptError, StoreNewerError
        As `require_readable`.
    """
    return 0 < _version(con, path) < _migrations()[-1][0]  # an empty file is none


@cache
def expected_columns() -> Mapping[str, Sequence[str]]:
    """Give the columns of every table of an up-to-date store, by the table's name."""
    import duckdb

    with duckdb.connect(":memory:") as con:
        con.execute("ATTACH ':memory:' AS store")
        con.execute("USE store")
        for _, statements in _migrations():
            con.execute(statements)
        rows = con.execute(
            "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
            "JOIN duckdb_tables() USING (database_name, table_name) "
            "WHERE database_name = 'store' GROUP BY table_name ORDER BY table_name"
        ).fetchall()
    return dict(rows)


def migrate(con: DuckDBPyConnection, path: Path, *, upto: int | None = None) -> None:
    """Apply the migrations that the attached file lacks, each in one transaction.

    One that fails, or whose process is killed, leaves the version before it. So no copy is
    kept: a store stays one file.

    Parameters
    ----------
    con
        A connection that uses the store.
    path
        The store, for messages.
    upto
        The last one to apply; all by default.

    Raises
    ------
    StoreCorruptError, StoreNewerError
        As `require_readable`.
    """
    version = _version(con, path)
    for number, statements in _migrations():
        if number > version and (upto is None or number <= upto):
            con.execute("BEGIN")
            con.execute(statements)
            con.execute(
                "INSERT INTO migrations VALUES ($1, make_timestamp($2))", [number, now_us()]
            )
            con.execute("COMMIT")
            con.execute("CHECKPOINT")


def create(path: Path, workplace: Path) -> None:
    """Make a new store, which is there whole or not at all.

    Parameters
    ----------
    path
        Where; nothing may be there yet.
    workplace
        A folder of the same file system. The exclusive lock must be held.
    """
    new = workplace / f".new-{path.name}"
    for leftover in (new, wal_of(new)):
        leftover.unlink(missing_ok=True)
    with attached(new, read_only=False) as con:
        migrate(con, new)
    new.rename(path)
