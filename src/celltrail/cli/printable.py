"""What may be shown at a terminal: texts of others could else move its cursor or worse."""

from __future__ import annotations

import re

__all__ = ["printable", "printable_json"]

# Control characters but line ends and tabs, line separators, what turns the direction of
# writing, and halves of surrogate pairs.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: object) -> str:
    r"""Show control characters as Python writes them in a literal.

    Parameters
    ----------
    text
        A text, or what is to be one.

    Examples
    --------
    >>> print(printable("fit \x1b[2J \u202e é"))
    fit \x1b[2J \u202e é
    """
    return _UNSAFE.sub(_as_literal, str(text))


def printable_json(text: str) -> str:
    r"""Do the same to JSON, which stays the same JSON.

    Examples
    --------
    >>> print(printable_json('["\x9b é"]'))
    ["\u009b é"]
    """
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _as_literal(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
