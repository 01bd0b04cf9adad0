"""The run table as a pandas DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from celltrail.query.table import Column, RunTable

__all__ = ["to_frame"]


def to_frame(table: RunTable) -> pd.DataFrame:
    """Give the run table as a DataFrame, indexed by run id, with a type for each column.

    Numbers without gaps are plain float64 or int64; integers and bools with gaps are
    pandas' nullable ``Int64`` and ``boolean``; times are in UTC.
    """
    import numpy as np
    import pandas as pd

    index = pd.Index(np.array(table.ids, dtype=object), name="run_id", dtype="str")
    series = {name: _series(column, index) for name, column in table.columns.items()}
    return pd.DataFrame(series, index=index, copy=False)


def _series(column: Column, index: pd.Index[str]) -> Any:
    import numpy as np
    import pandas as pd

    values, missing = column.values, column.missing
    gaps = bool(missing.any())
    match column.kind:
        case "number" | "duration":
            return np.where(missing, np.nan, values) if gaps else values
        case "integer":
            return pd.arrays.IntegerArray(values, missing) if gaps else values
        case "bool":
            return pd.arrays.BooleanArray(values, missing) if gaps else values
        case "time":
            stamps = values.astype("datetime64[us]")
            stamps[missing] = np.datetime64("NaT")
            return pd.DatetimeIndex(stamps).tz_localize("UTC")
        case "text":
            filled = values.copy()
            filled[missing] = None
            return pd.array(filled, dtype="str")
        case _:
            filled = values.copy()
            filled[missing] = None
            # With its type said, for pandas would guess at one and fail at huge integers.
            return pd.Series(filled, index=index, dtype=object)
