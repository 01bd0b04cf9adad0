"""How a run table follows what is logged while it is shown."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

from celltrail.model import Status
from celltrail.views.feed import follow, unfollow
from celltrail.views.live_table import Changes

if TYPE_CHECKING:
    from pathlib import Path

    from celltrail.query import Runs
    from celltrail.query.table import RunTable
    from celltrail.store.follow import News

__all__ = ["Followed", "Following"]


class Followed:
    """What a view takes in that is told what is new while its page has it.

    The view has a trait ``live``. It is told in a thread of celltrail's.
    """

    live: bool

    def _begin_following(self) -> None:
        self._shown_in = 0  # so many places of the page
        self.on_msg(self._hear)  # type: ignore[attr-defined]

    def _ipython_display_(self, **options: Any) -> None:
        super()._ipython_display_(**options)  # type: ignore[misc]
        if self.live:
            follow(self)

    def _hear(self, _widget: object, content: Any, _buffers: object) -> None:
        """Follow only while the page has the view somewhere."""
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "shown":
            self._shown_in += 1
            if self.live:
                follow(self)
        elif kind == "hidden":
            self._shown_in -= 1
            if self._shown_in <= 0:
                unfollow(self)

    @property
    def followed_store(self) -> Path:
        """The store whose news concern it."""
        raise NotImplementedError

    def take_news(self, news: News) -> None:
        """Send the page what has changed, when it is time for that."""
        if not self.live or self.comm is None:  # type: ignore[attr-defined]
            unfollow(self)
        else:
            self._take_news(news)

    def _take_news(self, news: News) -> None:
        raise NotImplementedError


class Following(Followed):
    """How a table follows its runs.

    The table has its runs in ``_runs`` and their columns in ``_table``, shows others by
    ``_show``, and has a trait ``_live``.
    """

    _runs: Runs
    _table: RunTable
    _live: str

    def _begin_following(self) -> None:
        super()._begin_following()
        self._changes = Changes()
        self._following = threading.RLock()

    @property
    def followed_store(self) -> Path:
        """The store whose news concern it."""
        return self._runs.store_path

    def _take_news(self, news: News) -> None:
        changes = self._changes
        with self._following:
            rows = {run_id: row for row, run_id in enumerate(self._table.ids)} if news else {}
            changes.take(news, self._table, rows)
            began = time.thread_time()  # not of the clock: others may have the processor
            if changes.wants_all():
                changes.begin_all()
                before = _running(self._table)
                self._show(self._runs.now(), still=False)  # type: ignore[attr-defined]
                if before and not _running(self._table):
                    self.refresh_snapshot()  # type: ignore[attr-defined]
                changes.done(time.thread_time() - began, everything=True)
            elif changes.wants_numbers():
                self._table = changes.applied(self._table)
                self._live = _written(changes.values)
                changes.done(time.thread_time() - began, everything=False)


def _running(table: RunTable) -> bool:
    return Status.RUNNING.value in table.columns["status"].values.tolist()


def _written(values: dict[str, dict[str, float]]) -> str:
    """Write numbers as texts: JSON has neither NaN nor the infinities."""
    names = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}

    def text(value: float) -> str:
        return names.get(repr(value), repr(value))

    found = {run_id: {k: text(v) for k, v in metrics.items()} for run_id, metrics in values.items()}
    return json.dumps(found, separators=(",", ":"))
