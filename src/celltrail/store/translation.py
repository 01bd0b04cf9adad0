"""What DuckDB's errors mean for the user: the error of ours that says what to do."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from celltrail.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreDamagedError,
    StoreError,
    StoreFormatError,
    StoreUnwritableError,
)

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

__all__ = ["translated"]

# By what they say and not by their class, which differs between versions: a full disk is an
# IOException in one and a FatalException in the other.
_BUSY = ("Could not set lock", "file handle conflict", "is already attached")
_NEWER = ("but we can only read version", "created with an newer version", "newer version of Duck")
_NO_STORE = ("not a valid DuckDB database file", "database does not exist")
_PLACE = (
    "No space left",
    "Disk quota exceeded",
    "File too large",
    "Permission denied",
    "Read-only file system",
    "Operation not permitted",
    "Is a directory",
    "Cannot open file",
    "Could not write",
    "Could not sync",
    "fsync failed",
)
_DAMAGE = (
    "Corrupt",
    "replaying WAL",
    "WAL was created",
    "Could not read",
    "checksum",
    "database has been invalidated",
    "deserialize",
    "Deserialize",
)
_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


def translated(error: duckdb.Error, path: Path) -> StoreError:
    """Find the error of ours that says what DuckDB's means for the user.

    Parameters
    ----------
    error
        What DuckDB raised.
    path
        The store that it is about.
    """
    import duckdb

    text = str(error)

    def says(*phrases: str) -> bool:
        return any(phrase in text for phrase in phrases)

    if "?" in str(path) and ".wal?" in text:
        cause = "DuckDB cannot write where a folder or file has a '?' in its name"
        return StoreUnwritableError(path, cause)
    if says(*_BUSY):
        return StoreBusyError(path, _holder(text))
    if says(*_NEWER):
        return StoreFormatError(path, duckdb.__version__)
    if says(*_PLACE):
        return StoreUnwritableError(path, _cause(text))
    if says(*_NO_STORE):
        return StoreCorruptError(path, _cause(text))
    damages = duckdb.IOException, duckdb.SerializationException, duckdb.FatalException
    if says(*_DAMAGE) or isinstance(error, (*damages, duckdb.InternalException)):
        return StoreDamagedError(path, _cause(text))
    return StoreError(f"{path}: {text}")


def _holder(text: str) -> str:
    """Say who holds the file."""
    found = _HOLDER.search(text)
    if found is None:
        return "a connection of this very process, such as a duckdb.connect() of your own"
    program, pid = found["program"], int(found["pid"])
    if pid == os.getpid():
        return "a connection of this very process"
    return f"process {pid}, {program}"


def _cause(text: str) -> str:
    """Give the line that names the cause, without the class and the words around it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    best = next((line for line in lines if "Original error: " in line), lines[0] if lines else "")
    for line in lines:
        if any(phrase in line for phrase in _PLACE):
            best = line
    best = best.rpartition("Original error: ")[2]
    return re.sub(r"^(?:.*\b(?:FATAL|IO|TransactionContext) Error: )+", "", best).rstrip(".")
