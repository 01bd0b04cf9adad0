"""A chart of curves follows its runs: what it sends is what it would draw if it were made anew."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import pytest
from packed_data import datasets_of, unpacked

import celltrail as ct
from celltrail.errors import StoreError
from celltrail.record.worker import wait_for_worker
from celltrail.store.follow import Follower
from celltrail.views import Chart, feed
from celltrail.views.chart import chart_spec


@pytest.fixture
def run() -> Iterator[ct.ActiveRun]:
    with ct.track("over") as over:
        over.log(loss=9.0, acc=0.0)
    with ct.track("fit") as run:
        run.log(loss=3.0, acc=0.1)
        yield run


class Told:
    """A chart that is told by hand, and what it sends."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, runs: ct.Runs | None = None, **options: Any
    ) -> None:
        asked = ct.runs() if runs is None else runs
        self.chart: Chart = ct.plot.curves(asked, ["loss", "acc"], **options)
        self._follower = Follower(self.chart.followed_store)
        self._options = options
        self.sent: list[tuple[dict[str, Any], bytes]] = []
        self.chart.send = lambda content, buffers=(): self.sent.append((content, buffers[0]))
        self.reads = 0
        real = ct.Runs.curves

        def counted(*given: Any) -> Any:
            self.reads += 1
            return real(*given)

        monkeypatch.setattr(ct.Runs, "curves", counted)

    def look(self, *, missed: bool = False) -> None:
        assert self.chart._growth is not None
        self.chart._growth._due = self.chart._growth._stale_due = 0.0
        self.chart.take_news(replace(self._follower.look(), missed=missed))

    def rows(self, run: str) -> dict[str, dict[str, list[Any]]]:
        """Give what was sent last, by data set, of one run."""
        content, data = self.sent[-1]
        assert run in content["ids"]
        return {name: of_run(unpacked(head, data), run) for name, head in content["heads"].items()}

    def anew(self, run: str) -> dict[str, dict[str, list[Any]]]:
        chart = ct.plot.curves(ct.runs(), ["loss", "acc"], **self._options)
        return {name: of_run(data, run) for name, data in datasets_of(chart).items()}

    def close(self) -> None:
        self._follower.close()


def of_run(data: dict[str, list[Any]], run: str) -> dict[str, list[Any]]:
    rows = [row for row, id in enumerate(data["run_id"]) if id == run]
    return {name: [values[row] for row in rows] for name, values in data.items()}


