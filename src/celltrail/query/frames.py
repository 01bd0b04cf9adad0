"""Arrow's IPC stream as a DataFrame of pandas, by nanoarrow alone."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import io
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from celltrail.errors import ArtifactError
from celltrail.record.content.frames import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd

__all__ = ["read_frame"]

#: Arrow's letters for numbers, and numpy's.
_FIXED = {"c": "i1", "C": "u1", "s": "<i2", "S": "<u2", "i": "<i4", "I": "<u4", "l": "<i8"}
_FIXED |= {"L": "<u8", "e": "<f2", "f": "<f4", "g": "<f8"}
_UNITS = {"s": "s", "m": "ms", "u": "us", "n": "ns"}
_EPOCH = dt.date(1970, 1, 1).toordinal()


def read_frame(data: bytes) -> pd.DataFrame | pd.Series[Any]:
    """Read a table as `celltrail.record.content.tables` stores it.

    A frame of pandas comes back as it was: index, labels, dtypes, NaN and None, but for what
    `celltrail.record.content.frames.write_frame` says of objects. Of a table of another
    library, columns with missing values get pandas' nullable dtypes, and what
    pandas has no dtype for (lists, decimals) are objects.

    Parameters
    ----------
    data
        An Arrow IPC stream.

    Raises
    ------
    ArtifactError
        When it is none, or has a type that nanoarrow cannot read.
    """
    try:
        try:
            return _read(data)
        except RuntimeError as error:
            if "Dictionary" not in str(error):  # nanoarrow before 0.9 reads no categories
                raise
            return _read(_with_texts_for_categories(data))
    except Exception as error:  # whatever nanoarrow or pandas makes of damage: told to the caller
        message = (
            f"the table cannot be read here ({error}). With pyarrow: "
            "pyarrow.ipc.open_stream(artifact.bytes()).read_pandas()"
        )
        raise ArtifactError(message) from error


def _read(data: bytes) -> pd.DataFrame | pd.Series[Any]:
    import nanoarrow as na
    from nanoarrow.ipc import InputStream

    with na.c_array_stream(InputStream.from_readable(io.BytesIO(data))) as stream:
        schema = stream.get_schema()
        batches = list(stream)
    fields = [schema.child(i) for i in range(schema.n_children)]
    pairs = dict(schema.metadata.items()) if schema.metadata else {}
    meta = json.loads(pairs.get(METADATA_KEY, b"null"))
    metas = _column_metas(meta, len(fields))
    columns = [
        _restored(_column([batch.child(i) for batch in batches], fields[i], metas[i]), metas[i])
        for i in range(len(fields))
    ]
    length = sum(batch.length for batch in batches)
    return _framed(columns, [field.name for field in fields], length, meta)


def _with_texts_for_categories(data: bytes) -> bytes:
    """Let polars, which wrote such a table, read it and write it anew."""
    import polars as pl

    frame = pl.read_ipc_stream(io.BytesIO(data))
    out = io.BytesIO()
    texts = frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    texts.write_ipc_stream(out, compat_level=pl.CompatLevel.oldest())
    return out.getvalue()


def _column_metas(meta: Any, count: int) -> list[dict[str, Any] | None]:
    if meta is None:
        return [None] * count
    return [*meta["columns"], *meta["index"]["columns"]]


# -- one column ------------------------------------------------------------------------------


def _column(parts: Sequence[Any], field: Any, meta: Mapping[str, Any] | None) -> Any:
    """Give the values of a column as an array of pandas or numpy, or a list of objects."""
    import nanoarrow as na

    kind = field.format
    if field.dictionary is not None:
        return [value for part in parts for value in na.Array(part).to_pylist()]
    if kind in _FIXED:
        return _numbers(_fixed(parts, _FIXED[kind]), _missing(parts), meta)
    if kind == "b":
        return _numbers(_bits(parts, 1), _missing(parts), meta)
    if kind.startswith(("ts", "tD")):
        return _times(parts, kind)
    if kind == "tdD":
        days = _fixed(parts, "<i4").tolist()
        return _objects(parts, [dt.date.fromordinal(_EPOCH + day) for day in days])
    if kind in ("u", "U", "z", "Z"):
        return _texts(parts, is_text=kind in "uU", wide=kind in "UZ")
    return [value for part in parts for value in na.Array(part).to_pylist()]


def _bits(parts: Sequence[Any], buffer: int) -> npt.NDArray[Any]:
    """Read one bit a row."""
    import numpy as np

    found = [np.zeros(0, bool)]
    for part in parts:
        raw = np.frombuffer(part.view().buffer(buffer), np.uint8)
        bits = np.unpackbits(raw, bitorder="little")[part.offset : part.offset + part.length]
        found.append(bits.astype(bool))
    return np.concatenate(found)


def _missing(parts: Sequence[Any]) -> npt.NDArray[Any]:
    import numpy as np

    gaps = [np.zeros(0, bool)]
    for part in parts:
        has_none = part.null_count == 0 or not len(bytes(part.view().buffer(0)))
        gaps.append(np.zeros(part.length, bool) if has_none else ~_bits([part], 0))
    return np.concatenate(gaps)


def _fixed(parts: Sequence[Any], kind: str, buffer: int = 1, more: int = 0) -> npt.NDArray[Any]:
    """Read one number a row, and ``more`` behind the last."""
    import numpy as np

    arrays = [np.zeros(0, kind)]
    for part in parts:
        raw = np.frombuffer(part.view().buffer(buffer), np.uint8).view(kind)
        arrays.append(raw[part.offset : part.offset + part.length + more])
    return np.concatenate(arrays)


def _numbers(
    values: npt.NDArray[Any], missing: npt.NDArray[Any], meta: Mapping[str, Any] | None
) -> Any:
    """Give numbers as they are, or with their gaps as one of pandas' nullable arrays."""
    import pandas as pd

    if not missing.any() and "dtype" not in (meta or {}):
        return values
    if values.dtype.kind == "b":
        return pd.arrays.BooleanArray(values, missing)
    if values.dtype.kind == "f":
        wide = values.astype("f4") if values.dtype.itemsize == 2 else values
        return pd.arrays.FloatingArray(wide, missing)
    return pd.arrays.IntegerArray(values, missing)


