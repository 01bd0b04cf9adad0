"""Tables of pandas, polars and Arrow: as Arrow's stream, which keeps their types."""

from __future__ import annotations

import io
from typing import Any

from celltrail.errors import ArtifactError
from celltrail.record.content.content import ARROW_MIME, Content, is_a, suffix_of
from celltrail.record.content.frames import write_frame

__all__ = ["table_content"]

_NAME = "table.arrows"
_PARQUET_MIME = "application/vnd.apache.parquet"


def table_content(value: Any, name: str | None) -> Content | None:
    """Give a table or a column of one; None for what is no table.

    Parameters
    ----------
    value
        A DataFrame or Series of pandas or polars, a table of pyarrow, or any object that
        gives an Arrow stream (such as a relation of DuckDB).
    name
        The artifact's name: when it ends in ``.csv``, a pandas or polars table is stored
        as CSV, which keeps no types; when it ends in ``.parquet``, as Parquet, which for
        pandas needs pyarrow.

    Raises
    ------
    ArtifactError
        When it cannot be written so.
    """
    for describe in (_pandas, _polars, _pyarrow, _arrow):
        content = describe(value, suffix_of(name))
        if content is not None:
            return content
    return None


def _pandas(value: Any, suffix: str) -> Content | None:
    if not is_a(value, "pandas", "DataFrame", "Series"):
        return None
    if suffix == ".csv":
        return _csv(value.to_csv().encode("utf-8", "surrogatepass"))
    if suffix == ".parquet":
        frame = value.to_frame() if value.ndim == 1 else value
        try:
            return _parquet(frame.to_parquet())
        except ImportError as error:
            message = (
                "Parquet needs pyarrow (pip install pyarrow); under a name without .parquet the "
                "table is stored in a form that needs nothing and keeps its types."
            )
            raise ArtifactError(message) from error
    columns = value if value.ndim == 2 else value.to_frame()
    if any(hasattr(dtype, "pyarrow_dtype") for dtype in columns.dtypes):
        import pyarrow as pa  # of the user's own: the columns are made of it

        return _pyarrow(pa.Table.from_pandas(columns), suffix)
    return _stream(write_frame(value))


def _polars(value: Any, suffix: str) -> Content | None:
    if is_a(value, "polars", "Series"):
        value = value.to_frame()
    if not is_a(value, "polars", "DataFrame"):
        return None
    import polars as pl

    if suffix == ".csv":
        return _csv(value.write_csv().encode())
    out = io.BytesIO()
    if suffix == ".parquet":
        value.write_parquet(out)
        return _parquet(out.getvalue())
    value.write_ipc_stream(out, compat_level=pl.CompatLevel.oldest())
    return _stream(out.getvalue())


def _pyarrow(value: Any, suffix: str) -> Content | None:
    if not is_a(value, "pyarrow", "Table", "RecordBatch"):
        return None
    import pyarrow as pa

    out = io.BytesIO()
    if suffix == ".parquet":
        import pyarrow.parquet as pq

        table = value if isinstance(value, pa.Table) else pa.Table.from_batches([value])
        pq.write_table(table, out)
        return _parquet(out.getvalue())
    with pa.ipc.new_stream(out, value.schema) as writer:
        writer.write(value)
    return _stream(out.getvalue())


def _arrow(value: Any, suffix: str) -> Content | None:
    """Give anything else that speaks Arrow."""
    del suffix
    if not callable(getattr(value, "__arrow_c_stream__", None)):
        return None
    from nanoarrow.ipc import StreamWriter

    out = io.BytesIO()
    with StreamWriter.from_writable(out) as writer:
        writer.write_stream(value)
    return _stream(out.getvalue())


def _stream(data: bytes) -> Content:
    return Content(data, "table", ARROW_MIME, _NAME)


def _csv(data: bytes) -> Content:
    return Content(data, "table", "text/csv", "table.csv")


def _parquet(data: bytes) -> Content:
    return Content(data, "table", _PARQUET_MIME, "table.parquet")
