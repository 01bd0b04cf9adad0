"""Turn logged metrics into points: numbers, each with its step."""

from __future__ import annotations

from itertools import chain, count, repeat
from typing import TYPE_CHECKING, Any

from celltrail.record.values import flatten, short_repr, to_number, to_param, to_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from celltrail.record.journal import Journal
    from celltrail.store.numbers import Row

__all__ = ["PointMaker"]

_FIRST_STEP = -(2**63)
_LAST_STEP = 2**63 - 1
#: Nobody counts so many steps; only from here on may the last one be reached.
_NEAR_LAST = 2**62
#: So many sets of keys that were logged together are remembered.
_MAX_PLAIN = 256


class PointMaker:
    """Counts the steps of one run's metrics.

    Parameters
    ----------
    journal
        Where what is no number is kept, and the user warned.
    last_steps
        The last step of each metric that was recorded before.
    """

    def __init__(self, journal: Journal, last_steps: Mapping[str, int]) -> None:
        self._journal = journal
        self._run_id = journal.run_id
        self._append = journal.session.writer.append_floats
        # Counters rather than numbers under a lock: `next` cannot be interrupted, and what a
        # signal handler, a warning's hook or a forked child logs never waits for anything.
        self._counters: dict[str, Iterator[int]] = {}
        # The last step that was given for a metric, until it is counted on from there.
        self._given: dict[str, int] = dict(last_steps)
        # Sets of keys that were logged together before, all of them plain texts.
        self._plain: set[tuple[str, ...]] = set()
        # Names without secrets, by the names that were given.
        self._names: dict[str, str] = {}

    @property
    def names(self) -> set[str]:
        """The metrics that have points."""
        return {*self._counters, *self._given}

    def log_floats(self, values: dict[Any, Any], step: object) -> bool:
        """Write the points of one call of ``log``, if they are floats under texts.

        That is what hot loops log, so this is written for speed.

        Parameters
        ----------
        values
            Name to value.
        step
            The step of all of them; None for the next one of each.

        Returns
        -------
        bool
            False when there is anything else in it, and nothing was done.
        """
        for value in values.values():
            if type(value) is not float:
                return False
        keys = tuple(values)
        if keys not in self._plain and not self._is_plain(keys):
            return False
        steps: Sequence[int]
        if step is None:
            if self._given:
                self._settle(keys)
            steps = [*map(next, map(self._counters.__getitem__, keys))]
        elif type(step) is int and _FIRST_STEP <= step <= _LAST_STEP:
            steps = (step,) * len(keys)
            given = self._given
            for key in keys:
                given[key] = step
        else:
            return False
        if not self._append(self._run_id, keys, steps, values.values()):
            # This is a forked child by now, which has a session of its own.
            self._append = self._journal.session.writer.append_floats
            self._append(self._run_id, keys, steps, values.values())
        return True

    def log(self, values: Mapping[Any, Any], step: object) -> None:
        """Write the points of one call of ``log``, whatever is in it."""
        rows = self.points(values, step)
        if rows:
            self._journal.points(rows)

    def _is_plain(self, keys: tuple[Any, ...]) -> bool:
        """Say whether all are texts and nothing else; then also remember them."""
        if not all(type(key) is str for key in keys) or not keys:
            return False
        if any(self._clean(key) != key for key in keys):
            return False
        for key in keys:
            self._counters.setdefault(key, count())
        if len(self._plain) >= _MAX_PLAIN:
            self._plain.clear()
        self._plain.add(keys)
        return True

    def _settle(self, keys: Iterable[str]) -> None:
        """Let these metrics count on from the steps that were given last."""
        for key in keys:
            given = self._given.pop(key, None)
            if given is not None:
                self._counters[key] = _after(given)

    def points(self, values: Mapping[Any, Any], step: object = None) -> list[Row]:
        """Give the points of one call of ``log``; parameters as for `log`."""
        fixed = None if step is None else self.step(step)
        rows: list[Row] = []
        for key, value in values.items():
            # Numbers of Python are never nested, and flattening costs more than all the rest.
            is_plain = type(key) is str and type(value) in (float, int)
            for name, leaf in ((key, value),) if is_plain else flatten({key: value}):
                number = to_number(leaf)
                if number is None:
                    self._not_a_number(name, leaf)
                    continue
                clean = self._clean(name)
                rows.append((clean, self._place(clean, fixed), number))
        return rows

    def _clean(self, name: str) -> str:
        """Give a metric's name without secrets, as it was when it was first logged."""
        clean = self._names.get(name)
        if clean is None:
            clean = self._names[name] = self._journal.clean_name(name)
        return clean

    def _place(self, key: str, fixed: int | None) -> int:
        """Give the step of a point, and count on from it."""
        if fixed is not None:
            self._given[key] = fixed
            return fixed
        self._settle((key,))
        return next(self._counters.setdefault(key, count()))

    def step(self, step: object) -> int | None:
        """Give a step as it is stored, or None, with a warning, for what is no step."""
        number = to_step(step)
        if number is None:
            self._journal.warn(
                "step",
                f"step {short_repr(step)} is not a whole number of 64 bits; it was counted on.",
            )
        return number

    def _not_a_number(self, key: str, value: object) -> None:
        self._journal.param(key, to_param(value), "logged as a metric, but not a number")
        self._journal.warn(
            f"metric {key}",
            f'metric "{key}" is a {type(value).__qualname__}, not a number, and kept as a param. '
            "Log numbers with log(), settings with log_params(), objects with log_artifact().",
        )


def _after(step: int) -> Iterator[int]:
    """Count on from a step; at the last that there is, all that follow are at that one."""
    if step < _NEAR_LAST:
        return count(step + 1)
    return chain(range(step + 1, _LAST_STEP), repeat(_LAST_STEP))
