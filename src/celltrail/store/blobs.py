"""Content-addressed storage of artifacts: small ones on their way, large ones for good."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from celltrail.ids import new_id

if TYPE_CHECKING:
    from celltrail.store.layout import Layout

__all__ = ["INLINE_LIMIT", "put_blob"]

#: Larger artifacts are files beside the store; smaller ones stand in the database.
INLINE_LIMIT = 1 << 20
_CHUNK = 1 << 20


def put_blob(layout: Layout, session: str, data: bytes | Path) -> tuple[str, int]:
    """Put content to where a merge, or for large content a reader, finds it.

    Parameters
    ----------
    layout
        The store's paths.
    session
        Whose spool folder a small one goes through; it must exist.
    data
        The content, or a file that holds it.

    Returns
    -------
    tuple of str and int
        SHA-256 in hexadecimal, and the size in bytes.

    Raises
    ------
    OSError
        When the source cannot be read or the place not be written.
    """
    if isinstance(data, Path):
        if data.stat().st_size > INLINE_LIMIT:
            return _stream(layout, data)
        data = data.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    large = len(data) > INLINE_LIMIT
    target = layout.file(sha256) if large else layout.blob(session, sha256)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.parent / f".{new_id()}"
        try:
            temporary.write_bytes(data)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    return sha256, len(data)


def _stream(layout: Layout, source: Path) -> tuple[str, int]:
    """Copy a large file while its hash is taken, so that both are of the same bytes."""
    layout.files.mkdir(parents=True, exist_ok=True)
    temporary = layout.files / f".{new_id()}"
    digest = hashlib.sha256()
    size = 0
    try:
        with source.open("rb") as reader, temporary.open("wb") as writer:
            while chunk := reader.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                writer.write(chunk)
        sha256 = digest.hexdigest()
        target = layout.file(sha256)
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return sha256, size
