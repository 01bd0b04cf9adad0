"""What the texts are that a cell prints between fixed ones: numbers, names, counts."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.model import Number

__all__ = ["counter_slot", "is_name", "printed_number"]

#: Of most numbers this is enough, and it is fast.
_PLAIN = re.compile(r"[+-]?\d{1,15}(?:\.\d*)?")
_NUMBER = re.compile(
    r"(?P<digits>[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+))(?:e(?P<exponent>[+-]?\d+))?"
    r"|[+-]?(?:nan|inf)",
    re.IGNORECASE,
)
#: Above this a float does not hold every whole number.
_MAX_WHOLE = 2**53
#: Texts that are no names.
_NO_NAMES = frozenset({"false", "inf", "nan", "nat", "none", "true"})


def printed_number(text: str, scale: int) -> Number | None:
    """Read a number as it was printed, without its factor of per cent.

    Parameters
    ----------
    text
        What was printed.
    scale
        By what the number was multiplied: 1 or 100.

    Examples
    --------
    >>> printed_number("93.2 %", 100), printed_number("1,234", 1), printed_number("SVC", 1)
    (0.932, 1234, None)
    """
    text = text.strip()
    if scale == 1 and _PLAIN.fullmatch(text):
        return float(text) if "." in text else int(text)
    text = text.removesuffix("%").rstrip()
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    if match["digits"] is None:
        return float(text)
    # by the decimal point, so that 93.2 % is 0.932 and not 0.9320000000000001
    exponent = int(match["exponent"] or 0) - (2 if scale == 100 else 0)
    value = float(f"{match['digits'].replace(',', '')}e{exponent}")
    is_whole = scale == 1 and "." not in text and match["exponent"] is None
    return int(value) if is_whole and abs(value) < _MAX_WHOLE else value


def is_name(text: str) -> bool:
    """Say whether a text names something: no number, truth value, time or amount is in it.

    Examples
    --------
    >>> is_name("Linear SVC"), is_name("True"), is_name("1m 2s"), is_name("1e-05")
    (True, False, False, False)
    """
    words = text.split()
    is_word = all(word[0].isalpha() or word[0] in "(<=[_" for word in words)
    return bool(words) and is_word and text.lower() not in _NO_NAMES and ":" not in text


def counter_slot(free: Sequence[int], rows: Sequence[Sequence[str]]) -> int | None:
    """Find the slot that counts the rounds.

    Parameters
    ----------
    free
        The slots among which it may be.
    rows
        The texts of all slots, of each line.

    Examples
    --------
    >>> counter_slot([0, 1], [["a", "10"], ["b", "20"]])
    1
    """
    for place in free:
        texts = [row[place].strip() for row in rows]
        if all(re.fullmatch(r"\d{1,18}", text) for text in texts):
            steps = [int(text) for text in texts]
            if all(a < b for a, b in pairwise(steps)):
                return place
    return None
