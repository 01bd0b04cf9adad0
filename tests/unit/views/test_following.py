"""A run table follows what is logged while it is shown: increments, new runs, ends."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

import celltrail as ct
from celltrail.record.worker import wait_for_worker
from celltrail.store import open_store, ticker
from celltrail.store.follow import Follower
from celltrail.views import RunTableWidget, feed

LIMIT = 60.0


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT
    while not what():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


class Told:
    """A table that is told by hand, so that nothing depends on when it looks."""

    def __init__(self) -> None:
        self.table = ct.table(ct.runs(order_by="number"))
        self._follower = Follower(self.table.runs.store_path)

    def look(self) -> None:
        changes = self.table._changes
        changes._numbers_due = changes._all_due = 0.0
        news = self._follower.look()
        if self._follower.has_store_changed():
            news = replace(news, missed=True)
        self.table.take_news(news)

    def close(self) -> None:
        self._follower.close()


@pytest.fixture
def run() -> Iterator[ct.ActiveRun]:
    with ct.track("fit", params={"lr": 0.1}) as run:
        run.log(loss=3.0, n=1)
        yield run


def metric(table: RunTableWidget, name: str) -> list[float]:
    column = table._table.columns[f"metrics.{name}"]
    return list(column.values.tolist())


def test_numbers_come_as_increments_and_are_pythons_too(run: ct.ActiveRun) -> None:
    told = Told()
    told.look()
    data = told.table._data
    run.log(loss=2.0, n=2)
    run.log(loss=math.nan)
    told.look()
    assert json.loads(told.table._live) == {run.id: {"loss": "NaN", "n": "2.0"}}
    run.log(loss=1.0)
    told.look()
    assert json.loads(told.table._live) == {run.id: {"loss": "1.0", "n": "2.0"}}
    assert told.table._data is data
    assert (metric(told.table, "loss"), metric(told.table, "n")) == ([1.0], [2])
    assert told.table.view["metrics.loss"].tolist() == [1.0]
    told.close()


def test_an_earlier_step_does_not_count(run: ct.ActiveRun) -> None:
    run.log(loss=2.0, step=100)
    told = Told()
    run.log(loss=9.0, step=5)
    told.look()
    assert told.table._live == ""
    run.log(loss=1.0, step=101)
    told.look()
    assert json.loads(told.table._live)[run.id]["loss"] == "1.0"
    told.close()


def test_what_the_user_shows_meanwhile_stays(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    other = ct.runs("name = 'nobody'")

    def now(runs: ct.Runs) -> ct.Runs:
        monkeypatch.undo()
        told.table.runs = other
        return runs.now()

    monkeypatch.setattr(ct.Runs, "now", now)
    run.tag("new")
    told.look()
    assert told.table.runs is other
    told.look()
    assert told.table._ids == []
    told.close()


def test_a_filter_stays_when_what_it_names_goes(run: ct.ActiveRun) -> None:
    with ct.track("second") as second:
        second.log(rare=1.0)
    told = Told()
    told.table.where = "metrics.rare > 0"
    ct.delete([second.id])
    told.look()
    assert told.table._ids == [run.id]
    assert told.table.where == "metrics.rare > 0"
    told.close()


def test_a_page_that_says_nothing_any_more_is_followed_no_more(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = ct.table(ct.runs())
    table._hear(table, {"kind": "shown"}, [])
    assert feed.is_following(table)
    monkeypatch.setattr(table, "_heard", table._heard - 601)
    wait_for(lambda: not feed.is_following(table))
    table._hear(table, {"kind": "there"}, [])
    assert feed.is_following(table)
    table._hear(table, {"kind": "hidden"}, [])


def test_a_view_that_fails_stops_no_other(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, table = ct.table(ct.runs()), ct.table(ct.runs())
    told: list[str] = []
    monkeypatch.setattr(ticker, "defer", told.append)
    monkeypatch.setattr(broken, "_take_news", lambda news: 1 / 0)
    for each in (broken, table):
        each._hear(each, {"kind": "shown"}, [])
    run.log(loss=2.0)
    wait_for(lambda: metric(table, "loss") == [2.0])
    wait_for(lambda: [said for said in told if "ZeroDivisionError" in said])
    assert feed.is_following(broken)
    for each in (broken, table):
        each._hear(each, {"kind": "hidden"}, [])


def test_a_metric_that_is_new_or_of_another_kind_is_read_anew(run: ct.ActiveRun) -> None:
    told = Told()
    run.log(other=1.0)
    run.log(n=2.5)
    told.look()
    assert told.table._live == ""
    assert metric(told.table, "other") == [1.0]
    assert metric(told.table, "n") == [2.5]
    told.close()


def test_runs_that_begin_and_end_are_rows_of_it(run: ct.ActiveRun) -> None:
    told = Told()
    told.table.where = "status = 'running'"
    with ct.track("second") as second:
        told.look()
        assert told.table._ids == [run.id, second.id]
        second.log(loss=1.0)
    told.look()
    assert told.table.runs[1].status == "finished"
    assert told.table.where == "status = 'running'"
    told.close()


def test_runs_that_were_picked_out_stay_those(run: ct.ActiveRun) -> None:
    told = Told()
    told.table.runs = ct.runs().select([run.id])
    with ct.track("second"):
        pass
    told.look()
    assert told.table._ids == [run.id]
    told.close()


def test_what_is_only_merged_is_no_news_and_what_others_did_is(run: ct.ActiveRun) -> None:
    feed._ticker.stop()  # of a view of another test
    store = open_store(run.store_path)
    with ct.track("old") as old:
        old.log(loss=1.0)
    wait_for_worker(60)  # what surrounds a run is recorded a moment later
    feed._news(store.path)
    try:
        for _ in range(3):
            run.log(loss=1.0)
            assert feed._news(store.path).points
            store.merge()
            assert not feed._news(store.path)
        ct.delete([old.id])
        assert feed._news(store.path).missed
        assert not feed._news(store.path)
    finally:
        feed._followers.pop(store.path).close()


def test_what_is_shown_is_followed_by_itself_until_it_is_not(run: ct.ActiveRun) -> None:
    table = ct.table(ct.runs())
    table._hear(table, {"kind": "shown"}, [])
    run.log(loss=2.0)
    wait_for(lambda: metric(table, "loss") == [2.0])
    with ct.track("second"):
        wait_for(lambda: len(table._ids) == 2)
    table._hear(table, {"kind": "hidden"}, [])
    assert not feed.is_following(table)
    wait_for(lambda: not feed._ticker.is_running)


def test_one_that_is_not_to_follow_does_not(run: ct.ActiveRun) -> None:
    table = ct.table(ct.runs(), live=False)
    table._hear(table, {"kind": "shown"}, [])
    assert not feed.is_following(table)
