"""What a live card says: numbers, progress, and what one would want to know at once."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

import celltrail as ct
from celltrail.query import Run
from celltrail.query.meaning import meaning_of
from celltrail.store.follow import Increment
from celltrail.views.live_run import LiveRun


def points(
    metric: str, values: Sequence[float], *, first: int = 0, every: float = 0.1
) -> Increment:
    steps = np.arange(first, first + len(values))
    return Increment("run", metric, steps, (steps * every * 1e6).astype(np.int64), np.array(values))


def live(
    *given: Increment,
    previous: Run | None = None,
    totals: Mapping[str, int] | None = None,
    ago: float = 0.0,
) -> LiveRun:
    run = LiveRun(
        time.time() - ago, previous, lambda name: meaning_of(name, {}), lambda: totals or {}
    )
    run.add(given)
    return run


def test_each_metric_has_its_value_and_its_curve() -> None:
    state = live(points("loss", [3.0, 2.0, 1.5]), points("accuracy", [0.5])).state()
    loss, accuracy = state["metrics"]
    assert (loss["name"], loss["text"], loss["step"], loss["count"]) == ("loss", "1.5", 2, 3)
    assert (loss["curve"]["low"], loss["curve"]["high"]) == (1.5, 3.0)
    assert accuracy["curve"] == {}
    assert json.loads(json.dumps(state, allow_nan=False)) == state


def test_very_many_metrics_are_counted() -> None:
    state = live(*(points(f"m{i}", [1.0]) for i in range(500))).state()
    assert (len(state["metrics"]), state["more"]) == (12, 488)


def test_the_machine_is_said_apart() -> None:
    run = live(
        points("system/cpu_percent", [50.0, 97.4]),
        points("system/process_memory_bytes", [2.5e9]),
        points("system/gpu0_percent", [12.0]),
    )
    state = run.state()
    assert state["metrics"] == []
    assert state["machine"] == ["CPU 97 %", "memory 2.5 GB", "GPU 0 12 %"]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_told_from_its_first_step_on(bad: float) -> None:
    run = live(points("loss", [3.0, 2.0, bad, bad]))
    assert [alert.text for alert in run.alerts()] == ["loss is not finite since step 2"]
    run.add([points("loss", [1.0], first=4)])
    assert [alert.text for alert in run.alerts()] == ["loss was not finite at step 2"]
    assert json.dumps(run.state(), allow_nan=False)


def test_a_metric_that_has_not_improved_for_long_is_told() -> None:
    falling = list(np.linspace(3, 1, 60))
    assert live(points("loss", falling)).alerts() == []
    (alert,) = live(points("loss", falling + [1.5] * 60)).alerts()
    assert (alert.kind, alert.text) == ("stale", "loss was best 60 points ago, at 1")
    assert live(points("loss", falling + [1.5] * 40)).alerts() == []
    assert live(points("accuracy", [0.1] * 60 + falling)).alerts() == []
    # of this nobody knows which way is good
    assert live(points("x", falling + [1.5] * 200)).alerts() == []


def test_a_run_that_is_far_slower_than_the_one_before_is_told() -> None:
    with ct.track("before") as run:
        for step in range(100):
            run.log(loss=float(step))
    before = ct.run("before")
    usual = (before.duration or 0) / 100
    assert live(points("loss", [1.0] * 10), previous=before, ago=5.0).alerts() == []
    (alert,) = live(points("loss", [1.0] * 10), previous=before, ago=20.0).alerts()
    assert alert.kind == "slow"
    assert alert.text.endswith("times as long for a step as before")
    falling = list(np.linspace(2, 1, max(2, int(12 / usual))))
    assert live(points("loss", falling), previous=before, ago=12.0).alerts() == []


def test_progress_is_known_by_a_number_that_says_how_many_steps_there_are() -> None:
    run = live(points("loss", [1.0] * 10, every=2.0), totals={"epochs": 40, "rate": 3})
    assert run.progress() == {"done": 10, "total": 40, "of": "epochs", "left": 60.0}


@pytest.mark.parametrize("totals", [{}, {"epochs": 5}, {"epochs": 1}, {"size": 400}])
def test_a_number_that_does_not_fit_says_nothing(totals: dict[str, int]) -> None:
    assert live(points("loss", [1.0] * 10), totals=totals).progress() == {}


def test_without_such_a_number_it_is_said_how_long_the_run_before_took() -> None:
    with ct.track("before"):
        pass
    before = ct.run("before")
    progress = live(points("loss", [1.0]), previous=before).progress()
    assert progress["of"] == "before"
    assert progress["seconds"] == before.duration
    assert progress["left"] <= before.duration
