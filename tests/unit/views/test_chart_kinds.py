"""Scatter, bars, progress and parallel: every number is that of the runs."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pytest
from packed_data import data_of, datasets_of
from spool_recorder import Recorder
from view_fakes import FakeRun, FakeRuns

import celltrail as ct
from celltrail.errors import OptionError, UnknownNameError
from celltrail.model import Status
from celltrail.views import Chart

SEEDS = {("svm", 0): 0.8, ("svm", 1): 0.9, ("forest", 0): 0.7, ("forest", 1): 0.75}


@pytest.fixture
def runs(store_path: Any) -> ct.Runs:
    """Give runs of two models and two seeds, one that failed and one whose value is NaN."""
    recorder = Recorder(store_path)
    for (model, seed), acc in SEEDS.items():
        run = recorder.run(f"{model} {seed}")
        recorder.param(run, "model", model)
        recorder.param(run, "seed", seed)
        recorder.log(run, acc=acc, epochs=3 + seed)
        recorder.end(run)
    failed = recorder.run("broken")
    recorder.param(failed, "model", "svm")
    recorder.end(failed, status="failed")
    odd = recorder.run("odd")
    recorder.param(odd, "model", 7)
    recorder.log(odd, acc=math.nan)
    recorder.end(odd, status="lost")
    return ct.runs(order_by="started")


def title_of(chart: Chart) -> str:
    title: str = json.loads(chart._spec)["title"]["text"]
    return title


def faked(**columns: list[Any]) -> FakeRuns:
    """Give runs with these params, or metrics where the name begins with «m_»."""
    made = []
    for i in range(len(next(iter(columns.values())))):
        values = {key: v[i] for key, v in columns.items() if v[i] is not None}
        metrics = {key[2:]: v for key, v in values.items() if key.startswith("m_")}
        params = {key: v for key, v in values.items() if not key.startswith("m_")}
        made.append(FakeRun(id=f"r{i}", number=i + 1, params=params, metrics=metrics))
    return FakeRuns(made)


def test_a_scatter_has_the_values_of_the_runs(runs: ct.Runs) -> None:
    chart = ct.plot.scatter(runs, "epochs", "acc", color="model")
    data = data_of(chart)
    stored = ct.sql("SELECT name, value FROM v_metrics WHERE key = 'acc' AND NOT isnan(value)")
    assert dict(zip(data["run"], data["y"], strict=True)) == dict(
        zip(stored["name"], stored["value"], strict=True)
    )
    assert data["color"] == ["svm", "svm", "forest", "forest"]
    assert "4 of 6 runs shown" in title_of(chart)
    assert "2 without epochs · 1 without acc · 1 where acc is not finite" in title_of(chart)


def test_runs_that_failed_have_a_shape_of_their_own(runs: ct.Runs) -> None:
    chart = ct.plot.scatter(runs, "model", "duration")
    assert set(data_of(chart)["status"]) == {"finished", "failed", "lost"}
    shape = json.loads(chart._spec)["encoding"]["shape"]
    assert shape["scale"]["domain"] == ["finished", "failed", "lost"]
    assert len(set(shape["scale"]["range"])) == 3
    assert "7" in data_of(chart)["x"], "params of several types are texts"


def test_a_logarithmic_scatter_needs_numbers_above_0() -> None:
    runs = faked(a=[1, 0, -1, 1e-300, 1e300], b=["x"] * 5)
    chart = ct.plot.scatter(runs, "a", "a", x_scale="log")
    assert data_of(chart)["x"] == [1, 1e-300, 1e300]
    assert "2 where a is not finite" in title_of(chart)
    with pytest.raises(OptionError, match="has no numbers"):
        ct.plot.scatter(runs, "b", "a", x_scale="log")
    with pytest.raises(OptionError, match="a scale is"):
        ct.plot.scatter(runs, "a", "a", y_scale="cube")


def test_a_name_that_is_not_there_is_said_to_be_wrong(runs: ct.Runs) -> None:
    for draw in (
        lambda: ct.plot.scatter(runs, "epoch", "acc"),
        lambda: ct.plot.bars(runs, "accc"),
        lambda: ct.plot.bars(runs, "acc", by="modell"),
        lambda: ct.plot.progress(runs, "accc"),
        lambda: ct.plot.parallel(runs, ["modell", "acc"]),
    ):
        with pytest.raises(UnknownNameError, match="did you mean"):
            draw()


def test_bars_of_groups_have_means_counts_and_intervals(runs: ct.Runs) -> None:
    chart = ct.plot.bars(runs, "acc", by="model", interval="range")
    data = datasets_of(chart)["data"]
    assert data["group"] == ["model=svm", "model=forest"]
    assert data["mean"] == pytest.approx([0.85, 0.725])
    assert (data["low"], data["high"]) == ([0.8, 0.7], [0.9, 0.75])
    assert data["runs"] == [2, 2]
    points = datasets_of(chart)["data'"]
    assert sorted(points["value"]) == sorted(SEEDS.values())
    assert "4 of 6 runs shown" in title_of(chart)
    assert "no order" not in title_of(chart)
    assert "2" in chart._still_text()


def test_groups_whose_intervals_overlap_are_not_ranked(runs: ct.Runs) -> None:
    chart = ct.plot.bars(runs, "acc", by="model")
    assert "95 % t interval · where intervals overlap, no order is established" in title_of(chart)


def test_bars_of_runs_have_no_interval(runs: ct.Runs) -> None:
    chart = ct.plot.bars(runs, "acc")
    assert data_of(chart)["mean"] == list(SEEDS.values())
    assert len(json.loads(chart._spec)["layer"]) == 1
    assert json.loads(chart._spec)["layer"][0]["encoding"]["x"]["scale"]["zero"] is True


def test_a_wrong_interval_is_told_also_without_runs() -> None:
    with pytest.raises(OptionError, match="choose one of t, bootstrap, sd, range"):
        ct.plot.bars(FakeRuns([]), "acc", interval="sem")  # type: ignore[arg-type]


def test_the_best_so_far_passes_over_nan_and_failures(runs: ct.Runs) -> None:
    chart = ct.plot.progress(runs, "acc")
    data = data_of(chart)
    assert data["place"] == [1, 2, 3, 4, 5, 6]
    assert data["best"] == [0.8, 0.9, 0.9, 0.9, 0.9, 0.9]
    assert data["value"] == [*SEEDS.values(), None, None]
    assert data_of(ct.plot.progress(runs, "acc", minimize=True))["best"][-1] == 0.7
    assert max(data["best"]) == runs.best("acc").metrics["acc"]
    assert chart._still_text().count("svm") == 2


def test_the_order_of_progress_is_that_of_the_starts(runs: ct.Runs) -> None:
    turned = runs[::-1]
    assert data_of(ct.plot.progress(turned, "acc"))["run"][0] == "svm 0"


def test_parallel_axes_drop_no_run(runs: ct.Runs) -> None:
    chart = ct.plot.parallel(runs)
    data = next(d for d in datasets_of(chart).values() if "run" in d)
    assert len(set(data["run"])) == 6
    assert list(dict.fromkeys(data["axis"])) == ["model", "seed", "acc", "epochs"]
    rows = list(zip(data["run"], data["axis"], data["place"], data["text"], strict=True))
    assert ("broken (failed)", "acc", -0.14, "none") in rows
    assert ("odd (lost)", "acc", -0.14, "NaN") in rows
    assert ("svm 1", "acc", 1.0, "0.9") in rows
    assert "6 of 6 runs shown · 1 failed · 1 lost" in title_of(chart)


def test_an_axis_without_a_finite_value_has_no_numbers_beside_it() -> None:
    runs = faked(lr=[1, 2, 3], m_loss=[math.nan, math.inf, None])
    marks = next(d for d in datasets_of(ct.plot.parallel(runs)).values() if "run" not in d)
    places = list(zip(marks["axis"], marks["text"], strict=True))
    assert [text for axis, text in places if axis == "loss"] == ["none"]
    assert [text for axis, text in places if axis == "lr"] == ["1", "2", "3"]


def test_what_stands_at_one_of_many_axes_ends_before_the_next() -> None:
    runs = faked(**{f"a long name of a param {i}": [1, 2] for i in range(8)})
    spec = json.loads(ct.plot.parallel(runs, width=400)._spec)
    assert spec["layer"][0]["encoding"]["x"]["axis"]["labelLimit"] <= 400 / 8
    assert spec["layer"][-1]["mark"]["limit"] <= 400 / 8


def test_an_axis_of_many_orders_is_logarithmic_and_says_so() -> None:
    runs = faked(lr=[1e-4, 1e-2, 1.0], m_loss=[-1e300, 0.0, 1e300])
    data = next(d for d in datasets_of(ct.plot.parallel(runs)).values() if "run" in d)
    assert [p for p, a in zip(data["place"], data["axis"], strict=True) if a == "lr (log)"] == (
        pytest.approx([0, 0.5, 1])
    )
    assert data["place"][3:] == [0, 0.5, 1]


def test_one_column_is_too_few() -> None:
    with pytest.raises(OptionError, match="two columns or more"):
        ct.plot.parallel(faked(a=[1, 1]))


@pytest.mark.parametrize(
    "draw",
    [
        lambda runs: ct.plot.scatter(runs, "a", "b"),
        lambda runs: ct.plot.bars(runs, "b"),
        lambda runs: ct.plot.progress(runs, "b"),
        lambda runs: ct.plot.parallel(runs, ["a", "b"]),
    ],
    ids=["scatter", "bars", "progress", "parallel"],
)
def test_no_runs_are_an_empty_chart(draw: Any) -> None:
    chart = draw(FakeRuns([]))
    assert "there are no runs to draw" in chart._still_html()
    assert "there are no runs to draw" in chart._still_text()
    assert title_of(chart) == "there are no runs to draw"


NAMES = ["</script><img src=x onerror=alert(1)>", "x" * 400, "שלום", "🚀", 'a\\b"\n', "\x00\ud800"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_a_name(name: str) -> None:
    made = [
        FakeRun(id=f"{i}", number=i, name=name, params={name: i}, metrics={name: float(i)})
        for i in range(3)
    ]
    runs = FakeRuns(made)
    for chart in (
        ct.plot.scatter(runs, f"params.{name}", f"metrics.{name}", color=f"params.{name}"),
        ct.plot.bars(runs, name, by=name),
        ct.plot.progress(runs, name),
        ct.plot.parallel(runs, [f"params.{name}", f"metrics.{name}"]),
    ):
        assert not re.search("<(script|img)", chart._still_html())
        chart._still_html().encode()
        chart._spec.encode()
        for tip in re.findall(r'"title":"((?:[^"\\]|\\.)*)"', chart._spec):
            assert "\\n" not in tip


def test_many_runs_share_one_colour_and_few_have_their_own() -> None:
    few = ct.plot.scatter(faked(a=list(range(9))), "a", "a")
    assert len(set(data_of(few)["color"])) == 9
    many = ct.plot.scatter(faked(a=list(range(99))), "a", "a")
    assert len(set(data_of(many)["color"])) == 1


def test_statuses_of_running_runs_are_no_failures() -> None:
    run = FakeRun(status=Status.RUNNING, metrics={"a": 1.0})
    assert title_of(ct.plot.scatter(FakeRuns([run]), "a", "a")) == "1 of 1 run shown"
    assert np.isfinite(data_of(ct.plot.progress(FakeRuns([run]), "a"))["best"][0])
