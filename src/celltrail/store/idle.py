"""Whether a notebook's cell runs just now: what can wait lets it have the interpreter."""

from __future__ import annotations

import time

__all__ = ["cell_began", "cell_ended", "is_idle"]

#: Seconds without a cell after which the next one is not expected at once.
_QUIET = 0.15
_running = 0
_last_end = 0.0


def cell_began() -> None:
    """Take note that a cell begins."""
    global _running
    _running += 1


def cell_ended() -> None:
    """Take note that a cell has ended."""
    global _running, _last_end
    _running = max(0, _running - 1)
    _last_end = time.monotonic()


def is_idle() -> bool:
    """Say whether no cell runs, and none has just ended; always so outside of notebooks.

    Examples
    --------
    >>> cell_began()
    >>> is_idle()
    False
    >>> cell_ended()
    """
    return not _running and time.monotonic() - _last_end >= _QUIET
