"""Turn what users log into what is stored: numbers for metrics, plain values for params."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from celltrail.model import Number, ParamValue

__all__ = ["flatten", "short_repr", "to_number", "to_param", "to_step", "to_text"]

_INT64 = range(-(2**63), 2**63)
_MAX_DEPTH = 32
# Python refuses to write out integers of more than 4,300 digits: those are kept in hex.
_MAX_BITS = 14_000


def to_number(value: object) -> Number | None:
    """Give a metric's value as a float or an exact int, or None when it is no number.

    Parameters
    ----------
    value
        A number of Python, numpy, torch and the like; also an array or tensor of one
        element. NaN and the infinities are numbers.

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
        plain = item() if callable(item) else value
        if isinstance(plain, int):
            return _from_int(plain)
        return None if isinstance(plain, (str, bytes, complex)) else float(plain)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001  # any user class may stand here; the caller says that it is no number
        return None


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


def to_param(value: object) -> ParamValue:
    """Give a param's value in plain Python types; an object of another kind as its text.

    Parameters
    ----------
    value
        Anything. Scalars of numpy and torch become Python's, enums their value, paths
        and dtypes their text, sequences and sets lists, mappings dicts with string keys.

    Returns
    -------
    bool, int, float, str, None, list or dict
        What can be stored as it is. A broken ``__repr__`` gives ``"<Type: no repr>"``.

    Examples
    --------
    >>> to_param((1, {"a": None}))
    [1, {'a': None}]
    """
    try:
        return _plain(value, 0)
    except Exception:  # noqa: BLE001  # any user class may stand here; its text is kept
        return _text(value)


def _plain(value: object, depth: int) -> ParamValue:
    if isinstance(value, enum.Enum):
        return _plain(value.value, depth + 1)
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return hex(value)
    if value is None or type(value) in (bool, int, float, str):
        return value  # type: ignore[return-value]
    if isinstance(value, (int, float)):
        return float(value) if isinstance(value, float) else int(value)
    if depth > _MAX_DEPTH:
        return "…"
    return _plain_object(value, depth)


def _plain_object(value: object, depth: int) -> ParamValue:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, Mapping):
        return {_key(k): _plain(v, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v, depth + 1) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted(
            (_plain(v, depth + 1) for v in value), key=lambda v: json.dumps(v, default=str)
        )
    number = to_number(value) if hasattr(value, "item") else None
    return number if number is not None else _text(value)


def to_text(value: object) -> str:
    """Give an object as a text: itself where it is one, else what it says of itself."""
    if isinstance(value, str):
        return str(value)
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # a broken __str__: the text says so
        return _text(value)


def short_repr(value: object) -> str:
    """Give a short text of an object for a message, whatever its class does."""
    text = _text(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _text(value: object) -> str:
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  # a broken __repr__: the stored text says so
        return f"<{type(value).__qualname__}: no repr>"


def _key(key: object) -> str:
    return key if isinstance(key, str) else _text(key)


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
        value, so that it is not lost.

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
    yield from _walk(mapping, prefix, 0)


def _walk(mapping: Mapping[Any, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in mapping.items():
        name = f"{prefix}.{_key(key)}" if prefix else _key(key)
        inner = _as_mapping(value)
        if inner and depth < _MAX_DEPTH:
            yield from _walk(inner, name, depth + 1)
        else:
            yield name, value


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
