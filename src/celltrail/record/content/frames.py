"""DataFrames of pandas as Arrow's IPC stream, which any Arrow library reads.

What Arrow does not know of a frame (its index, labels that are no texts, dtypes such as
``category``) stands as JSON in the schema's metadata under ``celltrail``.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import io
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from celltrail.record.values import to_param

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

__all__ = ["METADATA_KEY", "write_frame"]

METADATA_KEY = b"celltrail"

_EPOCH = dt.date(1970, 1, 1).toordinal()
#: More different intervals than these do not belong into the head of a file.
_MOST_INTERVALS = 10_000
_INT32_MAX = 2**31 - 1
_OFFSET = re.compile(r"UTC([+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class _Column:
    """A column as Arrow wants it.

    ``meta`` says how it becomes again what it was, see `celltrail.query.frames`.
    """

    kind: Any
    buffers: Sequence[Any]
    missing: npt.NDArray[Any] | None = None
    meta: dict[str, Any] = field(default_factory=dict)


def write_frame(value: pd.DataFrame | pd.Series[Any]) -> bytes:
    """Write a frame or a series, with its index, labels and dtypes.

    Floats keep NaN, which is not the same as missing. In columns of objects, texts, bytes,
    dates and decimals keep their type, where all of a column are of one; lists, mappings and
    what JSON knows come back as such (tuples as lists); any other object, such as a Timestamp
    in a column of objects, becomes its text. So does a column of more than 10,000 different
    intervals. Numbers of more than 64 bits become objects, those of the other byte order this
    machine's; the frequency of an index of times is not kept.

    Parameters
    ----------
    value
        The frame.

    Returns
    -------
    bytes
        An Arrow IPC stream of one batch.
    """
    import nanoarrow as na
    import pandas as pd
    from nanoarrow.ipc import StreamWriter

    is_series = not isinstance(value, pd.DataFrame)
    frame = value if isinstance(value, pd.DataFrame) else value.to_frame()
    axis = frame.columns if not is_series else pd.Index([value.name], tupleize_cols=False)
    labels = list(axis)
    index, index_meta = _index(frame.index)
    series = [*(frame.iloc[:, i] for i in range(frame.shape[1])), *index]
    columns = [_column(each) for each in series]
    meta = {
        "columns": [
            {"label": _label(label), **column.meta}
            for label, column in zip(labels, columns, strict=False)
        ],
        "names": [_label(name) for name in axis.names],
        "index": {**index_meta, "columns": [c.meta for c in columns[len(labels) :]]},
        "series": is_series,
    }
    if not _is_plain(axis):
        meta["axis"] = _packed(axis)
    names = [_field_name(label) for label in labels]
    names += [f"__index_{i}__" for i in range(len(index))]
    fields = [
        na.c_schema(column.kind).modify(name=name)
        for name, column in zip(names, columns, strict=True)
    ]
    schema = na.c_schema(na.struct(fields)).modify(
        metadata={METADATA_KEY: json.dumps(meta).encode()}
    )
    arrays = [
        na.c_array_from_buffers(c.kind, len(frame), [_validity(c.missing), *c.buffers])
        for c in columns
    ]
    batch = na.c_array_from_buffers(schema, len(frame), [None], children=arrays)
    out = io.BytesIO()
    with StreamWriter.from_writable(out) as writer:
        writer.write_stream(batch)
    return out.getvalue()


def _index(index: pd.Index[Any]) -> tuple[list[pd.Series[Any]], dict[str, Any]]:
    """Give the columns that an index needs, and what it is beside them."""
    import pandas as pd

    names = [_label(name) for name in index.names]
    if isinstance(index, pd.RangeIndex):
        return [], {"names": names, "range": [index.start, index.stop, index.step]}
    levels = [index.get_level_values(i) for i in range(index.nlevels)]
    return [pd.Series(level) for level in levels], {"names": names}


def _is_plain(axis: pd.Index[Any]) -> bool:
    """Say whether labels come back from JSON as they were, and make the same index again."""
    import numpy as np
    import pandas as pd

    if isinstance(axis, pd.RangeIndex):
        return True
    if not len(axis):
        return False
    levels = [axis.get_level_values(i) for i in range(axis.nlevels)]
    again = [pd.Index(list(level), tupleize_cols=False) for level in levels]
    plain = (str, int, float, type(None), np.number, np.bool_)

    def is_plain(label: object) -> bool:
        return all(map(is_plain, label)) if isinstance(label, tuple) else isinstance(label, plain)

    return all(
        each.dtype == level.dtype and all(map(is_plain, level))
        for each, level in zip(again, levels, strict=True)
    )


def _packed(index: pd.Index[Any]) -> dict[str, Any]:
    """Give any index as JSON: as that of a frame without columns, written as frames are."""
    import pandas as pd

    if isinstance(index, pd.IntervalIndex):
        ends = pd.DataFrame({"left": index.left, "right": index.right})
        return {"ends": base64.b64encode(write_frame(ends)).decode(), "closed": index.closed}
    if index.nlevels == 1 and len(index) and all(isinstance(label, tuple) for label in index):
        return {**_packed(pd.MultiIndex.from_tuples(list(index))), "tuples": True}
    return {"index": base64.b64encode(write_frame(pd.DataFrame(index=index))).decode()}


def _label(label: Any) -> Any:
    """Give a column's label as JSON: a tuple as a list, what is unknown as its text."""
    if isinstance(label, tuple):
        return [_label(part) for part in label]
    plain = to_param(label)
    return plain if isinstance(plain, (str, int, float, type(None))) else str(label)


