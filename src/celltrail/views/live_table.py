"""What of a run table has changed since it was sent, while runs of it go on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from celltrail.model import is_system_metric

if TYPE_CHECKING:
    from collections.abc import Callable

    from celltrail.query.table import RunTable
    from celltrail.store.follow import Increment, News

__all__ = ["Changes"]

_PREFIX = "metrics."
#: Seconds between two updates of numbers, and of all that the table shows.
_NUMBERS, _EVERYTHING = 0.5, 1.0
#: Reading and sending takes at most this share of a processor, in a large store too.
_SHARE = 0.05
#: Up to here a float holds every integer.
_EXACT = 2.0**53
#: Of more changed numbers than this, all is sent anew.
_MOST = 5_000


@dataclass(slots=True)
class Changes:
    """Gathers what is new of the runs of a table.

    Parameters
    ----------
    last_steps
        Gives for the id of a run the greatest step of each of its metrics.

    Attributes
    ----------
    values : dict
        By run id and metric, the value that was logged last.
    is_stale
        Whether something else than numbers has changed, so that the table is to be read anew.
    """

    last_steps: Callable[[str], dict[str, int]]
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    is_stale: bool = False
    #: The greatest step of each metric, of the runs that were heard of.
    _steps: dict[str, dict[str, int]] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)
    _of: RunTable | None = None
    _numbers_due: float = 0.0
    _all_due: float = 0.0
    _fresh: bool = False

    def take(self, news: News, table: RunTable) -> None:
        """Take in what came, for the runs of a table."""
        if news.missed or news.changed:
            self.is_stale = True
        if news.points and self._of is not table:
            self._of = table
            self._places = {run_id: row for row, run_id in enumerate(table.ids)}
        for each in news.points:
            if each.run in self._places:
                self._take(each, table)
        if sum(map(len, self.values.values())) > _MOST:
            self.is_stale = True

    def _take(self, each: Increment, table: RunTable) -> None:
        column = table.columns.get(f"{_PREFIX}{each.metric}")
        if column is None:
            # what is sampled of the machine is no column
            self.is_stale = self.is_stale or not is_system_metric(each.metric)
            return
        step = int(each.step.max())
        value = float(each.value[np.flatnonzero(each.step == step)[-1]])
        if column.kind != "number" and not (column.kind == "integer" and _is_exact(value)):
            self.is_stale = True  # the column becomes one of another kind
            return
        if each.run not in self._steps:
            self._steps[each.run] = self.last_steps(each.run)
        steps = self._steps[each.run]
        if step < steps.get(each.metric, step):
            return  # the last value is that of the greatest step
        steps[each.metric] = step
        self.values.setdefault(each.run, {})[each.metric] = value
        self._fresh = True

    def wants_all(self) -> bool:
        """Say whether the table is to be read anew now."""
        return self.is_stale and time.monotonic() >= self._all_due

    def wants_numbers(self) -> bool:
        """Say whether changed numbers are to be sent now."""
        return self._fresh and time.monotonic() >= self._numbers_due

    def begin_all(self) -> None:
        """Forget what came before the table is read anew."""
        self.values, self.is_stale, self._fresh = {}, False, False

    def done(self, seconds: float, *, everything: bool) -> None:
        """Take note of what an update cost, in seconds: the next one is due accordingly later."""
        now = time.monotonic()
        self._fresh = False
        rest = seconds / _SHARE
        self._numbers_due = now + max(_NUMBERS, rest)
        if everything:
            self._all_due = now + max(_EVERYTHING, rest)

    def applied(self, table: RunTable) -> RunTable:
        """Give the table with the changed numbers in it."""
        columns = dict(table.columns)
        rows = self._places if self._of is table else {}
        for run_id, values in self.values.items() if rows else ():
            for metric, value in values.items():
                name = f"{_PREFIX}{metric}"
                column = columns[name]
                if column is table.columns[name]:
                    column = replace(
                        column, values=column.values.copy(), missing=column.missing.copy()
                    )
                    columns[name] = column
                row = rows[run_id]
                column.values[row] = value
                column.missing[row] = False
        made = replace(table, columns=columns)
        if self._of is table:
            self._of = made  # its rows are the same
        return made


def _is_exact(value: float) -> bool:
    """Say whether a float stands for one integer."""
    return bool(np.isfinite(value)) and float(value).is_integer() and abs(value) < _EXACT
