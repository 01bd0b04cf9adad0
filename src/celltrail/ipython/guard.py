"""Keep celltrail's own faults out of the user's cell."""

from __future__ import annotations

import contextlib
import functools
import threading
from typing import TYPE_CHECKING, Any, TypeVar, cast

from celltrail.store.notices import warn
from celltrail.store.system import interrupt_main

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["guarded", "interrupt_soon", "report"]

F = TypeVar("F", bound="Callable[..., Any]")

#: Long enough for IPython to have begun the cell, short enough not to be noticed.
_SOON = 0.02

_reported: set[str] = set()


def report(error: BaseException) -> None:
    """Tell the user of a fault of celltrail's, once for each kind, as a warning.

    Parameters
    ----------
    error
        What was caught. The text of a `CelltrailError` is written for users; of others
        the type stands before it.
    """
    text = str(error)
    kind = type(error).__name__
    if not kind.startswith("Store"):
        text = f"{kind}: {text}"
    if text in _reported:
        return
    warn(f"this cell was not fully recorded. {text}", stacklevel=3)
    _reported.add(text)


def interrupt_soon() -> None:
    """Interrupt the main thread in a moment.

    IPython swallows an interrupt that falls into a hook before the cell and runs the cell
    all the same. The user wanted the cell to stop: so it is given to the cell.
    """
    timer = threading.Timer(_SOON, interrupt_main)
    timer.daemon = True
    timer.start()


def guarded(*, before_cell: bool) -> Callable[[F], F]:
    """Make a hook that never raises, whatever happens in it.

    Parameters
    ----------
    before_cell
        Whether it runs before the cell: then an interrupt is handed to the cell. After
        the cell there is nothing left to interrupt.

    Notes
    -----
    A hook that raises prints a traceback into the user's cell; in ``post_run_cell`` it
    makes IPython call the user's ``__repr__``, and ``SystemExit`` ends the kernel.
    """

    def decorate(hook: F) -> F:
        @functools.wraps(hook)
        def quiet(*args: Any, **kwargs: Any) -> Any:
            try:
                return hook(*args, **kwargs)
            except KeyboardInterrupt:
                if before_cell:
                    interrupt_soon()
            except BaseException as error:  # noqa: BLE001  # any fault of ours: the user sees a warning, once
                _try_report(error)
            return None

        return cast("F", quiet)

    return decorate


def _try_report(error: BaseException) -> None:
    # a broken text, or a broken stderr: there is nobody left to tell
    with contextlib.suppress(BaseException):
        report(error)
