"""A block of the file that was being written when its process was killed."""

from __future__ import annotations

import os
import re
import struct
from typing import TYPE_CHECKING

from celltrail.errors import StoreCorruptError
from celltrail.store.backup import back_up
from celltrail.store.instance import attached
from celltrail.store.layout import wal_of
from celltrail.store.notices import defer

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__all__ = ["is_torn", "mend_after_kill", "mend_torn", "opening_fault", "read_whole"]

_CHECKSUM = re.compile(
    r"computed checksum (\d+) does not match stored checksum (\d+) in block at location (\d+)"
)
#: A process dies once: of more blocks than this it is something else.
_MOST = 8


def opening_fault(path: Path) -> StoreCorruptError | None:
    """Open the file to be read, and give the damage that keeps it from being opened.

    Raises
    ------
    StoreError
        For anything else than damage. `process_wide` must be held.
    """
    try:
        with attached(path, read_only=True) as con:
            con.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    except StoreCorruptError as error:
        return error
    return None


def is_torn(fault: BaseException | None, path: Path) -> bool:
    """Say whether a fault looks like what a kill in the midst of a write leaves.

    Then the log of changes lies there too: it goes when the file is whole again. Where a
    checksum is wrong without it, the file was damaged in another way.
    """
    return bool(fault and _CHECKSUM.search(str(fault.__cause__)) and wal_of(path).exists())


def mend_after_kill(path: Path) -> bool:
    """Make a store whole again of which a killed process left a block half written.

    It is left as it was where that does not open it, where anything in it cannot be read then,
    where there is no room for a copy, and when this is interrupted. What was done is said by
    `defer`.

    Parameters
    ----------
    path
        The store, of which `is_torn` said so. The exclusive lock and `process_wide` must be
        held.

    Returns
    -------
    bool
        Whether it can be opened now.
    """
    before: dict[int, bytes] = {}
    backup = None
    try:
        if _take_as_is(path, before) and _can_be_read(path):
            backup = _copy_of(path, before)
    finally:
        if backup is None:
            _put_back(path, before)
    if backup is None:
        return False
    defer(
        f"{path} was half written, as when a process is killed. It can be opened and read whole "
        f"again. {backup} is a copy of how it was found: remove it when you miss nothing."
    )
    return True


def _copy_of(path: Path, before: dict[int, bytes]) -> Path | None:
    """Copy the file as it was; None where there is no room."""
    try:
        backup = back_up(path)
    except OSError:
        return None
    _put_back(backup, before)
    return backup


def mend_torn(path: Path) -> list[str]:
    """Let a block be read as it is, where its checksum keeps the file from being opened.

    A checkpoint of DuckDB's adds to a block that is in use already. A kill in the midst of that
    leaves the old parts, which are what the file refers to, whole, and the checksum wrong: it is
    of all parts. So this gives the block the checksum that it has.

    Parameters
    ----------
    path
        The store. The exclusive lock and `process_wide` must be held, and a copy be made.

    Returns
    -------
    list of str
        What was done, as whole sentences; nothing when the file cannot be opened all the same,
        and then it is as it was.
    """
    before: dict[int, bytes] = {}
    opens = False
    try:
        opens = _take_as_is(path, before)
    finally:
        if not opens:
            _put_back(path, before)
    return [
        f"read the block at byte {place:,} as it is: it was written in part when a "
        "process was killed"
        for place in before
        if opens
    ]


def _take_as_is(path: Path, before: dict[int, bytes]) -> bool:
    """Give blocks the checksum that they have, and note the one that they had.

    Says whether the file can be opened by that.
    """
    for _ in range(_MOST):
        fault = opening_fault(path)
        if fault is None:
            return bool(before)
        found = _CHECKSUM.search(str(fault.__cause__))
        if found is None or int(found[3]) in before:
            return False
        place = int(found[3])
        before[place] = struct.pack("<Q", int(found[2]))
        _put(path, place, struct.pack("<Q", int(found[1])))
    return False


def _can_be_read(path: Path) -> bool:
    """Read every byte of every table."""
    try:
        with attached(path, read_only=True) as con:
            names = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'store'"
            for (table,) in con.execute(names).fetchall():
                read_whole(con, table)
    except StoreCorruptError:
        return False
    return True


def read_whole(con: DuckDBPyConnection, table: str) -> None:
    """Read every byte of a table, which raises what DuckDB says where it cannot be read."""
    # A hash of all columns: what is only counted is not read.
    con.execute(f'SELECT bit_xor(hash(t)) FROM "{table}" t').fetchall()


def _put_back(path: Path, before: dict[int, bytes]) -> None:
    for place, checksum in before.items():
        _put(path, place, checksum)


def _put(path: Path, place: int, checksum: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(checksum)
        file.flush()
        os.fsync(file.fileno())
