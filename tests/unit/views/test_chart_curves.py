"""Curves with all their options, over a real store: every number is the store's."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packed_data import data_of, datasets_of, unpacked
from spool_recorder import Recorder
from view_fakes import FakeRun, FakeRuns

import celltrail as ct
from celltrail.errors import OptionError, UnknownNameError
from celltrail.model import Status
from celltrail.views import Chart
from celltrail.views.curve_data import run_labels
from celltrail.views.theme import run_color

START = 1_760_000_000_000_000


@pytest.fixture
def recorder(store_path: Path) -> Recorder:
    return Recorder(store_path)


def log(recorder: Recorder, name: str, points: list[tuple[int, float]], **options: Any) -> str:
    """Log a run with these points of «loss», one a millisecond."""
    run = recorder.run(name, started=START)
    for key, value in options.pop("params", {}).items():
        recorder.param(run, key, value)
    for i, (step, value) in enumerate(points):
        recorder.writer.append(run, START + 1000 * i, [("loss", step, value)])
    recorder.end(run, **options)
    return run


def zoomed(chart: Chart, low: float, high: float, panel: int = 0) -> dict[str, list[Any]]:
    """Ask a chart as its page does, and give the columns of the answer."""
    replies: list[Any] = []
    chart.send = lambda content, buffers=None: replies.append((content, buffers))
    params = {"panel": panel, "low": low, "high": high}
    message = {"kind": "ask", "id": 3, "method": "zoom", "params": params}
    chart._handle_custom_msg(message, [])
    ((content, buffers),) = replies
    assert content["id"] == 3
    return unpacked(content["result"], buffers[0])


def test_every_point_is_the_store_s_and_a_spike_is_among_them(recorder: Recorder) -> None:
    points = [(i, math.sin(i / 300)) for i in range(9_000)]
    points[4_321] = (4_321, 7.25)
    log(recorder, "a", points)
    chart = ct.plot.curves(ct.runs(), "loss")
    data = data_of(chart)
    stored = ct.sql("SELECT step, value FROM v_history ORDER BY step")
    known = dict(zip(stored["step"], stored["value"], strict=True))
    assert all(known[step] == v for step, v in zip(data["step"], data["value"], strict=True))
    assert max(data["value"]) == 7.25
    assert len(data["step"]) <= 2 * 520 + 2
    assert "1 curve thinned, extremes kept" in chart._still_text()
    part = zoomed(chart, 4_000, 4_400)
    assert part["step"] == list(range(3_999, 4_402))
    assert part["value"] == [known[step] for step in part["step"]]


def test_a_zoom_over_time_asks_in_the_axis_s_units(recorder: Recorder) -> None:
    log(recorder, "a", [(i, float(i)) for i in range(2_000)])
    assert zoomed(ct.plot.curves(ct.runs(), "loss", x="time"), 0.5, 0.51)["value"] == [
        float(i) for i in range(499, 512)
    ]
    chart = ct.plot.curves(ct.runs(), "loss", x="wall")
    found = zoomed(chart, START / 1000 + 500, START / 1000 + 510)
    assert found["step"] == list(range(499, 512))
    assert found["wall"][1] == START / 1000 + 500


def test_a_zoomed_smooth_line_is_a_part_of_the_whole_one(recorder: Recorder) -> None:
    log(recorder, "a", [(i, float(i % 7)) for i in range(500)])
    chart = ct.plot.curves(ct.runs(), "loss", smooth=0.9)
    whole = data_of(chart)
    part = zoomed(chart, 100, 110)
    assert part["step"] == list(range(99, 112))
    assert part["smooth"] == whole["smooth"][99:112]
    assert part["value"] == whole["value"][99:112]
    assert "smoothed by 0.9" in chart._still_text()
    first = json.loads(chart._spec)["layer"][0]
    assert first["mark"]["strokeOpacity"] < 0.5, "the line as logged stands faint behind"


def test_runs_that_ended_badly_are_there_and_named(recorder: Recorder) -> None:
    log(recorder, "good", [(0, 1.0)])
    log(recorder, "bad", [(0, 1.0)], status="failed")
    recorder.end(recorder.run("empty"))
    chart = ct.plot.curves(ct.runs(), "loss")
    assert set(data_of(chart)["run"]) == {"good", "bad (failed)"}
    text = chart._still_text()
    assert "2 of 3 runs shown · 1 without the metric · 1 failed" in text


def test_a_run_has_the_same_colour_in_every_chart(recorder: Recorder) -> None:
    for name in "abcd":
        log(recorder, name, [(0, 1.0)])

    def colors(chart: Chart) -> dict[str, str]:
        scale = json.loads(chart._spec)["layer"][0]["encoding"]["color"]["scale"]
        return dict(zip(scale["domain"], scale["range"], strict=True))

    every, some = ct.plot.curves(ct.runs(), "loss"), ct.plot.curves(ct.runs("name != 'b'"), "loss")
    assert len(set(colors(every).values())) == 4
    assert colors(some) == {k: v for k, v in colors(every).items() if k != "b"}
    assert colors(every)["a"] == run_color(1, "tests")


def test_two_runs_of_one_colour_are_told_apart_by_dashes() -> None:
    runs = [FakeRun(id=str(i), name=f"r{i}", number=1 + 27 * i) for i in range(2)]
    histories = {"loss": {run.id: ([0, 1], [1.0, 2.0]) for run in runs}}
    chart = ct.plot.curves(FakeRuns(runs, histories), "loss")
    dash = json.loads(chart._spec)["layer"][0]["encoding"]["strokeDash"]["scale"]["range"]
    assert dash[0] != dash[1]


def test_logarithmic_axes_say_what_they_leave_out(recorder: Recorder) -> None:
    log(recorder, "a", [(0, 1.0), (1, -1.0), (2, 0.0), (3, 1e-300), (4, 1e300)])
    chart = ct.plot.curves(ct.runs(), "loss", x_scale="log", y_scale="log")
    assert data_of(chart)["step"] == [1, 2, 3, 4]
    assert data_of(chart)["value"] == [None, None, 1e-300, 1e300]
    assert "2 values not above 0, drawn as gaps" in chart._still_text()
    assert "<img" in chart._still_html()


def test_several_metrics_in_one_panel_are_told_apart_by_dashes(recorder: Recorder) -> None:
    run = recorder.run("a")
    recorder.log(run, 0, loss=1.0, acc=0.5)
    recorder.end(run)
    chart = ct.plot.curves(ct.runs(), ["loss", "acc"], together=True)
    encoding = json.loads(chart._spec)["layer"][0]["encoding"]
    assert encoding["strokeDash"]["field"] == "metric"
    assert sorted(data_of(chart)["metric"]) == ["acc", "loss"]
    apart = ct.plot.curves(ct.runs(), ["loss", "acc"])
    assert sorted(datasets_of(apart)) == ["curves_0", "curves_1"]
    assert zoomed(apart, 0, 1, panel=1)["metric"] == ["acc"]


def test_groups_of_seeds_are_a_mean_with_a_band(recorder: Recorder) -> None:
    for lr, seed, last in [(0.1, 0, 1.0), (0.1, 1, 3.0), (0.2, 0, 5.0)]:
        points = [(0, 2.0), (1, 9.0), (1, last)]
        log(recorder, f"{lr} {seed}", points, params={"lr": lr, "seed": seed})
    chart = ct.plot.curves(ct.runs(order_by="number"), "loss", group_by="lr")
    data = data_of(chart)
    assert data["group"] == ["lr=0.1", "lr=0.1", "lr=0.2", "lr=0.2"]
    assert data["value"] == [2, 2, 2, 5], "of a repeated step the later value counts"
    assert (data["low"][1], data["high"][1]) == (1, 3)
    assert data["runs"] == [2, 2, 1, 1]
    assert "3 of 3 runs shown · 2 groups" in chart._still_text()
    spread = data_of(ct.plot.curves(ct.runs("params.lr = 0.1"), "loss", group_by="lr", band="sd"))
    deviation = ct.sql("SELECT stddev_samp(value) AS sd FROM v_metrics WHERE value < 4")["sd"][0]
    assert spread["high"][1] == pytest.approx(2 + deviation)
    assert zoomed(chart, 1, 1)["step"] == [0, 1, 0, 1]
    assert zoomed(chart, 0, 0)["step"] == [0, 1, 0, 1]


def test_means_of_huge_values_and_of_gaps_are_right() -> None:
    runs = [FakeRun(id=str(i), number=i, params={"g": 1}) for i in range(3)]
    values = [[1.6e308, math.nan], [1.7e308, math.inf], [1.5e308, math.nan]]
    histories = {"loss": {r.id: ([0, 1], v) for r, v in zip(runs, values, strict=True)}}
    data = data_of(ct.plot.curves(FakeRuns(runs, histories), "loss", group_by="g", band="sd"))
    assert data["step"] == [0]
    assert data["value"][0] == pytest.approx(1.6e308)


@pytest.mark.parametrize(
    "options",
    [
        {"x_scale": "square"},
        {"y_scale": "symlog"},
        {"smooth": 2},
        {"group_by": "lr", "x": "time"},
        {"group_by": "lr", "smooth": 0.5},
        {"group_by": "lr", "band": "sem"},
    ],
)
def test_an_option_that_is_not_known_is_said_to_be_wrong(options: dict[str, Any]) -> None:
    run = FakeRun(params={"lr": 1})
    runs = FakeRuns([run], {"loss": {run.id: ([0], [1.0])}})
    with pytest.raises(OptionError):
        ct.plot.curves(runs, "loss", **options)


def test_a_param_that_no_run_has_is_said_to_be_wrong() -> None:
    run = FakeRun(params={"lr": 1})
    runs = FakeRuns([run], {"loss": {run.id: ([0], [1.0])}})
    with pytest.raises(UnknownNameError, match='did you mean "lr"'):
        ct.plot.curves(runs, "loss", group_by="lrr")


@pytest.mark.parametrize(
    "name",
    ["</script><img src=x onerror=alert(1)>", "x" * 400, "שלום עולם", "🚀 launch", "a\x00\ud800b"],
)
def test_any_name_is_drawn(name: str) -> None:
    runs = [FakeRun(name=name), FakeRun(id="2", number=2, name=name)]
    histories = {name: {run.id: ([0], [0.5]) for run in runs}}
    chart = ct.plot.curves(FakeRuns(runs, histories), name)
    assert len(set(data_of(chart)["run"])) == 2
    assert "<script" not in chart._still_html()
    chart._spec.encode()


def test_a_million_points_of_many_runs_are_small_on_the_wire() -> None:
    random = np.random.default_rng(0)
    runs = [FakeRun(id=f"{i}", number=i) for i in range(20)]
    steps = np.arange(20_000) * 50
    histories = {"loss": {r.id: (steps, random.normal(size=len(steps))) for r in runs}}
    chart = ct.plot.curves(FakeRuns(runs, histories), "loss", width=700)
    assert len(data_of(chart)["value"]) > 18_000
    assert len(chart._spec) + len(chart._data) < 300_000


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "a #1", "a #2", "a (2)", "a (lost)", "b"]),
            st.integers(1, 3),
            st.sampled_from([Status.FINISHED, Status.LOST]),
        ),
        max_size=9,
    )
)
def test_no_two_runs_have_one_label(given: list[tuple[str, int, Status]]) -> None:
    runs: Any = [SimpleNamespace(label=n, number=i, status=s) for n, i, s in given]
    labels = run_labels(runs)
    assert len(set(labels)) == len(runs)
    assert all(label.startswith(name) for label, (name, _, _) in zip(labels, given, strict=True))
