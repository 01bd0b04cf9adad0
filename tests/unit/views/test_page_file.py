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
    runs = log_runs(2, note=NASTY, tags=[NASTY])
    path = ct.export_html(ct.table(runs), tmp_path / "x.html", title=NASTY)
    text = path.read_text("utf-8")
    assert "<img" not in text
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
    budget = Budget(10)
    questions = [Question("m", {"n": n}, "x" * 2) for n in range(5)]
    assert len(list(budget.take(questions, 5, "Things"))) == 2
    assert (budget.left, budget.notes) == (2, ["Things: 2 of 5 are in this page."])


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
