"""Identifiers: unique, sortable by time, made without coordination."""

from __future__ import annotations

import os
import threading
import time

__all__ = ["new_id"]

# Crockford's base 32: no I, L, O or U, so an id read aloud is not misread.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80

_lock = threading.Lock()
_last = 0


def _forget_last() -> None:
    """Start afresh in a forked child, whose lock may be held by a thread that is gone."""
    global _lock, _last
    _lock = threading.Lock()
    _last = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_last)


def new_id() -> str:
    """Give a new 26-character identifier that sorts by the time of its making.

    The layout is that of a ULID (https://github.com/ulid/spec): 48 bits of
    milliseconds since 1970 and 80 random bits, in Crockford's base 32. Two ids
    made by one process always sort in the order in which they were made, also
    within a millisecond and when the clock goes backwards.

    Returns
    -------
    str
        26 characters of ``0-9A-HJKMNP-TV-Z``.

    Examples
    --------
    >>> a, b = new_id(), new_id()
    >>> len(a), a < b
    (26, True)
    """
    global _last
    fresh = (time.time_ns() // 1_000_000 << _RANDOM_BITS) | int.from_bytes(os.urandom(10), "big")
    with _lock:
        number = _last = max(fresh, _last + 1)
    characters = []
    for _ in range(26):
        number, digit = divmod(number, 32)
        characters.append(_ALPHABET[digit])
    return "".join(reversed(characters))
