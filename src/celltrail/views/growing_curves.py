"""The curves of runs that go on, read from the store once and then grown by what comes."""

from __future__ import annotations

import copy
import datetime as dt
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from celltrail.views.growing import GrowingCurve, Points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.query import Runs
    from celltrail.store import CurveQuery
    from celltrail.store.follow import Increment, News

__all__ = ["GrowingCurves"]

#: So many are kept at most.
_MOST = 1_000
#: So many points of a curve wait until somebody asks for it.
_WAITING = 10_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


#: So many looks after it was read may tell of what was read: one that was under way, and the next.
_OVERLAP = 2


@dataclass(slots=True)
class _Kept:
    """A curve, what of it was read, and what came since and waits until somebody asks."""

    curve: GrowingCurve
    #: When x is 0, in microseconds since 1970.
    origin: int = 0
    #: Points up to this time were read.
    since: int = -1
    #: At which look it was read; None before.
    read_at: int | None = None
    coming: list[Increment] = field(default_factory=list)
    waiting: int = 0


class GrowingCurves:
    """Keeps curves of metrics up to date without reading them again.

    Parameters
    ----------
    query
        How a curve is read that is not kept: whole, in parts that are even in x. It is kept
        twice as fine, since parts that grow are between half as wide and as wide.

    Notes
    -----
    Told in one thread and asked in others. What is logged while a curve is read can be in both
    what is read and what comes: of that a point is taken in when it is later than all that was
    read. A run that has ended is read once more, whole: of several processes that log to it, one
    may have been late.
    """

    def __init__(self, query: CurveQuery) -> None:
        self._query = query
        self._asking = threading.Lock()
        self._lock = threading.Lock()  # of what is kept; not held while the store is read
        #: Those that were asked for last come last.
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._looks = 0

    def take(self, news: News) -> None:
        """Take in what came, for the curves that are kept."""
        with self._lock:
            self._looks += 1
            if news.missed:
                self._kept.clear()
            for each in news.points:
                kept = self._kept.get((each.run, each.metric))
                if kept is None:
                    continue
                if kept.read_at is not None and self._looks <= kept.read_at + _OVERLAP:
                    each = _later(each, kept.since)
                kept.coming.append(each)
                kept.waiting += len(each.value)
                if kept.read_at is not None and kept.waiting > _WAITING:
                    self._grow(kept)
            for key in [key for key in self._kept if key[0] in news.ended]:
                del self._kept[key]

    def get(self, runs: Runs, metric: str, ids: Sequence[str]) -> list[GrowingCurve]:
        """Give curves as they are now, and keep them from here on.

        Parameters
        ----------
        runs
            The runs, and with them the store.
        metric
            The metric's name.
        ids
            Some of the runs.

        Returns
        -------
        list of GrowingCurve
            One for each id. They are the caller's: they grow no more.

        Raises
        ------
        StoreError
            When the store cannot be read.
        """
        with self._asking:
            asked = {run_id: self._known(metric, run_id) for run_id in ids}
            new = [run_id for run_id, kept in asked.items() if kept.read_at is None]
            try:
                if new:
                    self._read(runs, metric, {run_id: asked[run_id] for run_id in new})
            except BaseException:  # any, and raised on: who asked says what was wrong
                with self._lock:  # nobody may ask again, and what comes would pile up
                    for run_id in new:
                        self._kept.pop((run_id, metric), None)
                raise
            with self._lock:
                for kept in asked.values():
                    self._grow(kept)
                return [copy.copy(asked[run_id].curve) for run_id in ids]

    def _known(self, metric: str, run_id: str) -> _Kept:
        """Give what is kept of a curve; from here on what comes is noted."""
        query = self._query
        with self._lock:
            kept = self._kept.pop((run_id, metric), None)
            if kept is None:
                kept = _Kept(GrowingCurve(2 * query.buckets, log_y=query.log_y))
                while len(self._kept) >= _MOST:
                    del self._kept[next(iter(self._kept))]
            self._kept[run_id, metric] = kept
        return kept

    def _read(self, runs: Runs, metric: str, wanted: dict[str, _Kept]) -> None:
        found = runs.curves(metric, self._query, list(wanted))
        ends = np.searchsorted(found.run, np.arange(len(wanted) + 1))
        for place, (run_id, kept) in enumerate(wanted.items()):
            part = slice(ends[place], ends[place + 1])
            points = Points(found.x[part], found.step[part], found.time[part], found.value[part])
            if self._query.x == "time":
                started = runs.select([run_id])[0].started
                kept.origin = (started - _EPOCH) // dt.timedelta(microseconds=1)
            with self._lock:
                kept.curve.add(points)
                kept.curve.count = int(found.counts[place])
                kept.curve.gaps = int(found.gaps[place])
                kept.since = int(found.latest[place])
                kept.read_at = self._looks
                kept.coming = [_later(each, kept.since) for each in kept.coming]

    def _grow(self, kept: _Kept) -> None:
        """Let a curve grow by what came; the lock must be held."""
        coming, kept.coming, kept.waiting = kept.coming, [], 0
        if not coming:
            return
        step, time, value = (
            np.concatenate([getattr(each, name) for each in coming])
            for name in ("step", "time", "value")
        )
        x = step if self._query.x == "step" else time - kept.origin
        kept.curve.add(Points(x, step, time, value))


def _later(each: Increment, since: int) -> Increment:
    """Give what of it is later than that."""
    kept = each.time > since
    return replace(each, step=each.step[kept], time=each.time[kept], value=each.value[kept])
