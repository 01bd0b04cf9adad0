"""Turn logged metrics into points: numbers, each with its step."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from celltrail.record.values import flatten, to_number, to_param, to_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celltrail.record.journal import Journal
    from celltrail.store.writer import Row

__all__ = ["PointMaker"]

_LAST_STEP = 2**63 - 1


class PointMaker:
    """Counts the steps of one run's metrics.

    Parameters
    ----------
    journal
        Where what is no number is kept, and the user warned.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._next: dict[str, int] = {}

    @property
    def names(self) -> set[str]:
        """The metrics that have points."""
        return set(self._next)

    def points(self, values: Mapping[Any, Any], step: object = None) -> list[Row]:
        """Give the points of one call of ``log``.

        Parameters
        ----------
        values
            Name to value; nested mappings get dotted names.
        step
            The step of all of them; None for the next one of each.
        """
        fixed = None if step is None else self.step(step)
        rows: list[Row] = []
        following = self._next
        with self._lock:
            for key, value in values.items():
                if type(value) is not float or type(key) is not str:
                    rows += self._unusual(key, value, fixed)
                    continue
                at = following.get(key, 0) if fixed is None else fixed
                following[key] = at + 1 if at < _LAST_STEP else at
                rows.append((key, at, value))
        return rows

    def step(self, step: object) -> int | None:
        """Give a step as it is stored, or None, with a warning, for what is no step."""
        number = to_step(step)
        if number is None:
            self._journal.warn(
                "step", f"step {step!r:.80} is not a whole number of 64 bits; it was counted on."
            )
        return number

    def _unusual(self, key: object, value: object, fixed: int | None) -> list[Row]:
        """Give the points of a value that is not simply a float under a text."""
        rows: list[Row] = []
        for name, leaf in flatten({key: value}):
            number = to_number(leaf)
            if number is None:
                self._not_a_number(name, leaf)
                continue
            at = self._next.get(name, 0) if fixed is None else fixed
            self._next[name] = at + 1 if at < _LAST_STEP else at
            rows.append((name, at, number))
        return rows

    def _not_a_number(self, key: str, value: object) -> None:
        self._journal.warn(
            f"metric {key}",
            f'metric "{key}" is a {type(value).__qualname__}, not a number, and kept as a param. '
            "Log numbers with log(), settings with log_params(), objects with log_artifact().",
        )
        self._journal.param(key, to_param(value), "logged as a metric, but not a number")
