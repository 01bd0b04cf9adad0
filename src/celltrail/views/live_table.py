"""What of a run table has changed since it was sent, while runs of it go on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from celltrail.query.table import RunTable
    from celltrail.store.follow import News

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

    Attributes
    ----------
    values : dict
        By run id and metric, the value that was logged last.
    is_stale
        Whether something else than numbers has changed, so that the table is to be read anew.
    """

    values: dict[str, dict[str, float]] = field(default_factory=dict)
    is_stale: bool = False
    _steps: dict[tuple[str, str], int] = field(default_factory=dict)
    _numbers_due: float = 0.0
    _all_due: float = 0.0
    _fresh: bool = False

    def take(self, news: News, table: RunTable, rows: dict[str, int]) -> None:
        """Take in what came, for the runs of a table, whose rows are given by their ids."""
        if news.missed or news.changed:
            self.is_stale = True
        for each in news.points:
            if each.run not in rows:
                continue
            if f"{_PREFIX}{each.metric}" not in table.columns:
                # what is sampled of the machine is no column
                self.is_stale = self.is_stale or not each.metric.startswith("system/")
                continue
            step = int(each.step.max())
            place = int(np.flatnonzero(each.step == step)[-1])
            kind = table.columns[f"{_PREFIX}{each.metric}"].kind
            if kind != "number" and not (kind == "integer" and _is_exact(each.value[place])):
                self.is_stale = True  # the column becomes one of another kind
                continue
            if step < self._steps.get((each.run, each.metric), step):
                continue
            self._steps[each.run, each.metric] = step
            self.values.setdefault(each.run, {})[each.metric] = float(each.value[place])
            self._fresh = True
        if sum(map(len, self.values.values())) > _MOST:
            self.is_stale = True

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
        rows = {run_id: row for row, run_id in enumerate(table.ids) if run_id in self.values}
        columns = dict(table.columns)
        for run_id, values in self.values.items():
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
        return replace(table, columns=columns)


def _is_exact(value: float) -> bool:
    """Say whether a float stands for one integer."""
    return bool(np.isfinite(value)) and float(value).is_integer() and abs(value) < _EXACT
