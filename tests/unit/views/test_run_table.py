from __future__ import annotations

import json

from view_fakes import FakeRuns, many_runs

from celltrail.views import RunTableWidget


def test_selected_are_the_runs_of_the_selected_ids() -> None:
    runs = many_runs(5)
    table = RunTableWidget(runs)  # type: ignore[arg-type]
    assert list(table.selected) == []
    table.selected_ids = [runs.ids[3], runs.ids[1], "unknown"]
    assert [run.number for run in table.selected] == [2, 4]


def test_selection_is_set_with_runs_or_ids_in_the_order_of_the_rows() -> None:
    runs = many_runs(5)
    table = RunTableWidget(runs)  # type: ignore[arg-type]
    table.selected = [runs[4], runs.ids[0], "unknown"]
    assert table.selected_ids == [runs.ids[0], runs.ids[4]]


def test_other_runs_keep_what_is_still_there_selected() -> None:
    runs = many_runs(5)
    table = RunTableWidget(runs)  # type: ignore[arg-type]
    table.selected = runs
    table.runs = FakeRuns(list(runs)[:2])  # type: ignore[assignment]
    assert table.selected_ids == runs.ids[:2]
    assert "2 runs" in table._still_text()


def test_the_browser_gets_headings_beside_the_data() -> None:
    table = RunTableWidget(many_runs(3))  # type: ignore[arg-type]
    heads = json.loads(table._columns)
    assert heads[0] == {
        "name": "number",
        "label": "#",
        "group": "",
        "kind": "integer",
        "decimals": None,
    }
    assert {
        key: value
        for head in heads
        if head["name"] == "metrics.accuracy"
        for key, value in head.items()
        if key in ("name", "label", "group")
    } == {"name": "metrics.accuracy", "label": "accuracy", "group": "metrics"}
    assert table._experiment == "digits"


def test_no_runs_are_a_table_too() -> None:
    table = RunTableWidget(FakeRuns([]))  # type: ignore[arg-type]
    assert table._data == b""
    assert table._still_text() == "No runs yet."
