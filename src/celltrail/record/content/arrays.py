"""Arrays and tensors: as numpy's, as a picture, as a file of numbers."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

from celltrail.errors import ArtifactError
from celltrail.record.content.content import NPY_MIME, Content, is_a, suffix_of

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["array_content", "is_array", "to_array"]

_CHANNELS = (1, 3, 4)
#: PNG's names for one channel, three and four.
_COLOURS = {1: 0, 3: 2, 4: 6}


def is_array(value: object) -> bool:
    """Say whether value is an array of numpy or of a library that gives numpy's."""
    return is_a(value, "numpy", "ndarray") or (
        callable(getattr(value, "__array__", None)) and hasattr(value, "shape")
    )


def to_array(value: Any) -> npt.NDArray[Any]:
    """Give numpy's array of a sequence, an array or a tensor, wherever that one lives.

    Raises
    ------
    ArtifactError
        When it is none of numbers.
    """
    import numpy as np

    for leave in ("detach", "cpu"):  # of a tensor: its history, and its device
        if callable(method := getattr(value, leave, None)):
            value = method()
    if str(getattr(value, "dtype", "")) == "torch.bfloat16":  # numpy has none
        value = value.float()
    try:
        array = np.asarray(value)
    except Exception as error:  # any user class may stand here: told as the artifact's warning
        message = f"an object of type {type(value).__qualname__} gives no array ({error})."
        raise ArtifactError(message) from error
    if array.dtype.kind not in "buif":
        message = f"an array of {array.dtype} holds no numbers that can be stored here."
        raise ArtifactError(message)
    return array


def array_content(value: Any, name: str | None) -> Content:
    """Give an array as a PNG, or under a name that ends in ``.npy`` as a file of numbers.

    Parameters
    ----------
    value
        For a PNG height × width, or that × 1, 3 or 4 channels (or the channels first),
        of bools, whole numbers from 0 to 255 or floats from 0 to 1.
    name
        The artifact's name.

    Raises
    ------
    ArtifactError
        When it is no picture.
    """
    array = to_array(value)
    if suffix_of(name) == ".npy":
        import numpy as np

        out = io.BytesIO()
        np.save(out, array, allow_pickle=False)
        return Content(out.getvalue(), "array", NPY_MIME, "array.npy")
    return Content(_png(_pixels(array)), "image", "image/png", "image.png")


def _pixels(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give an array as height × width × channels of bytes."""
    import numpy as np

    numbers = "To store any array as numbers, end its name in .npy."
    if array.ndim == 2:
        array = array[:, :, None]
    elif array.ndim == 3 and array.shape[2] not in _CHANNELS and array.shape[0] in _CHANNELS:
        array = np.moveaxis(array, 0, 2)
    if array.ndim != 3 or array.shape[2] not in _CHANNELS or not array.size:
        message = (
            f"an array of the shape {array.shape} is no image, which is height × width, or that "
            f"× 1, 3 or 4 channels. {numbers}"
        )
        raise ArtifactError(message)
    if array.dtype == np.uint8:
        return array
    floats = array.dtype.kind == "f"
    if array.dtype.kind != "b":
        array = np.nan_to_num(array, nan=0.0) if floats else array
        low, high = array.min(), array.max()
        if low < 0 or high > (1 if floats else 255):
            message = (
                f"an image of {array.dtype} goes from 0 to {1 if floats else 255}, this one from "
                f"{low:g} to {high:g}. {numbers}"
            )
            raise ArtifactError(message)
    if array.dtype.kind in "bf":
        array = np.round(array.astype(np.float64) * 255)
    return array.astype(np.uint8)


def _png(pixels: npt.NDArray[Any]) -> bytes:
    """Write a PNG, which needs no library: every row unfiltered, all of it deflated."""
    import numpy as np

    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
