"""Names of files that are made of labels, which can be anything."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from typing import TYPE_CHECKING

from celltrail.record.content.content import (
    ARROW_MIME,
    HISTOGRAM_MIME,
    NPY_MIME,
    PLOTLY_MIME,
    VEGALITE_MIME,
    WAV_MIME,
)

if TYPE_CHECKING:
    from celltrail.model import ArtifactInfo

__all__ = ["file_name"]

_MOST_BYTES = 200
_SUFFIXES = {
    ARROW_MIME: ".arrows",
    HISTOGRAM_MIME: ".json",
    NPY_MIME: ".npy",
    PLOTLY_MIME: ".json",
    VEGALITE_MIME: ".vl.json",
    WAV_MIME: ".wav",
    "application/json": ".json",
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/svg+xml": ".svg",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
}
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
#: What never counts as an ending: a name such as "v1.5 of mine" has none.
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}")


def file_name(info: ArtifactInfo) -> str:
    """Give the name of the file that an artifact is saved to in a folder.

    It is one name on every system: no path, no hidden file, no device of Windows, no sign
    that cannot be seen, of at most 200 bytes.

    Examples
    --------
    >>> from celltrail.model import ArtifactInfo
    >>> file_name(ArtifactInfo("../../CON", "text", "text/plain", "0" * 64, 1))
    '_CON.txt'
    """
    last = re.split(r"[/\\]", info.name)[-1]
    seen = "".join(map(_seen, unicodedata.normalize("NFC", last)))
    clean = _FORBIDDEN.sub("_", seen).lstrip(". ").rstrip(". ") or "artifact"
    stem, ending = _parts(clean, info)
    step = "" if info.step is None else f"-{info.step}"
    room = _MOST_BYTES - len(f"{step}{ending}".encode())
    stem = stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") or "artifact"
    name = f"{stem}{step}{ending}"
    return f"_{name}" if _DEVICE.fullmatch(name) else name


def _seen(character: str) -> str:
    """Give a character as one sees it: any space as a space, what cannot be seen as nothing."""
    category = unicodedata.category(character)
    return "" if category.startswith("C") else " " if category.startswith("Z") else character


def _parts(name: str, info: ArtifactInfo) -> tuple[str, str]:
    """Give the name without and with nothing but its ending; add that of the kind."""
    mime = info.mime.partition(";")[0].strip()
    expected = _SUFFIXES.get(mime, "")
    if expected and name.lower().endswith(expected):
        return name[: -len(expected)], name[-len(expected) :]
    stem, dot, end = name.rpartition(".")
    has_ending = bool(stem) and _ENDING.fullmatch(dot + end) is not None
    fits = info.kind in ("file", "text", "bytes") or mimetypes.guess_type(name)[0] == mime
    if has_ending and (fits or not expected):
        return stem, dot + end
    return name, expected
