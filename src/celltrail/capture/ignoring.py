"""Names that nothing is inferred from, because the user said so."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from typing import TYPE_CHECKING

from celltrail.config import settings

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ignore", "ignored_names"]

_patterns: dict[str, None] = {}


def ignore(*names: str) -> None:
    """Infer neither params nor metrics nor datasets from some names, from here on.

    Parameters
    ----------
    *names
        Names of variables, or patterns such as ``"tmp_*"``. Without any, all that was
        ignored before is looked at again.

    Notes
    -----
    For every notebook of a project put ``ignore = ["tmp_*"]`` under ``[tool.celltrail]`` into
    its ``pyproject.toml``. What is logged by hand is always recorded.

    Examples
    --------
    >>> import celltrail as ct
    >>> ct.ignore("tmp_*", "debug")
    >>> ct.ignore()
    """
    if not names:
        _patterns.clear()
    _patterns.update(dict.fromkeys(str(name) for name in names))


def ignored_names() -> Callable[[str], bool]:
    """Give what says of a name whether it is ignored.

    Examples
    --------
    >>> ignore("tmp_*")
    >>> ignored_names()("tmp_x"), ignored_names()("x")
    (True, False)
    >>> ignore()
    """
    return _matcher((*settings().ignore, *_patterns))


@lru_cache(maxsize=16)
def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    if not patterns:
        return _nothing
    pattern = re.compile("|".join(translate(each) for each in patterns))

    def is_ignored(name: str) -> bool:
        return pattern.match(name) is not None

    return is_ignored


def _nothing(_name: str) -> bool:
    return False
