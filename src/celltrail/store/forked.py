"""What belongs to the process that made it, and not to its forked children."""

from __future__ import annotations

import weakref

from celltrail.store.system import at_fork

__all__ = ["OfOneProcess"]

_made: weakref.WeakSet[OfOneProcess] = weakref.WeakSet()


class OfOneProcess:
    """Knows, without asking the system each time, whether this process made it.

    Attributes
    ----------
    is_ours : bool
        False for the copy that a forked child has.
    """

    def __init__(self) -> None:
        self.is_ours = True
        _made.add(self)


def _disown() -> None:
    for thing in list(_made):
        thing.is_ours = False


at_fork(before=lambda: None, parent=lambda: None, child=_disown)
