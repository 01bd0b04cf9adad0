"""A chart of curves follows its runs: what it sends is what it would draw if it were made anew."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from packed_data import datasets_of, unpacked

import celltrail as ct
from celltrail.store.follow import Follower
from celltrail.views import Chart


@pytest.fixture
def run() -> Iterator[ct.ActiveRun]:
    with ct.track("over") as over:
        over.log(loss=9.0, acc=0.0)
    with ct.track("fit") as run:
        run.log(loss=3.0, acc=0.1)
        yield run


class Told:
    """A chart that is told by hand, and what it sends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
        self.chart: Chart = ct.plot.curves(ct.runs(), ["loss", "acc"], **options)
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
        self.chart._growth._due = 0.0
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
        {"x": "time"},
        {"x": "wall"},
        {"y_scale": "log"},
        {"x_scale": "log"},
        {"smooth": 0.6},
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
    told.chart._growth.again()  # type: ignore[union-attr]
    told.look()
    assert told.reads == 2
    run.finish()
    told.look()
    assert told.reads == 4
    told.look()
    assert len(told.sent) == 7
    told.close()


def test_what_was_missed_is_drawn_again(run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch)
    run.log(loss=1.0)
    told._follower.look()
    told.look(missed=True)
    assert told.sent[-1][0]["ids"] == [run.id], "the other had ended when it was drawn"
    assert told.rows(run.id) == told.anew(run.id)
    told.close()


def test_other_runs_and_metrics_do_not_concern_it(
    run: ct.ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(monkeypatch)
    run.log(other=1.0)
    with ct.track("later") as later:
        later.log(loss=1.0)
    told.look()
    assert told.sent == []
    assert told.reads == 0
    told.close()
