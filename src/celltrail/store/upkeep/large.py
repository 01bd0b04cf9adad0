"""Large artifacts' files on their way from one place to another."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from celltrail.ids import new_id
from celltrail.store.blobs import is_address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from celltrail.store.layout import Layout

__all__ = ["CopiedFiles", "copy_checked", "copy_files", "is_whole"]

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class CopiedFiles:
    """What became of some files.

    Parameters
    ----------
    copied
        How many were copied, or linked.
    missing
        Addresses of those that were not there, or not what their address says.
    """

    copied: int
    missing: tuple[str, ...]


def copy_files(source: Layout, target: Layout, sizes: Mapping[str, int]) -> CopiedFiles:
    """Bring large artifacts' files from one store to another.

    Within one file system both get the same file under two names: content that is known by
    its address never changes. Else it is copied, and checked on the way.

    Parameters
    ----------
    source, target
        Paths of both stores.
    sizes
        Address to size.

    Raises
    ------
    OSError
        When the target cannot be written.
    """
    copied = 0
    missing = []
    for sha256, size in sizes.items():
        if not is_address(sha256):
            missing.append(sha256)
            continue
        there, here = source.file(sha256), target.file(sha256)
        if here.is_file() and here.stat().st_size == size:
            continue
        if not (there.is_file() and there.stat().st_size == size):
            missing.append(sha256)
        elif _link(there, here) or _copy(there, here, sha256):
            copied += 1
        else:
            missing.append(sha256)
    return CopiedFiles(copied, tuple(missing))


def _link(there: Path, here: Path) -> bool:
    here.parent.mkdir(parents=True, exist_ok=True)
    temporary = here.parent.parent / f".{new_id()}.part"
    try:
        os.link(there, temporary)
        os.utime(temporary)  # it is new here: see `sweep_files`
        temporary.replace(here)
    except OSError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _copy(there: Path, here: Path, sha256: str) -> bool:
    temporary = here.parent.parent / f".{new_id()}.part"
    try:
        with there.open("rb") as reader, temporary.open("xb") as writer:
            if copy_checked(reader, writer) != sha256:
                return False
        temporary.replace(here)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def is_whole(path: Path, sha256: str) -> bool:
    """Read a file, and say whether it is there and what its address says."""
    try:
        with path.open("rb") as reader:
            return hashlib.file_digest(reader, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def copy_checked(reader: BinaryIO, writer: BinaryIO, *, limit: int | None = None) -> str:
    """Copy a stream in pieces, and give the SHA-256 of what was copied.

    Parameters
    ----------
    reader, writer
        From where and to where.
    limit
        No more bytes than so many, and one piece.
    """
    digest = hashlib.sha256()
    size = 0
    while (limit is None or size <= limit) and (chunk := reader.read(_CHUNK)):
        digest.update(chunk)
        writer.write(chunk)
        size += len(chunk)
    return digest.hexdigest()