def _times(parts: Sequence[Any], kind: str) -> Any:
    import pandas as pd

    letter = "M8" if kind.startswith("ts") else "m8"
    values = _fixed(parts, "<i8").view(f"{letter}[{_UNITS[kind[2]]}]")
    values[_missing(parts)] = "NaT"
    zone = kind[4:] if letter == "M8" else ""
    zone = f"UTC{zone}" if zone.startswith(("+", "-")) else zone
    times = pd.Series(values)
    return times.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else times


def _texts(parts: Sequence[Any], *, is_text: bool, wide: bool) -> list[Any]:
    values: list[Any] = []
    for part in parts:
        data = bytes(part.view().buffer(2))
        ends = _fixed([part], "<i8" if wide else "<i4", more=1).tolist()
        pieces = [data[a:b] for a, b in pairwise(ends)]
        values += [piece.decode() for piece in pieces] if is_text else pieces
    return _objects(parts, values)


def _objects(parts: Sequence[Any], values: list[Any]) -> list[Any]:
    return [None if gone else v for v, gone in zip(values, _missing(parts).tolist(), strict=True)]


# -- what they were in pandas ----------------------------------------------------------------


def _restored(values: Any, meta: Mapping[str, Any] | None) -> pd.Series[Any]:
    """Give a column the dtype that it had."""
    import pandas as pd

    if meta is None:  # of another library
        if not isinstance(values, list):
            return pd.Series(values)
        texts = all(value is None or isinstance(value, str) for value in values)
        return pd.Series(values, dtype="string" if texts else object)
    if "categories" in meta or "kinds" in meta:
        return _categories(values, meta)
    if "object" in meta:
        return pd.Series(_python_objects(values, meta), dtype=object)
    if "sparse" in meta:
        dtype: Any = pd.SparseDtype(meta["sparse"], meta["fill"])
        sparse: pd.Series[Any] = pd.Series(values, dtype=dtype)
        return sparse
    if "complex" in meta:
        numbers: pd.Series[Any] = pd.Series([complex(v) for v in values], dtype=meta["complex"])
        return numbers
    if isinstance(values, list):  # texts
        return _text_series(values, meta.get("dtype", "object"))
    series = pd.Series(values)
    if "dtype" not in meta:
        return series
    if meta["dtype"].startswith("period"):  # a Series of times does not become one
        return pd.Series(pd.DatetimeIndex(series).astype(meta["dtype"]))
    return series.astype(meta["dtype"])


