"""Content-addressed storage of artifacts: small ones on their way, large ones for good."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn, TypeAlias

from celltrail.errors import ArtifactLostError
from celltrail.ids import new_id
from celltrail.store.notices import warn
from celltrail.store.system import try_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from celltrail.store.layout import Layout

__all__ = [
    "INLINE_LIMIT",
    "Source",
    "find_leftovers",
    "is_address",
    "large_blobs",
    "open_blob",
    "put_blob",
    "read_intact",
    "remove_leftovers",
]

#: What content is read from: itself, a file by its path, or an open binary stream.
Source: TypeAlias = "bytes | Path | BinaryIO"

#: Larger artifacts are files beside the store; smaller ones stand in the database.
INLINE_LIMIT = 1 << 20
_CHUNK = 1 << 20
#: A file that is written to while it is copied is copied so often before that is accepted.
_TRIES = 3
#: Where locks mean nothing, a copy that nobody has written to for so long (seconds) is dead.
_DEAD_AFTER = 3600.0

_ADDRESS = re.compile(r"[0-9a-f]{64}")
_TEMPORARY = re.compile(r"\.[0-9A-HJKMNP-TV-Z]{26}(?:\.part)?")


def is_address(sha256: object) -> bool:
    """Say whether a text is a SHA-256 as we write it, and so may become a part of a path.

    Examples
    --------
    >>> is_address("0" * 64), is_address("../" * 20 + "etc"), is_address("A" * 64)
    (True, False, False)
    """
    return isinstance(sha256, str) and _ADDRESS.fullmatch(sha256) is not None


def read_intact(path: Path, sha256: str) -> bytes | None:
    """Give the content of a file, unless it is not what its address says.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    data = path.read_bytes()
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


# -- writing ---------------------------------------------------------------------------------


def put_blob(layout: Layout, session: str, source: Source) -> tuple[str, int]:
    """Put content to where a merge, or for large content a reader, finds it.

    Of a path or a stream no more than one chunk (1 MiB) is in memory beside the first.
    What is stored is always what its address says, also when the file changes meanwhile:
    then it is copied anew, and after the third time a warning says so.

    Parameters
    ----------
    layout
        The store's paths.
    session
        Whose spool folder a small one goes through; it must exist.
    source
        The content, a file that holds it, or a stream, which is read to its end.

    Returns
    -------
    tuple of str and int
        SHA-256 in hexadecimal, and the size in bytes.

    Raises
    ------
    OSError
        When the source cannot be read or the place not be written; nothing is left of it.
    """
    if isinstance(source, bytes):
        sha256 = hashlib.sha256(source).hexdigest()
        if len(source) > INLINE_LIMIT and _renew(layout.file(sha256), len(source)):
            return sha256, len(source)
        return _put_stream(layout, session, io.BytesIO(source))
    if isinstance(source, Path):
        return _put_file(layout, session, source)
    return _put_stream(layout, session, source)


def _renew(path: Path, size: int) -> bool:
    """Say whether content is there, and make its file young: a purge leaves young ones alone."""
    try:
        if path.stat().st_size != size:
            return False
        os.utime(path)
    except OSError:
        return False
    return True


def _put_file(layout: Layout, session: str, path: Path) -> tuple[str, int]:
    for _ in range(_TRIES):
        with path.open("rb") as reader:
            before = os.fstat(reader.fileno())
            # No more than it has now: one that is written to all the time would have no end.
            # The files of /proc have no size and are read to their end.
            limit = before.st_size if stat.S_ISREG(before.st_mode) and before.st_size else None
            put = _put_stream(layout, session, reader, limit)
            after = os.fstat(reader.fileno())
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            return put
    warn(
        f"{path} was written to while it was copied; what is stored of it may be of two moments. "
        "Store a file after it is complete."
    )
    return put


def _put_stream(
    layout: Layout, session: str, reader: BinaryIO, limit: int | None = None
) -> tuple[str, int]:
    """Store a stream, in the database where its end comes soon enough."""
    chunks = _chunks(reader, limit)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) > INLINE_LIMIT:
            return _put_large(layout, head, chunks)
    sha256 = hashlib.sha256(head).hexdigest()
    target = layout.blob(session, sha256)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.parent / f".{new_id()}.part"
        try:
            temporary.write_bytes(head)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    return sha256, len(head)


def _chunks(reader: BinaryIO, limit: int | None) -> Iterator[bytes]:
    left = limit
    while left is None or left > 0:
        chunk = reader.read(_CHUNK if left is None else min(_CHUNK, left))
        if not chunk:
            return
        if left is not None:
            left -= len(chunk)
        yield bytes(chunk)


