"""Columns as Arrow IPC, the binary form in which tables travel to the browser."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nanoarrow
import numpy as np
from nanoarrow.ipc import StreamWriter

from celltrail.query.evaluate import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from celltrail.views.columns import ShownColumn

__all__ = ["CUT", "Packed", "columns_to_arrow"]

# A cell shows about 40 characters and its tooltip the rest; a param may be a whole file.
_TEXT_LIMIT = 400

#: Between a text that is cut and its hash; js/src/columns.ts has it too.
CUT = "\0"

#: Between tags, in which any text may stand but hardly this sign; js/src/columns.ts has it too.
_TAG_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Packed:
    """Columns as they travel.

    Parameters
    ----------
    data
        An Arrow IPC stream.
    cut
        For each column whether one of its texts is too long to travel whole.
    """

    data: bytes
    cut: list[bool]


def columns_to_arrow(columns: Sequence[ShownColumn], rows: int) -> Packed:
    """Serialise columns as one Arrow IPC stream with one record batch.

    Parameters
    ----------
    columns
        The columns; their fields are named ``c0``, ``c1`` and so on, since names need not
        be unique for people and travel beside this anyway.
    rows
        The length of each column.

    Returns
    -------
    Packed
        An IPC stream: float64 for numbers and durations, int64 for integers and times,
        int8 for bools, utf8 for the rest, of which ``json`` columns are JSON and tags stand
        one after the other. What is missing is null; NaN stays NaN; texts of more than 400
        characters are cut.
    """
    schema: dict[str, Any] = {}
    children, cut = [], []
    for index, shown in enumerate(columns):
        write = _Writer(shown)
        kind, buffers = _buffers(shown, write)
        cut.append(write.cut)
        missing = shown.column.missing
        validity = np.packbits(~missing, bitorder="little") if missing.any() else None
        schema[f"c{index}"] = kind
        children.append(nanoarrow.c_array_from_buffers(kind, rows, [validity, *buffers]))
    batch = nanoarrow.c_array_from_buffers(
        nanoarrow.struct(schema), length=rows, buffers=[None], children=children
    )
    out = io.BytesIO()
    with StreamWriter.from_writable(out) as writer:
        writer.write_stream(batch)
    return Packed(out.getvalue(), cut)


def _buffers(shown: ShownColumn, write: _Writer) -> tuple[Any, list[Any]]:
    column = shown.column
    if column.kind in ("number", "duration"):
        return nanoarrow.float64(), [_typed(column.values, column.missing, np.float64)]
    if column.kind in ("integer", "time"):
        return nanoarrow.int64(), [_typed(column.values, column.missing, np.int64)]
    if column.kind == "bool":
        return nanoarrow.int8(), [_typed(column.values, column.missing, np.int8)]
    texts = [
        b"" if gone else write(value).encode("utf-8", "replace")
        for value, gone in zip(column.values, column.missing, strict=True)
    ]
    offsets = np.zeros(len(texts) + 1, np.int32)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    return nanoarrow.string(), [offsets, b"".join(texts)]


class _Writer:
    """Writes the texts of one column, and remembers whether it had to cut one."""

    def __init__(self, shown: ShownColumn) -> None:
        self.cut = False
        self._is_tags = shown.column.name == "tags"
        self._is_json = shown.column.kind == "json"

    def __call__(self, value: Any) -> str:
        if self._is_tags:
            return _tags(value)
        return self._json(value) if self._is_json else self._bounded(str(value))

    def _json(self, value: object) -> str:
        # A text that is cut is JSON again, and is known to be a text.
        if isinstance(value, str):
            return json_text(self._bounded(value))
        return self._bounded(json_text(value))

    def _bounded(self, text: str) -> str:
        """Cut a text; a hash, which no cell shows, tells it from others with the same beginning."""
        if len(text) <= _TEXT_LIMIT:
            return text
        self.cut = True
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
        return f"{text[:_TEXT_LIMIT]}\N{HORIZONTAL ELLIPSIS}{CUT}{digest}"


def _tags(tags: Sequence[str]) -> str:
    return _TAG_SEPARATOR.join(tag.replace(_TAG_SEPARATOR, " ") for tag in tags)


def _typed(
    values: npt.NDArray[Any], missing: npt.NDArray[np.bool_], kind: type
) -> npt.NDArray[Any]:
    if values.dtype == object:
        values = np.where(missing, 0, values)
    return np.ascontiguousarray(values, dtype=kind)