@pytest.mark.parametrize(
    "options",
    [
        {},
        pytest.param({"x": "time"}, marks=pytest.mark.heavy),
        pytest.param({"x": "wall"}, marks=pytest.mark.heavy),
        pytest.param({"y_scale": "log"}, marks=pytest.mark.heavy),
        pytest.param({"x_scale": "log"}, marks=pytest.mark.heavy),
        pytest.param({"smooth": 0.6}, marks=pytest.mark.heavy),
        {"together": True},
    ],
    ids=str,
)
def test_it_sends_what_it_would_draw_anew(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    told = Told(monkeypatch, **options)
    for value in (2.0, math.nan, -1.0, 0.5):
        for _ in range(20):
            run.log(loss=value, acc=1 / value)
        told.look()
        assert told.sent[-1][0]["ids"] == [run.id]
        assert told.rows(run.id) == told.anew(run.id)
    assert len(told.sent) == 4
    told.close()


def test_the_store_is_read_once_and_at_the_end(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch)
    for _ in range(5):
        run.log(loss=1.0, acc=0.5)
        told.look()
    assert told.reads == 2  # one for each metric
    told.chart._growth.all_again()  # type: ignore[union-attr]
    told.look()
    assert told.reads == 2
    run.finish()
    told.look()
    assert told.reads == 6  # the curves that grew, and the chart of the saved notebook
    told.look()
    assert len(told.sent) == 7
    assert told.reads == 6
    told.close()


def test_what_was_missed_is_drawn_again(run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch)
    run.log(loss=1.0)
    told._follower.look()
    told.look(missed=True)
    assert told.sent[-1][0]["ids"] == [run.id], "the other had ended when it was drawn"
    assert told.rows(run.id) == told.anew(run.id)
    told.close()


def test_runs_that_begin_are_drawn_where_the_question_asks_for_them(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch)
    run.log(other=1.0)
    with ct.track("later") as later:
        told.look()
        assert told.reads == 0
        later.log(loss=1.0)
        told.look()
        data = datasets_of(told.chart)
        assert later.id in data["curves_0"]["run_id"]
        assert "later" in told.chart._spec
        later.log(loss=4.5)
        told.look()
        assert told.rows(later.id)["curves_0"]["value"] == [1.0, 4.5]
    told.close()


def test_runs_that_it_does_not_ask_for_are_none_of_it(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ct.Runs] = []
    told = Told(monkeypatch, ct.runs("name = 'fit'"))
    real = ct.Runs.now
    monkeypatch.setattr(ct.Runs, "now", lambda runs: asked.append(runs) or real(runs))
    with ct.track("later") as later:
        wait_for_worker(60)  # what surrounds it is recorded a moment later
        for _ in range(3):
            later.log(loss=1.0)
            told.look()
        assert len(asked) == 1
        assert set(datasets_of(told.chart)["curves_0"]["run_id"]) == {run.id}
        ct.run(later.id).rename("fit")
        later.log(loss=1.0)
        told.look()
        assert set(datasets_of(told.chart)["curves_0"]["run_id"]) == {run.id, later.id}
    told.close()


def test_runs_that_were_picked_out_stay_those(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch, ct.runs().select([run.id]))
    with ct.track("later") as later:
        later.log(loss=1.0)
        told.look()
    told.look()
    assert set(datasets_of(told.chart)["curves_0"]["run_id"]) == {run.id}
    told.close()


@pytest.mark.parametrize("options", [{}, {"group_by": "lr"}], ids=str)
def test_a_chart_of_no_runs_waits_for_the_first(
    store_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    told = Told(monkeypatch, ct.runs("tags has 'new'"), **options)
    assert told.chart.live
    with ct.track("first", params={"lr": 0.1}, tags=["new"]) as first:
        first.log(loss=1.0, acc=0.5)
        told.look()
        assert datasets_of(told.chart)["curves_0"]["value"] == [1.0]
    told.close()


def test_bands_are_drawn_anew_when_a_run_of_theirs_ends(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ct.track("a", params={"lr": 0.1}) as first:
        first.log(loss=1.0, acc=0.5)
    with ct.track("b", params={"lr": 0.1}) as run:
        run.log(loss=3.0, acc=0.5)
        told = Told(monkeypatch, group_by="lr")
        run.log(loss=5.0, acc=0.5)
        told.look()
        assert told.sent == []
        before = told.chart.chart
    told.look()
    assert told.chart.chart is not before
    assert "at step 1" in told.chart._still_text()
    assert datasets_of(told.chart)["curves_0"]["value"] == [2.0, 5.0]
    told.close()


def test_the_still_picture_is_that_of_the_end(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch)
    drawn: list[str] = []
    monkeypatch.setattr(told.chart, "redraw", lambda: drawn.append(told.chart._still_text()))
    monkeypatch.setattr(told.chart, "_displayed", True)
    spec = told.chart._spec
    run.log(loss=0.125)
    told.look()
    assert drawn == []
    run.finish()
    told.look()
    assert len(drawn) == 1
    assert "0.125" in drawn[0]
    assert told.chart._spec == spec, "the page has all that it draws, and keeps its zoom"
    told.close()


def test_a_chart_that_the_user_changed_stays(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch)
    mine = told.chart.chart.properties(background="white")
    real = told.chart._growth.again  # type: ignore[union-attr]

    def meanwhile() -> Any:
        drawing = real()
        told.chart.chart = mine
        return drawing

    told.chart._growth.again = meanwhile  # type: ignore[union-attr]
    run.finish()
    told.look()
    assert told.chart.chart is mine
    told.close()


def test_a_chart_that_was_changed_in_place_is_not_drawn_over(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch)
    told.chart._ipython_display_()
    assert told.chart.live
    run.finish()
    told.look()
    told.chart._ipython_display_()
    assert told.chart.live, "that it was drawn anew is no change of the user's"
    told.chart.chart.title = "mine"
    told.chart._ipython_display_()
    assert not told.chart.live
    assert "mine" in told.chart._spec
    feed.unfollow(told.chart)
    told.close()


def test_a_run_that_fails_is_told_so_in_the_legend(monkeypatch: pytest.MonkeyPatch) -> None:
    told = None
    with pytest.raises(ZeroDivisionError), ct.track("fit") as run:
        run.log(loss=1.0, acc=0.5)
        told = Told(monkeypatch)
        1 / 0  # noqa: B018
    assert told is not None
    told.look()
    assert "fit (failed)" in told.chart._spec
    assert set(datasets_of(told.chart)["curves_0"]["run"]) == {"fit (failed)"}
    told.close()


@pytest.mark.parametrize("name", ["draw", "again"])
def test_what_could_not_be_read_is_drawn_the_next_time(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    told = Told(monkeypatch)
    growth = told.chart._growth
    assert growth is not None
    real = getattr(growth, name)

    def busy(*_given: object) -> object:
        setattr(growth, name, real)
        raise StoreError("busy")

    setattr(growth, name, busy)
    run.log(loss=0.125)
    run.finish()
    with pytest.raises(StoreError):
        told.look()
    told.look()
    assert told.rows(run.id)["curves_0"]["value"][-1] == 0.125
    assert "0.125" in told.chart._still_text()
    told.close()


def test_a_first_run_that_has_not_logged_that_yet_is_waited_for(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch, ct.runs("tags has 'new'"))
    told.look()
    with ct.track("first", tags=["new"]) as first:
        first.log(other=1.0)
        told.look(missed=True)
        first.log(loss=1.0, acc=0.5)
        told.look()
        assert datasets_of(told.chart)["curves_0"]["value"] == [1.0]
    told.close()


def test_runs_between_the_making_and_the_showing_of_a_chart_are_drawn(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch)
    with ct.track("between") as between:
        between.log(loss=1.0)
    assert told.chart._growth is not None
    told.chart._growth._made -= 60
    told._follower.look()
    told.look(missed=True)
    assert between.id in datasets_of(told.chart)["curves_0"]["run_id"]
    told.close()


def test_the_charts_of_the_user_are_let_alone_by_another_thread(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch)
    assert chart_spec(told.chart.chart, aside=True) == chart_spec(told.chart.chart)
    mine = alt.Chart(pd.DataFrame({"a": [1, 2]})).mark_point().encode(x="a")
    seen: list[Any] = []
    real = alt.LayerChart.to_dict

    def meanwhile(chart: Any, *given: Any, **options: Any) -> Any:
        seen.append(list(mine.to_dict()["datasets"].values()))
        return real(chart, *given, **options)

    monkeypatch.setattr(alt.LayerChart, "to_dict", meanwhile)
    run.finish()
    told.look()
    assert seen
    assert all(data == [[{"a": 1}, {"a": 2}]] for data in seen)
    told.close()