def _field_name(label: Any) -> str:
    return str(label).replace("\0", "").encode("utf-8", "replace").decode()


def _validity(missing: npt.NDArray[Any] | None) -> Any:
    import numpy as np

    if missing is None or not missing.any():
        return None
    return np.packbits(~missing, bitorder="little")


# -- one column ------------------------------------------------------------------------------


def _column(series: pd.Series[Any]) -> _Column:
    import pandas as pd

    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _category(series, dtype)
    if isinstance(dtype, pd.DatetimeTZDtype):
        naive = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return _times(naive, _zone(dtype.tz))
    if isinstance(dtype, pd.StringDtype):
        texts = [None if gone else str(v) for v, gone in zip(series, series.isna(), strict=True)]
        return _texts(texts, {"dtype": str(dtype)}) or _objects(texts)
    if isinstance(dtype, pd.PeriodDtype):
        return _periods(series) or _objects(list(series))
    if isinstance(dtype, pd.IntervalDtype):
        return _intervals(series) or _objects(list(series))
    if isinstance(dtype, pd.SparseDtype) and (column := _sparse(series, dtype)):
        return column
    if isinstance(dtype, pd.api.extensions.ExtensionDtype):
        return _masked(series) or _objects(list(series.astype(object)))
    if dtype.kind in "mM":
        return _times(series, "")
    if dtype.kind == "c" and (column := _complex(series.to_numpy())):
        return column
    return _numbers(series.to_numpy(), None, {}) or _objects(series.tolist())


def _numbers(
    values: npt.NDArray[Any], missing: npt.NDArray[Any] | None, meta: dict[str, Any]
) -> _Column | None:
    import nanoarrow as na
    import numpy as np

    if values.dtype == bool:
        return _Column(na.bool_(), [np.packbits(values, bitorder="little")], missing, meta)
    kind = {"i": "int", "u": "uint", "f": "float"}.get(values.dtype.kind)
    if kind is None or values.dtype.itemsize > 8:  # objects, complex numbers, long doubles
        return None
    plain = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    kind = f"{kind}{8 * values.dtype.itemsize}"
    return _Column(getattr(na, kind)(), [plain], missing, meta)


def _masked(series: pd.Series[Any]) -> _Column | None:
    """Give a column of one of pandas' nullable types of numbers."""
    numpy_dtype = getattr(series.dtype, "numpy_dtype", None)
    if numpy_dtype is None or numpy_dtype.kind not in "biuf":
        return None
    missing = series.isna().to_numpy()
    values = series.to_numpy(dtype=numpy_dtype, na_value=0)
    return _numbers(values, missing, {"dtype": str(series.dtype)})


def _times(series: pd.Series[Any], zone: str) -> _Column:
    import nanoarrow as na
    import numpy as np

    values = series.to_numpy()
    unit = np.datetime_data(values.dtype)[0]
    kind = na.timestamp(unit, zone) if values.dtype.kind == "M" else na.duration(unit)
    missing = np.isnat(values)
    return _Column(kind, [np.ascontiguousarray(values).view("i8")], missing)


def _zone(zone: dt.tzinfo) -> str:
    """Give a zone as Arrow names it; the moments of one without a name are kept in UTC."""
    offset = _OFFSET.fullmatch(str(zone))
    if offset is not None:
        return offset[1]
    try:
        return ZoneInfo(str(zone)).key
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return "UTC"


def _category(series: pd.Series[Any], dtype: pd.CategoricalDtype) -> _Column:
    import nanoarrow as na
    import numpy as np

    categories = dtype.categories.tolist()
    meta: dict[str, Any] = {"ordered": bool(dtype.ordered)}
    if all(type(each) in (str, int, float, bool) for each in categories):
        meta |= {"categories": categories, "of": str(dtype.categories.dtype)}
    else:
        meta["kinds"] = _packed(dtype.categories)
    codes = series.cat.codes.to_numpy().astype("<i4")
    return _Column(na.int32(), [np.ascontiguousarray(codes)], codes < 0, meta)


