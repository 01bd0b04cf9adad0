"""How a chart of curves follows runs that go on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

    from celltrail.store.follow import News
    from celltrail.views.growing_curves import GrowingCurves

__all__ = ["Growth"]

#: Seconds between two updates.
_EVERY = 1.0
#: Updates take at most this share of a processor.
_SHARE = 0.05


@dataclass(slots=True)
class Growth:
    """Which curves of a chart grow, and how they are drawn.

    Parameters
    ----------
    store
        The store of the runs.
    run_ids, metrics
        What is drawn.
    open_ids
        Those of the runs that had not ended when the chart was made.
    draw
        Gives for ids of runs the data of each panel, by the name of its data set: those runs'
        curves alone.
    curves
        What keeps them, and is told what comes; None where they are read anew each time.
    """

    store: Path
    run_ids: frozenset[str]
    open_ids: frozenset[str]
    metrics: frozenset[str]
    draw: Callable[[Sequence[str]], dict[str, pd.DataFrame]]
    curves: GrowingCurves | None
    _grown: set[str] = field(default_factory=set)
    _ever: set[str] = field(default_factory=set)
    _due: float = 0.0

    def take(self, news: News) -> None:
        """Take in what came."""
        if news.missed:
            self._grown |= self.open_ids | self._ever
        self._grown |= {
            each.run
            for each in news.points
            if each.run in self.run_ids and each.metric in self.metrics
        }
        self._grown |= news.ended & self.run_ids
        if self.curves is not None:
            self.curves.take(news)

    def again(self) -> None:
        """Give all that has grown once more: the page has drawn the chart as it was sent."""
        self._grown |= self._ever

    def grown(self) -> tuple[list[str], dict[str, pd.DataFrame]] | None:
        """Draw the curves that have grown, when it is time for that."""
        if not self._grown or time.monotonic() < self._due:
            return None
        ids = sorted(self._grown)
        self._ever |= self._grown
        self._grown = set()
        began = time.thread_time()
        frames = self.draw(ids)
        cost = time.thread_time() - began
        self._due = time.monotonic() + max(_EVERY, cost / _SHARE)
        return ids, frames
