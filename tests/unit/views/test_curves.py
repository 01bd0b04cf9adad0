from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import altair as alt
import numpy as np
import pytest
from packed_data import data_of, unpacked
from view_fakes import FakeRun, FakeRuns, many_runs

from celltrail.errors import OptionError, UnknownNameError
from celltrail.views import Chart, curve_still, curves
from celltrail.views.chart import chart_spec


def runs_with(count: int, points: int = 30) -> FakeRuns:
    runs = list(many_runs(count))
    steps = np.arange(points)
    return FakeRuns(runs, {"loss": {run.id: (steps, np.exp(-steps / 10.0)) for run in runs}})


def draw(runs: Any, metric: Any = "loss", **options: Any) -> Chart:
    return curves(runs, metric, **options)


def layers_of(chart: Chart) -> list[dict[str, Any]]:
    layers: list[dict[str, Any]] = json.loads(chart._spec)["layer"]
    return layers


def test_one_metric_is_an_altair_chart_with_a_line_a_run() -> None:
    chart = draw(runs_with(3))
    assert isinstance(chart.chart, alt.LayerChart)
    assert set(data_of(chart)["run"]) == {"baseline 0", "run 2", "run 3"}
    assert len(data_of(chart)["value"]) == 90


def test_the_chart_can_be_changed_at_will() -> None:
    chart = draw(runs_with(2))
    chart.chart = chart.chart.properties(width=111)
    assert json.loads(chart._spec)["width"] == 111


def test_several_metrics_are_panels() -> None:
    runs = runs_with(2)
    runs._histories["acc"] = runs._histories["loss"]
    chart = draw(runs, ["loss", "acc"])
    panels = json.loads(chart._spec)["concat"]
    titles = [panel["layer"][0]["encoding"]["y"]["title"] for panel in panels]
    assert titles == ["loss", "acc"]
    assert chart._still_html().count("<img") == 2


def test_time_counts_from_the_start_of_each_run() -> None:
    chart = draw(runs_with(2), x="time")
    assert data_of(chart)["time"][:3] == [0.0, 0.5, 1.0]
    assert {layer["encoding"]["x"]["field"] for layer in layers_of(chart)} == {"time"}


def test_an_x_that_is_not_known_is_said_to_be_wrong() -> None:
    with pytest.raises(OptionError, match='"step" or "time"'):
        draw(runs_with(1), x="epoch")
    with pytest.raises(OptionError, match="at least one metric"):
        draw(runs_with(1), [])


def test_of_many_runs_the_first_50_are_drawn_and_that_is_said() -> None:
    chart = draw(runs_with(60, points=3))
    assert len(set(data_of(chart)["run"])) == 50
    assert "50 of 60 runs shown" in json.loads(chart._spec)["title"]["text"]
    assert "50 of 60 runs shown" in chart._still_html()
    assert "50 of 60 runs shown" in chart._still_text()


def test_long_curves_are_thinned_and_that_is_said() -> None:
    values = np.zeros(100_000)
    values[54_321] = 9
    run = FakeRun()
    chart = draw(FakeRuns([run], {"loss": {run.id: (np.arange(100_000), values)}}))
    assert len(data_of(chart)["value"]) <= 2 * 520 + 5
    assert max(data_of(chart)["value"]) == 9
    assert "1 curve thinned, extremes kept" in chart._still_html()


def test_values_that_are_not_finite_are_gaps_and_that_is_said() -> None:
    run = FakeRun()
    history = {run.id: (range(4), [1, float("nan"), float("inf"), 2])}
    chart = draw(FakeRuns([run], {"loss": history}))
    assert data_of(chart)["value"] == [1, None, None, 2]
    assert "2 values not finite" in chart._still_html()


def test_runs_of_one_name_are_told_apart() -> None:
    runs = [FakeRun(id=str(i), name="x", number=n) for i, n in enumerate([1, 2, 2])]
    histories = {"loss": {run.id: ([0], [1.0]) for run in runs}}
    chart = draw(FakeRuns(runs, histories))
    assert sorted(set(data_of(chart)["run"])) == ["x #1", "x #2", "x #2 (2)"]


