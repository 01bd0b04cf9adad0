"""The run table as a value in Python: what is chosen, what is shown, and how to get it again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st

import celltrail as ct
from celltrail.errors import FilterError, UnknownNameError
from celltrail.query import Runs
from celltrail.views import RunTableWidget
from celltrail.views.details import run_details


@pytest.fixture
def runs(store_path: Path) -> Runs:
    """Give twelve runs of a store."""
    for i in range(12):
        with ct.track(f"run {i}", params={"lr": [0.1, 0.2, 0.3][i % 3], "same": 1}) as run:
            run.log(acc=float(i % 5), loss=1.0 / (1 + i))
            run.tag("even" if i % 2 == 0 else "odd")
    return ct.runs()


def evaluated(code: str) -> Any:
    """Run a line that a table gave, as somebody would who pastes it."""
    return eval(code, {"ct": ct})


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"where": "params.lr > 0.1"},
        {"order_by": "metrics.acc desc, name"},
        {"where": "metrics.acc >= 2 or tags has 'odd'", "order_by": "params.lr, metrics.loss"},
        {"hidden": ["started", "metrics.loss"]},
        {"column_order": ["metrics.loss", "params.lr"], "pinned": ["name", "metrics.acc"]},
        {"where": "params.lr = 0.1", "only_differences": True},
        {"shown": ["experiment"], "hidden": ["number"]},
    ],
)
def test_what_is_shown_is_had_again_by_its_code(runs: Runs, chosen: dict[str, Any]) -> None:
    table = ct.table(runs, **chosen)
    again = evaluated(table.code)
    frame = again.df()[table.view.columns] if isinstance(again, Runs) else again
    pd.testing.assert_frame_equal(frame, table.view)


@pytest.mark.parametrize(
    "question",
    [
        {"where": "params.lr = 0.1 or params.lr = 0.2", "order_by": "name"},
        {"where": "name like 'run 1%'"},
        {"limit": 5, "order_by": "metrics.acc desc"},
    ],
)
def test_the_code_narrows_the_question_of_the_runs(runs: Runs, question: dict[str, Any]) -> None:
    table = ct.table(ct.runs(**question), where="metrics.acc > 0", order_by="metrics.acc")
    again = evaluated(table.code)
    assert again.ids == list(table.view.index)
    assert 0 < len(again) < len(runs)


def test_a_part_of_runs_is_named_by_ids(runs: Runs) -> None:
    for part in (runs[2:6], runs[::-1], runs[:0], runs.select([runs.ids[5], runs.ids[1]])):
        table = ct.table(part)
        assert evaluated(table.code).ids == part.ids
        if len(part):
            table.where = "metrics.acc > 0"
            assert evaluated(table.code).ids == list(table.view.index)


def test_the_state_is_kept_and_set_again(runs: Runs) -> None:
    table = ct.table(runs, where="params.lr > 0.1", hidden=["note"], group_by=["params.lr"])
    state = json.loads(json.dumps(table.state))
    other = ct.table(runs)
    other.state = state
    assert other.state == table.state
    with pytest.raises(FilterError, match='a table has no "filter"'):
        other.state = {"filter": "x"}


def test_filters_and_orderings_are_checked_when_they_are_set(runs: Runs) -> None:
    table = ct.table(runs)
    with pytest.raises(FilterError, match="expected a value"):
        table.where = "params.lr > "
    with pytest.raises(UnknownNameError, match='did you mean "acc"'):
        table.order_by = "metrics.ac"
    with pytest.raises(UnknownNameError, match="no metric"):
        table.where = "metrics.acc.min > 0"
    assert (table.where, table.order_by) == ("", "")


def test_linked_tables_stay_in_step(runs: Runs) -> None:
    one, other = ct.table(runs), ct.table(runs)
    for name in ("where", "selected_ids"):
        traitlets.link((one, name), (other, name))
    one.where = "params.lr = 0.1"
    other.selected = [runs[0]]
    assert other.where == "params.lr = 0.1"
    assert [run.id for run in one.selected] == [runs.ids[0]]


def test_groups_are_means_and_spreads(runs: Runs) -> None:
    table = ct.table(runs, group_by=["params.lr"])
    view = table.view
    plain = runs.df().groupby("params.lr")["metrics.acc"]
    np.testing.assert_allclose(view[("metrics.acc", "mean")], plain.mean())
    np.testing.assert_allclose(view[("metrics.acc", "sd")], plain.std())
    assert view[("runs", "n")].tolist() == [4, 4, 4]
    table.order_by = "metrics.loss desc"
    means = table.view[("metrics.loss", "mean")].tolist()
    assert means == sorted(means, reverse=True)
    table.hidden = ["params.lr", "metrics.loss"]
    assert [round(lr, 1) for lr in table.view.index] == [0.1, 0.2, 0.3]
    pd.testing.assert_frame_equal(evaluated(table.code), table.view)


@pytest.mark.parametrize("by", [["tags"], ["params.lr", "tags"], ["name"], ["params.same"]])
def test_groups_by_anything(runs: Runs, by: list[str]) -> None:
    view = ct.table(runs, group_by=by).view
    assert view[("runs", "n")].sum() == 12
    assert not view.index.duplicated().any()


def test_groups_of_odd_values(store_path: Path) -> None:
    values = [[64, 32], [128], [64, 32], 1, True, "1", float("nan"), float("nan"), None]
    for i, value in enumerate(values):
        with ct.track(f"run {i}", params={"x": value, "only": "text"}) as run:
            run.log(m=[1e308, -1e308, float("inf"), 1.0, 2.0, 3.0, 4.0, 5.0, 6.0][i])
    view = ct.table(ct.runs(), group_by=["params.x"]).view
    assert sorted(view[("runs", "n")]) == [1, 1, 1, 1, 1, 2, 2]
    assert np.isfinite(view[("metrics.m", "mean")]).all()
    hidden = ct.table(ct.runs(), group_by=["params.x"], hidden=["metrics.m", "duration"])
    assert list(hidden.view.columns) == [("runs", "n")]


def test_names_are_counted_as_people_do(store_path: Path) -> None:
    for i in (10, 9, 2):
        with ct.track(f"run {i}"):
            pass
    assert list(ct.table(ct.runs(), group_by=["name"]).view.index) == ["run 2", "run 9", "run 10"]


def test_times_are_given_their_zone(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    try:
        table = ct.table(runs, where="started > '2026-01-31' and started < '2099-07-01T10:00Z'")
        assert table.where == "started > '2026-01-31 00:00-08:00' and started < '2099-07-01T10:00Z'"
        table.where = "name = '2026-01-31'"
        assert table.where == "name = '2026-01-31'"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_other_runs_lack_is_forgotten(runs: Runs, store_path: Path) -> None:
    table = ct.table(runs, order_by="metrics.loss", baseline=runs.ids[0])
    with ct.track("bare"):
        pass
    table.runs = ct.runs("name = 'bare'")
    assert (table.order_by, table.baseline) == ("", "")
    assert list(table.view["name"]) == ["bare"]


def test_the_numbers_of_the_view_are_those_of_the_store(runs: Runs) -> None:
    view = ct.table(runs).view
    rows = ct.sql("SELECT id, key, value FROM v_metrics")
    for _, row in rows.iterrows():
        assert view.loc[row["id"], f"metrics.{row['key']}"] == row["value"]
    assert len(rows) == 24


def test_parents_are_rows_of_the_table(store_path: Path) -> None:
    with ct.track("above"), ct.track("below"):
        pass
    table = ct.table(ct.runs(order_by="name"))
    assert np.frombuffer(table._parents, np.int32).tolist() == [-1, 0]
    assert np.frombuffer(ct.table(ct.runs("name = 'below'"))._parents, np.int32).tolist() == [-1]
    assert ct.table(ct.runs("name = 'above'"))._parents == b""


@pytest.fixture
def answers(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Give what asks a table as its page does."""
    table = ct.table(runs)
    sent: list[Any] = []
    monkeypatch.setattr(table, "send", lambda message, buffers=None: sent.append(message))

    def ask(method: Any, **params: Any) -> Any:
        message = {"kind": "ask", "id": 7, "method": method, "params": params}
        table._msg_callbacks(table, message, [])
        return sent.pop()

    return ask


