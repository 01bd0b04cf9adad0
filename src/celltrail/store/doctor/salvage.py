"""What can be read of a damaged file, into a new one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from celltrail.store.doctor.offsets import regain_offsets
from celltrail.store.instance import attached, quoted
from celltrail.store.layout import wal_of
from celltrail.store.schema import create, expected_columns
from celltrail.store.torn import opening_fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from celltrail.store.layout import Layout

__all__ = ["salvage"]

#: A header of DuckDB's file: one of the format, then two that take turns.
_HEADER = 4096
#: Rows of one vector: no smaller part is tried on its own.
_SMALLEST = 2048


def salvage(layout: Layout) -> list[str]:
    """Put a new file in the place of a damaged one, with all rows that can be read.

    Parameters
    ----------
    layout
        The store. The exclusive lock and `process_wide` must be held, and a copy be made.

    Returns
    -------
    list of str
        What was done, as whole sentences; nothing when the file could not be opened at all,
        which is then as it was.

    Raises
    ------
    StoreError
        When it is not safe to do so; the file is as it was.
    """
    path, workplace = layout.store, layout.spool
    done = []
    source = path
    if opening_fault(path) is not None:
        mended = _with_a_header_that_fits(path, workplace)
        if mended is None:
            return []
        source = mended
        done.append("took a damaged header of the file from its other copy, or from a new file")
    new = workplace / f".saved-{path.name}"
    for leftover in (new, wal_of(new)):
        leftover.unlink(missing_ok=True)
    create(new, workplace)
    try:
        lost = _copy_tables(source, new)
        regained = []
        if "merged" in lost:
            with attached(new, read_only=False) as con:
                regained = regain_offsets(con, layout)
        new.replace(path)
        wal_of(path).unlink(missing_ok=True)
    finally:
        for left in (new, source):
            if left != path:
                left.unlink(missing_ok=True)
                wal_of(left).unlink(missing_ok=True)
    done.append("wrote all rows that could be read into a new file")
    return done + list(lost.values()) + regained


def _with_a_header_that_fits(path: Path, workplace: Path) -> Path | None:
    """Copy a file whose header is damaged, with another header, if that can be opened."""
    fresh = workplace / f".fresh-{path.name}"
    copy = workplace / f".header-{path.name}"
    create(fresh, workplace)
    formats = fresh.read_bytes()[:_HEADER]
    fresh.unlink()
    with path.open("rb") as file:
        heads = [file.read(_HEADER) for _ in range(3)]
    shutil.copyfile(path, copy)
    for first in (heads[0], formats):
        for second, third in ((heads[1], heads[2]), (heads[1], heads[1]), (heads[2], heads[2])):
            with copy.open("r+b") as file:
                file.write(first + second + third)
            if _is_store(copy):
                return copy
    copy.unlink()
    return None


def _is_store(path: Path) -> bool:
    import duckdb

    try:
        with duckdb.connect(":memory:", config={"threads": 1}) as con:
            con.execute(f"ATTACH {quoted(path)} AS old (READ_ONLY)")
            con.execute("SELECT count(*) FROM old.runs, old.migrations").fetchall()
    except duckdb.Error:
        return False
    return True


def _copy_tables(source: Path, target: Path) -> dict[str, str]:
    """Copy all tables, and say of those of which rows could not be read how many."""
    import duckdb

    lost = {}
    # An instance of its own: one that met damage is not to be trusted with anything else.
    with duckdb.connect(":memory:", config={"threads": 1}) as con:
        con.execute("SET enable_progress_bar = false")
        con.execute(f"ATTACH {quoted(source)} AS old (READ_ONLY)")
        con.execute(f"ATTACH {quoted(target)} AS new (ROW_GROUP_SIZE 16384)")
        there = dict(
            con.execute(
                "SELECT table_name, list(column_name) FROM duckdb_columns() "
                "WHERE database_name = 'old' GROUP BY table_name"
            ).fetchall()
        )
        for table, columns in expected_columns().items():
            if table == "migrations":
                continue
            common = [name for name in columns if name in there.get(table, ())]
            if not common:
                lost[table] = f"made the table {table} anew, which was missing"
                continue
            copy = (
                f"INSERT INTO new.{table} BY NAME SELECT {', '.join(common)} FROM old.{table} "
                "WHERE rowid BETWEEN {} AND {}"
            )
            try:
                (rows,) = con.execute(f"SELECT count(*) FROM old.{table}").fetchall()[0]
                (last,) = con.execute(f"SELECT max(rowid) FROM old.{table}").fetchall()[0]
            except duckdb.Error:
                lost[table] = f"lost all rows of {table}: not even their number can be read"
                continue
            copied = sum(_copy(con, copy, 0, (last or 0) + 1))
            if copied < rows:
                lost[table] = f"lost {rows - copied:,} rows of {table}"
        con.execute("DETACH new")
    return lost


def _copy(con: DuckDBPyConnection, statement: str, start: int, end: int) -> Iterator[int]:
    """Copy rows, in halves where they cannot be copied in one, and give how many each time."""
    import duckdb

    try:
        yield con.execute(statement.format(start, end - 1)).fetchall()[0][0]
    except duckdb.Error:
        if end - start <= _SMALLEST:
            return
        middle = (start + end) // 2
        yield from _copy(con, statement, start, middle)
        yield from _copy(con, statement, middle, end)