def _categories(values: Any, meta: Mapping[str, Any]) -> pd.Series[Any]:
    """Give what was stored as numbers of the different values that there are."""
    import pandas as pd

    codes = pd.Series(values).fillna(-1).to_numpy("i4")
    if "kinds" not in meta:
        kinds = pd.Index(meta["categories"], dtype=meta["of"])
    else:
        kinds = _unpacked(meta["kinds"])
    if meta.get("plain"):
        # Intervals of integers cannot be asked to leave gaps, also where there are none.
        gaps = {"allow_fill": True, "fill_value": float("nan")} if (codes < 0).any() else {}
        kept: Any = kinds.take(codes, **gaps)
        return pd.Series(kept)
    return pd.Series(pd.Categorical.from_codes(codes, kinds, ordered=meta["ordered"]))


def _python_objects(values: Sequence[Any], meta: Mapping[str, Any]) -> list[Any]:
    import pandas as pd

    if meta["object"] == "json":
        return [json.loads(value) for value in values]
    gap = {"none": None, "nan": float("nan"), "nat": pd.NaT, "na": pd.NA}[meta["gap"]]
    make = decimal.Decimal if meta["object"] == "Decimal" else lambda value: value
    return [gap if value is None else make(value) for value in values]


def _text_series(values: Sequence[str | None], dtype: str) -> pd.Series[Any]:
    import pandas as pd

    if dtype == "str" and int(pd.__version__.partition(".")[0]) < 3:  # there they are objects
        return pd.Series([float("nan") if v is None else v for v in values], dtype=object)
    try:
        return pd.Series(values, dtype=dtype)
    except (ImportError, TypeError):  # a storage of texts that is not installed here
        return pd.Series(values, dtype="string")


def _framed(
    columns: Sequence[pd.Series[Any]], names: Sequence[str], length: int, meta: Any
) -> pd.DataFrame | pd.Series[Any]:
    import pandas as pd

    if meta is None:
        frame = pd.DataFrame(dict(enumerate(columns)), index=pd.RangeIndex(length))
        frame.columns = pd.Index(names)
        return frame
    count = len(meta["columns"])
    frame = pd.DataFrame(dict(enumerate(columns[:count])), index=pd.RangeIndex(length))
    if "axis" in meta:
        frame.columns = _unpacked(meta["axis"]).set_names([_label(n) for n in meta["names"]])
    else:
        labels = [_label(each["label"]) for each in meta["columns"]]
        frame.columns = _labels(labels, meta["names"])
    frame.index = _index(columns[count:], meta["index"], length)
    if meta["series"] and "axis" in meta:
        return frame.iloc[:, 0].rename(frame.columns[0])
    if meta["series"]:
        return frame.iloc[:, 0].rename(_label(meta["columns"][0]["label"]))
    return frame


def _unpacked(packed: Mapping[str, Any]) -> Any:
    """Give an index that stands in the metadata."""
    import pandas as pd

    if "index" in packed:
        index = read_frame(base64.b64decode(packed["index"])).index
        return index.to_flat_index() if packed.get("tuples") else index
    ends = read_frame(base64.b64decode(packed["ends"]))
    return pd.IntervalIndex.from_arrays(ends["left"], ends["right"], closed=packed["closed"])


def _label(label: Any) -> Any:
    return tuple(_label(part) for part in label) if isinstance(label, list) else label


def _labels(labels: Sequence[Any], names: Sequence[Any]) -> Any:
    import pandas as pd

    shown = [_label(name) for name in names]
    if len(shown) > 1:
        return pd.MultiIndex.from_tuples(labels, names=shown)
    if not labels:
        return pd.RangeIndex(0, name=shown[0])
    return pd.Index(labels, name=shown[0], tupleize_cols=False)


def _index(columns: Sequence[pd.Series[Any]], meta: Mapping[str, Any], length: int) -> Any:
    import pandas as pd

    names = [_label(name) for name in meta["names"]]
    if "range" in meta:
        start, stop, step = meta["range"]
        index = pd.RangeIndex(start, stop, step, name=names[0])
        return index if len(index) == length else pd.RangeIndex(length)
    if len(columns) == 1:
        return pd.Index(columns[0], name=names[0])
    return pd.MultiIndex.from_arrays(list(columns), names=names)
