"""Reading every byte of a store's tables, to see which of them can still be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.store.doctor.finding import Finding
from celltrail.store.schema import expected_columns
from celltrail.store.torn import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

__all__ = ["find_table_faults"]

_COLUMNS = """
SELECT table_name, list(column_name) FROM duckdb_columns()
WHERE database_name = 'store' GROUP BY table_name
"""


def find_table_faults(con: DuckDBPyConnection) -> Iterator[Finding]:
    """Read every table of the store that the connection uses.

    Parameters
    ----------
    con
        A connection that uses an up-to-date store.

    Yields
    ------
    Finding
        One for each table that lacks something, or that cannot be read whole.
    """
    import duckdb

    there = dict(con.execute(_COLUMNS).fetchall())
    for table, columns in expected_columns().items():
        missing = [name for name in columns if name not in there.get(table, ())]
        if table not in there:
            yield Finding("table-missing", f"the table {table} is missing.")
        elif missing:
            yield Finding("table-missing", f"the table {table} lacks {', '.join(missing)}.")
        else:
            try:
                read_whole(con, table)
            except duckdb.Error as error:
                said = str(error).splitlines()[0]
                yield Finding("table-damaged", f"the table {table} cannot be read whole: {said}")
