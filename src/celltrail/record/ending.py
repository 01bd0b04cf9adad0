"""How a run ends: its status, and what ended it, as text."""

from __future__ import annotations

import asyncio
import sys
import traceback
from typing import TYPE_CHECKING, Any

from celltrail.config import settings
from celltrail.model import ErrorInfo, Status
from celltrail.record.values import short_repr, to_text

if TYPE_CHECKING:
    from celltrail.record.journal import Journal

__all__ = ["as_error", "as_status", "crash", "describe_error", "end_of", "status_of"]

_MAX_MESSAGE = 5_000
_MAX_TRACEBACK = 30_000
_ENDS = (Status.FINISHED, Status.FAILED, Status.INTERRUPTED)


def status_of(error: BaseException) -> Status:
    """Say how a block that ended with this exception ended."""
    if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError)):
        return Status.INTERRUPTED
    if isinstance(error, GeneratorExit) or (isinstance(error, SystemExit) and not error.code):
        return Status.FINISHED
    return Status.FAILED


def describe_error(error: BaseException) -> ErrorInfo:
    """Give an exception as text, whatever its class does when asked for it."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001  # a broken __str__: the stored text says so
        message = "<no message>"
    try:
        trace = "".join(traceback.format_exception(error))
    except Exception:  # noqa: BLE001  # the same
        trace = ""
    return ErrorInfo(type(error).__qualname__, message, trace)


def as_status(status: object) -> Status | None:
    """Give the status that a run may end with, or None for what is none.

    Examples
    --------
    >>> as_status("failed"), as_status("done"), as_status("running")
    (<Status.FAILED: 'failed'>, None, None)
    """
    return next((end for end in _ENDS if isinstance(status, str) and end.value == status), None)


def as_error(error: object) -> ErrorInfo | None:
    """Give what ended a run as text: an exception, what is text already, or any object."""
    if error is None:
        return None
    if isinstance(error, BaseException):
        return describe_error(error)
    if isinstance(error, ErrorInfo):
        return ErrorInfo(to_text(error.type), to_text(error.message), to_text(error.traceback))
    return ErrorInfo("Error", to_text(error))


def end_of(journal: Journal, status: object, error: object) -> tuple[Status, ErrorInfo | None]:
    """Give a run's last status, and what ended it without the secrets in it.

    What is no status that a run may end with is a warning, and counts as failed where
    there is an error.
    """
    found = as_error(error)
    if found is not None:
        found = ErrorInfo(
            journal.clean_name(found.type),
            # cut only here: the end of a secret that was cut would not be known for one
            journal.clean(found.message)[:_MAX_MESSAGE],
            journal.clean(found.traceback)[-_MAX_TRACEBACK:],
        )
        if settings().capture == "values":  # a traceback shows code, and a message may
            found = ErrorInfo(found.type, "")
    end = as_status(status)
    if end is None:
        end = Status.FINISHED if found is None else Status.FAILED
        journal.warn(
            "status",
            f"a run ends as finished, failed or interrupted, not {short_repr(status)}; "
            f"this one is {end.value}.",
        )
    return end, found


def _in_ipython() -> bool:
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return shell is not None and shell() is not None


def crash() -> tuple[Status, ErrorInfo | None]:
    """Say how this process ends: finished, or by which exception a script died.

    An interactive process has shown errors before and goes on after each of them, so it
    only ever finishes.
    """
    error = getattr(sys, "last_value", None)
    if error is None or hasattr(sys, "ps1") or _in_ipython():
        return Status.FINISHED, None
    return status_of(error), describe_error(error)
