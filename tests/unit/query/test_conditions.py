"""Conditions on metrics: seen soon, once for each run, whoever logs, and acted upon."""

from __future__ import annotations

import gc
import math
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

import celltrail as ct
from celltrail.query import fulfilled

LIMIT = 60.0


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT
    while not what():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def test_it_is_seen_where_it_is_fulfilled_first() -> None:
    with ct.track("fit") as run:
        condition = ct.when("loss > 10")
        for step in range(100):
            run.log(loss=float(step))
        wait_for(lambda: condition.hits)
    assert condition.hits == {run.id: "loss > 10: loss is 11 at step 11"}
    assert fulfilled(run.id) == ["loss > 10: loss is 11 at step 11"]
    assert not condition.is_on


def test_what_was_logged_a_moment_before_counts_too() -> None:
    with ct.track() as run:
        run.log(loss=12.0)
        condition = ct.when("loss > 10")
        wait_for(lambda: condition.hits)


def test_several_metrics_are_seen_beside_each_other() -> None:
    with ct.track() as run:
        condition = ct.when("loss > 1 and accuracy < 0.5")
        run.log(loss=2.0, accuracy=0.9)
        run.log(loss=0.5)
        run.log(accuracy=0.3)
        run.log(other=1.0)
        run.log(loss=3.0)
        wait_for(lambda: condition.hits)
    assert condition.hits[run.id].endswith("accuracy is 0.3, loss is 3 at step 2")


def test_what_is_not_a_number_can_be_asked_for() -> None:
    with ct.track() as run:
        condition = ct.when("`val/loss` = nan or metrics.loss = inf")
        run.log({"val/loss": 1.0})
        run.log({"val/loss": math.nan})
        wait_for(lambda: condition.hits)
    assert "val/loss is nan at step 1" in condition.hits[run.id]


def test_outside_of_a_run_it_is_about_each_that_begins() -> None:
    condition = ct.when("loss > 10")
    runs = []
    for value in (11.0, 1.0, 12.0):
        with ct.track() as run:
            run.log(loss=value)
            if value > 10:
                wait_for(lambda run=run: run.id in condition.hits)  # type: ignore[misc]
        runs.append(run.id)
    assert list(condition.hits) == [runs[0], runs[2]]
    assert condition.is_on
    condition.cancel()
    assert not condition.is_on


def test_another_run_is_none_of_its_business() -> None:
    with ct.track() as first:
        condition = ct.when("loss > 10")
        with ct.track() as inner:
            inner.log(loss=99.0)
            other = ct.when("loss > 50")
            wait_for(lambda: other.hits)
        assert condition.hits == {}
        first.log(loss=11.0)
        wait_for(lambda: condition.hits)


@pytest.fixture
def hears_interrupts() -> Iterator[None]:
    """Let this process hear interrupts: one that was started in the background does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("hears_interrupts")
def test_stop_interrupts_the_code_and_says_why() -> None:
    with pytest.raises(KeyboardInterrupt), ct.track("diverged") as run:
        ct.when("loss > 10", stop=True)
        run.log(loss=12.0)
        time.sleep(LIMIT)
    stored = ct.run("diverged")
    assert stored.status == "interrupted"
    assert stored.params["celltrail.stopped_by"] == "loss > 10: loss is 12 at step 0"
    assert stored.metrics == {"loss": 12}


def test_then_is_called_with_the_run_and_may_fail() -> None:
    seen: list[ct.ActiveRun] = []

    def then(run: ct.ActiveRun) -> None:
        seen.append(run)
        run.tag("hot")
        raise ValueError

    with ct.track("fit") as run:
        ct.when("loss > 10", then=then)
        second = ct.when("loss > 11")
        run.log(loss=12.0)
        wait_for(lambda: second.hits)
    assert seen == [run]
    assert ct.run("fit").tags == ["hot"]


def test_a_condition_that_cannot_be_read_says_so() -> None:
    with pytest.raises(ct.CelltrailError, match="loss"):
        ct.when("loss >")


def test_a_value_that_does_not_fit_ends_that_condition_alone() -> None:
    with ct.track() as run:
        wrong = ct.when("loss > 'high'")
        right = ct.when("loss > 1")
        run.log(loss=2.0)
        wait_for(lambda: right.hits)
        assert not wrong.is_on
        assert wrong.hits == {}


def test_what_a_run_logged_at_its_very_end_counts() -> None:
    condition = ct.when("loss > 10")
    ids = []
    for _ in range(5):
        with ct.track() as run:
            time.sleep(0.6)  # so that it was seen
            run.log(loss=11.0)
        ids.append(run.id)
    wait_for(lambda: set(condition.hits) == set(ids))
    condition.cancel()


def test_nothing_is_kept_alive_by_a_condition_that_is_over() -> None:
    class Model:
        pass

    model = Model()
    gone = weakref.ref(model)
    with ct.track() as run:
        condition = ct.when("loss > 10", then=lambda _run, model=model: None)
        run.log(loss=11.0)
        wait_for(lambda: condition.hits)
    del model
    wait_for(lambda: gc.collect() >= 0 and gone() is None)
    assert condition.hits


def test_a_run_of_another_thread_does_not_stop_the_main_one() -> None:
    done = threading.Event()

    def work() -> None:
        with ct.track() as run:
            condition = ct.when("loss > 10", stop=True)
            run.log(loss=11.0)
            wait_for(lambda: condition.hits)
            time.sleep(0.3)
        done.set()

    threading.Thread(target=work).start()
    assert done.wait(LIMIT)
