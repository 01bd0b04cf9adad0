"""A store's content as a new file, in the order and the portions that suit it best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.errors import StoreError
from celltrail.store.instance import attached
from celltrail.store.schema import require_readable
from celltrail.store.tables import TABLES
from celltrail.store.upkeep.contents import (
    Table,
    beside,
    blob_slices,
    fingerprint,
    tables_to_fill,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__all__ = ["rewrite"]

#: What is written in one go is seldom written again: larger groups take less room, and a
#: curve is still found by them.
_OPTIONS = "STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE 122880"
#: Points that are put in order at a time.
_SLICE = 1_000_000
#: Runs with fewer points lie in one or two row groups, whatever their order: there a step's
#: metrics lie together, since they mostly share their time, which is then stored once.
_SMALL = 100_000


def rewrite(path: Path, new: Path) -> int:
    """Copy a store, tables and views of the users' own included, and compare.

    Parameters
    ----------
    path
        The store. Others must be kept from changing it; `process_wide` must be held.
    new
        The new file.

    Returns
    -------
    int
        How many points of metrics it has.

    Raises
    ------
    StoreError
        When the store cannot be read, the new file not be written, or both differ.
    """
    with attached(path, read_only=True) as con:
        require_readable(con, path)
        with beside(con, new, "other", _OPTIONS):
            copied = _fill(con)
        with beside(con, new, "other", "READ_ONLY"):
            for table in copied:
                if fingerprint(con, "store", table) != fingerprint(con, "other", table):
                    message = (
                        f"the new copy of {path} differs from it in the table {table.name}; it "
                        "was thrown away and the store is as it was. Please report this."
                    )
                    raise StoreError(message)
            found = con.execute("SELECT count(*) FROM other.metrics").fetchall()
    return int(found[0][0])


def _fill(con: DuckDBPyConnection) -> list[Table]:
    """Copy everything, and say which tables were copied row for row."""
    con.execute("COPY FROM DATABASE store TO other (SCHEMA)")
    copied = []
    con.execute("BEGIN")
    for table, refers_to_itself in tables_to_fill(con, "store"):
        if table.is_ours and table.name == "scattered":
            continue  # nothing is any more
        parts = _single_rows(con, table) if refers_to_itself else _parts(con, table)
        if table.is_ours and table.name in (*TABLES, "migrations"):
            _copy(con, table, parts)
        else:
            _copy_users(con, table, parts)
        copied.append(table)
    con.execute("COMMIT")
    con.execute("CHECKPOINT other")
    return copied


def _copy(con: DuckDBPyConnection, table: Table, parts: Iterable[str]) -> None:
    insert = f"INSERT INTO {table.at('other')} ({table.column_list})"
    select = f"SELECT {table.column_list} FROM {table.at('store')}"
    for part in parts:
        con.execute(f"{insert} {select} {part}")


def _copy_users(con: DuckDBPyConnection, table: Table, parts: Iterable[str]) -> None:
    """Copy a table that celltrail knows nothing of, and say so where that fails."""
    import duckdb

    try:
        _copy(con, table, parts)
    except (duckdb.ConstraintException, duckdb.BinderException) as error:
        message = (
            f"the table {table.name!r}, which is not of celltrail's making, cannot be copied "
            f"({error}). Nothing was changed; take it out of the store and do this again."
        )
        raise StoreError(message) from error


def _single_rows(con: DuckDBPyConnection, table: Table) -> Iterator[str]:
    """Give rows one by one, in order: a statement does not see the others that it adds."""
    rows = con.execute(f"SELECT rowid FROM {table.at('store')} ORDER BY rowid").fetchall()
    yield from (f"WHERE rowid = {rowid}" for (rowid,) in rows)


def _parts(con: DuckDBPyConnection, table: Table) -> Iterator[str]:
    """Give what selects a table's rows, in the order and the portions to be written in."""
    if table.is_ours and table.name == "metrics":
        yield from _points(con)
    elif table.is_ours and table.name == "blobs":
        yield from (f"WHERE {part} ORDER BY rowid" for part in blob_slices(con, "store.blobs"))
    elif table.is_ours and table.name == "summaries":
        yield "ORDER BY run, key"
    else:
        yield ""


def _points(con: DuckDBPyConnection) -> Iterator[str]:
    """Cut the points into slices of bounded size, each with the order that suits it.

    Of equal places the one that was logged later stays the later one.
    """
    counts = con.execute(
        "SELECT run, count(*) FROM store.metrics GROUP BY run ORDER BY run"
    ).fetchall()
    group: list[int] = []
    size = 0
    for run, count in [*counts, (None, _SMALL)]:
        if group and (count >= _SMALL or size + count > _SLICE):
            yield (
                f"WHERE run BETWEEN {group[0]} AND {group[-1]} ORDER BY run, step, time, key, rowid"
            )
            group, size = [], 0
        if run is None:
            return
        if count < _SMALL:
            group.append(run)
            size += count
        else:
            for where in _of_large_run(con, run):
                yield f"WHERE run = {run} AND {where} ORDER BY key, step, time, rowid"


def _of_large_run(con: DuckDBPyConnection, run: int) -> Iterator[str]:
    counts = con.execute(
        "SELECT key, count(*) FROM store.metrics WHERE run = $1 GROUP BY key ORDER BY key", [run]
    ).fetchall()
    for key, count in counts:
        pieces = count // _SLICE + 1
        if pieces == 1:
            yield f"key = {key}"
            continue
        shares = [i / pieces for i in range(1, pieces)]
        (found,) = con.execute(
            f"SELECT quantile_disc(step, {shares}) FROM store.metrics "
            f"WHERE run = {run} AND key = {key}"
        ).fetchall()[0]
        cuts = sorted(set(found))
        bounds = zip([None, *cuts], [*cuts, None], strict=True)
        for low, high in bounds:
            above = "" if low is None else f" AND step > {low}"
            below = "" if high is None else f" AND step <= {high}"
            yield f"key = {key}{above}{below}"
