"""Describe the frames and arrays that a cell reads: shape and types, never the values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail.capture.values import known_class, type_name
from celltrail.model import DatasetInfo

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAX_COLUMNS", "describe_dataset"]

#: A schema lists this many columns; the shape says how many there are.
MAX_COLUMNS = 200


def describe_dataset(name: str, value: object) -> DatasetInfo | None:
    """Describe a frame or an array, or give None for anything else.

    Parameters
    ----------
    name
        The variable's name.
    value
        Anything; looked into only when it is exactly a DataFrame or Series of pandas or
        polars, an array of numpy, a tensor of torch, a sparse matrix of scipy, a table of
        pyarrow; of data sets of other libraries only the class is taken. Arrays without
        dimensions are numbers, not data.

    Examples
    --------
    >>> import numpy as np
    >>> describe_dataset("X", np.zeros((2, 3)))
    DatasetInfo(name='X', kind='numpy.ndarray', shape=(2, 3), schema={'': 'float64'}, size=48)
    """
    for module, cls, describe in _KINDS:
        if type(value) is known_class(module, cls):
            try:
                return describe(name, f"{module}.{cls}", value)
            except Exception:  # noqa: BLE001  # a half-built or foreign-typed frame: not recorded
                return None
    return None


def _frame(name: str, kind: str, frame: Any) -> DatasetInfo:
    labels, dtypes = list(frame.columns[:MAX_COLUMNS]), list(frame.dtypes[:MAX_COLUMNS])
    schema = {_label(c): _dtype(t) for c, t in zip(labels, dtypes, strict=True)}
    return DatasetInfo(name, kind, tuple(frame.shape), schema)


def _polars_series(name: str, kind: str, series: Any) -> DatasetInfo:
    return DatasetInfo(name, kind, (len(series),), {series.name: str(series.dtype)})


def _pandas_series(name: str, kind: str, series: Any) -> DatasetInfo:
    schema = {_label(series.name) if series.name is not None else "": _dtype(series.dtype)}
    return DatasetInfo(name, kind, tuple(series.shape), schema)


def _pandas_frame(name: str, kind: str, frame: Any) -> DatasetInfo:
    labels = list(frame.columns[:MAX_COLUMNS])
    dtypes = frame.dtypes.array[:MAX_COLUMNS]
    schema = {_label(c): _dtype(t) for c, t in zip(labels, dtypes, strict=True)}
    return DatasetInfo(name, kind, tuple(frame.shape), schema)


def _array(name: str, kind: str, array: Any) -> DatasetInfo | None:
    if not array.ndim:
        return None
    return DatasetInfo(name, kind, tuple(array.shape), {"": str(array.dtype)}, int(array.nbytes))


def _label(label: object) -> str:
    """Give a column's label; labels may be any object, whose ``str`` is not called."""
    kind = type(label)
    if kind is str:
        return label  # type: ignore[return-value]
    if kind is int or kind is float or kind is bool:
        return str(label)
    return f"<{type_name(label)}>"


def _dtype(dtype: object) -> str:
    """Give a column's type; extension types of others are named only by their class."""
    name = type_name(dtype)
    own = name.startswith(("numpy.", "pandas.", "polars."))
    return str(dtype) if own else name


def _tensor(name: str, kind: str, tensor: Any) -> DatasetInfo | None:
    if not tensor.dim():
        return None
    size = int(tensor.numel()) * int(tensor.element_size())
    return DatasetInfo(name, kind, tuple(tensor.shape), {"": str(tensor.dtype)}, size)


def _sparse(name: str, kind: str, matrix: Any) -> DatasetInfo:
    return DatasetInfo(name, kind, tuple(matrix.shape), {"": str(matrix.dtype)})


def _arrow(name: str, kind: str, table: Any) -> DatasetInfo:
    fields = [table.schema.field(i) for i in range(min(table.num_columns, MAX_COLUMNS))]
    schema = {field.name: str(field.type) for field in fields}
    return DatasetInfo(name, kind, (table.num_rows, table.num_columns), schema)


def _only_named(name: str, kind: str, _value: Any) -> DatasetInfo:
    return DatasetInfo(name, kind, ())


_SPARSE = tuple(
    (f"scipy.sparse._{form}", f"{form}_{shape}", _sparse)
    for form in ("csr", "csc", "coo", "bsr", "lil", "dok", "dia")
    for shape in ("matrix", "array")
)
_KINDS: tuple[tuple[str, str, Callable[[str, str, Any], DatasetInfo | None]], ...] = (
    ("pandas", "DataFrame", _pandas_frame),
    ("pandas", "Series", _pandas_series),
    ("numpy", "ndarray", _array),
    ("polars", "DataFrame", _frame),
    ("polars", "Series", _polars_series),
    ("torch", "Tensor", _tensor),
    ("pyarrow", "Table", _arrow),
    *_SPARSE,
    ("polars", "LazyFrame", _only_named),
    ("duckdb", "DuckDBPyRelation", _only_named),
    ("torch.utils.data", "DataLoader", _only_named),
    ("torch.utils.data", "TensorDataset", _only_named),
    ("torch.utils.data", "Subset", _only_named),
    ("datasets", "Dataset", _only_named),
    ("datasets", "DatasetDict", _only_named),
    ("xgboost", "DMatrix", _only_named),
    ("xgboost", "QuantileDMatrix", _only_named),
    ("lightgbm", "Dataset", _only_named),
    ("geopandas", "GeoDataFrame", _pandas_frame),
)
