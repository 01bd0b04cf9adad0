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

__all__ = ["own_patterns", "secret_values"]

#: Shorter values stand in texts by chance.
_SHORTEST = 8
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
    """Give a pattern of the values that environment variables with a secret's name have now.

    Parameters
    ----------
    is_secret
        Says of a name whether secrets have it.
    """
    names = [name for name in os.environ if is_secret(name)]
    values = {value for name in names if _is_secret_value(value := os.environ.get(name, ""))}
    return _any_of(tuple(sorted(values, key=len, reverse=True))) if values else None


def _is_secret_value(value: str) -> bool:
    return len(value) >= _SHORTEST and _HARMLESS.fullmatch(value) is None


@lru_cache(maxsize=8)
def _any_of(values: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, values)))
