"""Tell views of what is logged to their store, by whatever process, while they are shown.

One thread looks at the spools of all stores that are followed, some times a second; views take
from that what concerns them. A look costs some ten microseconds when there is nothing new.
"""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from celltrail.errors import StoreError
from celltrail.store import open_store
from celltrail.store.follow import Follower, News
from celltrail.store.ticker import Ticker

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["follow", "is_following", "is_told_all", "unfollow"]

#: Seconds between two looks.
INTERVAL = 0.25


class _View(Protocol):
    """What is asked of a view."""

    @property
    def followed_store(self) -> Path: ...

    def take_news(self, news: News) -> None: ...


_lock = threading.Lock()
_views: WeakSet[_View] = WeakSet()
#: Those that were not told anything yet: what came before that they have missed.
_new: WeakSet[_View] = WeakSet()
_followers: dict[Path, Follower] = {}
_fingerprints: dict[Path, tuple[int | None, ...]] = {}


def follow(view: _View) -> None:
    """Tell a view what is new from here on, until `unfollow` or until nobody has it any more.

    What it is told first says that it may have missed something, such as while it was not shown.

    Parameters
    ----------
    view
        Its ``take_news`` is called in a thread of celltrail's, at each look, also when there is
        nothing new: it may have something left to do.
    """
    with _lock:
        if view not in _views:
            _new.add(view)
        _views.add(view)
    if not _ticker.start():
        unfollow(view)


def unfollow(view: _View) -> None:
    """Tell a view no more."""
    with _lock:
        _views.discard(view)


def is_following(view: _View) -> bool:
    """Say whether a view is told what is new."""
    return view in _views


def is_told_all(view: _View) -> bool:
    """Say whether a view has heard that it may have missed something, and hears all since."""
    with _lock:
        return view in _views and view not in _new


def _look() -> float | None:
    """Look at each store once, and tell its views."""
    with _lock:
        views = list(_views)
    by_store: dict[Path, list[_View]] = {}
    for view in views:
        by_store.setdefault(view.followed_store, []).append(view)
    for path in _followers.keys() - by_store.keys():
        _followers.pop(path).close()
        _fingerprints.pop(path, None)
    if not views:
        return None
    problem: Exception | None = None
    for path, told in by_store.items():
        news = _news(path)
        for view in told:
            is_new = view in _new
            _new.discard(view)
            try:
                view.take_news(replace(news, missed=True) if is_new else news)
            except Exception as error:  # noqa: BLE001  # any: the other views are told all the same
                problem = error
    if problem is not None:
        raise problem  # the ticker says so, once, and goes on
    return INTERVAL


def _news(path: Path) -> News:
    is_new = path not in _followers
    if is_new:
        _followers[path] = Follower(path)
    news = _followers[path].look()
    # Whoever began and ended between two looks has written the file itself; mostly, though,
    # somebody has merged what was told already.
    is_written = not news and _followers[path].has_store_changed()
    others = (is_new or bool(news.changed) or is_written) and _are_other_runs(path)
    return replace(news, missed=True) if is_new or (is_written and others) else news


def _are_other_runs(path: Path) -> bool:
    """Say whether there are other runs than at the last time, or that is not known."""
    before = _fingerprints.pop(path, None)
    try:
        _fingerprints[path] = now = open_store(path).fingerprint()
    except StoreError:
        return True  # views that read the store themselves say what is wrong
    return before != now


_ticker = Ticker("celltrail-follow", _look)


def _forget() -> None:
    """Start afresh in a forked child, which has no front end."""
    global _lock
    _lock = threading.Lock()
    _views.clear()
    _new.clear()
    _followers.clear()
    _fingerprints.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
