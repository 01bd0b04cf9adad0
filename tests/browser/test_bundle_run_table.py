"""The built run table in Chromium, with a model that stands in for the kernel's."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bundle_page import BundlePage, state_of
from playwright.sync_api import Locator, Page, expect

from celltrail.views import RunTableWidget, sending

sys.path.append(str(Path(__file__).resolve().parents[1] / "unit" / "views"))

from view_fakes import FakeRun, FakeRuns, many_runs


@pytest.fixture
def bundle(page: Page) -> Iterator[BundlePage]:
    bundle = BundlePage(page)
    yield bundle
    assert bundle.errors == []


def show(bundle: BundlePage, runs: FakeRuns, **options: Any) -> RunTableWidget:
    widget = RunTableWidget(runs, **options)  # type: ignore[arg-type]
    bundle.show("run_table", state_of(widget))
    return widget


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader", name=name)


def numbers(page: Page) -> list[str]:
    """Give the runs' numbers in the order shown."""
    code = """() => [...document.querySelectorAll('.ct-body-row')]
      .sort((a, b) => a.dataset.position - b.dataset.position)
      .map((row) => row.querySelector('.ct-cell:nth-child(2)').textContent)"""
    result: list[str] = page.evaluate(code)
    return result


def test_a_click_on_a_heading_sorts_up_down_and_back(bundle: BundlePage, page: Page) -> None:
    runs = FakeRuns(
        [
            FakeRun(id=str(i), number=i + 1, metrics={} if value is None else {"loss": value})
            for i, value in enumerate([2.0, None, float("nan"), 1.0])
        ]
    )
    show(bundle, runs)
    assert numbers(page) == ["1", "2", "3", "4"]
    for direction, order in (
        ("ascending", ["4", "1", "3", "2"]),
        ("descending", ["1", "4", "3", "2"]),
        ("none", ["1", "2", "3", "4"]),
    ):
        heading(page, "loss").click()
        expect(heading(page, "loss")).to_have_attribute("aria-sort", direction)
        assert numbers(page) == order


@pytest.mark.parametrize(
    "host",
    [
        {
            "--vscode-editor-background": "rgb(30, 30, 30)",
            "--vscode-descriptionForeground": "rgb(150, 150, 150)",
            "--vscode-foreground": "rgb(204, 204, 204)",
        },
        {
            "--colab-primary-surface-color": "rgb(30, 30, 30)",
            "--colab-primary-text-color": "rgb(204, 204, 204)",
        },
    ],
    ids=["VS Code", "Colab"],
)
def test_a_dark_host_with_the_light_variables_of_jupyterlab_is_dark(
    bundle: BundlePage, page: Page, host: dict[str, str]
) -> None:
    page.evaluate(
        "(host) => { for (const [name, value] of Object.entries(host))"
        " document.documentElement.style.setProperty(name, value); }",
        host,
    )
    show(bundle, many_runs(3))
    expect(page.locator(".celltrail")).to_have_css("background-color", "rgb(30, 30, 30)")
    expect(page.locator(".celltrail")).to_have_css("color", "rgb(204, 204, 204)")
    faint = page.locator(".ct-count").evaluate("(element) => getComputedStyle(element).color")
    assert faint != "rgba(0, 0, 0, 0.54)"


def test_clicks_select_one_more_and_ranges(bundle: BundlePage, page: Page) -> None:
    runs = many_runs(10)
    show(bundle, runs)
    rows = page.locator(".ct-body-row")
    rows.nth(1).click()
    rows.nth(4).click(modifiers=["Shift"])
    assert bundle.selected() == runs.ids[1:5]
    rows.nth(2).click(modifiers=["Control"])
    assert bundle.selected() == [runs.ids[1], *runs.ids[3:5]]
    rows.nth(7).locator(".ct-check").click()
    assert bundle.selected() == [runs.ids[1], *runs.ids[3:5], runs.ids[7]]
    expect(page.get_by_text("4 selected")).to_be_visible()
    page.get_by_role("button", name="clear").click()
    assert bundle.selected() == []


