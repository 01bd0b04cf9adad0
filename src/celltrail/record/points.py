"""Turn logged metrics into points: numbers, each with its step."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from celltrail.record.values import flatten, short_repr, to_number, to_param, to_step

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
        # Counters rather than numbers under a lock: `next` cannot be interrupted, and what a
        # signal handler, a warning's hook or a forked child logs never waits for anything.
        self._counters: dict[str, count[int]] = {}

    @property
    def names(self) -> set[str]:
        """The metrics that have points."""
        return set(self._counters)

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
        counters = self._counters
        rows: list[Row] = []
        for key, value in values.items():
            if type(value) is not float or type(key) is not str:
                rows += self._unusual(key, value, fixed)
            elif fixed is None and key in counters:
                rows.append((key, next(counters[key]), value))
            else:
                rows.append((key, self._place(key, fixed), value))
        return rows

    def _place(self, key: str, fixed: int | None) -> int:
        """Give the step of a point, and count on from it."""
        if fixed is None:
            return next(self._counters.setdefault(key, count()))
        last = fixed >= _LAST_STEP
        self._counters[key] = count(fixed, 0) if last else count(fixed + 1)
        return fixed

    def step(self, step: object) -> int | None:
        """Give a step as it is stored, or None, with a warning, for what is no step."""
        number = to_step(step)
        if number is None:
            self._journal.warn(
                "step",
                f"step {short_repr(step)} is not a whole number of 64 bits; it was counted on.",
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
            rows.append((name, self._place(name, fixed), number))
        return rows

    def _not_a_number(self, key: str, value: object) -> None:
        self._journal.param(key, to_param(value), "logged as a metric, but not a number")
        self._journal.warn(
            f"metric {key}",
            f'metric "{key}" is a {type(value).__qualname__}, not a number, and kept as a param. '
            "Log numbers with log(), settings with log_params(), objects with log_artifact().",
        )
