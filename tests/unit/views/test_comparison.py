"""Runs side by side: what differs, who is best, and what a reader has to know."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import celltrail as ct
from celltrail.errors import RunNotFoundError
from celltrail.views.comparison import ComparedRow, compare_runs
from celltrail.views.format import format_number
from celltrail.views.static_comparison import comparison_html, comparison_text

XSS = "<img src=x onerror=alert(1)>"


def made(name: str, params: dict[str, Any], **metrics: float) -> ct.Run:
    with ct.track(name, params=params) as run:
        run.log(**metrics)
    return ct.run(run)


def row(runs: list[ct.Run], name: str) -> ComparedRow:
    (found,) = [one for one in compare_runs(runs).rows if one.name == name]
    return found


def test_what_differs_comes_first_in_each_group(store_path: Path) -> None:
    runs = [made("a", {"z": 1, "b": 1, "c": 1}, acc=0.5), made("b", {"z": 2, "b": 1}, acc=0.5)]
    compared = compare_runs(runs)
    params = [(r.name, r.differs) for r in compared.rows if r.group == "params"]
    assert params == [("c", True), ("z", True), ("b", False)]
    groups = [r.group for r in compared.rows]
    assert groups == sorted(groups, key=["params", "metrics", "data", "environment"].index)


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        (1, 1, False), (1, 1.0, False), (1, True, True), (1, "1", True), ([1, 2], [1, 2], False),
        (math.nan, math.nan, False), ("a" * 500, "a" * 499 + "b", True), (None, None, False),
        (0.1, 0.1 + 1e-12, True), ({"a": 1}, {"a": 2}, True),
    ],
)  # fmt: skip
def test_values_differ_as_people_mean_it(
    store_path: Path, before: object, after: object, differs: bool
) -> None:
    runs = [made("a", {"x": before, "y": 1}), made("b", {"x": after, "y": 1})]
    found = [r for r in compare_runs(runs).rows if r.name == "x" and r.group == "params"]
    assert [r.differs for r in found] == [differs] * len(found)


def test_the_best_is_known_by_the_name_of_the_metric(store_path: Path) -> None:
    runs = [
        made("a", {}, loss=0.5, acc=0.5, epochs=3, even_loss=1.0),
        made("b", {}, loss=0.25, acc=0.75, epochs=4, even_loss=1.0),
        made("c", {}, loss=math.nan, acc=0.75, epochs=5),
    ]
    assert row(runs, "loss").best == (1,)
    assert row(runs, "acc").best == (1, 2)
    assert row(runs, "epochs").best == ()
    assert row(runs, "even_loss").best == ()
    assert row(runs, "loss").change == ("", "\N{MINUS SIGN}0.25", "")
    assert row(runs, "even_loss").texts == ("1", "1", None)
    assert row(runs, "even_loss").differs


def test_the_numbers_are_those_of_the_store(store_path: Path) -> None:
    generator = np.random.default_rng(3)
    runs = [
        made(f"r{i}", {"p": float(generator.normal())}, m=float(generator.normal()))
        for i in range(4)
    ]
    stored = ct.sql("SELECT name, value FROM v_metrics WHERE key = 'm'").set_index("name")["value"]
    values = [stored[run.name] for run in runs]
    assert row(runs, "m").texts == tuple(format_number(value) for value in values)


def test_other_data_and_failed_runs_are_told(store_path: Path) -> None:
    with ct.track("a"):
        pass
    with pytest.raises(ZeroDivisionError), ct.track("b"):
        _ = 1 / 0
    notes = compare_runs([ct.run("a"), ct.run("b")]).notes
    assert notes == ("Not finished: b.",)


def test_the_still_forms_say_the_same_and_run_nothing(store_path: Path) -> None:
    runs = [made(XSS, {XSS: XSS, "lr": 0.1}, acc=0.5), made("b", {"lr": 0.2}, acc=0.75)]
    compared = compare_runs(runs)
    page, text = comparison_html(compared), comparison_text(compared)
    assert "<img" not in page
    for word in ("0.1", "0.2", "0.75", "lr"):
        assert word in page
        assert word in text
    assert comparison_text(compare_runs([])) == "There are no runs to compare."
    assert "no runs" in comparison_html(compare_runs([]))


def test_two_runs_fifty_and_more(store_path: Path) -> None:
    runs = [made(f"r{i:02d}", {"lr": i / 10}, acc=i / 100) for i in range(53)]
    two = ct.compare([runs[0], runs[1].id])
    assert two.table is None
    assert [run.name for run in two.runs] == ["r00", "r01"]
    many = ct.compare(ct.runs(order_by="name"))
    assert many.table is not None
    assert "53" in json.loads(many.side_by_side._rows)["notes"][0]
    assert len(many.runs) == 50
    assert many.table.coloured == ["metrics.acc"]
    assert len(many._still_html()) < 60_000


def test_selections_are_one(store_path: Path) -> None:
    runs = [made(f"r{i}", {"lr": i}) for i in range(10)]
    comparison = ct.compare(runs)
    assert comparison.table is not None
    comparison.table.selected_ids = [runs[3].id]
    assert comparison.side_by_side.selected_ids == [runs[3].id]
    comparison.side_by_side.selected_ids = []
    assert list(comparison.table.selected) == []
    comparison.selected = [runs[1], runs[0].id]
    assert [run.name for run in comparison.selected] == ["r0", "r1"]


def test_curves_are_drawn_where_there_are_any(store_path: Path) -> None:
    for name in "ab":
        with ct.track(name) as run:
            run.log(once=1.0)
            for step in range(3):
                run.log(loss=1.0 / (1 + step), step=step)
    comparison = ct.compare(["a", "b"])
    assert comparison.curves is not None
    assert "loss" in repr(comparison.curves)
    assert ct.compare(["a", "b"], metrics=[]).curves is None
    with pytest.raises(RunNotFoundError):
        ct.compare(["a", "unknown"])


def test_outputs_are_asked_for(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [made("a", {}), made("b", {})]
    part = ct.compare(runs).side_by_side
    sent: list[Any] = []
    monkeypatch.setattr(part, "send", lambda message, buffers=None: sent.append(message))
    question = {"kind": "ask", "id": 1, "method": "outputs", "params": {"id": runs[0].id}}
    part._msg_callbacks(part, question, [])
    assert sent == [{"kind": "answer", "id": 1, "result": []}]
