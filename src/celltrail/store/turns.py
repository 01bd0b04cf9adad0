"""Getting a turn soon beside a cell that computes, in threads of ours that others wait for."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from celltrail.store.system import at_fork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["short_turns", "turns"]

#: Seconds that a thread runs Python before it is asked to let others; Python's own is 0.005.
#: A number that nobody else would choose.
_TURN = 0.000503
#: Seconds after which a block has had to wait, between two times that is let go first for
#: that, and for how long.
_LONG, _BETWEEN, _NAP = 0.02, 0.001, 0.0001


class _Turns:
    """How many blocks there are just now, and how long a turn was before the first.

    Attributes
    ----------
    since : float or None
        When the first block began, by `time.perf_counter`; None where there is none.
    """

    def __init__(
        self,
        get: Callable[[], float] = sys.getswitchinterval,
        put: Callable[[float], None] = sys.setswitchinterval,
    ) -> None:
        self._get, self._put = get, put
        self.lock = threading.Lock()
        self.blocks = 0
        self.since: float | None = None
        self.gave_way = 0.0
        self.before: float | None = None
        self.usual = 0.005

    def begin(self) -> None:
        with self.lock:
            self.blocks += 1
            if self.blocks > 1:
                return
            self.since = time.perf_counter()
            now = self._get()
            if now > _TURN:
                self.before = self.usual = now
                self._put(_TURN)
            elif now == _TURN:  # somebody has put back what was ours for a moment
                self.before = self.usual

    def end(self) -> None:
        with self.lock:
            self.blocks -= 1
            if self.blocks == 0:
                self.since = None
                self.restore()

    def restore(self) -> None:
        before, self.before = self.before, None
        # Whoever has set another one meanwhile keeps it.
        if before is not None and self._get() == _TURN:
            self._put(before)

    def forget(self) -> None:
        """Start afresh in a forked child, where no such thread is."""
        self.lock = threading.Lock()
        self.blocks = 0
        self.since = None
        self.restore()

    def give_way(self) -> None:
        """Let a block go first that has waited for long; called by whoever logs, after a write.

        A write lets go of the interpreter for a microsecond. That wakes who waits for it, too
        late, and lets its patience begin anew: beside a loop that logs ten thousand times a
        second a merge did not come to its end, however short the turns. A nap now and then is
        long enough to wake in; it takes a tenth of the time, as long as the merge lasts.
        """
        since, now = self.since, time.perf_counter()
        if since is not None and now - since > _LONG and now - self.gave_way > _BETWEEN:
            self.gave_way = now
            time.sleep(_NAP)


turns = _Turns()


@contextmanager
def short_turns() -> Iterator[None]:
    """Have Python switch between its threads sooner, for what takes some milliseconds.

    A merge lets go of the interpreter at each statement and each file, some hundred times. Beside
    a cell that computes in pure Python it gets it back after 5 ms each time: a merge of 40 ms
    would keep the store from all others for more than a second. Switching costs the cell some
    microseconds each time, and what is done here takes less time of the processor than otherwise.

    Examples
    --------
    >>> with short_turns():
    ...     pass
    """
    turns.begin()
    try:
        yield
    finally:
        turns.end()


at_fork(before=lambda: None, parent=lambda: None, child=turns.forget)
