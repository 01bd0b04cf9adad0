"""Warnings that can never get in the way of what they are about."""

from __future__ import annotations

import atexit
import sys
import warnings
from collections import deque

from celltrail.errors import CelltrailWarning
from celltrail.store.system import at_fork

__all__ = ["defer", "take_deferred", "warn"]

#: What a background thread has to say, and nobody was told yet; the oldest goes first.
_deferred: deque[str] = deque(maxlen=20)


def warn(message: str, *, stacklevel: int = 2) -> None:
    """Warn, and go on whatever the user made of warnings.

    Parameters
    ----------
    message
        What is wrong, as whole sentences.
    stacklevel
        Whose line is shown: 1 for the caller, 2 for the caller's caller, and so on.

    Notes
    -----
    Where warnings are errors (``python -W error``) this one would end a write or a read
    half way, for something that was already dealt with. It goes to stderr there instead.
    """
    said = f"celltrail: {message}"
    try:
        warnings.warn(said, CelltrailWarning, stacklevel=stacklevel + 1)
    except CelltrailWarning:
        if sys.stderr is not None:
            sys.stderr.write(f"{said}\n")


def defer(message: str) -> None:
    """Keep a warning of a background thread until somebody can be told.

    What a thread prints lands in the output of whichever cell runs. `take_deferred` gives it
    to the next card or call; what nobody took goes to stderr when the process ends.

    Parameters
    ----------
    message
        What is wrong, as whole sentences.
    """
    if message not in _deferred:
        _deferred.append(message)
    atexit.unregister(_say_the_rest)
    atexit.register(_say_the_rest)


def take_deferred() -> list[str]:
    """Give what was deferred, oldest first, and forget it; cheap when there is nothing.

    Examples
    --------
    >>> defer("The disk is full.")
    >>> take_deferred(), take_deferred()
    (['The disk is full.'], [])
    """
    taken = []
    while _deferred:
        taken.append(_deferred.popleft())
    return taken


def _say_the_rest() -> None:
    for message in take_deferred():
        if sys.stderr is not None:
            sys.stderr.write(f"celltrail: {message}\n")


# They are the parent's to say.
at_fork(before=lambda: None, parent=lambda: None, child=_deferred.clear)
