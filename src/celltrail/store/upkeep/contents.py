"""The tables of an attached database as they are, those that users made themselves included."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from celltrail.store.instance import quoted
from celltrail.store.translation import translated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__all__ = [
    "Table",
    "beside",
    "blob_slices",
    "fingerprint",
    "identifier",
    "tables",
    "tables_to_fill",
]

#: Bytes of content that one statement moves: DuckDB holds whole vectors of it in memory.
_SLICE = 64 << 20


def identifier(name: str) -> str:
    """Quote a name for SQL.

    Examples
    --------
    >>> identifier("run"), len(identifier('"'))
    ('"run"', 4)
    """
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a database.

    Parameters
    ----------
    schema, name
        Where it is.
    columns
        The columns' names, in order.
    """

    schema: str
    name: str
    columns: tuple[str, ...]

    def at(self, catalog: str) -> str:
        """Give its whole name in an attached database."""
        return ".".join(map(identifier, (catalog, self.schema, self.name)))

    @property
    def is_ours(self) -> bool:
        """Whether it stands where celltrail's tables do."""
        return self.schema == "main"

    @property
    def column_list(self) -> str:
        """The columns, for SQL."""
        return ", ".join(map(identifier, self.columns))


@contextmanager
def beside(con: DuckDBPyConnection, path: Path, name: str, options: str) -> Iterator[None]:
    """Attach a second file to a connection, and let it go whatever happens.

    Parameters
    ----------
    con
        A connection that uses a store.
    path
        The file.
    name
        What it is called in queries.
    options
        Those of ``ATTACH``.

    Raises
    ------
    StoreError
        When it cannot be opened.
    """
    import duckdb

    try:
        con.execute(f"ATTACH {quoted(path)} AS {name} ({options})")
    except duckdb.Error as error:
        raise translated(error, path) from error
    try:
        yield
    except BaseException:  # also an interrupt: detached first, then raised on
        with suppress(duckdb.Error):  # there may be no transaction
            con.rollback()
        with suppress(duckdb.Error):  # what went wrong first is what is told
            con.execute(f"DETACH {name}")
        raise
    con.execute(f"DETACH {name}")


def tables(con: DuckDBPyConnection, catalog: str) -> list[Table]:
    """List the tables of an attached database."""
    rows = con.execute(
        "SELECT schema_name, table_name, list(column_name ORDER BY column_index) "
        "FROM duckdb_columns() SEMI JOIN duckdb_tables() USING (database_oid, table_oid) "
        "WHERE database_name = $1 AND NOT internal GROUP BY ALL ORDER BY ALL",
        [catalog],
    ).fetchall()
    return [Table(schema, name, tuple(columns)) for schema, name, columns in rows]


def tables_to_fill(con: DuckDBPyConnection, catalog: str) -> list[tuple[Table, bool]]:
    """List tables in an order in which they can be filled: what is referred to comes first.

    Parameters
    ----------
    con
        A connection.
    catalog
        The attached database. Foreign keys are always those of tables of a user.

    Returns
    -------
    list of tuple
        Each table, and whether its rows refer to others of its own.
    """
    known = {(table.schema, table.name): table for table in tables(con, catalog)}
    graph: dict[tuple[str, str], set[tuple[str, str]]] = {place: set() for place in known}
    # They never lead into another schema.
    for schema, name, target in con.execute(
        "SELECT schema_name, table_name, referenced_table FROM duckdb_constraints() "
        "WHERE database_name = $1 AND constraint_type = 'FOREIGN KEY'",
        [catalog],
    ).fetchall():
        graph[schema, name].add((schema, target))
    to_itself = {place for place, targets in graph.items() if place in targets}
    order = TopologicalSorter({place: targets - {place} for place, targets in graph.items()})
    return [(known[place], place in to_itself) for place in order.static_order() if place in known]


def fingerprint(con: DuckDBPyConnection, catalog: str, table: Table) -> tuple[int, int]:
    """Give how many rows a table has, and a hash of them that does not know their order."""
    found = con.execute(
        f"SELECT count(*), coalesce(sum(hash({table.column_list})::HUGEINT), 0) "
        f"FROM {table.at(catalog)}"
    ).fetchall()
    return found[0]


def blob_slices(con: DuckDBPyConnection, source: str) -> Iterator[str]:
    """Give conditions that cut a table of content into slices of a bounded size.

    Parameters
    ----------
    con
        A connection.
    source
        The table, which has the column ``size``.
    """
    sizes = con.execute(f"SELECT rowid, size FROM {source} ORDER BY rowid").fetchall()
    first, total = None, 0
    for rowid, size in sizes:
        if first is not None and total + size > _SLICE:
            yield f"rowid >= {first} AND rowid < {rowid}"
            first, total = None, 0
        first = rowid if first is None else first
        total += size
    if first is not None:
        yield f"rowid >= {first}"
