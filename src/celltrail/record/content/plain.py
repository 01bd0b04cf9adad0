"""Texts, bytes, JSON and files."""

from __future__ import annotations

import dataclasses
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from celltrail.capture.redact import redact_param, redact_text
from celltrail.errors import ArtifactError
from celltrail.record.bounds import CUT, Bounds
from celltrail.record.content.content import Content, mime_of
from celltrail.record.values import to_param

if TYPE_CHECKING:
    from collections.abc import Iterator

    from celltrail.store.layout import Layout

__all__ = ["file_contents", "json_content", "stream_content", "text_content"]

#: A folder of more files is one that was given by mistake.
_MOST_FILES = 10_000
_MAX_DEPTH = 32


# -- files and folders -----------------------------------------------------------------------


def file_contents(path: Path, layout: Layout) -> list[Content]:
    """Give the content of a file, or of each file in a folder, as it is.

    Parameters
    ----------
    path
        The file or folder. Of a folder the names begin with its own and are parted by
        ``/``; links to folders are left out, and so is what belongs to the store.
    layout
        The store's paths: what is there is never stored into itself.

    Raises
    ------
    ArtifactError
        When it is not there, no file, empty, or of more than 10,000 files.
    """
    if path.is_dir():
        return _folder(path, layout)
    if not path.is_file():
        what = "is neither a file nor a folder" if os.path.lexists(path) else "does not exist"
        message = f"artifact {str(path)!r} {what}."
        raise ArtifactError(message)
    if _is_of_store(path, layout):
        message = f"{path} belongs to the store itself and cannot be stored in it."
        raise ArtifactError(message)
    return [Content(path, "file", mime_of(path.name), path.name)]


def _folder(folder: Path, layout: Layout) -> list[Content]:
    base = folder.resolve().name
    found = []
    for path in _files(folder):
        if _is_of_store(path, layout):
            continue
        name = "/".join([base, path.relative_to(folder).as_posix()]).lstrip("/")
        found.append(Content(path, "file", mime_of(name), name))
        if len(found) > _MOST_FILES:
            message = (
                f"folder {str(folder)!r} has more than {_MOST_FILES:,} files; pack them first."
            )
            raise ArtifactError(message)
    if not found:
        message = f"folder {str(folder)!r} holds no files."
        raise ArtifactError(message)
    return found


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if path.is_file():
                yield path


def _is_of_store(path: Path, layout: Layout) -> bool:
    """Say whether a file is the database (which must not even be opened), or beside it."""
    real = path.resolve()
    store = layout.store.resolve()
    if real.parent == store.parent:
        return real.name in (store.name, f"{store.name}.wal")
    return real.is_relative_to(layout.spool.resolve()) or real.is_relative_to(
        layout.files.resolve()
    )


def stream_content(value: Any) -> Content:
    """Give an open file, binary or of text, from where it stands to its end."""
    name = getattr(value, "name", None)
    name = Path(name).name if isinstance(name, str) else "data"
    data = _Encoded(value) if isinstance(value, io.TextIOBase) else value
    return Content(cast("BinaryIO", data), "file", mime_of(name), name)


class _Encoded(io.RawIOBase):
    """Text that is read as bytes."""

    def __init__(self, source: io.TextIOBase) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        return self._source.read(size).encode("utf-8", "surrogatepass")


# -- texts and JSON --------------------------------------------------------------------------


def text_content(value: str, name: str | None) -> Content:
    """Give a text, without the secrets that stand in it.

    Raises
    ------
    ArtifactError
        When it has no name: then it may be a misspelt path.
    """
    if name is None:
        short = value if len(value) <= 80 else value[:79] + "…"
        message = (
            f"{short!r} is not a file. To store it as a text, give it a name: name='notes.txt'."
        )
        raise ArtifactError(message)
    text, count = redact_text(value)
    return Content(
        text.encode("utf-8", "surrogatepass"), "text", mime_of(name, "text/plain"), name, count
    )


def json_content(value: object) -> Content:
    """Give a mapping, a list or a dataclass as JSON, without the secrets that stand in it."""
    plain, count = redact_param("", to_param(_opened(value, 0, Bounds())))
    text = json.dumps(plain, ensure_ascii=False, indent=1)
    return Content(
        text.encode("utf-8", "surrogatepass"), "json", "application/json", "data.json", count
    )


def _opened(value: Any, depth: int, bounds: Bounds) -> Any:
    """Give arrays and dataclasses inside as lists and mappings."""
    if depth > _MAX_DEPTH:
        return value
    inner = value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        inner = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(inner, (Mapping, list, tuple)):
        if not bounds.enter(value, len(inner)):
            return CUT
        try:
            if isinstance(inner, Mapping):
                return {key: _opened(part, depth + 1, bounds) for key, part in inner.items()}
            return [_opened(part, depth + 1, bounds) for part in inner]
        finally:
            bounds.leave(value)
    if not isinstance(value, type) and callable(to_list := getattr(value, "tolist", None)):
        return to_list()
    return value
