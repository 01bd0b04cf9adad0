"""Charts of a comparison that are drawn when they are asked for."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

import celltrail as ct
from celltrail.errors import OptionError, UnknownNameError
from celltrail.views.chart_section import ChartSection


def make(count: int, **odd: float) -> list[ct.Run]:
    made = []
    for i in range(count):
        with ct.track(f"r{i}", params={"lr": 10.0 ** -(i % 5), "kind": "ab"[i % 2]}) as run:
            run.log(acc=math.sin(i), loss=i / 10, **odd)
        made.append(ct.run(run))
    return made


def ask(section: ChartSection, monkeypatch: pytest.MonkeyPatch, **chosen: str) -> dict[str, Any]:
    """Ask as a page does."""
    sent: list[Any] = []
    monkeypatch.setattr(section.head, "send", lambda message, buffers=None: sent.append(message))
    params = {"chosen": {**section.chosen, **chosen}}
    question = {"kind": "ask", "id": 1, "method": "show", "params": params}
    section.head._msg_callbacks(section.head, question, [])
    (answer,) = sent
    return dict(answer)


def options(section: ChartSection, name: str) -> list[str]:
    found = {one["name"]: one["options"] for one in json.loads(section.head._choices)}
    return list(found[name])


def test_nothing_is_drawn_before_it_is_asked_for(store_path: Path) -> None:
    comparison = ct.compare(make(12))
    for section in (comparison.scatter, comparison.importance):
        assert section is not None
        assert section.chart is None
        assert section.children == (section.head,)


def test_two_runs_have_neither(store_path: Path) -> None:
    comparison = ct.compare(make(2))
    assert comparison.scatter is None
    assert comparison.importance is None


def test_a_scatter_begins_with_what_differs_most_and_the_first_metric(store_path: Path) -> None:
    scatter = ct.compare(make(6)).scatter
    assert scatter is not None
    assert scatter.chosen == {"x": "params.lr", "y": "metrics.acc"}
    assert options(scatter, "x") == [
        *("params.kind", "params.lr", "metrics.acc", "metrics.loss", "duration", "started"),
    ]
    chart = scatter.show(x="metrics.loss", y="params.lr")
    assert scatter.children == (scatter.head, chart)
    assert "lr over loss" in repr(chart)
    assert json.loads(chart._spec)["encoding"]["y"]["scale"]["type"] == "log"
    assert scatter.show(y="params.kind") is chart
    assert "kind over loss" in repr(chart)
    assert scatter.chosen == {"x": "metrics.loss", "y": "params.kind"}
    scatter.hide()
    assert scatter.children == (scatter.head,)
    assert not scatter.head.opened


def test_the_primary_metric_comes_first(store_path: Path) -> None:
    runs = make(12)
    ct.metric("loss", primary=True)
    comparison = ct.compare(ct.runs().select([run.id for run in runs]))
    assert comparison.scatter is not None
    assert comparison.scatter.chosen["y"] == "metrics.loss"
    assert comparison.importance is not None
    assert comparison.importance.chosen == {"metric": "loss"}


def test_what_cannot_be_chosen_is_named(store_path: Path) -> None:
    scatter = ct.compare(make(3)).scatter
    assert scatter is not None
    with pytest.raises(UnknownNameError, match=r"did you mean \"metrics.acc\""):
        scatter.show(y="metrics.ac")
    with pytest.raises(OptionError, match="choose x, y"):
        scatter.show(z="metrics.acc")


def test_columns_of_nan_and_missing_values_are_counted_not_drawn(store_path: Path) -> None:
    runs = make(3, bad=math.nan)
    with ct.track("without") as run:
        pass
    scatter = ct.compare([*runs, ct.run(run)]).scatter
    assert scatter is not None
    chart = scatter.show(y="metrics.bad")
    assert "0 of 4 runs shown" in chart._still_text()
    assert "1 without bad" in chart._still_text()
    assert "3 where bad is not finite" in chart._still_text()


def test_a_selection_goes_through_the_scatter_both_ways(store_path: Path) -> None:
    runs = make(10)
    comparison = ct.compare(runs)
    assert comparison.scatter is not None
    comparison.selected = [runs[1]]
    chart = comparison.scatter.show()
    assert chart.selected_ids == [runs[1].id]
    chart.selected_ids = [runs[2].id, runs[3].id]
    assert comparison.table is not None
    assert [run.name for run in comparison.selected] == ["r2", "r3"]
    assert comparison.table.selected_ids == comparison.selected_ids


def test_the_page_shows_a_chart_and_is_told_why_not(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scatter = ct.compare(make(4)).scatter
    assert scatter is not None
    answer = ask(scatter, monkeypatch, x="metrics.loss")
    assert "error" not in answer
    assert scatter.head.opened
    assert len(scatter.children) == 2
    assert "no y" in ask(scatter, monkeypatch, y="metrics.unknown")["error"]
    assert scatter.children == (scatter.head,)
    assert not scatter.head.opened


@pytest.mark.heavy
def test_importance_says_its_method_and_what_it_stands_on(store_path: Path) -> None:
    comparison = ct.compare(make(14))
    assert comparison.importance is not None
    assert options(comparison.importance, "metric") == ["acc", "loss"]
    chart = comparison.importance.show(metric="loss")
    note = comparison.importance.head._note
    for part in ("Permutation importance", "scikit-learn", "standard deviation", "on 14 runs."):
        assert part in note
    assert "14 of 14 runs shown" in chart._still_text()
    assert "R²" in chart._still_text()
    assert "importance for loss" in comparison._still_html()


@pytest.mark.parametrize(("count", "odd"), [(5, {}), (11, {"bad": math.nan})])
def test_too_few_runs_are_said_in_a_sentence(
    store_path: Path, count: int, odd: dict[str, float]
) -> None:
    importance = ct.compare(make(count, **odd)).importance
    assert importance is not None
    said = importance.head._said
    assert said == (
        f"It takes 12 runs with a finite value of one metric; of these {count} runs, "
        f"at most {count} have one."
    )
    with pytest.raises(OptionError, match="It takes 12 runs"):
        importance.show()


def test_without_scikit_learn_the_page_is_told_what_to_install(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    importance = ct.compare(make(12)).importance
    assert importance is not None
    for name in ("sklearn", "sklearn.ensemble"):
        monkeypatch.setitem(sys.modules, name, None)
    answer = ask(importance, monkeypatch)
    assert answer["error"] == "importance needs scikit-learn: pip install 'celltrail[charts]'."
    assert importance.chart is None


def test_params_that_do_not_differ_are_said(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(12):
        with ct.track(f"r{i}", params={"lr": 0.1}) as run:
            run.log(acc=i / 10)
    importance = ct.compare(ct.runs()).importance
    assert importance is not None
    assert "no param differs" in ask(importance, monkeypatch)["error"]
