"""How a cell ended: its status, and its error as IPython showed it."""

from __future__ import annotations

import re
import traceback
from typing import Any

from celltrail.capture.values import type_name
from celltrail.model import ErrorInfo, Status
from celltrail.record import status_of

__all__ = ["error_info", "outcome", "raised_in"]

_COLOR = re.compile(r"\x1b\[[0-9;]*m")
# Somewhat more than is recorded: it is cut once the secrets are taken out.
_MAX_MESSAGE = 6_000
_MAX_TRACEBACK = 31_000
_BUILTIN_TEXT = frozenset({id(str), id(int), id(float), id(bool), id(type(None))})


def outcome(result: Any, shell: Any) -> tuple[Status, ErrorInfo | None]:
    """Tell how a cell ended.

    Parameters
    ----------
    result
        IPython's ``ExecutionResult``.
    shell
        The shell that ran it.

    Returns
    -------
    (Status, ErrorInfo or None)
        The same status as a ``with`` block that ends so: ``sys.exit(0)`` finishes a cell.
        An interrupted ``await`` ends in ``CancelledError``, and so does waiting for a task
        that the cell itself cancelled: both count as interrupted.
    """
    error = raised_in(result)
    status = Status.FINISHED if error is None else status_of(error)
    if error is None or status is Status.FINISHED:
        return status, None
    return status, _shown(error, result, shell) or error_info(error)


def raised_in(result: Any) -> BaseException | None:
    """Give the exception that ended a cell, from IPython's ``ExecutionResult``."""
    error = getattr(result, "error_before_exec", None)
    found: BaseException | None = getattr(result, "error_in_exec", None) if error is None else error
    return found


def _shown(error: BaseException, result: Any, shell: Any) -> ErrorInfo | None:
    """Give the texts that IPython itself has made of the error.

    Making them anew would run the user's ``__str__`` a second time.
    """
    history = getattr(shell, "history_manager", None)
    stored = getattr(history, "exceptions", {}).get(getattr(result, "execution_count", None))
    if not isinstance(stored, dict):
        return None
    lines = "\n".join(str(line) for line in stored.get("traceback", []))
    return ErrorInfo(
        type_name(error).removeprefix("__main__."),
        str(stored.get("evalue", ""))[:_MAX_MESSAGE],
        _COLOR.sub("", lines)[-_MAX_TRACEBACK:],
    )


def error_info(error: BaseException) -> ErrorInfo:
    """Give an exception as text without running code of its class.

    Parameters
    ----------
    error
        Any exception.

    Returns
    -------
    ErrorInfo
        The message is made of the arguments that are plain text and numbers.

    Examples
    --------
    >>> error_info(ValueError("too small", 3)).message
    'too small, 3'
    """
    arguments: Any = BaseException.__dict__["args"].__get__(error)
    texts = [str(a) for a in arguments if id(type(a)) in _BUILTIN_TEXT]
    frames = traceback.extract_tb(BaseException.__dict__["__traceback__"].__get__(error))
    name = type_name(error).removeprefix("__main__.")
    message = ", ".join(texts)[:_MAX_MESSAGE]
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)]
    trace = f"{''.join(lines)}{name}: {message}"
    return ErrorInfo(name, message, trace[-_MAX_TRACEBACK:])
