"""Turn what users log into what is stored: numbers for metrics, plain values for params."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from celltrail.record.bounds import CUT, Bounds

if TYPE_CHECKING:
    from celltrail.model import Number, ParamValue

__all__ = ["flatten", "short_repr", "to_number", "to_param", "to_step", "to_text"]

_INT64 = range(-(2**63), 2**63)
_MAX_DEPTH = 32
# Python refuses to write out integers of more than 4,300 digits: those are kept in hex.
_MAX_BITS = 14_000
#: So many params, at most, come of mappings that stand in more than one place.
_MAX_REPEATED = 10_000
_LONGEST = 80
#: Of numpy's units of time: what ISO 8601 calls those of the calendar, and of others how many
#: make a second (or how many seconds they are).
_CALENDAR = {"Y": "Y", "M": "M", "W": "W", "D": "D"}
_SECONDS = {"h": 3600, "m": 60, "s": 1}
_PARTS = {"ms": 3, "us": 6, "ns": 9, "ps": 12, "fs": 15, "as": 18}


def to_number(value: object) -> Number | None:
    """Give a metric's value as a float or an exact int, or None when it is no number.

    Parameters
    ----------
    value
        A number of Python, numpy, torch and the like; also an array or tensor of one
        element. NaN and the infinities are numbers; what is masked is NaN, and times and
        durations are no numbers.

    Returns
    -------
    int, float or None
        An int only within 64 bits; a larger one becomes a float (infinite beyond 1e308).

    Examples
    --------
    >>> to_number(True), to_number(10**30), to_number("0.5")
    (1, 1e+30, None)
    """
    kind = type(value)
    if kind is float:
        return value  # type: ignore[return-value]
    if kind is int or kind is bool:
        return _from_int(int(value))  # type: ignore[call-overload]
    if isinstance(value, (str, bytes, bytearray, complex)) or value is None:
        return None
    try:
        item = getattr(value, "item", None)
        if callable(item):
            if _time_kind(value):
                return None
            plain = float("nan") if _is_masked(value) else item()
        else:
            plain = value
        if isinstance(plain, int):
            return _from_int(plain)
        return None if isinstance(plain, (str, bytes, complex)) else float(plain)
    except Exception:  # noqa: BLE001  # any user class may stand here; the caller says that it is no number
        return None


def _time_kind(value: object) -> str | None:
    """Say whether this is numpy's time (``"M"``) or duration (``"m"``)."""
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    return kind if kind in ("M", "m") else None


def _is_masked(value: object) -> bool:
    """Say whether this is one number of numpy's that is masked: what is below means nothing."""
    ma: Any = sys.modules.get("numpy.ma")
    if ma is None or not isinstance(value, ma.MaskedArray):
        return False
    return value.size == 1 and bool(ma.getmaskarray(value).all())


def _from_int(value: int) -> Number:
    if value in _INT64:
        return value
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def to_step(step: object) -> int | None:
    """Give a step as an int64, or None when it is not a whole number.

    Examples
    --------
    >>> to_step(3.0), to_step(0.5)
    (3, None)
    """
    number = to_number(step)
    if number is None or number != number or number in (float("inf"), float("-inf")):
        return None
    whole = int(number)
    return whole if whole == number and whole in _INT64 else None


def to_param(value: object, bounds: Bounds | None = None) -> ParamValue:
    """Give a param's value in plain Python types; an object of another kind as its text.

    Parameters
    ----------
    value
        Anything. Scalars of numpy and torch become Python's, its times and durations ISO
        8601, enums their value, paths and dtypes their text, sequences and sets lists,
        mappings dicts with string keys.
    bounds
        Of the walk that this is a part of.

    Returns
    -------
    bool, int, float, str, None, list or dict
        What can be stored as it is. A broken ``__repr__`` gives ``"<Type: no repr>"``; where
        a structure contains itself, is deeper than 32 levels or has one part at very many
        places, ``"…"`` stands for what is left out.

    Examples
    --------
    >>> to_param((1, {"a": None}))
    [1, {'a': None}]
    """
    return _plain(value, 0, bounds)


def _plain(value: object, depth: int, bounds: Bounds | None) -> ParamValue:
    if value is None or type(value) in (bool, float, str):
        return value  # type: ignore[return-value]
    try:
        if isinstance(value, enum.Enum):
            return _plain(value.value, depth + 1, bounds) if depth <= _MAX_DEPTH else CUT
        if isinstance(value, int):
            return hex(value) if value.bit_length() > _MAX_BITS else _own_int(value)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, os.PathLike):
            return os.fsdecode(value)
        if isinstance(value, (Mapping, list, tuple, set, frozenset)):
            return _plain_parts(value, depth, bounds or Bounds())
        return _plain_object(value)
    except Exception:  # noqa: BLE001  # any user class may stand here; its text is kept
        return _text(value)


def _own_int(value: int) -> int:
    return value if type(value) in (int, bool) else int(value)


def _plain_parts(value: Any, depth: int, bounds: Bounds) -> ParamValue:
    if depth > _MAX_DEPTH or not bounds.enter(value, len(value)):
        return CUT
    try:
        if isinstance(value, Mapping):
            return {_key(k): _plain(v, depth + 1, bounds) for k, v in value.items()}
        parts = [_plain(v, depth + 1, bounds) for v in value]
    finally:
        bounds.leave(value)
    if isinstance(value, (set, frozenset)):
        parts.sort(key=lambda v: json.dumps(v, default=str))
    return parts


