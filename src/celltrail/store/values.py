"""Values on their way between Python, JSON and columns, without loss."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from celltrail.model import ParamValue

__all__ = [
    "EARLIEST",
    "LATEST",
    "PARAM_KINDS",
    "TypedParam",
    "decode_param",
    "encode_param",
    "real",
    "text",
    "text_or_none",
    "whole",
]

#: What a param can be, in the order of the codes that reads give.
PARAM_KINDS: Final = ("int", "float", "bool", "text", "null", "json")

#: kind, number, text, bool, json: the columns of ``params``.
TypedParam: TypeAlias = tuple[str, float | None, str | None, bool | None, str | None]

_INT64 = 1 << 63
#: The years 1 to 9999, in microseconds from 1970: what every reader of a TIMESTAMP can show.
EARLIEST, LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999
_EXACT_IN_DOUBLE = 1 << 53


def text(value: object) -> str:
    """Make a text that the database can hold; lone surrogates become visible escapes."""
    string = value if isinstance(value, str) else str(value)
    if string.isascii():
        return string
    return string.encode("utf-8", "backslashreplace").decode("utf-8")


def text_or_none(value: object) -> str | None:
    """Make a text, unless there is none."""
    return None if value is None else text(value)


def whole(value: object) -> int | None:
    """Make an int64, or nothing of what is none."""
    if not isinstance(value, int | float) or not -_INT64 <= value < _INT64:  # False for NaN
        return None
    return int(value)


def real(value: object) -> float | None:
    """Make a float64, or nothing of what is none."""
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def encode_param(value: ParamValue) -> TypedParam:
    """Spread a param over typed columns.

    Examples
    --------
    >>> encode_param(3)
    ('int', 3.0, None, None, None)
    >>> encode_param([1, 2])
    ('json', None, None, None, '[1, 2]')
    """
    if value is None:
        return "null", None, None, None, None
    if isinstance(value, bool):
        return "bool", None, None, value, None
    if isinstance(value, int):
        exact = -_EXACT_IN_DOUBLE <= value <= _EXACT_IN_DOUBLE
        return "int", real(value), None, None, None if exact else json.dumps(value)
    if isinstance(value, float):
        # Some versions of DuckDB take a NaN that is bound for NULL.
        return "float", value, None, None, "NaN" if math.isnan(value) else None
    if isinstance(value, str):
        return "text", None, text(value), None, None
    return "json", None, None, None, json.dumps(value)


def decode_param(typed: TypedParam) -> ParamValue:
    """Give back what `encode_param` was given."""
    kind, number, string, flag, encoded = typed
    if encoded is not None:
        value: Any = json.loads(encoded)
        return value  # type: ignore[no-any-return]
    if kind == "int":
        return None if number is None else int(number)
    if kind == "float":
        return number
    return flag if kind == "bool" else string
