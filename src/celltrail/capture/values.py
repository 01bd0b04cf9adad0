"""Read values of the notebook without running any code of their classes.

A class can make ``repr``, ``==``, ``len``, ``isinstance`` and even ``type(x).__name__``
run code of the user's. So an object is looked into only when its type *is* one of the
exact classes known here; of everything else only the name of the type is taken.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from celltrail.capture.classes import NOTHING, Nothing, known_class, type_name
from celltrail.capture.special import fields_of, special

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celltrail.model import Number, ParamValue

__all__ = [
    "NOTHING",
    "Nothing",
    "flat",
    "is_check",
    "known_class",
    "number",
    "numbers_of",
    "plain",
    "type_name",
]

MAX_TEXT = 1_000
MAX_ITEMS = 50
_MAX_DEPTH = 4
#: Python's own default; whoever reads the store has no other, mostly.
_MAX_DIGITS = 4_300
_INT64 = range(-(2**63), 2**63)


_NUMPY_NUMBERS = (
    "bool", "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "longlong", "ulonglong", "float16", "float32", "float64",
)  # fmt: skip
_BUILTIN_NUMBERS = frozenset({id(int), id(float), id(bool)})
_CONTAINERS = frozenset({id(list), id(tuple), id(dict)})
_SETS = frozenset({id(set), id(frozenset)})
_numpy_numbers: frozenset[int] = frozenset()


def _numpy_ids() -> frozenset[int]:
    """Give the ids of numpy's exact scalar classes, empty while numpy is not imported."""
    global _numpy_numbers
    if not _numpy_numbers and "numpy" in sys.modules:
        found = (known_class("numpy", name) for name in _NUMPY_NUMBERS)
        _numpy_numbers = frozenset(id(c) for c in found if c is not None)
    return _numpy_numbers


def numbers_of(namespace: Mapping[str, object]) -> dict[str, object]:
    """Give the names that hold a number of Python's or numpy's exact classes.

    Parameters
    ----------
    namespace
        A copy of the notebook's namespace.

    Examples
    --------
    >>> numbers_of({"a": True, "b": 0.5, "c": "1"})
    {'a': True, 'b': 0.5}
    """
    kinds = _BUILTIN_NUMBERS | _numpy_ids()
    # in this order: a key that is no text may have a __hash__ of its own
    return {k: v for k, v in namespace.items() if id(type(v)) in kinds and type(k) is str}


def is_check(value: object) -> bool:
    """Say whether a number is a truth value, of Python's or numpy's class.

    Examples
    --------
    >>> is_check(True), is_check(1)
    (True, False)
    """
    return type(value).__name__ in ("bool", "bool_")  # of what `number` gives the class is known


def number(value: object) -> Number | Nothing:
    """Give a metric's value, or ``NOTHING`` for what is no number.

    Parameters
    ----------
    value
        Anything. A bool counts as 0 or 1, a torch tensor without dimensions as its item;
        an int beyond 64 bits becomes a float, which is infinite beyond 1e308.

    Examples
    --------
    >>> number(2.5), number(True), number("2")
    (2.5, 1, NOTHING)
    """
    kind = id(type(value))
    if kind in _BUILTIN_NUMBERS:
        return _measured(value)
    if kind in _numpy_ids():
        return _measured(value.item())  # type: ignore[attr-defined]
    return _torch_number(value)


def _torch_number(value: Any) -> Number | Nothing:
    tensor = known_class("torch", "Tensor")
    if tensor is None or id(type(value)) != id(tensor) or value.dim() != 0:
        return NOTHING
    try:
        item = value.item()
    except Exception:  # noqa: BLE001  # a meta or quantised tensor has no value: not recorded
        return NOTHING
    kind = type(item)
    return _measured(item) if kind is int or kind is float else NOTHING


def _measured(value: Any) -> Number:
    """Give a plain number as a metric holds it: an int only within 64 bits."""
    if type(value) is float:
        return value
    whole = int(value)
    if whole in _INT64:
        return whole
    try:
        return float(whole)
    except OverflowError:
        return math.inf if whole > 0 else -math.inf


