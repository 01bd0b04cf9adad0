"""Tell views of what is logged to their store, by whatever process, while they are shown.

One thread looks at the spools of all stores that are followed, some times a second; views take
from that what concerns them. A look costs some ten microseconds when there is nothing new.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from celltrail.store.follow import Follower, News
from celltrail.store.notices import defer
from celltrail.store.system import may_start_threads

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["follow", "unfollow"]

#: Seconds between two looks.
INTERVAL = 0.25


class _View(Protocol):
    """What is asked of a view."""

    @property
    def followed_store(self) -> Path: ...

    def take_news(self, news: News) -> None: ...


_lock = threading.Lock()
_views: WeakSet[_View] = WeakSet()
_thread: threading.Thread | None = None


def follow(view: _View) -> None:
    """Tell a view what is new from here on, until `unfollow` or until nobody has it any more.

    Parameters
    ----------
    view
        Its ``take_news`` is called in a thread of celltrail's, at each look, also when there is
        nothing new: it may have something left to do.
    """
    global _thread
    if not may_start_threads():
        return
    with _lock:  # so that the thread does not end in between
        _views.add(view)
        if _thread is None or not _thread.is_alive():
            thread = threading.Thread(target=_work, name="celltrail-follow", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # out of threads, or the interpreter is ending
                _views.discard(view)
                return
            _thread = thread


def unfollow(view: _View) -> None:
    """Tell a view no more."""
    with _lock:
        _views.discard(view)


def _work() -> None:
    global _thread
    followers: dict[Path, Follower] = {}
    try:
        while True:
            with _lock:
                views = list(_views)
                if not views:
                    _thread = None
                    return
            _look(views, followers)
            del views  # it would keep them alive meanwhile
            time.sleep(INTERVAL)
    finally:
        for follower in followers.values():
            follower.close()


def _look(views: list[_View], followers: dict[Path, Follower]) -> None:
    """Look at each store once, and tell its views."""
    by_store: dict[Path, list[_View]] = {}
    for view in views:
        by_store.setdefault(view.followed_store, []).append(view)
    for path in followers.keys() - by_store.keys():
        followers.pop(path).close()
    for path, told in by_store.items():
        is_new = path not in followers
        if is_new:
            followers[path] = Follower(path)
        news = followers[path].look()
        # Whoever began and ended between two looks has written the file itself.
        if is_new or (not news and followers[path].has_store_changed()):
            news = News(news.points, news.changed, missed=True)
        for view in told:
            try:
                view.take_news(news)
            except Exception as error:  # noqa: BLE001  # any: the others go on, this one stands still
                unfollow(view)
                defer(f"a view does not follow any more: {error!r}")


def _forget() -> None:
    """Start afresh in a forked child, which has no front end."""
    global _lock, _thread
    _lock = threading.Lock()
    _thread = None
    _views.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