def _put_large(layout: Layout, head: bytes, chunks: Iterator[bytes]) -> tuple[str, int]:
    """Copy large content while its hash is taken, so that both are of the same bytes."""
    layout.files.mkdir(parents=True, exist_ok=True)
    temporary = layout.files / f".{new_id()}.part"
    digest = hashlib.sha256(head)
    size = len(head)
    try:
        with temporary.open("xb") as writer:
            _hold(writer)
            writer.write(head)
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                writer.write(chunk)
        sha256 = digest.hexdigest()
        target = layout.file(sha256)
        target.parent.mkdir(exist_ok=True)
        try:
            # Also where there is one: what was damaged there is whole again.
            temporary.replace(target)
        except PermissionError:  # on Windows, while somebody reads the one that is there
            if not (target.is_file() and target.stat().st_size == size):
                raise
    finally:
        temporary.unlink(missing_ok=True)
    return sha256, size


def _hold(writer: BinaryIO) -> None:
    """Show by a lock that this copy is alive, where the file system has locks."""
    with contextlib.suppress(OSError):
        try_lock(writer.fileno(), exclusive=True)


# -- reading ---------------------------------------------------------------------------------


class _BlobReader(io.RawIOBase):
    """Reads content, and gives its last chunk only after all of it has proved to be right."""

    def __init__(self, source: BinaryIO, sha256: str, place: Path) -> None:
        self._source = source
        self._sha256 = sha256
        self._place = place
        self._digest = hashlib.sha256()
        self._failed = False
        self._position = 0
        self._now = self._take()
        self._next = self._take() if self._now else b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._failed:
            self._fail()
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._now) - self._position)
        view[:count] = self._now[self._position : self._position + count]
        self._position += count
        if count and self._position == len(self._now):
            self._now, self._position = self._next, 0
            if self._now:
                self._next = self._take()
        return count

    def _take(self) -> bytes:
        """Read a chunk; behind the last one, see whether it was all right."""
        chunk = self._source.read(_CHUNK)
        self._digest.update(chunk)
        if not chunk and self._digest.hexdigest() != self._sha256:
            self._fail()
        return chunk

    def _fail(self) -> NoReturn:
        self._failed = True
        raise ArtifactLostError(self._sha256, self._place, "damaged")

    def close(self) -> None:
        self._source.close()
        super().close()


def open_blob(layout: Layout, sha256: str, inline: Callable[[], bytes | None]) -> BinaryIO:
    """Open content as a stream that is checked against its address while it is read.

    The last chunk (up to 1 MiB; of smaller content all) is given only when everything was
    right, so whoever has read to the end has what was stored. What was read before an
    error is not to be used.

    Parameters
    ----------
    layout
        The store's paths.
    sha256
        The address.
    inline
        Gives the content that stands in the database, or None when it has none; called
        only where there is no file of it.

    Returns
    -------
    BinaryIO
        It can be read once, forward.

    Raises
    ------
    ArtifactLostError
        When the content is missing; also while it is read, when it is damaged.
    OSError
        When the file of it cannot be read.
    """
    if not is_address(sha256):
        raise ArtifactLostError(str(sha256), layout.store, "missing")
    path = layout.file(sha256)
    try:
        source: BinaryIO = path.open("rb")
        place = path
    except FileNotFoundError:
        data = inline()
        if data is None:
            raise ArtifactLostError(sha256, layout.store, "missing", path) from None
        source, place = io.BytesIO(data), layout.store
    try:
        return io.BufferedReader(_BlobReader(source, sha256, place), _CHUNK)
    except BaseException:  # also an interrupt; raised on, without an open file
        source.close()
        raise


# -- upkeep ----------------------------------------------------------------------------------


def large_blobs(layout: Layout) -> Iterator[tuple[str, Path]]:
    """Give the address and the file of each large artifact, whether a run names it or not."""
    for folder in _entries(layout.files):
        for path in _entries(folder):
            if is_address(path.name) and path == layout.file(path.name):
                yield path.name, path


def find_leftovers(layout: Layout, *, older_than: float = _DEAD_AFTER) -> list[Path]:
    """Find what copies of large artifacts left that were cut off, as by ``kill -9``.

    Parameters
    ----------
    layout
        The store's paths.
    older_than
        Only what nobody has written to for so long, in seconds: not every file system
        tells whether the copying process still holds it.
    """
    now = time.time()
    return [
        path
        for path in _entries(layout.files)
        if _TEMPORARY.fullmatch(path.name) and _is_dead(path, now - older_than)
    ]


def remove_leftovers(layout: Layout, *, older_than: float = _DEAD_AFTER) -> int:
    """Remove what `find_leftovers` finds, and give how many bytes that freed."""
    freed = 0
    for path in find_leftovers(layout, older_than=older_than):
        with contextlib.suppress(FileNotFoundError):
            size = path.stat().st_size
            path.unlink()
            freed += size
    return freed


def _entries(folder: Path) -> list[Path]:
    """List a folder that need not exist, links to elsewhere left out."""
    try:
        return sorted(path for path in folder.iterdir() if not path.is_symlink())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_dead(path: Path, before: float) -> bool:
    try:
        if path.stat().st_mtime > before:
            return False
        with path.open("r+b") as file:
            return try_lock(file.fileno(), exclusive=True)
    except OSError:
        return False
