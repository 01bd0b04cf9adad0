"""Texts that look random, where secrets stand: keys of services whose shape nobody knows."""

from __future__ import annotations

import math
import re
from collections import Counter

__all__ = ["is_random", "is_suspect_name"]

_WORDS = (
    r"key|auth|creds?|credentials?|passw?o?r?d?|pw|secret|token|login|sig|signature|cookie"
    r"|dsn|licen[cs]e|webhook|jwt|sas|pat"
)
_SUSPECT = re.compile(rf"(?:^|[._\-\s\d])(?:api)?(?:{_WORDS})(?:$|[._\-\s\d])", re.IGNORECASE)
_ALPHABET = re.compile(r"[A-Za-z0-9+/=_\-.~]{20,200}")
_HEX = re.compile(r"[0-9a-fA-F\-]+")
_SHORTEST_HEX = 32
#: Bits a character. A random text of 20 of 64 characters has 4.0 on the average, words of
#: English joined by dashes rarely 3.6; a random hexadecimal number of 32 digits has 3.7.
_LEAST = 3.7
_LEAST_HEX = 3.0


def is_suspect_name(name: str) -> bool:
    """Say whether a name has a word in it that secrets have.

    Examples
    --------
    >>> is_suspect_name("KEY_PROD_2"), is_suspect_name("keyboard")
    (True, False)
    """
    return _SUSPECT.search(name) is not None


def is_random(text: str) -> bool:
    """Say whether a text looks as if it had been drawn by lot.

    It has 20 characters or more without a space, letters and digits among them, and as much
    information a character (entropy; C. E. Shannon, "A Mathematical Theory of
    Communication", 1948) as no words have.

    Examples
    --------
    >>> is_random("aZ3dK9mQ7xW2vB8nL5pR1tY6"), is_random("bert-base-uncased-finetuned-2")
    (True, False)
    """
    if _ALPHABET.fullmatch(text) is None:
        return False
    if not any(c.isdigit() for c in text) or not any(c.isalpha() for c in text):
        return False
    bits = _entropy(text)
    if _HEX.fullmatch(text):
        return len(text) >= _SHORTEST_HEX and bits >= _LEAST_HEX
    # Cases and digits mixed within words, and hardly any marks between them: names of models
    # and files are the other way round.
    runs = re.findall(r"[a-z]+|[A-Z]+|\d+", text)
    marks = sum(not c.isalnum() for c in text.rstrip("="))
    return bits >= _LEAST and len(runs) >= len(text) / 3 and marks <= len(text) / 12


def _entropy(text: str) -> float:
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values())
