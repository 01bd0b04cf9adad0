from __future__ import annotations

import json
import sys
from pathlib import Path

import altair as alt
import pandas as pd
import pytest
from packed_data import data_of
from view_fakes import FakeRun, FakeRuns

import celltrail as ct
from celltrail.errors import OptionError
from celltrail.views import Chart

EVIL = "</script><script>alert(1)</script>"


def make(name: str = "loss") -> Chart:
    run = FakeRun(name=EVIL)
    histories = {name: {run.id: ([0, 1, 2], [3.0, float("nan"), 1.0])}}
    return ct.plot.curves(FakeRuns([run], histories), name)


def test_a_page_holds_all_it_needs_and_no_name_ends_its_script(tmp_path: Path) -> None:
    path = make().save(tmp_path / "c.html")
    text = path.read_text("utf-8")
    assert EVIL not in text
    assert text.count("</script>") == 3
    assert "src=" not in text
    assert "http" not in text.replace("https://vega.github.io/schema", "")


def test_a_specification_holds_the_data(tmp_path: Path) -> None:
    spec = json.loads(make().save(tmp_path / "c.json").read_text("utf-8"))
    (rows,) = spec["datasets"].values()
    assert [row["value"] for row in rows] == [3, None, 1]


def test_another_ending_is_said_to_be_wrong(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"end the name in .html"):
        make().save(tmp_path / "c.pdf")


def test_without_the_library_a_picture_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(OptionError, match=r"celltrail\[charts\]"):
        make().save(tmp_path / "c.png")
    assert not (tmp_path / "c.png").exists()


def test_pictures_are_drawn_offline(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert")
    assert make().save(tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    svg = make().save(tmp_path / "c.svg", dark=True).read_text("utf-8")
    assert svg.startswith("<svg")
    assert "<script" not in svg
    run = FakeRun()
    histories = {"loss": {run.id: (range(5000), [float(i % 3) for i in range(5000)])}}
    long = ct.plot.curves(FakeRuns([run], histories), "loss")
    assert "Ctrl and the wheel zoom in" in long._spec
    assert "wheel" not in long.save(tmp_path / "c.svg").read_text("utf-8")


def test_any_altair_chart_is_shown() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "<b>"]})
    chart = alt.Chart(frame, title="mine").mark_bar().encode(x="a:Q", y="b:N")
    view = ct.plot.show(chart)
    assert view.chart is chart
    assert data_of(view) == {"a": [1, 2], "b": ["x", "<b>"]}
    assert view._still_text() == "mine (Chart of Altair)"
    assert "mine" in view._still_html()


def test_a_changed_view_is_shown_again() -> None:
    view = make()
    again = ct.plot.show(view.chart.properties(width=99))
    assert json.loads(again._spec)["width"] == 99
    assert data_of(again) == data_of(view)
    assert ct.plot.show(again).chart is again.chart


def test_other_data_than_frames_are_shown_too() -> None:
    rows = alt.Data(values=[{"a": 1}])
    view = ct.plot.show(alt.Chart(rows).mark_point().encode(x="a:Q"))
    assert json.loads(view._spec)["data"] == {"values": [{"a": 1}]}
    assert view._data == b""


def test_what_is_no_chart_is_said_to_be_wrong() -> None:
    with pytest.raises(OptionError, match="not dict"):
        ct.plot.show({})
