"""What a chart is made of: its picture, what it is when it is zoomed, and how it follows runs."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from celltrail.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from celltrail.store.follow import News
    from celltrail.views.growing_curves import GrowingCurves

__all__ = ["Drawing", "Growth", "Zoom"]

#: Seconds between two updates.
_EVERY = 1.0
#: Updates take at most this share of a processor, and so do charts that are drawn anew.
_SHARE, _SHARE_ANEW = 0.01, 0.05


class Drawing(NamedTuple):
    """An Altair chart and its still forms, of which a `Chart` is made, and what makes it live."""

    chart: Any
    html: str
    text: str
    zoom: Zoom | None = None
    growth: Growth | None = None


@dataclass(frozen=True, slots=True)
class Zoom:
    """What a chart asks for when its x axis is zoomed.

    Parameters
    ----------
    panels
        Of each panel the name of its interval ``signal``, the ``field`` on x and its
        ``dataset``, the name in its data frame's ``attrs``.
    read
        Gives the data of a panel, by its place, between two values of x.
    """

    panels: Sequence[Mapping[str, str]]
    read: Callable[[int, float, float], pd.DataFrame]


@dataclass(slots=True)
class Growth:
    """Which curves of a chart grow, and how they are drawn.

    Parameters
    ----------
    store
        The store of the runs.
    run_ids, metrics
        What is drawn.
    legend
        How each run is told from the others; a page that draws others is sent the whole chart.
    open_ids
        Those of the runs that had not ended when the chart was made.
    again
        Draws the chart of the same question for runs as it is now.
    draw
        Gives for ids of runs the data of each panel, by the name of its data set: those runs'
        curves alone. None where the chart is drawn anew as a whole or not at all.
    curves
        What keeps them, and is told what comes; None where they are read anew each time.
    """

    store: Path
    run_ids: frozenset[str]
    open_ids: frozenset[str]
    metrics: frozenset[str]
    again: Callable[[], Drawing]
    legend: Sequence[str] = ()
    draw: Callable[[Sequence[str]], dict[str, pd.DataFrame]] | None = None
    curves: GrowingCurves | None = None
    _grown: set[str] = field(default_factory=set)
    _ever: set[str] = field(default_factory=set)
    _due: float = 0.0
    _made: float = field(default_factory=time.monotonic)
    _is_told: bool = False
    _is_stale: bool = False
    _stale_due: float = 0.0
    #: Runs that log such a metric, and were no runs of this chart when it was drawn.
    _others: set[str] = field(default_factory=set)

    def take(self, news: News) -> None:
        """Take in what came."""
        if news.missed:
            self._grown |= self.open_ids | self._ever
            # at first that is what came since it was made, mostly by the line before
            is_old = time.monotonic() - self._made > _EVERY
            self._is_stale = self._is_stale or self._is_told or is_old
        self._is_told = True
        self._others -= news.changed  # it may be one of them by now
        for each in news.points:
            if each.metric not in self.metrics:
                continue
            if each.run in self.run_ids:
                self._grown.add(each.run)
            elif each.run not in self._others:
                self._others.add(each.run)
                self._is_stale = True
        ended = news.ended & self.run_ids
        self._grown |= ended
        self._is_stale = self._is_stale or bool(ended)
        if self.curves is not None:
            self.curves.take(news)

    def all_again(self) -> None:
        """Give all that has grown once more: the page has drawn the chart as it was sent."""
        self._grown |= self._ever

    def grown(self) -> tuple[list[str], dict[str, pd.DataFrame]] | None:
        """Draw the curves that have grown, when it is time for that."""
        if self.draw is None or not self._grown or time.monotonic() < self._due:
            return None
        ids = sorted(self._grown)
        self._ever |= self._grown
        began = time.thread_time()
        try:
            frames = self.draw(ids)
            self._grown = set()
        finally:
            self._due = _after(began, _SHARE)
        return ids, frames

    def drawn_anew(self) -> Drawing | None:
        """Draw the whole chart, when a run of it has ended or others may be in it."""
        if not self._is_stale or time.monotonic() < self._stale_due:
            return None
        began = time.thread_time()
        drawing = None
        try:
            with suppress(UnknownNameError):  # its runs have not logged that yet
                drawing = self.again()
            self._is_stale = False
        finally:
            self._stale_due = _after(began, _SHARE_ANEW)
        return drawing

    def follow_on(self, before: Growth) -> None:
        """Go on where another one ended, of the same chart as it was before."""
        self._grown |= before._grown & self.run_ids
        self._ever |= before._ever & self.run_ids
        self._others |= before._others - self.run_ids
        self._due, self._stale_due = before._due, before._stale_due
        self._is_told = True
        self._is_stale = before._is_stale


def _after(began: float, share: float) -> float:
    """Give the moment at which what began at a time of this thread may be done again."""
    return time.monotonic() + max(_EVERY, (time.thread_time() - began) / share)
