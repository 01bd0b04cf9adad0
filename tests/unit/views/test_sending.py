"""Of very many runs the kernel filters and sorts, and the page has those that come first."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from view_fakes import FakeRun, FakeRuns, many_runs

from celltrail.views import RunTableWidget, sending


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_SENT", 10)


def table(runs: FakeRuns, **options: Any) -> RunTableWidget:
    return RunTableWidget(runs, **options)  # type: ignore[arg-type]


def test_few_runs_are_sent_whole() -> None:
    shown = table(many_runs(10))
    shown.where = "params.lr > 1"
    assert (shown._beyond, len(shown._ids)) == ([], 10)


def test_of_many_the_first_are_sent() -> None:
    runs = many_runs(40)
    shown = table(runs)
    assert (shown._beyond, shown._ids) == ([40, 40], runs.ids[:10])
    assert [head["name"] for head in json.loads(shown._columns)] == [
        head["name"] for head in json.loads(table(many_runs(10))._columns)
    ]


@pytest.mark.parametrize("at_first", [True, False])
def test_the_kernel_filters_and_sorts_them(at_first: bool) -> None:
    asked = {"where": "params.depth > 5", "order_by": "metrics.loss desc"}
    shown = table(many_runs(40), **(asked if at_first else {}))
    for name, value in asked.items():
        setattr(shown, name, value)
    everything = shown.view
    assert shown._beyond == [40, len(everything)]
    assert shown._ids == everything.index[:10].tolist()
    shown.where = "params.depth > 100"
    assert (shown._beyond, shown._ids, shown._data) == ([40, 0], [], b"")
    shown.where = shown.order_by = ""
    assert (shown._beyond, len(shown._ids)) == ([40, 40], 10)


def test_what_is_selected_need_not_be_in_the_page() -> None:
    runs = many_runs(40)
    shown = table(runs)
    shown.selected = [runs.ids[35], runs.ids[2]]
    assert shown.selected.ids == [runs.ids[2], runs.ids[35]]


def test_the_line_of_python_names_all_that_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeRuns, "asked", None)  # as of runs that were picked out
    runs = many_runs(40)
    shown = table(runs, where="params.depth > 5", order_by="metrics.loss desc")
    assert shown.code.startswith(f"ct.runs().select({shown.view.index.tolist()!r})")
    assert repr(shown) == "<RunTableWidget of 40 runs>"


def test_parents_are_found_where_they_are_sent() -> None:
    runs = [FakeRun(id=f"r{i:02d}", number=i, parent_id="r00" if i else None) for i in range(30)]
    shown = table(FakeRuns(runs), order_by="number desc")
    assert np.frombuffer(shown._parents, np.int32).tolist() == [-1] * 10
    shown.order_by = "number"
    assert np.frombuffer(shown._parents, np.int32).tolist() == [-1] + [0] * 9


def test_other_runs_of_which_the_filter_knows_nothing_are_shown() -> None:
    shown = table(many_runs(40), where="params.depth > 5", order_by="params.depth")
    shown.runs = FakeRuns([FakeRun(id=f"r{i:02d}", number=i) for i in range(30)])
    assert (shown.where, shown.order_by) == ("", "")
    assert (shown._beyond, len(shown._ids)) == ([30, 30], 10)
