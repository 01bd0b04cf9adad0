"""Turn an object into the bytes of an artifact, by its kind and without pickling."""

from __future__ import annotations

import io
import json
import mimetypes
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celltrail.errors import ArtifactError
from celltrail.record.values import to_param

__all__ = ["Content", "to_content"]


@dataclass(frozen=True, slots=True)
class Content:
    """What is stored: the bytes, or the file that has them, and what they are.

    Parameters
    ----------
    data
        The bytes themselves, or the path of a file.
    kind
        ``"file"``, ``"figure"``, ``"image"``, ``"chart"``, ``"table"``, ``"text"``,
        ``"json"`` or ``"bytes"``.
    mime
        The media type.
    name
        The name that fits when the user gives none.
    """

    data: bytes | Path
    kind: str
    mime: str
    name: str


def to_content(value: object, name: str | None = None) -> Content:
    """Give the content to store for an object or a path.

    Parameters
    ----------
    value
        A path to a file; a matplotlib figure; an Altair chart; a PIL image; a pandas
        DataFrame or Series; bytes; a text; a mapping or list (stored as JSON).
    name
        The artifact's name, which tells a text from a misspelt path.

    Raises
    ------
    ArtifactError
        When the file is not there, or the object is of no kind that can be stored.

    Examples
    --------
    >>> to_content({"a": 1}, "settings").mime
    'application/json'
    """
    if isinstance(value, os.PathLike):
        return _file(Path(value))
    if isinstance(value, str):
        return _text_or_file(value, name)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return Content(bytes(value), "bytes", _mime(name), "bytes")
    for describe in (_figure, _chart, _image, _frame):
        content = describe(value)
        if content is not None:
            return content
    if isinstance(value, (dict, list, tuple)):
        text = json.dumps(to_param(value), ensure_ascii=False, indent=1)
        return Content(text.encode(), "json", "application/json", "data.json")
    message = (
        f"an object of type {type(value).__qualname__} cannot be stored as an artifact: save it "
        "to a file and give the path, or give a figure, an image, a DataFrame, a text or bytes."
    )
    raise ArtifactError(message)


def _mime(name: str | None) -> str:
    return mimetypes.guess_type(name or "")[0] or "application/octet-stream"


def _file(path: Path) -> Content:
    if not path.is_file():
        what = "is a folder; give its files one by one" if path.is_dir() else "does not exist"
        message = f"artifact {str(path)!r} {what}."
        raise ArtifactError(message)
    return Content(path, "file", _mime(path.name), path.name)


def _text_or_file(value: str, name: str | None) -> Content:
    try:
        found = "\n" not in value and Path(value).is_file()
    except (OSError, ValueError):  # too long for a path, or with a NUL in it
        found = False
    if found:
        return _file(Path(value))
    if name is None:
        short = value if len(value) <= 80 else value[:79] + "…"
        message = (
            f"{short!r} is not a file. To store it as a text, give it a name: name='notes.txt'."
        )
        raise ArtifactError(message)
    guessed = mimetypes.guess_type(name)[0] or "text/plain"
    return Content(value.encode("utf-8", "surrogatepass"), "text", guessed, name)


def _is(value: object, module: str, *names: str) -> bool:
    """Say whether value is of a class of a library that is already imported."""
    loaded = sys.modules.get(module)
    classes = tuple(c for n in names if isinstance(c := getattr(loaded, n, None), type))
    return bool(classes) and isinstance(value, classes)


def _figure(value: Any) -> Content | None:
    figure = value if _is(value, "matplotlib.figure", "Figure") else getattr(value, "figure", None)
    if not _is(figure, "matplotlib.figure", "Figure"):
        return None
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", dpi=144)  # type: ignore[union-attr]
    return Content(buffer.getvalue(), "figure", "image/png", "figure.png")


def _chart(value: Any) -> Content | None:
    if not _is(value, "altair", "TopLevelMixin"):
        return None
    mime = "application/vnd.vegalite.v6+json"
    return Content(value.to_json(indent=None).encode(), "chart", mime, "chart.vl.json")


def _image(value: Any) -> Content | None:
    if not _is(value, "PIL.Image", "Image"):
        return None
    buffer = io.BytesIO()
    value.save(buffer, format="PNG")
    return Content(buffer.getvalue(), "image", "image/png", "image.png")


def _frame(value: Any) -> Content | None:
    if not _is(value, "pandas", "DataFrame", "Series"):
        return None
    return Content(value.to_csv().encode(), "table", "text/csv", "table.csv")
