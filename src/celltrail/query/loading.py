"""Contents of artifacts as objects, by their media type. Nothing here runs what is stored."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from celltrail.errors import ArtifactError
from celltrail.query.frames import read_frame
from celltrail.record.content.audio import read_wav
from celltrail.record.content.content import (
    ARROW_MIME,
    HISTOGRAM_MIME,
    NPY_MIME,
    PLOTLY_MIME,
    VEGALITE_MIME,
)
from celltrail.record.content.histogram import read_histogram

if TYPE_CHECKING:
    from collections.abc import Callable

    from celltrail.model import ArtifactInfo

__all__ = ["load_content"]

#: Of the many formats that PIL knows some start other programs (EPS runs Ghostscript).
_IMAGE_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")


def load_content(info: ArtifactInfo, data: bytes) -> Any:
    """Give an object of the kind that was stored: see `StoredArtifact.load`."""
    if info.kind == "bytes" or info.kind.startswith("model/"):
        return data
    if info.kind == "text":
        return data.decode("utf-8", "surrogatepass")
    mime = info.mime.partition(";")[0].strip()
    reader = _READERS.get(mime)
    if reader is None and mime.startswith("image/") and mime != "image/svg+xml":
        reader = _image
    if reader is None and mime.startswith("text/"):
        reader = _text
    if reader is None:
        return data
    try:
        return reader(data)
    except ArtifactError as error:
        message = f"artifact {info.name!r}: {error}"
        raise ArtifactError(message) from error
    except ImportError as error:
        message = f"artifact {info.name!r} needs a library ({error}); .save() writes it to a file."
        raise ArtifactError(message) from error
    except Exception as error:  # what a library says of data that is not what it should be
        message = f"artifact {info.name!r} is no {mime} that can be read ({error}); take .bytes()."
        raise ArtifactError(message) from error


def _json(data: bytes) -> Any:
    return json.loads(data.decode("utf-8", "surrogatepass"))


def _text(data: bytes) -> str:
    return data.decode("utf-8")


def _csv(data: bytes) -> Any:
    import pandas as pd

    return pd.read_csv(io.BytesIO(data))


def _parquet(data: bytes) -> Any:
    import pandas as pd

    return pd.read_parquet(io.BytesIO(data))


def _array(data: bytes) -> Any:
    import numpy as np

    return np.load(io.BytesIO(data), allow_pickle=False)


def _image(data: bytes) -> Any:
    from PIL import Image

    image = Image.open(io.BytesIO(data), formats=_IMAGE_FORMATS)
    image.load()
    return image


def _altair(data: bytes) -> Any:
    import altair as alt

    return alt.Chart.from_json(data.decode())


def _plotly(data: bytes) -> Any:
    try:
        import plotly.io as pio
    except ImportError:
        return json.loads(data)
    return pio.from_json(data.decode())


_READERS: dict[str, Callable[[bytes], Any]] = {
    ARROW_MIME: read_frame,
    HISTOGRAM_MIME: read_histogram,
    NPY_MIME: _array,
    PLOTLY_MIME: _plotly,
    VEGALITE_MIME: _altair,
    "application/json": _json,
    "application/vnd.apache.parquet": _parquet,
    "audio/wav": read_wav,
    "audio/x-wav": read_wav,
    "audio/vnd.wave": read_wav,
    "text/csv": _csv,
}
