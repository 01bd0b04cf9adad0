"""Look at classes without running any code of theirs.

A class can make ``isinstance``, ``hasattr`` and even ``type(x).__name__`` run code of the
user's. What is used here are the slots of `type` itself, which no class can replace.
"""

from __future__ import annotations

import sys
from types import GetSetDescriptorType, ModuleType
from typing import Any, Final

__all__ = [
    "NOTHING",
    "Nothing",
    "class_dict",
    "instance_dict",
    "is_a",
    "known_class",
    "mro_of",
    "package_of",
    "type_name",
]

_type_module = type.__dict__["__module__"]
_type_qualname = type.__dict__["__qualname__"]
_type_mro = type.__dict__["__mro__"]
_type_dict = type.__dict__["__dict__"]


class Nothing:
    """The type of :data:`NOTHING`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


#: Stands where there is no value to record: None is a value, so it cannot say it.
NOTHING: Final = Nothing()


def known_class(module: str, name: str) -> type | None:
    """Give a class of a library that is already imported, without importing it.

    Examples
    --------
    >>> import fractions
    >>> known_class("fractions", "Fraction")
    <class 'fractions.Fraction'>
    >>> known_class("no_such_module", "Thing") is None
    True
    """
    loaded = sys.modules.get(module)
    if type(loaded) is not ModuleType:
        return None
    found = ModuleType.__getattribute__(loaded, "__dict__").get(name)
    return found if issubclass(type(found), type) else None


def type_name(value: object) -> str:
    """Give an object's qualified type, such as ``"pandas.DataFrame"``, whatever it is.

    Examples
    --------
    >>> type_name(3), type_name(known_class)
    ('int', 'function')
    """
    kind = type(value)
    module, name = _type_module.__get__(kind), _type_qualname.__get__(kind)
    if type(name) is not str:
        return "object"
    if type(module) is not str or module == "builtins":
        return name
    return f"{module}.{name}"


def mro_of(kind: type) -> tuple[type, ...]:
    """Give a class and its bases in the order in which Python looks through them.

    Examples
    --------
    >>> mro_of(bool)
    (<class 'bool'>, <class 'int'>, <class 'object'>)
    """
    found: tuple[type, ...] = _type_mro.__get__(kind)
    return found


def class_dict(kind: type) -> Any:
    """Give what a class itself defines."""
    return _type_dict.__get__(kind)


def is_a(value: object, module: str, name: str) -> bool:
    """Say whether an object is of a class, or of one derived from it, of an imported library.

    Examples
    --------
    >>> import fractions
    >>> is_a(fractions.Fraction(1), "numbers", "Rational"), is_a(1, "no_such", "Thing")
    (True, False)
    """
    wanted = known_class(module, name)
    if wanted is None:
        return False
    return any(base is wanted for base in mro_of(type(value)))


def package_of(kind: type) -> str:
    """Give the top-level package that a class is from, such as ``"sklearn"``.

    Examples
    --------
    >>> import fractions
    >>> package_of(fractions.Fraction)
    'fractions'
    """
    module = _type_module.__get__(kind)
    return module.partition(".")[0] if type(module) is str else ""


def instance_dict(value: object) -> dict[str, Any] | None:
    """Give an object's own attributes, without asking its class for them.

    Returns
    -------
    dict or None
        The dict itself; None where the object has none, or its class says otherwise.

    Examples
    --------
    >>> class Settings:
    ...     def __init__(self): self.lr = 0.1
    >>> instance_dict(Settings()), instance_dict(3)
    ({'lr': 0.1}, None)
    """
    for base in mro_of(type(value)):
        slot = class_dict(base).get("__dict__")
        if slot is not None:
            if type(slot) is not GetSetDescriptorType:
                return None  # a property of the user's
            found = slot.__get__(value)
            return found if type(found) is dict else None
    return None
