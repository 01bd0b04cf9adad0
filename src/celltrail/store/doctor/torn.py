"""A block of the file that was being written when its process was killed."""

from __future__ import annotations

import os
import re
import struct
from typing import TYPE_CHECKING

from celltrail.store.doctor.wal import opening_fault

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["mend_torn"]

_CHECKSUM = re.compile(
    r"computed checksum (\d+) does not match stored checksum (\d+) in block at location (\d+)"
)
#: A process dies once: of more blocks than this it is something else.
_MOST = 8


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
    for _ in range(_MOST):
        fault = opening_fault(path)
        if fault is None:
            return [
                f"read the block at byte {place:,} as it is: it was written in part when a "
                "process was killed"
                for place in before
            ]
        found = _CHECKSUM.search(str(fault.__cause__))
        if found is None or int(found[3]) in before:
            break
        place = int(found[3])
        before[place] = struct.pack("<Q", int(found[2]))
        _put(path, place, struct.pack("<Q", int(found[1])))
    for place, checksum in before.items():
        _put(path, place, checksum)
    return []


def _put(path: Path, place: int, checksum: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(checksum)
        file.flush()
        os.fsync(file.fileno())