def test_it_is_used_with_keys_alone(bundle: BundlePage, page: Page) -> None:
    runs = many_runs(30)
    show(bundle, runs)
    expect(page.get_by_role("combobox", name="Filter")).to_be_visible()
    for _tool in ("filter", "what differs", "columns", "more", "rows"):
        page.keyboard.press("Tab")
    expect(page.get_by_role("treegrid")).to_be_focused()
    for key in ("ArrowDown", "ArrowDown", "Space", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert bundle.selected() == runs.ids[2:4]
    page.keyboard.press("Control+End")
    last = page.locator(".ct-body-row[data-position='29']")
    expect(last).to_be_in_viewport()
    page.keyboard.press("Space")
    assert bundle.selected() == [*runs.ids[2:4], runs.ids[29]]
    page.keyboard.press("Control+Home")
    for key in ("ArrowUp", "ArrowRight", "Enter", "Enter"):
        page.keyboard.press(key)
    assert numbers(page)[0] == "30"  # by name, downward, as people count: "run 30" first


def test_5000_runs_scroll_to_their_end(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(5000, params=80))
    grid = page.get_by_role("treegrid")
    expect(page.get_by_text("5,000 runs")).to_be_visible()
    assert page.locator(".ct-body-row").count() < 60
    grid.evaluate("(e) => { e.scrollTop = e.scrollHeight; e.scrollLeft = e.scrollWidth; }")
    expect(page.locator(".ct-body-row[data-position='4999']")).to_be_in_viewport()
    expect(heading(page, "loss")).to_be_in_viewport()
    assert page.locator("[role=gridcell]").count() < 1500
    heading(page, "loss").click()
    expect(heading(page, "loss")).to_have_attribute("aria-sort", "ascending")


def test_of_very_many_runs_it_says_how_many_are_here(
    bundle: BundlePage, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_SENT", 10)
    widget = show(bundle, many_runs(40))
    count = page.locator(".ct-count")
    expect(count).to_have_text("the first 10 of 40 runs")
    # a filter that leaves the same runs first, and another number of them in all
    bundle.set("_beyond", [40, 30])
    expect(count).to_have_text("the first 10 of 30 that match of 40 runs")
    model = "window.views.at(-1).model"
    page.evaluate(f"() => {{ {model}.send = () => {{ throw new Error('Cannot send'); }}; }}")
    page.get_by_role("combobox", name="Filter").fill(f"number <= {widget.runs[3].number}")
    expect(count).to_have_text("4 of 10 here, of 40 runs")


def test_rows_and_headings_stand_under_each_other(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(20, params=60))
    grid = page.get_by_role("treegrid")
    grid.evaluate("(e) => { e.scrollLeft = 1500; }")
    page.wait_for_function("() => document.querySelector('.ct-space').style.width !== '0px'")
    edges: list[list[float]] = page.evaluate("""() => {
      const left = (row) => [...row.querySelectorAll('.ct-cell[data-column]')]
        .map((cell) => cell.getBoundingClientRect().left);
      return [left(document.querySelector('.ct-head-row')),
              left(document.querySelector('.ct-body-row'))];
    }""")
    assert edges[0] == edges[1]


def test_no_text_is_cut_that_has_room(bundle: BundlePage, page: Page) -> None:
    widget = RunTableWidget(many_runs(300))  # type: ignore[arg-type]
    heads = json.loads(widget._columns)
    for head in heads:
        if head["group"] == "metrics":
            head["unit"] = "nats per byte"
    bundle.show("run_table", {**state_of(widget), "_columns": json.dumps(heads)})
    expect(page.locator(".ct-unit")).to_have_count(3)
    cut: list[str] = page.evaluate("""() =>
      [...document.querySelectorAll('.ct-body-row .ct-cell, .ct-label')]
        .filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
        .map((cell) => cell.textContent)""")
    assert cut == []


def test_no_runs_say_what_to_do(bundle: BundlePage, page: Page) -> None:
    show(bundle, FakeRuns([]))
    expect(page.get_by_text("No runs yet. Put %%track")).to_be_visible()
    expect(page.get_by_role("treegrid")).to_be_hidden()


def test_texts_of_users_stay_texts(bundle: BundlePage, page: Page) -> None:
    bad = "<img src=x onerror='window.ran = 1'>"
    run = FakeRun(name=bad, experiment=bad, tags=[bad], note=bad, params={bad: bad})
    show(bundle, FakeRuns([run, FakeRun(id="b")]))
    expect(page.get_by_text(bad).first).to_be_visible()
    assert page.evaluate("() => window.ran") is None
    assert page.locator("#place img").count() == 0


def test_python_selects_rows(bundle: BundlePage, page: Page) -> None:
    runs = many_runs(5)
    show(bundle, runs)
    bundle.set("selected_ids", [runs.ids[2]])
    expect(page.locator(".ct-body-row").nth(2)).to_have_attribute("aria-selected", "true")


def test_the_picture_hides_while_the_table_stands(page: Page) -> None:
    runs = many_runs(2)
    widget = RunTableWidget(runs)  # type: ignore[arg-type]
    bundle = BundlePage(page, before=widget._still_bundle()["text/html"])
    picture = page.locator(".celltrail-snapshot")
    expect(picture).to_be_visible()
    bundle.show("run_table", state_of(widget))
    expect(picture).to_be_hidden()
    page.evaluate("() => window.views[0].stop()")
    expect(picture).to_be_visible()
    assert bundle.errors == []
