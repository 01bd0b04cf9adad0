"""How one run writes itself down: into this process's session, redacted, warning once."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from celltrail.capture.redact import redact_param, redact_text
from celltrail.record.session import session_for
from celltrail.store.notices import warn
from celltrail.store.writer import Row, now_us

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from celltrail.model import ParamValue
    from celltrail.record.session import Session

__all__ = ["Journal", "warn_user"]

_OURS = ("celltrail", "celltrail.record", "celltrail.ipython")


class Journal:
    """The writing side of one run.

    Parameters
    ----------
    run_id
        The run's id.
    store
        The store that it is recorded in.

    Attributes
    ----------
    params
        The params as they stand, by name.
    redactions
        How many secrets were taken out.
    warnings
        What went wrong in recording, one sentence each.
    """

    def __init__(self, run_id: str, store: Path) -> None:
        self.run_id = run_id
        self.store = store
        self.params: dict[str, ParamValue] = {}
        self.redactions = 0
        self.warnings: list[str] = []
        self._warned: set[str] = set()
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The session of the process; in a forked child that is one of its own."""
        session = self._session
        if session is None or session.pid != os.getpid():
            session = self._session = session_for(self.store)
        return session

    def event(self, kind: str, /, **fields: Any) -> None:
        """Write an event of this run."""
        self.session.writer.event(kind, run=self.run_id, **fields)

    def points(self, rows: Sequence[Row]) -> None:
        """Write points of this run, now."""
        self.session.writer.append(self.run_id, now_us(), rows)

    def clean(self, text: str) -> str:
        """Give the text without its secrets, and count them."""
        clean, count = redact_text(text)
        self.redactions += count
        return clean

    def param(self, key: str, value: ParamValue, reason: str | None = None) -> None:
        """Write a param, unless the run already has it with this very value."""
        value, count = redact_param(key, value)
        if key in self.params and _same(self.params[key], value):
            return
        self.redactions += count
        self.params[key] = value
        self.event("param", key=key, value=value, reason=reason)

    def fault(self, what: str, error: Exception) -> None:
        """Warn that something could not be recorded by a fault that is not the user's."""
        try:
            said = repr(error)
        except Exception:  # noqa: BLE001  # the error of a user's class, with a broken __repr__
            said = type(error).__qualname__
        self.warn(what, f"{what} could not be recorded: {said}")

    def warn(self, topic: str, message: str) -> None:
        """Warn the user, once for each topic, and remember it."""
        if topic not in self._warned:
            self._warned.add(topic)
            self.warnings.append(message)
            warn_user(message)


def warn_user(message: str) -> None:
    """Warn at the line of the user's code that called into celltrail."""
    level = 2
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__package__", "") in _OURS:
        frame = frame.f_back
        level += 1
    warn(message, stacklevel=level)


def _same(a: ParamValue, b: ParamValue) -> bool:
    """Say whether two params are the same value of the same type (NaN is itself)."""
    return type(a) is type(b) and (a == b or (a != a and b != b))
