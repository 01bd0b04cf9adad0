"""A DataFrame as a Parquet file, without pyarrow: DuckDB writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.errors import ExportError
from celltrail.store.instance import load_engine, quoted

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["write_parquet"]


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame; it is there whole or not at all.

    Parameters
    ----------
    frame
        Its columns are numbers, bools, times and texts. An index is left out.
    path
        The file, which is replaced.

    Raises
    ------
    ExportError
        When it cannot be written.
    """
    load_engine()
    import duckdb

    part = path.with_name(f".{path.name}.part")
    try:
        with duckdb.connect(":memory:") as con:
            con.register("frame", frame)
            con.execute(f"COPY (SELECT * FROM frame) TO {quoted(part)} (FORMAT parquet)")
        part.replace(path)
    except (duckdb.Error, OSError) as error:
        raise ExportError(path, f"cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