def test_the_page_asks_for_code_and_details(answers: Callable[..., Any], runs: Runs) -> None:
    assert answers("code") == {"kind": "answer", "id": 7, "result": "ct.runs()"}
    details = answers("details", id=runs.ids[0])["result"]
    assert details["title"] == "run 11"
    json.dumps(details)


def test_the_page_changes_what_is_said_of_a_run(answers: Callable[..., Any], runs: Runs) -> None:
    chosen = runs.ids[3]
    reply = answers("edit", id=chosen, name="best", note="why not", tags=["odd", "x"])
    assert reply["result"]["said"] == {"name": "best", "note": "why not", "tags": ["odd", "x"]}
    run = ct.run(chosen)
    assert (run.name, run.note, run.tags) == ("best", "why not", ["odd", "x"])
    assert answers("edit", id=chosen, tags=["even"])["result"]["title"] == "best"
    assert ct.run(chosen).tags == ["even"]
    assert "must not be empty" in answers("edit", id=chosen, name="  ")["error"]
    assert [run.id for run in ct.runs("name = 'best'")] == [chosen]


def test_what_the_page_may_not_ask_is_refused(answers: Callable[..., Any]) -> None:
    assert "error" in answers("purge", ids=["x"])
    assert "error" in answers(["code"])
    assert answers("details", id="unknown")["error"].startswith("no run ")
    assert "error" in answers("code", more=1)


def test_details_are_bounded(store_path: Path) -> None:
    with ct.track("big", params={f"p{i}": "x" * 5_000 for i in range(600)}) as run:
        run.log_artifact("y" * 50_000, "long.txt")
    details = run_details(ct.run("big"))
    assert len(details["params"]) == 500
    assert len(json.dumps(details)) < 400_000


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["number", "name", "status", "started", "duration"]), max_size=5))
def test_any_order_of_columns_shows_each_once(names: list[str]) -> None:
    from view_fakes import many_runs

    table = RunTableWidget(many_runs(3), pinned=names, column_order=names[::-1])  # type: ignore[arg-type]
    shown = list(table.view.columns)
    assert len(shown) == len(set(shown))
    assert shown[: len(dict.fromkeys(names))] == list(dict.fromkeys(names))
