"""Curves of runs that go on: read once, then as if they were read each time."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import celltrail as ct
from celltrail.errors import StoreError
from celltrail.store import CurveQuery
from celltrail.store.follow import Follower, News
from celltrail.views import growing_curves
from celltrail.views.growing import GrowingCurve
from celltrail.views.growing_curves import GrowingCurves


@pytest.fixture
def run() -> Iterator[ct.ActiveRun]:
    with ct.track("fit") as run:
        run.log(loss=3.0)
        yield run


class Watching:
    """Curves that are told by hand, and how often the store was read for them."""

    def __init__(self, query: CurveQuery, monkeypatch: pytest.MonkeyPatch) -> None:
        self.curves, self.query = GrowingCurves(query), query
        self.reads: list[list[str]] = []
        real = ct.Runs.curves

        def counted(runs: ct.Runs, metric: str, query: CurveQuery, ids: list[str]) -> object:
            self.reads.append(list(ids))
            return real(runs, metric, query, ids)

        monkeypatch.setattr(ct.Runs, "curves", counted)
        self.runs = ct.runs()
        self.follower = Follower(self.runs.store_path)

    def look(self) -> None:
        self.curves.take(self.follower.look())

    def get(self, *ids: str, metric: str = "loss") -> list[GrowingCurve]:
        return self.curves.get(self.runs, metric, ids or self.runs.ids)


@pytest.fixture
def watching(run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watching]:
    made = Watching(CurveQuery(buckets=50), monkeypatch)
    yield made
    made.follower.close()


@pytest.mark.parametrize("axis", ["step", "time", "wall"])
def test_they_are_what_the_store_has_and_it_is_read_once(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch, axis: str
) -> None:
    watching = Watching(CurveQuery(axis, buckets=400), monkeypatch)  # type: ignore[arg-type]
    watching.get()
    rng = np.random.default_rng(7)
    for piece in range(5):
        for value in rng.normal(size=120):
            run.log(loss=value if value > -1 else math.nan)
        run.log(other=float(piece))
        watching.look()
        (curve,) = watching.get()
        stored = watching.runs._store.curves([run.id], "loss", watching.query)
        points = curve.points()
        for name in ("x", "step", "time", "value"):
            np.testing.assert_array_equal(getattr(points, name), getattr(stored, name))
        assert (curve.count, curve.gaps) == (stored.counts[0], stored.gaps[0])
    assert watching.reads == [[run.id]]
    watching.follower.close()


def test_long_ones_keep_their_ends_and_their_counts(run: ct.ActiveRun, watching: Watching) -> None:
    for step in range(1, 3_000):
        run.log(loss=math.sin(step), step=step)
    watching.get()  # what was read is thinned already
    for step in range(3_000, 6_000):
        run.log(loss=math.sin(step) * (5.0 if step == 4_321 else 1.0), step=step)
    watching.look()
    (curve,) = watching.get()
    points = curve.points()
    assert curve.count == 6_000
    assert len(points.x) <= 2 * 100 + 2
    assert points.step[points.value.argmax()] in (0, 4_321)
    assert points.value.min() == min(math.sin(4_321) * 5, min(map(math.sin, range(6_000))))
    assert points.x[[0, -1]].tolist() == [0, 5_999]


def test_what_was_read_does_not_count_twice_when_it_comes(
    run: ct.ActiveRun, watching: Watching
) -> None:
    run.log(loss=2.0)
    assert watching.get()[0].count == 2  # it was logged, and not told yet
    watching.look()
    assert watching.get()[0].count == 2
    run.log(loss=1.0)
    watching.look()
    assert watching.get()[0].count == 3


def test_what_comes_while_it_is_read_is_not_missed(
    run: ct.ActiveRun, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ct.Runs.curves

    def meanwhile(*given: object) -> object:
        found = real(*given)  # type: ignore[arg-type]
        run.log(loss=7.0)
        watching.look()
        return found

    monkeypatch.setattr(ct.Runs, "curves", meanwhile)
    assert watching.get()[0].points().value.tolist() == [3.0, 7.0]


def test_a_run_that_ended_is_read_once_more(run: ct.ActiveRun, watching: Watching) -> None:
    watching.get()
    other = ct.start("other")
    other.log(loss=1.0)
    other.finish()
    watching.look()
    watching.get()
    assert len(watching.reads) == 1
    run.finish()
    watching.look()
    watching.get()
    assert len(watching.reads) == 2


def test_it_is_read_anew_where_something_may_have_been_missed(
    run: ct.ActiveRun, watching: Watching
) -> None:
    watching.get()
    run.log(loss=2.0)
    watching.follower.look()
    watching.curves.take(replace(News(), missed=True))
    assert watching.get()[0].count == 2
    assert len(watching.reads) == 2


def test_those_that_were_asked_for_last_are_kept(
    run: ct.ActiveRun, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing_curves, "_MOST", 2)
    for name in ("second", "third"):
        with ct.track(name) as other:
            other.log(loss=1.0)
    watching.runs = ct.runs(order_by="number")
    first, second, third = watching.runs.ids
    watching.get(first)
    watching.get(second)
    watching.get(first)
    watching.get(third)
    watching.get(first)
    assert watching.reads == [[first], [second], [third]]
    watching.get(second)
    assert watching.reads[3:] == [[second]]


def test_steps_that_begin_again_each_epoch_do_not_count_twice(
    run: ct.ActiveRun, watching: Watching
) -> None:
    """The latest point lies in the midst of all, and is thinned away where it is read."""
    for epoch in range(9):
        for step in range(600 if epoch < 8 else 300):
            run.log(loss=float(epoch + step), step=step)
    (curve,) = watching.get()
    watching.look()
    assert curve.count == watching.get()[0].count == 8 * 600 + 300 + 1
    for step in range(300, 400):
        run.log(loss=1.0, step=step)
    watching.look()
    assert watching.get()[0].count == 8 * 600 + 400 + 1


def test_a_clock_that_is_put_back_hides_nothing(
    run: ct.ActiveRun, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching.get()
    for _ in range(3):
        watching.look()
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 3_600 * 10**9)
    run.log(loss=2.0)
    watching.look()
    assert watching.get()[0].count == 2


def test_what_nobody_asks_for_again_takes_no_room(
    run: ct.ActiveRun, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing_curves, "_WAITING", 100)
    watching.get()
    for _ in range(20):
        for _ in range(60):
            run.log(loss=1.0)
        watching.look()
        (kept,) = watching.curves._kept.values()
        assert sum(len(each.value) for each in kept.coming) <= 160
    assert watching.get()[0].count == 1 + 20 * 60


def test_what_cannot_be_read_is_not_kept(
    run: ct.ActiveRun, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> object:
        raise StoreError("no")

    with monkeypatch.context() as patched:
        patched.setattr(ct.Runs, "curves", broken)
        with pytest.raises(StoreError):
            watching.get()
    assert watching.curves._kept == {}
    assert watching.get()[0].count == 1


def test_what_was_given_grows_no_more(run: ct.ActiveRun, watching: Watching) -> None:
    (before,) = watching.get()
    run.log(loss=2.0)
    watching.look()
    watching.get()
    assert before.count == len(before.points().x) == 1
