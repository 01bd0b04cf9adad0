"""Still pictures that are drawn anew a moment after something in their view changed."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from IPython.core.getipython import get_ipython

from celltrail.store.notices import defer
from celltrail.store.ticker import Ticker

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["redraw_soon", "request"]

#: Seconds without a change after which a picture is drawn.
_PATIENCE = 0.5


class _Redrawn(Protocol):
    def redraw(self, parent: Mapping[str, Any] | None = None) -> None: ...


#: When the pictures of views are due, and those that wait for the end of a cell.
_due: dict[_Redrawn, float] = {}
_waiting: set[_Redrawn] = set()


def request() -> dict[str, Any] | None:
    """Give the request that the kernel serves in this thread now, or served last."""
    shell: Any = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else None
    return parent if isinstance(parent, dict) else None


def redraw_soon(view: _Redrawn) -> None:
    """Draw the picture of a view anew when nothing more has changed for a moment.

    What a cell changes is also drawn at its end: nbclient and what stands on it take an output
    only from the cell that runs.

    Parameters
    ----------
    view
        Its ``redraw`` is called, in another thread, or in this one with the cell's request.
    """
    parent = request()
    if parent is None:
        return  # a terminal: what was shown there stays
    _due[view] = time.monotonic() + _PATIENCE
    _ticker.start()
    is_cell = (parent.get("header") or {}).get("msg_type") == "execute_request"
    if not is_cell or threading.current_thread() is not threading.main_thread():
        return
    if view not in _waiting:
        _waiting.add(view)
        _at_end_of_cell(view)


def _at_end_of_cell(view: _Redrawn) -> None:
    shell: Any = get_ipython()

    def draw() -> None:
        shell.events.unregister("post_execute", draw)
        _waiting.discard(view)
        _due.pop(view, None)
        try:
            view.redraw(request())
        except Exception as error:  # noqa: BLE001  # any: a picture is never worth a cell
            defer(f"a view's picture could not be drawn: {error!r}")

    shell.events.register("post_execute", draw)


def _look() -> float | None:
    """Draw what is due, in the ticker's thread; give the seconds until the next look."""
    now = time.monotonic()
    for view, due in list(_due.items()):
        if due <= now:
            _due.pop(view, None)
            view.redraw()
    return _PATIENCE / 2 if _due else None


_ticker = Ticker("celltrail-pictures", _look)
