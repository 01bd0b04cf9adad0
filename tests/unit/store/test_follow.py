"""Following what is logged: each point once, whoever logs it, whatever is merged meanwhile."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import celltrail as ct
from celltrail.record.worker import wait_for_worker
from celltrail.store import open_store
from celltrail.store import writer as writer_module
from celltrail.store.follow import Follower, News


def seen(news: News) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """Give the points by run and metric."""
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for each in news.points:
        pairs = zip(each.step.tolist(), each.value.tolist(), strict=True)
        found.setdefault((each.run, each.metric), []).extend(pairs)
    return found


def test_only_what_is_logged_after_it_was_made_is_new() -> None:
    run = ct.start("fit", params={"lr": 0.1})
    run.log(loss=1.0)
    wait_for_worker(30)
    follower = Follower(run.store_path)
    assert not follower.look()
    run.log(loss=0.5, accuracy=0.8)
    run.log(loss=0.25)
    news = follower.look()
    assert seen(news) == {
        (run.id, "loss"): [(1, 0.5), (2, 0.25)],
        (run.id, "accuracy"): [(0, 0.8)],
    }
    assert not news.missed
    assert not follower.look()
    run.finish()
    assert follower.look().changed == {run.id}
    follower.close()


def test_a_run_that_begins_and_what_is_said_of_it_is_told() -> None:
    with ct.track() as first:
        follower = Follower(first.store_path)
        with ct.track("inner", params={"lr": 0.1}) as inner:
            assert inner.id in follower.look().changed
            wait_for_worker(30)  # git and the environment are told beside
            follower.look()
            inner.tag("good")
            assert follower.look().changed == {inner.id}
            inner.log_params(depth=3)
            assert follower.look().changed == {inner.id}
            inner.log(loss=1.0)
            assert follower.look().changed == set()
        assert follower.look().changed == {inner.id}
    follower.close()


def test_integers_and_what_is_not_finite_come_as_floats() -> None:
    with ct.track() as run:
        follower = Follower(run.store_path)
        run.log(n=3, bad=math.nan, worse=-math.inf)
        found = {each.metric: each.value[0] for each in follower.look().points}
        assert found["n"] == 3.0
        assert math.isnan(found["bad"])
        assert found["worse"] == -math.inf
    follower.close()


def test_nothing_is_lost_or_told_twice_while_the_spool_is_merged(store_path: Path) -> None:
    store = open_store(store_path)
    with ct.track() as run:
        follower = Follower(run.store_path)
        steps = []
        for part in range(20):
            for step in range(50):
                run.log(loss=float(step), step=part * 50 + step)
            if part % 3 == 1:
                assert store.merge()
            steps += [step for step, _ in seen(follower.look()).get((run.id, "loss"), [])]
        assert steps == list(range(1000))
    follower.close()


def test_segments_that_are_merged_and_removed_between_two_looks(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was open is read to its end; of one that came and went in between it is told."""
    monkeypatch.setattr(writer_module, "_SEGMENT_SIZE", 20_000)
    store = open_store(store_path)
    with ct.track() as run:
        run.log(loss=0.0)
        wait_for_worker(60)  # what surrounds a run is recorded a moment later
        follower = Follower(run.store_path)
        run.log(loss=1.0)
        for step in range(2_000):
            run.log(other=float(step))
        assert store.merge()
        news = follower.look()
        assert (1, 1.0) in seen(news)[run.id, "loss"]
        assert news.missed
        run.log(loss=2.0)
        again = follower.look()
        assert seen(again) == {(run.id, "loss"): [(2, 2.0)]}
        assert not again.missed
    follower.close()


def test_what_a_new_segment_repeats_is_not_new(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "_SEGMENT_SIZE", 4000)
    with ct.track() as run:
        wait_for_worker(60)
        follower = Follower(run.store_path)
        for step in range(400):
            run.log(loss=float(step))
        news = follower.look()
        assert len(seen(news)[run.id, "loss"]) == 400
        assert len({number for _, number in follower._tails}) > 2
        assert news.changed == set()
        run.tag("new")
        news = follower.look()
        assert (news.changed, news.ended) == ({run.id}, set())
    news = follower.look()
    assert (news.changed, news.ended) == ({run.id}, {run.id})
    follower.close()


def test_a_store_that_is_not_there_yet_and_a_spool_that_goes(tmp_path: Path) -> None:
    path = tmp_path / "new" / "runs.duckdb"
    follower = Follower(path)
    assert not follower.look()
    assert not follower.has_store_changed()
    ct.use(path)
    with ct.track() as run:
        run.log(loss=1.0)
        news = follower.look()
        assert seen(news) == {(run.id, "loss"): [(0, 1.0)]}
        assert not news.missed
    assert open_store(path).merge()
    assert follower.has_store_changed()
    assert not follower.has_store_changed()
    follower.look()
    follower.close()


def test_lines_that_make_no_sense_are_passed_over() -> None:
    with ct.track() as run:
        follower = Follower(run.store_path)
        run.log(loss=1.0)
        (events,) = run.store_path.with_name(run.store_path.name + ".spool").glob("*/*.events")
        with events.open("ab") as file:
            file.write(b'{"e": 3}\n[]\n{"e":"tag"}\n\xff\xfe\n{"e":"tag","run":7}\nnull\n')
        run.log(loss=2.0)
        run.tag("good")
        news = follower.look()
        assert seen(news) == {(run.id, "loss"): [(0, 1.0), (1, 2.0)]}
        assert news.changed == {run.id}
    follower.close()


@given(parts=st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-3, 3)))))
def test_looks_of_any_lengths_give_together_what_was_logged(
    parts: list[list[tuple[str, int]]],
) -> None:
    with ct.track() as run:
        follower = Follower(run.store_path)
        found: dict[str, list[tuple[int, float]]] = {}
        wanted: dict[str, list[tuple[int, float]]] = {}
        for part in parts:
            for metric, step in part:
                value = float(len(wanted.setdefault(metric, [])))
                wanted[metric].append((step, value))
                run.log({metric: value}, step=step)
            for (_run, metric), points in seen(follower.look()).items():
                found.setdefault(metric, []).extend(points)
        assert found == wanted
        follower.close()
