"""DuckDB's log of changes (``<store>.wal``), when what it holds cannot all be read."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from celltrail.store.layout import wal_of
from celltrail.store.torn import opening_fault

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["is_about_wal", "mend_wal"]

#: The log begins with entries that only say whose it is.
_HEAD = 256
_POSITION = re.compile(r"entry at byte position (\d+)")


def is_about_wal(fault: BaseException) -> bool:
    """Say whether a fault is in the log of changes, and not in the file itself."""
    return "WAL" in f"{fault} {fault.__cause__}"


def mend_wal(path: Path) -> list[str]:
    """Cut the log of changes behind its last whole change, or remove one of another file.

    What a merge wrote is in the spool until the log is part of the file, so that what is
    cut off here is merged again.

    Parameters
    ----------
    path
        The store. The exclusive lock and `process_wide` must be held, and a copy be made.

    Returns
    -------
    list of str
        What was done, as whole sentences; nothing when the log was well.
    """
    wal = wal_of(path)
    fault = opening_fault(path)
    if fault is None or not is_about_wal(fault) or not wal.exists():
        return []
    whole = wal.read_bytes()
    found = _POSITION.search(str(fault.__cause__))
    kept = int(found[1]) if found else -1
    if not (0 <= kept < len(whole) and _opens(path, whole[:kept])):
        kept = _longest(path, whole)
    if kept <= _HEAD:
        wal.unlink()
        return [f"removed {wal.name} ({len(whole):,} bytes), of which no change could be read"]
    _write(wal, whole[:kept])
    return [f"cut {wal.name} from {len(whole):,} to {kept:,} bytes, behind its last whole change"]


def _longest(path: Path, whole: bytes) -> int:
    """Find how much of a log can be read: more of it than that never can."""
    low, high = 0, len(whole)
    while low + 1 < high:
        middle = (low + high) // 2
        if _opens(path, whole[:middle]):
            low = middle
        else:
            high = middle
    return low


def _opens(path: Path, log: bytes) -> bool:
    _write(wal_of(path), log)
    fault = opening_fault(path)
    return fault is None or not is_about_wal(fault)


def _write(wal: Path, log: bytes) -> None:
    with wal.open("wb") as file:
        file.write(log)
        file.flush()
        os.fsync(file.fileno())
