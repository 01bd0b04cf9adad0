"""What is stored of an object, and the words for the kinds of it."""

from __future__ import annotations

import mimetypes
import sys
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celltrail.store.blobs import Source

__all__ = [
    "ARROW_MIME",
    "HISTOGRAM_MIME",
    "NPY_MIME",
    "PLOTLY_MIME",
    "VEGALITE_MIME",
    "WAV_MIME",
    "Content",
    "is_a",
    "mime_of",
    "suffix_of",
]

ARROW_MIME = "application/vnd.apache.arrow.stream"
HISTOGRAM_MIME = "application/vnd.celltrail.histogram+json"
NPY_MIME = "application/x-npy"
PLOTLY_MIME = "application/vnd.plotly.v1+json"
VEGALITE_MIME = "application/vnd.vegalite.v6+json"
WAV_MIME = "audio/x-wav"


@dataclass(frozen=True, slots=True)
class Content:
    """What is stored: the bytes, or the file or stream that has them, and what they are.

    Parameters
    ----------
    data
        The bytes themselves, the path of a file, or an open binary stream.
    kind
        ``"file"``, ``"figure"``, ``"chart"``, ``"image"``, ``"table"``, ``"array"``,
        ``"histogram"``, ``"audio"``, ``"text"``, ``"json"``, ``"bytes"``, or
        ``"model/…"`` with the format.
    mime
        The media type; of a model with the library's name and version and the class.
    name
        The name that fits when the user gives none.
    redactions
        How many secrets were taken out of it.
    """

    data: Source
    kind: str
    mime: str
    name: str
    redactions: int = 0


def mime_of(name: str | None, default: str = "application/octet-stream") -> str:
    """Give the media type that the end of a name stands for."""
    return mimetypes.guess_type(name or "")[0] or default


def suffix_of(name: str | None) -> str:
    """Give the end of a name in lower case, such as ``".csv"``; empty where it has none.

    Examples
    --------
    >>> suffix_of("val/Frame.CSV"), suffix_of("loss"), suffix_of(None)
    ('.csv', '', '')
    """
    return PurePosixPath((name or "").replace("\\", "/")).suffix.lower()


def is_a(value: object, module: str, *names: str) -> bool:
    """Say whether value is of a class of a library that is already imported.

    A library that is not imported has made no object, and importing it would cost seconds.
    """
    loaded = sys.modules.get(module)
    classes = tuple(c for n in names if isinstance(c := getattr(loaded, n, None), type))
    return bool(classes) and isinstance(value, classes)
