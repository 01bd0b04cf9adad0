"""Pages as files: what they hold, what they leave out, and what cannot be one."""

from __future__ import annotations

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import altair as alt
import ipywidgets
import pandas as pd
import pytest
from packed_data import unpacked

import celltrail as ct
from celltrail.errors import UsageError
from celltrail.views.page_parts import Budget, Question

NASTY = "</script><img src=x>\ud800"


def packed(path: Path) -> list[bytes]:
    """Give what a page holds, unpacked, in its order."""
    found = re.findall(r'data-packed="([^"]+)">([^<]*)<', path.read_text("utf-8"))
    return [
        base64.b64decode(text) if kind == "as is" else gzip.decompress(base64.b64decode(text))
        for kind, text in found
    ]


def sent(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(packed(path)[0])
    return found


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href")]


def log_runs(count: int, **options: Any) -> Any:
    for number in range(count):
        with ct.track(f"fit {number}", params={"lr": number}, **options) as run:
            for step in range(3):
                run.log(loss=step / (number + 1))
    return ct.runs(order_by="started")


def test_nothing_of_a_run_is_part_of_the_markup(tmp_path: Path) -> None:
    with ct.track(NASTY, params={NASTY: NASTY}, note=NASTY, tags=[NASTY], experiment=NASTY) as run:
        run.log({NASTY: 1.0})
        run.log({NASTY: 2.0})
        run.log_artifact(NASTY, "said.txt")
    log_runs(2, note=NASTY, tags=[NASTY])
    runs = ct.runs()
    metric = next(iter(ct.run(run.id).metrics))
    views = [ct.table(runs), ct.compare(runs), ct.plot.curves(runs, metric)]
    path = ct.export_html(views, tmp_path / "x.html", title=NASTY)
    text = path.read_text("utf-8")
    assert "<img src=x" not in text
    assert text.count("<script") == text.count("</script>") == len(packed(path)) + 1
    links = _Links()
    links.feed(text)
    assert [link for link in links.found if not link.startswith("data:")] == []


def test_the_same_script_stands_in_a_page_once(tmp_path: Path) -> None:
    runs = log_runs(3)
    one = ct.export_html(ct.table(runs), tmp_path / "one.html").stat().st_size
    three = ct.export_html([ct.table(runs)] * 3, tmp_path / "three.html").stat().st_size
    assert three < one * 1.2


def test_a_table_brings_its_details_and_what_was_chosen(tmp_path: Path) -> None:
    table = ct.table(log_runs(3), where="params.lr > 0")
    table.selected_ids = [table.runs[2].id]
    (view,) = sent(ct.export_html(table, tmp_path / "x.html"))["views"]
    assert view["state"]["where"] == "params.lr > 0"
    assert view["state"]["selected_ids"] == [table.runs[2].id]
    assert view["state"]["_page"] is True
    asked = {a["params"]["id"]: a["result"]["title"] for a in view["answers"]}
    assert set(asked.values()) == {"fit 0", "fit 1", "fit 2"}
    assert [(c["metric"], c["count"]) for c in view["curves"]["heads"]] == [("loss", 3)] * 3


def test_what_goes_beyond_the_bound_is_left_out_and_named(tmp_path: Path) -> None:
    runs = log_runs(4)
    path = ct.export_html(ct.table(runs), tmp_path / "x.html", most=6_000)
    count = len(sent(path)["views"][0]["answers"])
    assert 0 < count < 4
    assert f"<p>Details of runs: {count} of 4 are in this page.</p>" in path.read_text("utf-8")


def test_a_budget_counts_characters() -> None:
    budget = Budget(1_000)
    questions = [Question("m", {"n": n}, "x" * 398) for n in range(5)]
    assert len(list(budget.take(questions, 5, "Things"))) == 2
    assert (budget.left, budget.notes) == (200, ["Things: 2 of 5 are in this page."])


def test_charts_of_a_comparison_are_drawn_though_nobody_opened_them(tmp_path: Path) -> None:
    views = sent(ct.export_html(ct.compare(log_runs(4)), tmp_path / "x.html"))["views"]
    assert [view["bundle"] for view in views] == ["compare", "chart", "chart"]
    assert "<h2>scatter (x: params.lr, y: metrics.loss)</h2>" in (tmp_path / "x.html").read_text()


def test_curves_have_more_points_than_a_notebook_is_sent(tmp_path: Path) -> None:
    with ct.track("long") as run:
        for step in range(20_000):
            run.log(loss=step % 97)
    chart = ct.plot.curves(ct.runs(), "loss")
    (view,) = sent(ct.export_html(chart, tmp_path / "x.html"))["views"]
    rows = json.loads(view["state"]["_spec"])["datasets"]["curves_0"]["rows"]
    assert rows > 2.5 * json.loads(chart._spec)["datasets"]["curves_0"]["rows"]


def test_any_altair_chart_and_any_box_can_be_a_page(tmp_path: Path) -> None:
    chart = alt.Chart(pd.DataFrame({"a": [1, 2]})).mark_point().encode(x="a")
    box = ipywidgets.VBox([ct.table(log_runs(1)), ct.plot.curves(ct.runs(), "loss")])
    bundles = [v["bundle"] for v in sent(ct.export_html([chart, box], tmp_path / "x.htm"))["views"]]
    assert bundles == ["chart", "run_table", "chart"]


@pytest.mark.parametrize(
    ("view", "name", "says"),
    [
        ("a text", "x.html", "and not str"),
        (ipywidgets.IntSlider(), "x.html", "and not IntSlider"),
        ([], "x.html", "nothing to show"),
        (None, "x.pdf", r"end the name in \.html"),
    ],
)
def test_what_cannot_be_a_page_is_said(tmp_path: Path, view: Any, name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ct.export_html(view, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_one_answer_that_is_too_large_leaves_out_no_other() -> None:
    budget = Budget(1_000)
    questions = [Question("m", {"n": n}, "x" * size) for n, size in enumerate((10, 5_000, 10))]
    assert [q.params["n"] for q in budget.take(questions, 3, "Things")] == [0, 2]


def test_a_chart_that_would_load_its_data_says_so(tmp_path: Path) -> None:
    chart = alt.Chart("https://example.org/x.csv").mark_point().encode(x="a:Q")
    text = ct.export_html(chart, tmp_path / "x.html").read_text()
    assert "takes its data from https://example.org/x.csv, which is not in this page" in text


@pytest.mark.parametrize("x", ["step", "time", "wall"])
def test_curves_of_no_runs_are_a_page(tmp_path: Path, x: str) -> None:
    chart = ct.plot.curves(ct.runs(), "loss", x=x)
    assert ct.export_html(chart, tmp_path / "x.html").exists()


@pytest.mark.parametrize(("count", "dots"), [(20, 20), (60, 0), (20_000, 0)])
def test_points_are_dots_where_they_are_in_the_notebook(
    tmp_path: Path, count: int, dots: int
) -> None:
    with ct.track("fit") as run:
        for step in range(count):
            run.log(loss=step % 97)
    path = ct.export_html(ct.plot.curves(ct.runs(), "loss"), tmp_path / "x.html")
    (view,) = sent(path)["views"]
    head = json.loads(view["state"]["_spec"])["datasets"]["curves_0"]
    data = unpacked(head, packed(path)[view["state"]["_data"]["$packed"]])
    assert sum(data["dot"]) == dots
    assert len(data["dot"]) >= min(count, 2_000)


def test_a_page_that_is_there_stays_whole_when_no_new_one_comes(tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    path.write_text("before")
    with pytest.raises(UsageError):
        ct.export_html("nothing", path)
    assert path.read_text() == "before"
    ct.export_html(ct.runs(), path)
    assert [p.name for p in tmp_path.glob("*x.html*")] == ["x.html"]


@pytest.mark.heavy
def test_what_takes_long_is_in_the_page_once_it_was_shown(tmp_path: Path) -> None:
    for number in range(13):
        with ct.track(f"fit {number}", params={"lr": number % 4, "depth": number}) as run:
            run.log(loss=number / 7)
    comparison = ct.compare(ct.runs())
    text = ct.export_html(comparison, tmp_path / "x.html").read_text()
    assert "importance of params (metric: loss): show it before the page is made" in text
    assert comparison.importance is not None
    comparison.importance.show()
    text = ct.export_html(comparison, tmp_path / "x.html").read_text()
    assert "<h2>importance of params (metric: loss)</h2>" in text
