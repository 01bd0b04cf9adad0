"""Follow what all processes log to a store, by what was added to their spools since the last look.

The spool is append-only, so whoever remembers how far it has read needs neither the database nor
a lock to see what is new, and never reads anything twice. What is read stays in the page cache
of the system: a look costs far less than a millisecond.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from celltrail.store.instance import stamp
from celltrail.store.layout import EVENTS_SUFFIX, POINTS_SUFFIX, Layout
from celltrail.store.points import RECORD_SIZE, decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

__all__ = ["Follower", "Increment", "News"]

#: Of one file's points so many bytes are read in one look; the rest is for the next one.
_MOST = 8 << 20


@dataclass(frozen=True, slots=True)
class Increment:
    """What was logged to one metric of one run since the last look, in its order.

    Parameters
    ----------
    run
        The run's id.
    metric
        The metric's name.
    step, time, value
        As logged; times in microseconds since 1970 in UTC, values as float64.
    """

    run: str
    metric: str
    step: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class News:
    """What came since the last look.

    Parameters
    ----------
    points
        Points of metrics.
    changed
        Ids of runs of which something else than points was recorded: they began or ended, got
        a param, a tag, a name.
    ended
        Those of them that ended.
    missed
        Whether something may have been passed over, since it was merged and removed between
        two looks: then the store is to be read anew.
    """

    points: list[Increment] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    missed: bool = False

    def __bool__(self) -> bool:
        return bool(self.points or self.changed or self.missed)


class Follower:
    """Gives at each look what all processes have logged to a store since the last one.

    Parameters
    ----------
    store
        The DuckDB file.
    since_start
        Id of a session of which it begins with what stands in the spool already.

    Notes
    -----
    It begins with what is logged after it was made. Whoever reads the store after that sees
    everything, some of it twice: a point is known by its run, metric, step and time.

    It is used by one thread at a time, and keeps the files open whose end it waits for, so that
    what is merged and removed between two looks is read all the same. `close` lets go of them.

    Examples
    --------
    >>> import celltrail as ct
    >>> from celltrail.store.follow import Follower
    >>> run = ct.start("fit")
    >>> follower = Follower(run.store_path)
    >>> run.log(loss=0.5)
    >>> [(each.metric, each.value.tolist()) for each in follower.look().points]
    [('loss', [0.5])]
    >>> follower.look().points, follower.close(), run.finish()
    ([], None, None)
    """

    def __init__(self, store: Path, *, since_start: str = "") -> None:
        self._layout = Layout(store)
        self._tails: dict[tuple[str, int], _Tail] = {}
        # The newest segment that was seen of each session.
        self._newest: dict[str, int] = {}
        self._file = stamp(store)
        for session, numbers in self._segments():
            folder, is_old = self._layout.writer(session), session != since_start
            for number in numbers:
                self._tails[session, number] = _Tail(folder, number, old=is_old)
            self._newest[session] = max(numbers, default=0)

    def look(self) -> News:
        """Give what is new."""
        news = News()
        listed: set[tuple[str, int]] = set()
        sessions = set()
        missed = False
        for session, numbers in self._segments():
            sessions.add(session)
            before = self._newest.get(session, 0)
            for number in numbers:
                listed.add((session, number))
                if (session, number) in self._tails or number <= before:
                    continue
                # segments are counted from 1: one between them has come and gone
                missed = missed or number > before + 1
                before = number
                self._tails[session, number] = _Tail(self._layout.writer(session), number)
            self._newest[session] = before
        for place, tail in list(self._tails.items()):
            tail.read(news)
            if place not in listed:  # merged and removed: that was its end
                tail.close()
                del self._tails[place]
        for session in self._newest.keys() - sessions:
            del self._newest[session]
        return replace(news, missed=missed)

    def has_store_changed(self) -> bool:
        """Say whether the file itself was written since this was asked last.

        What a process logs that begins and ends between two looks is seen by this alone.
        """
        before, self._file = self._file, stamp(self._layout.store)
        return before != self._file

    def close(self) -> None:
        """Let go of all files."""
        for tail in self._tails.values():
            tail.close()
        self._tails.clear()

    def _segments(self) -> Iterator[tuple[str, list[int]]]:
        """List the segments of each session; what cannot be looked into has none."""
        try:
            names = sorted(
                entry.name
                for entry in os.scandir(self._layout.spool)
                if not entry.name.startswith(".") and entry.is_dir()
            )
        except OSError:
            return
        for name in names:
            try:
                files = [entry.name for entry in os.scandir(self._layout.writer(name))]
            except OSError:
                continue
            yield name, sorted({int(f[:6]) for f in files if f[:6].isdigit() and f[6:7] == "."})


class _Tail:
    """The growing end of one segment.

    Parameters
    ----------
    folder, number
        Which one.
    old
        Whether what stands in it already is old; it is read for what it defines.
    """

    def __init__(self, folder: Path, number: int, *, old: bool = False) -> None:
        base = folder / f"{number:06d}"
        self._events = _Growing(base.with_suffix(EVENTS_SUFFIX))
        self._points = _Growing(base.with_suffix(POINTS_SUFFIX))
        self._runs: dict[int, str] = {}
        self._keys: dict[int, str] = {}
        if old:
            size = self._points.size()
            self._points.skip(size - size % RECORD_SIZE)
            self._take_events(News())

    def read(self, news: News) -> None:
        """Add what is new."""
        # The end of the points is taken first: the events that are read then define all of them.
        end = self._points.size()
        self._take_events(news)
        data = self._points.read(end, RECORD_SIZE)
        if data:
            self._add(data, news)

    def close(self) -> None:
        self._events.close()
        self._points.close()

    def _take_events(self, news: News) -> None:
        data = self._events.read(self._events.size(), 0)
        for line in data.splitlines():
            with suppress(ValueError, KeyError, TypeError, RecursionError):  # the merge counts them
                self._take(json.loads(line), news)

    def _take(self, event: dict[str, Any], news: News) -> None:
        kind = event["e"]
        if kind == "ref":
            self._runs[event["r"]] = str(event["run"])
        elif kind == "key":
            self._keys[event["k"]] = str(event["name"])
        else:
            run = event["id"] if kind == "run" else event["run"]
            # what a new segment repeats is not new
            if type(run) is str and not (kind == "run" and event.get("again")):
                news.changed.add(run)
                if kind == "run_end":
                    news.ended.add(run)

    def _add(self, data: bytes, news: News) -> None:
        import numpy as np

        points = decode(data)
        heads = points.run << 32 | points.key
        order = np.argsort(heads, kind="stable")
        starts = np.flatnonzero(np.diff(heads[order], prepend=-1))
        for part in np.split(order, starts[1:]):
            first = part[0]
            run = self._runs.get(int(points.run[first]))
            metric = self._keys.get(int(points.key[first]))
            if run is None or metric is None:
                continue  # damaged: the merge passes over them, and says so
            news.points.append(
                Increment(run, metric, points.step[part], points.time[part], points.value[part])
            )


class _Growing:
    """A file that is read as it grows, also after it was removed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO | None = None
        self._at = 0

    def size(self) -> int:
        if self._file is None:
            try:
                self._file = self._path.open("rb", buffering=0)
            except OSError:
                return 0  # not made yet, or not to be read
        return os.fstat(self._file.fileno()).st_size

    def skip(self, at: int) -> None:
        self._at = at

    def read(self, end: int, record_size: int) -> bytes:
        """Read whole records, or whole lines, up to some place."""
        if self._file is None or end <= self._at:
            return b""
        try:
            self._file.seek(self._at)
            # a line may be as long as it likes: there is no place to stop at but its end
            data = self._file.read(min(end - self._at, _MOST) if record_size else end - self._at)
        except OSError:
            return b""
        whole = len(data) - len(data) % record_size if record_size else data.rfind(b"\n") + 1
        self._at += whole
        return data[:whole]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
