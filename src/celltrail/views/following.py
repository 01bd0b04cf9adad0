"""How views follow what is logged while they are shown."""

from __future__ import annotations

import json
import threading
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from celltrail.model import Status
from celltrail.query import load_run
from celltrail.store import open_store
from celltrail.store.idle import is_idle
from celltrail.views.feed import follow, unfollow
from celltrail.views.live_table import Changes

if TYPE_CHECKING:
    from pathlib import Path

    from celltrail.query import Runs
    from celltrail.query.table import RunTable
    from celltrail.store.follow import News

__all__ = ["Followed", "Following"]

#: A page says once a minute that it has a view; after so many seconds without that nobody has.
_LEASE = 600.0
#: Of so many runs all is read at once.
_AT_ONCE = 2_000


class Followed:
    """What a view takes in that is told what is new while a page has it.

    The view has a trait ``live``. It is told in a thread of celltrail's.
    """

    live: bool

    def _begin_following(self) -> None:
        self._shown_in = 0  # so many places of the page
        self._heard = time.monotonic()
        self.on_msg(self._hear)  # type: ignore[attr-defined]

    def _ipython_display_(self, **options: Any) -> None:
        super()._ipython_display_(**options)  # type: ignore[misc]
        self._heard = time.monotonic()
        if self.live:
            follow(self)

    def _hear(self, _widget: object, content: Any, _buffers: object) -> None:
        """Follow only while a page has the view somewhere."""
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "hidden":
            self._shown_in -= 1
            if self._shown_in <= 0:
                unfollow(self)
        elif kind in ("shown", "there"):
            self._shown_in = max(1, self._shown_in + (kind == "shown"))
            self._heard = time.monotonic()
            if self.live:
                follow(self)

    @property
    def followed_store(self) -> Path:
        """The store whose news concern it."""
        raise NotImplementedError

    def take_news(self, news: News) -> None:
        """Send the page what has changed, when it is time for that."""
        if not self.live or self.comm is None:  # type: ignore[attr-defined]
            unfollow(self)
        elif is_idle() and time.monotonic() - self._heard > _LEASE:
            unfollow(self)  # its page went away; one that is there says so again
        else:
            self._take_news(news)

    def _take_news(self, news: News) -> None:
        raise NotImplementedError


class Following(Followed):
    """How a table follows its runs.

    The table has its runs in ``_runs`` and their columns in ``_table``, shows others by
    ``_show`` while it holds ``_showing``, and has a trait ``_live``.
    """

    _runs: Runs
    _table: RunTable
    _live: str

    def _begin_following(self) -> None:
        super()._begin_following()
        self._changes = Changes(self._last_steps)
        self._showing = threading.RLock()

    @property
    def followed_store(self) -> Path:
        """The store whose news concern it."""
        return self._runs.store_path

    def _take_news(self, news: News) -> None:
        changes = self._changes
        if news:
            changes.take(news, self._table)
        began = time.thread_time()  # not of the clock: others may have the processor
        if changes.wants_all():
            changes.begin_all()
            try:
                self._renew()
            # Any: it is read the next time. Who calls this tells it as a warning, once.
            except BaseException:
                changes.is_stale = True
                raise
            finally:
                changes.done(time.thread_time() - began, everything=True)
        elif changes.wants_numbers():
            with self._showing:
                self._table = changes.applied(self._table)
                self._live = _written(changes.values)
            changes.done(time.thread_time() - began, everything=False)

    def _renew(self) -> None:
        """Read the runs anew and show them, unless others are shown by now."""
        runs = self._runs
        # of many more others would wait while they are sorted
        few = len(runs) <= _AT_ONCE
        with open_store(runs.store_path).access.at_once() if few else nullcontext():
            now = runs.now()
            now.with_curves()  # it is asked for when they are shown
        with self._showing:
            if self._runs is not runs:
                self._changes.is_stale = True
                return
            was_running = _running(self._table)
            self._show(now, by_itself=True)  # type: ignore[attr-defined]
            if was_running and not _running(self._table):
                self.refresh_snapshot(aside=True)  # type: ignore[attr-defined]

    def _last_steps(self, run_id: str) -> dict[str, int]:
        """Read how far the metrics of a run have come, as the store knows it."""
        run = load_run(open_store(self._runs.store_path), run_id)
        return (
            {} if run is None else {name: found.last_step for name, found in run.summaries.items()}
        )


def _running(table: RunTable) -> bool:
    return Status.RUNNING.value in table.columns["status"].values.tolist()


def _written(values: dict[str, dict[str, float]]) -> str:
    """Write numbers as texts: JSON has neither NaN nor the infinities."""
    names = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}

    def text(value: float) -> str:
        return names.get(repr(value), repr(value))

    found = {run_id: {k: text(v) for k, v in metrics.items()} for run_id, metrics in values.items()}
    return json.dumps(found, separators=(",", ":"))
