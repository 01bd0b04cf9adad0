"""Events as lines of JSON."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["JSON", "Event", "now_us", "to_line", "to_lines"]

#: What JSON can hold; NaN and the infinities are kept as such.
JSON: TypeAlias = Any
#: Kind and fields of one event.
Event: TypeAlias = tuple[str, dict[str, JSON]]

_encode = json.JSONEncoder(separators=(",", ":")).encode


def now_us() -> int:
    """Give the time in microseconds since 1970, in UTC."""
    return time.time_ns() // 1000


def to_line(kind: str, fields: dict[str, JSON]) -> bytes:
    """Give an event as a line; TypeError or ValueError when a field is none of JSON's."""
    return _encode({"e": kind, **fields}).encode("ascii") + b"\n"


def to_lines(events: Iterable[Event]) -> bytes:
    """Give several events as lines."""
    return b"".join([to_line(kind, fields) for kind, fields in events])