def test_lone_points_and_short_curves_have_dots() -> None:
    run, short = FakeRun(id="a"), FakeRun(id="b", number=2)
    values = [1.0] * 30 + [float("nan"), 5.0, float("nan")]
    history = {"a": (range(33), values), "b": ([0], [1.0])}
    dots = data_of(draw(FakeRuns([run, short], {"loss": history})))["dot"]
    assert dots[31] == 1
    assert dots[33] == 1
    assert sum(dots) == 2


def test_runs_without_the_metric_are_left_out() -> None:
    runs = runs_with(3)
    del runs._histories["loss"][runs.ids[1]]
    assert set(data_of(draw(runs))["run"]) == {"baseline 0", "run 3"}


def test_no_runs_are_an_empty_chart() -> None:
    for metric in ("loss", ["loss", "acc"]):
        chart = draw(FakeRuns([]), metric)
        assert "no points" in chart._still_text()
        assert "<img" in chart._still_html()
        assert "there are no runs to draw" in chart._still_html()
        assert "there are no runs to draw" in chart._spec


def test_a_metric_that_no_run_has_is_said_to_be_wrong() -> None:
    with pytest.raises(UnknownNameError):
        draw(runs_with(2), "lost")


def test_only_the_dots_have_an_opacity_of_their_own() -> None:
    """A field for the opacity of a line splits and joins its parts anew."""
    line, dots = layers_of(draw(runs_with(1)))
    assert line["mark"]["type"] == "line"
    assert "fillOpacity" not in line["encoding"]
    assert dots["encoding"]["fillOpacity"]["field"] == "dot"


@pytest.mark.parametrize("name", ["two\nlines", "back\\", 'quo"te', "run", "\x00"])
def test_the_name_of_a_metric_cannot_break_the_tooltip(name: str) -> None:
    run = FakeRun()
    chart = draw(FakeRuns([run], {name: {run.id: ([0, 1], [1.0, 2.0])}}), name)
    titles = [tip.get("title", tip["field"]) for tip in layers_of(chart)[1]["encoding"]["tooltip"]]
    assert len(set(titles)) == 3
    assert not set("\n\\\x00") & set("".join(titles))


def test_a_picture_that_fails_leaves_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> str:
        raise OverflowError

    monkeypatch.setattr(curve_still, "line_chart_svg", fail)
    chart = draw(runs_with(2))
    assert "loss over step of 2 runs: baseline 0 ends at 0.055" in chart._still_html()
    assert len(layers_of(chart)) == 2


def test_the_function_is_not_shadowed_by_a_module() -> None:
    code = (
        "import celltrail as ct; ct.plot.curves; from celltrail.views import curves; "
        "import sys; sys.exit(not callable(curves))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_picture_is_described_for_those_who_do_not_see_it() -> None:
    alt_text = re.search(r'alt="([^"]*)"', draw(runs_with(2))._still_html())
    assert alt_text is not None
    assert alt_text[1].startswith("loss over step of 2 runs: baseline 0 ends at 0.055")


def test_the_library_is_sent_to_who_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = draw(runs_with(1))
    sent: list[Any] = []
    monkeypatch.setattr(chart, "send", lambda content, buffers: sent.append((content, buffers)))
    chart._answer(chart, {"kind": "want-vega"}, [])
    chart._answer(chart, {"kind": "other"}, [])
    chart._answer(chart, "nonsense", [])
    ((content, (library,)),) = sent
    assert content == {"kind": "vega"}
    assert library.startswith(b"\x1f\x8b")


def test_more_rows_than_altair_allows_are_written_as_columns() -> None:
    import pandas as pd

    frame = pd.DataFrame({"a": np.arange(6000), "b": "x"})
    spec = chart_spec(alt.Chart(frame).mark_point().encode(x="a:Q"))
    (table,) = json.loads(spec.text)["datasets"].values()
    assert unpacked(table, spec.data)["a"] == list(range(6000))