def _setting(value: int) -> int | str:
    """Give an int as a param holds it: as a remark where Python refuses to write it out."""
    limit = min(_MAX_DIGITS, sys.get_int_max_str_digits() or _MAX_DIGITS)
    size = abs(value)
    if size.bit_length() <= 3 * limit:  # surely shorter, at 3.3 bits a digit
        return value
    if size < 10**limit:
        return value
    return f"<int of {math.floor(math.log10(size)) + 1} digits>"


def plain(value: object) -> ParamValue | Nothing:
    """Give a param's value in Python's own types, or ``NOTHING`` for what is none.

    Parameters
    ----------
    value
        Anything. Numbers, bools, None, texts up to 1,000 characters, and lists, tuples,
        sets and string-keyed dicts of those with up to 50 items in all. Paths, enums, dates,
        dtypes and the like become texts; dataclasses and namespaces dicts of those fields
        that are plain. An int of more digits than Python writes out becomes a text that says
        how many they are.

    Examples
    --------
    >>> plain((1, "a")), plain({}), plain(object())
    ([1, 'a'], NOTHING, NOTHING)

    Notes
    -----
    An empty container is mostly one that is about to be filled, not a setting.
    """
    found: ParamValue | Nothing = _plain(value, [MAX_ITEMS], 0)
    return found


def _plain(value: Any, budget: list[int], depth: int) -> Any:
    kind = type(value)
    budget[0] -= 1
    if kind is int:
        return _setting(value)
    if value is None or kind is bool or kind is float:
        return value
    if kind is str:
        return value if len(value) <= MAX_TEXT else NOTHING
    if id(kind) in _numpy_ids():
        return value.item()
    if id(kind) not in _CONTAINERS:
        return _of_special_class(value, budget, depth)
    if not value or len(value) > budget[0] or depth >= _MAX_DEPTH:
        return NOTHING
    if kind is dict:
        if any(type(key) is not str for key in value):
            return NOTHING
        items = {key: _plain(v, budget, depth + 1) for key, v in value.copy().items()}
        return NOTHING if any(v is NOTHING for v in items.values()) else items
    parts = [_plain(v, budget, depth + 1) for v in value]
    return NOTHING if any(v is NOTHING for v in parts) else parts


def _of_special_class(value: Any, budget: list[int], depth: int) -> Any:
    """Give a path, an enum and the like as text, and an object that holds settings as a dict."""
    if id(type(value)) in _SETS:
        parts = [_plain(v, budget, depth + 1) for v in list(value)[: MAX_ITEMS + 1]]
        plain_ones = parts and len(parts) <= MAX_ITEMS and all(v is not NOTHING for v in parts)
        return sorted(parts, key=repr) if plain_ones else NOTHING
    text = special(value)
    if not isinstance(text, Nothing):
        return text if len(text) <= MAX_TEXT else NOTHING
    number_of_torch = _torch_number(value)
    if not isinstance(number_of_torch, Nothing):
        return number_of_torch
    fields = fields_of(value) if depth < _MAX_DEPTH else None
    if fields is None:
        return NOTHING
    items = {key: _plain(v, budget, depth + 1) for key, v in list(fields.items())[:MAX_ITEMS]}
    known = {key: v for key, v in items.items() if v is not NOTHING}
    return known or NOTHING


def flat(name: str, value: ParamValue) -> Mapping[str, ParamValue]:
    """Give a param as one value, or a mapping as one value for each dotted name.

    Examples
    --------
    >>> flat("opt", {"lr": 0.1, "sgd": {"momentum": 0.9}})
    {'opt.lr': 0.1, 'opt.sgd.momentum': 0.9}
    """
    if not isinstance(value, dict) or not value:
        return {name: value}
    found: dict[str, ParamValue] = {}
    for key, inner in value.items():
        found.update(flat(f"{name}.{key}", inner))
    return found
