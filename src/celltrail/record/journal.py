"""How one run writes itself down: into this process's session, redacted, warning once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from celltrail.capture.redact import key_cleaner, redact_param, redact_text
from celltrail.record.bounds import Bounds
from celltrail.record.session import session_for
from celltrail.record.values import flatten, to_param, to_text
from celltrail.store.events import now_us
from celltrail.store.notices import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from celltrail.model import ParamValue
    from celltrail.record.session import Session
    from celltrail.store.events import Event
    from celltrail.store.numbers import Row

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
    merging
        Whether this process brings what it logs into the store itself, and does not leave
        that to the run's own, living process.

    Attributes
    ----------
    params
        The params as they stand, by name.
    redactions
        How many secrets were taken out.
    warnings
        What went wrong in recording, one sentence each.
    """

    def __init__(self, run_id: str, store: Path, *, merging: bool = True) -> None:
        self.run_id = run_id
        self.store = store
        self._merging = merging
        self.params: dict[str, ParamValue] = {}
        self.redactions = 0
        self.warnings: list[str] = []
        self._warned: set[str] = set()
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The session of the process; in a forked child that is one of its own."""
        session = self._session
        if session is None or not session.writer.is_ours:
            # Only the first one: a forked child leaves the merging to its parent.
            merging = self._merging and session is None
            session = self._session = session_for(self.store, merging=merging)
        return session

    def event(self, kind: str, /, **fields: Any) -> None:
        """Write an event of this run."""
        self.events([(kind, fields)])

    def events(self, events: Sequence[Event]) -> None:
        """Write several events of this run, all at once."""
        if events:
            self.session.writer.events([(kind, {"run": self.run_id, **f}) for kind, f in events])

    def points(self, rows: Sequence[Row]) -> None:
        """Write points of this run, now."""
        self.session.writer.append(self.run_id, now_us(), rows)

    def clean(self, text: str) -> str:
        """Give the text without its secrets, and count them."""
        clean, count = redact_text(text)
        self.redactions += count
        return clean

    def clean_name(self, name: str) -> str:
        """Give the name of a param, a metric, a file or a class without secrets."""
        return self.names_cleaner()(name)

    def names_cleaner(self) -> Callable[[str], str]:
        """Give what `clean_name` does, for many names at once."""
        cleaner = key_cleaner()

        def clean(name: str) -> str:
            found, count = cleaner(name)
            self.redactions += count
            return found

        return clean

    def param(self, key: str, value: ParamValue, reason: str | None = None) -> None:
        """Write a param, unless the run already has it with this very value."""
        self.events(self.param_events([(key, value)], reason))

    def param_events(
        self,
        pairs: Iterable[tuple[str, object]],
        reason: str | None = None,
        clean_name: Callable[[str], str] | None = None,
    ) -> list[Event]:
        """Give the events of params, without those that the run already has as they are."""
        clean_name = clean_name or self.names_cleaner()
        events: list[Event] = []
        bounds = Bounds()
        for key, value in pairs:
            try:
                param, count = redact_param(key, to_param(value, bounds))
                key = clean_name(key)
            except Exception as error:  # noqa: BLE001  # a fault of ours; the warning says what
                self.fault(f"param {key}", error)
                continue
            if key in self.params and _same(self.params[key], param):
                continue
            self.redactions += count
            self.params[key] = param
            events.append(("param", {"key": key, "value": param, "reason": reason}))
        return events

    def params_events(self, params: object, more: Mapping[str, Any]) -> list[Event]:
        """Give the events of one call of ``log_params``."""
        pairs: list[tuple[str, object]] = []
        try:
            pairs = [] if params is None else list(flatten(params))
        except TypeError as error:
            self.warn("params", f"{to_text(error)}; nothing of it was logged.")
        except Exception as error:  # noqa: BLE001  # a mapping of the user's, which fails
            self.fault("params", error)
        return self.param_events([*pairs, *flatten(more)])

    def tag_events(self, tags: Iterable[object], *, on: bool = True) -> list[Event]:
        """Give the events of tags that are put on the run, or taken off it."""
        return [("tag", {"tag": self.clean(to_text(tag)), "on": on}) for tag in tags]

    def tag(self, tags: Iterable[object], *, on: bool = True) -> None:
        """Write tags that are put on the run, or taken off it; a fault is a warning."""
        try:
            self.events(self.tag_events(tags, on=on))
        except Exception as error:  # noqa: BLE001  # a fault of ours; the warning says what
            self.fault("tag", error)

    def note(self, text: object) -> str:
        """Write the note, and give it as it is stored; a fault is a warning."""
        note = ""
        try:
            note = "" if text is None else self.clean(to_text(text))
            self.event("note", text=note)
        except Exception as error:  # noqa: BLE001  # a fault of ours; the warning says what
            self.fault("note", error)
        return note

    def mapping(self, metrics: object) -> Mapping[Any, Any]:
        """Give what was logged as metrics, or with a warning nothing when it is no mapping."""
        if isinstance(metrics, Mapping):
            return metrics
        kind = type(metrics).__qualname__
        self.warn("metrics", f"log() takes a mapping of metrics, not a {kind}.")
        return {}

    def fault(self, what: str, error: Exception) -> None:
        """Warn that something could not be recorded by a fault that is no mistake of the call."""
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