def _plain_object(value: Any) -> ParamValue:
    if not hasattr(value, "item"):
        return _text(value)
    if kind := _time_kind(value):
        if value.size != 1:
            return _text(value)
        one = value.reshape(())[()]
        return str(one) if kind == "M" else _duration(one)
    number = to_number(value)
    return number if number is not None else _text(value)


def _duration(value: Any) -> str:
    """Give numpy's duration as ISO 8601 has it, exactly, in the one unit that it was in."""
    import numpy as np

    if np.isnat(value):
        return "NaT"
    unit, times = np.datetime_data(value.dtype)
    count = int(value.astype("i8")) * times
    sign, count = ("-" if count < 0 else ""), abs(count)
    if unit in _CALENDAR:
        return f"{sign}P{count}{_CALENDAR[unit]}"
    if unit in _SECONDS:
        return f"{sign}PT{count * _SECONDS[unit]}S"
    if unit not in _PARTS:  # one of no unit at all
        return f"{sign}{count}"
    whole, part = divmod(count, 10 ** _PARTS[unit])
    return f"{sign}PT{whole}.{part:0{_PARTS[unit]}}".rstrip("0").rstrip(".") + "S"


def to_text(value: object) -> str:
    """Give an object as a text: itself where it is one, else what it says of itself."""
    if isinstance(value, str):
        return str.__str__(value)  # whatever its class does when it is asked
    try:
        return str.__str__(str(value))
    except Exception:  # noqa: BLE001  # a broken __str__: the text says so
        return _text(value)


def short_repr(value: object) -> str:
    """Give a short text of an object for a message: of a scalar itself, else its type.

    What a large object says of itself may be as large as it is.

    Examples
    --------
    >>> short_repr(0.5), short_repr("a" * 1000)[:4], short_repr([1] * 1000)
    ('0.5', "'aaa", '<list>')
    """
    if isinstance(value, str):
        value = str.__str__(value[: _LONGEST + 1])
    elif not (value is None or isinstance(value, (bool, int, float, complex))):
        return f"<{type(value).__qualname__}>"
    text = _text(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + CUT


def _text(value: object) -> str:
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  # a broken __repr__: the stored text says so
        return f"<{type(value).__qualname__}: no repr>"


def _key(key: object) -> str:
    return str.__str__(key) if isinstance(key, str) else _text(key)


def flatten(params: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give nested params as pairs of a dotted name and a value.

    Parameters
    ----------
    params
        A mapping, a dataclass instance, an ``argparse.Namespace`` or an object with
        ``model_dump()`` (pydantic), nested as deep as one likes.
    prefix
        What the names start with.

    Yields
    ------
    (str, object)
        The dotted name and the value, which is no longer nested. An empty mapping is a
        value, so that it is not lost; a mapping inside of itself is ``"…"``, and so is one
        that stands in thousands of places, or deeper than 32 levels.

    Raises
    ------
    TypeError
        When ``params`` itself is none of these.

    Examples
    --------
    >>> list(flatten({"opt": {"lr": 0.1}, "seed": 3}))
    [('opt.lr', 0.1), ('seed', 3)]
    """
    mapping = _as_mapping(params)
    if mapping is None:
        message = (
            f"params must be a mapping, dataclass or Namespace, not {type(params).__qualname__}"
        )
        raise TypeError(message)
    bounds = Bounds(_MAX_REPEATED)
    bounds.enter(params, len(mapping))
    yield from _walk(mapping.items(), prefix, 0, bounds)


def _walk(
    mapping: Iterable[tuple[Any, Any]], prefix: str, depth: int, bounds: Bounds
) -> Iterator[tuple[str, Any]]:
    for key, value in mapping:
        name = f"{prefix}.{_key(key)}" if prefix else _key(key)
        inner = _pairs(value)
        if not inner:
            yield name, value
        elif depth < _MAX_DEPTH and bounds.enter(value, len(inner)):
            yield from _walk(inner, name, depth + 1, bounds)
            bounds.leave(value)
        else:
            yield name, CUT


def _pairs(value: object) -> list[tuple[Any, Any]]:
    """Give what is in a mapping, or nothing for one that is empty, fails, or is none."""
    try:
        mapping = _mapping_of(value)
        return [] if mapping is None else list(mapping.items())
    except Exception:  # noqa: BLE001  # any user class may stand here; then it is a value
        return []


def _as_mapping(value: object) -> Mapping[Any, Any] | None:
    try:
        return _mapping_of(value)
    except Exception:  # noqa: BLE001  # any user class may stand here; then it is a value
        return None


def _mapping_of(value: object) -> Mapping[Any, Any] | None:
    if isinstance(value, Mapping):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, argparse.Namespace):
        return vars(value)
    if not isinstance(value, type) and callable(getattr(value, "model_dump", None)):
        dumped = value.model_dump()  # type: ignore[attr-defined]
        return dumped if isinstance(dumped, Mapping) else None
    return None
