"""Settings that are no numbers and texts: paths, enums, types, dates, objects with fields."""

from __future__ import annotations

import sys
from typing import Any

from celltrail.capture.classes import (
    NOTHING,
    Nothing,
    class_dict,
    instance_dict,
    is_a,
    known_class,
    mro_of,
    type_name,
)

__all__ = ["fields_of", "is_path", "special"]

#: Exact classes of libraries whose ``str`` runs nobody else's code, and says it all.
_WRITTEN = (
    ("pathlib", "PosixPath"), ("pathlib", "WindowsPath"), ("pathlib", "PurePosixPath"),
    ("pathlib", "PureWindowsPath"), ("pathlib._local", "PosixPath"),
    ("pathlib._local", "WindowsPath"), ("datetime", "date"), ("datetime", "timedelta"),
    ("datetime", "datetime"), ("datetime", "time"), ("decimal", "Decimal"),
    ("fractions", "Fraction"), ("uuid", "UUID"), ("torch", "dtype"), ("torch", "device"),
    ("builtins", "complex"), ("builtins", "range"), ("pandas", "Timestamp"),
    ("pandas", "Timedelta"),
)  # fmt: skip
#: Packages whose classes stand for themselves where they are settings, as ``np.float32`` does.
_TYPES = {"builtins", "numpy", "pandas", "polars"}
#: Classes whose instances only hold settings.
_HOLDERS = (("types", "SimpleNamespace"), ("argparse", "Namespace"))
#: More fields of a library's own than people look at.
_MANY_FIELDS = 15
_type_module = type.__dict__["__module__"]


def special(value: object) -> str | Nothing:
    """Give a setting of a special class as text, or ``NOTHING``.

    Examples
    --------
    >>> from pathlib import Path
    >>> special(Path("data/x.csv")), special(int), special(object())
    ('data/x.csv', 'int', NOTHING)
    """
    kind = type(value)
    if kind is type:  # of a class with a class of its own nothing is known
        return _type_text(value)
    for module, name in _WRITTEN:
        if kind is known_class(module, name):
            return str(value)
    if is_a(value, "numpy", "dtype"):
        return str(value)
    if is_a(value, "enum", "Enum"):
        own = instance_dict(value) or {}
        member = own.get("_name_")
        if type(member) is str:
            return f"{type_name(value).rpartition('.')[2]}.{member}"
    return NOTHING


def is_path(value: object) -> bool:
    """Say whether a value is a path of the standard library's own classes."""
    return any(type(value) is known_class(*named) for named in _WRITTEN if "Path" in named[1])


def _type_text(value: Any) -> str | Nothing:
    module = _type_module.__get__(value)
    if type(module) is not str or module.partition(".")[0] not in _TYPES:
        return NOTHING
    name = type.__dict__["__qualname__"].__get__(value)
    return str(name) if module == "builtins" else f"{module.partition('.')[0]}.{name}"


def fields_of(value: object) -> dict[str, Any] | None:
    """Give the fields of an object that only holds settings, or None for any other.

    Those are instances of dataclasses, ``SimpleNamespace``, ``argparse.Namespace`` and
    pydantic models. Only what the instance itself holds is taken: no property is asked. Of a
    library's dataclass with very many fields, such as the arguments of a trainer, those are
    taken that differ from their defaults.

    Examples
    --------
    >>> import argparse
    >>> fields_of(argparse.Namespace(lr=0.1)), fields_of(object())
    ({'lr': 0.1}, None)
    """
    kind = type(value)
    for module, name in _HOLDERS:
        if kind is known_class(module, name):
            return dict(instance_dict(value) or _namespace_dict(value))
    declared = any("__dataclass_fields__" in class_dict(base) for base in mro_of(kind))
    if not declared and not ("pydantic" in sys.modules and is_a(value, "pydantic", "BaseModel")):
        return None
    own = instance_dict(value)
    if own is None:
        return None
    found = {k: v for k, v in own.items() if type(k) is str}
    if len(found) <= _MANY_FIELDS or _type_module.__get__(kind) == "__main__":
        return found
    defaults = _defaults(kind)
    return {k: v for k, v in found.items() if not _is_default(v, defaults.get(k, NOTHING))}


def _defaults(kind: type) -> dict[str, Any]:
    """Give the defaults of a dataclass's fields."""
    fields: dict[str, Any] = {}
    for base in reversed(mro_of(kind)):
        declared: Any = class_dict(base).get("__dataclass_fields__", {})
        fields.update(declared)
    is_field: Any = known_class("dataclasses", "Field")
    return {name: f.default for name, f in fields.items() if type(f) is is_field}


def _is_default(value: object, default: object) -> bool:
    """Say whether a plain value, or the value of an enum's member, is the default."""
    if is_a(value, "enum", "Enum"):
        value = (instance_dict(value) or {}).get("_value_")
    if is_a(default, "enum", "Enum"):
        default = (instance_dict(default) or {}).get("_value_")
    if value is default:
        return True
    plain = (bool, int, float, str)
    return type(value) is type(default) and type(value) in plain and value == default


def _namespace_dict(value: Any) -> dict[str, Any]:
    """Give what a ``SimpleNamespace`` holds, whose slot is a member of C."""
    return dict(vars(value))
