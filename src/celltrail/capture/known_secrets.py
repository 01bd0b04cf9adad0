"""Secrets known by more than their shape: by rules of the user's, by the environment."""

from __future__ import annotations

import os
import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

from celltrail.config import settings
from celltrail.errors import CelltrailWarning

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SHORTEST", "own_patterns", "remember", "secret_values"]

#: Shorter values stand in texts by chance.
SHORTEST = 8
_LONGEST = 500
#: So many values are remembered of each kind, the newest.
_MOST = 500
_of_variables: dict[str, None] = {}
_of_code: dict[str, None] = {}
#: The environment as it was looked through last.
_looked_through: dict[object, object] = {}
#: Values that are no secrets, whatever they are called.
_HARMLESS = re.compile(r"[a-z]+|/[\w./-]*|\d{1,9}|true|false|none", re.IGNORECASE)


def own_patterns() -> tuple[re.Pattern[str], ...]:
    """Give the user's own rules, from ``redact`` under ``[tool.celltrail]``.

    A rule that is no regular expression is a warning, once.
    """
    return _compiled(settings().redact)


@lru_cache(maxsize=8)
def _compiled(rules: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    found = []
    for rule in rules:
        try:
            found.append(re.compile(rule))
        except re.error as error:
            message = f"celltrail: redact = {rule!r} is no regular expression ({error})."
            warnings.warn(message, CelltrailWarning, stacklevel=2)
    return tuple(found)


def secret_values(is_secret: Callable[[str], bool]) -> re.Pattern[str] | None:
    """Give a pattern of the values that environment variables with a secret's name have had.

    Parameters
    ----------
    is_secret
        Says of a name whether secrets have it.

    Notes
    -----
    A cell may take a variable out of the environment and print it later: what was seen once
    is remembered for as long as the process lives.
    """
    global _looked_through
    # What `os.environ` keeps is compared as it is: to iterate decodes every name, which takes
    # 100 times as long, and this is asked for each text that is stored.
    kept = getattr(os.environ, "_data", None)  # another Python may keep it elsewhere
    if not isinstance(kept, dict) or kept != _looked_through:
        now = dict(kept) if isinstance(kept, dict) else {}
        for name in list(os.environ):
            value = os.environ.get(name, "") if is_secret(name) else ""
            if _is_secret_value(value):
                _keep(value, _of_variables)
        _looked_through = now  # not before: who looks meanwhile must not find it done
    values = {**_of_variables, **_of_code}
    return _any_of(tuple(sorted(values, key=len, reverse=True))) if values else None


def remember(value: str) -> None:
    """Remember a value that code gave a secret's name, if it can stand nowhere by chance.

    Parameters
    ----------
    value
        The value: letters and digits, at least eight.

    Examples
    --------
    >>> remember("hunter2")  # too short
    """
    is_mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    if is_mixed and "\n" not in value and len(value) <= _LONGEST and _is_secret_value(value):
        _keep(value, _of_code)


def _keep(value: str, seen: dict[str, None]) -> None:
    seen.pop(value, None)
    seen[value] = None
    while len(seen) > _MOST:
        seen.pop(next(iter(seen)), None)


def _is_secret_value(value: str) -> bool:
    return len(value) >= SHORTEST and _HARMLESS.fullmatch(value) is None


@lru_cache(maxsize=8)
def _any_of(values: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, values)))
