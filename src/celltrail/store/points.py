"""The points of metrics as fixed records of 32 bytes.

A record is, little-endian: the run's and the key's number within the segment (u32 each;
the key's top bit says that the value is an exact integer), the step (i64), the time in
microseconds since 1970 in UTC (i64), and the value (float64 or int64).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["EXACT", "RECORD_SIZE", "Points", "decode", "pack_exact", "pack_float"]

EXACT = 1 << 31
RECORD_SIZE = 32

#: ``pack_float(run, key, step, time, value)`` gives one record.
pack_float = struct.Struct("<IIqqd").pack
#: The same for an integer; the key must carry the bit `EXACT`.
pack_exact = struct.Struct("<IIqqq").pack


@dataclass(frozen=True, slots=True)
class Points:
    """Decoded points, one array a field.

    Parameters
    ----------
    run, key
        Numbers within the segment.
    step, time
        As logged.
    value
        The value as float64, whatever it was.
    exact
        The value of integers; 0 elsewhere.
    is_exact
        Where ``exact`` counts.
    """

    run: npt.NDArray[np.int64]
    key: npt.NDArray[np.int64]
    step: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    exact: npt.NDArray[np.int64]
    is_exact: npt.NDArray[np.bool_]


def decode(data: bytes) -> Points:
    """Read whole records.

    Parameters
    ----------
    data
        A multiple of `RECORD_SIZE` bytes.

    Returns
    -------
    Points
        One element a record, in order.
    """
    import numpy as np

    fields: list[tuple[str, Any]] = [
        ("run", "<u4"),
        ("key", "<u4"),
        ("step", "<i8"),
        ("time", "<i8"),
        ("value", "<f8"),
    ]
    records = np.frombuffer(data, np.dtype(fields))
    is_exact = (records["key"] & EXACT) != 0
    bits = np.ascontiguousarray(records["value"]).view("<i8")
    exact = np.where(is_exact, bits, 0)
    return Points(
        run=records["run"].astype(np.int64),
        key=(records["key"] & ~np.uint32(EXACT)).astype(np.int64),
        step=records["step"].astype(np.int64),
        time=records["time"].astype(np.int64),
        value=np.where(is_exact, exact.astype(np.float64), records["value"]),
        exact=exact,
        is_exact=is_exact,
    )