def _intervals(series: pd.Series[Any]) -> _Column | None:
    """Give intervals as numbers of those that there are; None for too many."""
    import nanoarrow as na
    import numpy as np

    found: Any = series.factorize()
    codes, kinds = found
    if len(kinds) > _MOST_INTERVALS:
        return None
    codes = np.ascontiguousarray(codes, "<i4")
    return _Column(na.int32(), [codes], codes < 0, {"kinds": _packed(kinds), "plain": True})


def _periods(series: pd.Series[Any]) -> _Column | None:
    """Give periods by the times that they begin at; None for those that times do not reach."""
    import pandas as pd

    try:
        starts = series.dt.to_timestamp()
    except (pd.errors.OutOfBoundsDatetime, OverflowError):
        return None
    column = _times(starts, "")
    return replace(column, meta={"dtype": str(series.dtype)})


def _sparse(series: pd.Series[Any], dtype: pd.SparseDtype) -> _Column | None:
    """Give sparse numbers with all that they leave out."""
    fill = to_param(dtype.fill_value)
    if not isinstance(fill, (int, float)):
        return None
    dense = series.astype(dtype.subtype).to_numpy()
    return _numbers(dense, None, {"sparse": str(dtype.subtype), "fill": fill})


def _complex(values: npt.NDArray[Any]) -> _Column | None:
    """Give complex numbers as their texts, which say them exactly."""
    if values.dtype.itemsize > 16:
        return None
    return _texts([repr(value) for value in values.tolist()], {"complex": str(values.dtype)})


def _texts(values: Sequence[str | None], meta: dict[str, Any]) -> _Column | None:
    """Give a column of texts; None when one has half a surrogate pair, which Arrow cannot."""
    import nanoarrow as na

    try:
        encoded = [None if value is None else value.encode() for value in values]
    except UnicodeEncodeError:
        return None
    return _bytes(encoded, meta, na.string(), na.large_string())


def _bytes(values: Sequence[bytes | None], meta: dict[str, Any], kind: Any, large: Any) -> _Column:
    import numpy as np

    offsets = np.zeros(len(values) + 1, "<i8")
    np.cumsum([0 if value is None else len(value) for value in values], out=offsets[1:])
    fits = offsets[-1] <= _INT32_MAX
    data = b"".join(value for value in values if value is not None)
    missing = np.array([value is None for value in values], bool)
    used = offsets.astype("<i4") if fits else offsets
    return _Column(kind if fits else large, [used, data], missing, meta)


# -- objects ---------------------------------------------------------------------------------


def _objects(values: Sequence[Any]) -> _Column:
    """Give a column of Python's objects: of one type where it is one, else as JSON."""
    import nanoarrow as na

    gaps = [_gap(value) for value in values]
    kinds = {type(v) for v, gap in zip(values, gaps, strict=True) if gap is None}
    if len(kinds) == 1 and len(set(gaps) - {None}) <= 1:
        kind = kinds.pop()
        meta = {"object": kind.__name__, "gap": next(iter(set(gaps) - {None}), "none")}
        known = [None if gap else v for v, gap in zip(values, gaps, strict=True)]
        if kind is str and (column := _texts(known, meta)):
            return column
        if kind is decimal.Decimal:
            texts = [None if v is None else str(v) for v in known]
            return _texts(texts, meta) or _json(values, gaps)
        if kind is bytes:
            return _bytes(known, meta, na.binary(), na.large_binary())
        if kind is dt.date:
            return _dates(known, meta)
    return _json(values, gaps)


def _gap(value: Any) -> str | None:
    """Say which of the ways to have nothing a value is, if it is one."""
    import pandas as pd

    if value is None:
        return "none"
    if value is pd.NaT:
        return "nat"
    if value is pd.NA:
        return "na"
    return "nan" if isinstance(value, float) and value != value else None


def _dates(values: Sequence[dt.date | None], meta: dict[str, Any]) -> _Column:
    import nanoarrow as na
    import numpy as np

    days = np.array([0 if v is None else v.toordinal() - _EPOCH for v in values], "<i4")
    missing = np.array([v is None for v in values], bool)
    return _Column(na.date32(), [days], missing, meta)


def _json(values: Sequence[Any], gaps: Sequence[str | None]) -> _Column:
    texts = [
        json.dumps(None if gap and gap != "nan" else to_param(value))
        for value, gap in zip(values, gaps, strict=True)
    ]
    column = _texts(texts, {"object": "json"})
    assert column is not None  # json.dumps writes nothing but ASCII
    return column
