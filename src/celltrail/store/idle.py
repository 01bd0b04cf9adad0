"""Whether a notebook's cell runs just now: what can wait lets it have the interpreter."""

from __future__ import annotations

import time

__all__ = ["has_cells", "is_idle", "note_cells"]

#: Seconds without a cell after which the next one is not expected at once.
_QUIET = 0.15
_running = False
_last_end: float | None = None


def note_cells(*, running: bool) -> None:
    """Take note of whether cells run, each time that one begins or ends.

    Parameters
    ----------
    running
        Whether any does now.
    """
    global _running, _last_end
    _running = running
    if not running:
        _last_end = time.monotonic()


def is_idle() -> bool:
    """Say whether no cell runs, and none has just ended; always so outside of notebooks.

    Examples
    --------
    >>> note_cells(running=True)
    >>> is_idle()
    False
    >>> note_cells(running=False)
    """
    return not _running and (_last_end is None or time.monotonic() - _last_end >= _QUIET)


def has_cells() -> bool:
    """Say whether this process runs a notebook's cells, so that there will be pauses."""
    return _running or _last_end is not None
