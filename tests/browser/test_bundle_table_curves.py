"""Curves in the cells of the built run table, over a real store: when they come, and how."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from bundle_page import BundlePage, state_of
from playwright.sync_api import Locator, Page, expect
from test_bundle_table_tools import menu

import celltrail as ct
from celltrail.views import RunTableWidget

ON = {"metrics.loss": True, "metrics.acc": True}

# Of a picture the rows of pixels in which something is drawn, and its columns, as shares.
EXTENT = """(canvas) => {
  const { width, height } = canvas;
  const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const rows = [], columns = [];
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++)
    if (data[4 * (y * width + x) + 3] > 60) { rows.push(y / height); columns.push(x / width); }
  const span = (list) => [Math.min(...list), Math.max(...list)];
  const last = Math.max(...columns);
  return { rows: span(rows), columns: span(columns), seen: new Set(columns).size / width };
}"""


@pytest.fixture
def bundle(page: Page) -> Iterator[BundlePage]:
    bundle = BundlePage(page)
    yield bundle
    assert bundle.errors == []


def make(count: int = 3, steps: int = 300) -> None:
    for i in range(count):
        with ct.track(f"run {i}", params={"lr": 0.1}) as run:
            for step in range(steps):
                run.log({"loss": math.exp(-step / 60) + i, "acc": step / steps}, step=step)
            run.log(final=1.0 + i)


def show(bundle: BundlePage, **options: Any) -> RunTableWidget:
    table = ct.table(ct.runs(order_by="number"), **options)
    bundle.show("run_table", state_of(table), kernel=table)
    expect(bundle.page.get_by_role("combobox", name="Filter")).to_be_visible()
    return table


def curve(page: Page, row: int, name: str) -> Locator:
    """Give the picture in a cell of a row, counted from the top, and a column."""
    heads = page.locator(".ct-head-row .ct-label").all_inner_texts()
    cells = page.locator(f".ct-body-row[data-position='{row}'] .ct-cell:not(.ct-check)")
    return cells.nth(heads.index(name)).get_by_role("img")


def methods(bundle: BundlePage) -> list[str]:
    return [message["method"] for message in bundle.answerer.asked]


def test_curves_stand_beside_their_numbers_where_there_is_room(
    bundle: BundlePage, page: Page
) -> None:
    make()
    page.set_viewport_size({"width": 1700, "height": 700})
    show(bundle)
    expect(curve(page, 1, "loss")).to_be_visible()
    expect(page.locator(".ct-curve")).to_have_count(6)
    expect(curve(page, 1, "final")).to_have_count(0)
    assert methods(bundle) == ["curves"]
    wide = "(e) => [e.offsetWidth, e.parentElement.clientWidth]"
    own, room = page.locator(".ct-scroll").evaluate(wide)
    assert own < room
    page.set_viewport_size({"width": 700, "height": 700})
    expect(page.locator(".ct-curve")).to_have_count(0)


def test_they_are_switched_on_for_all_and_off_for_one(bundle: BundlePage, page: Page) -> None:
    make()
    page.set_viewport_size({"width": 700, "height": 700})
    table = show(bundle)
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Curves").click()
    assert bundle.get("curves") == ON
    page.locator(".ct-scroll").evaluate("e => { e.scrollLeft = e.scrollWidth }")
    expect(curve(page, 0, "acc")).to_be_visible()
    panel = menu(page, "loss")
    expect(panel.get_by_role("button", name="Curves")).to_have_attribute("aria-pressed", "true")
    panel.get_by_role("button", name="Curves").click()
    assert bundle.get("curves") == {**ON, "metrics.loss": False}
    expect(curve(page, 0, "loss")).to_have_count(0)
    assert menu(page, "final").get_by_role("button", name="Curves").count() == 0
    assert table.curves == {}  # the page's model is not the kernel's here


def test_a_spike_reaches_the_top_and_the_words_say_the_extremes(
    bundle: BundlePage, page: Page
) -> None:
    with ct.track("spike") as run:
        for step in range(10_000):
            run.log({"loss": 1e6 if step == 7_000 else math.sin(step)}, step=step)
    with ct.track("gap") as run:
        for step in range(1_000):
            run.log({"loss": math.nan if 250 < step < 750 else 1.0}, step=step)
    show(bundle, curves=ON)
    picture = curve(page, 0, "loss")
    row = ct.sql("SELECT min(value) AS low, count(*) AS n FROM v_history WHERE name = 'spike'")
    said = f"min {row.low[0]:.5g}, max 1,000,000, 10,000 points".replace("-", "\N{MINUS SIGN}")
    expect(picture).to_have_attribute("aria-label", said)
    cell = picture.locator("..")
    assert said in (cell.get_attribute("title") or "")
    spike = picture.evaluate(EXTENT)
    assert spike["rows"][0] < 0.2
    assert spike["rows"][1] > 0.8
    assert spike["seen"] > 0.85
    gap = curve(page, 1, "loss")
    expect(gap).to_have_attribute("aria-label", "min 1, max 1, 1,000 points, 499 not finite")
    found = gap.evaluate(EXTENT)
    assert found["seen"] < 0.6
    assert found["columns"][1] - found["columns"][0] > 0.85


def test_only_what_is_in_sight_is_asked_for(bundle: BundlePage, page: Page) -> None:
    for i in range(200):
        with ct.track(f"run {i}") as run:
            run.log({"loss": 2.0}, step=0)
            run.log({"loss": 1.0 + i}, step=1)
    show(bundle, curves=ON)
    expect(curve(page, 3, "loss")).to_be_visible()
    (first,) = bundle.answerer.asked
    assert len(first["params"]["wanted"]["loss"]) < 20
    page.locator(".ct-scroll").evaluate("e => { e.scrollTop = 150 * 28 }")
    expect(curve(page, 155, "loss")).to_be_visible()
    assert len(bundle.answerer.asked) == 2
    assert len(bundle.answerer.asked[1]["params"]["wanted"]["loss"]) < 20
    # and what was in sight before is there at once
    bundle.answerer.silent = True
    page.locator(".ct-scroll").evaluate("e => { e.scrollTop = 0 }")
    expect(curve(page, 3, "loss")).to_be_visible()
    assert len(bundle.answerer.asked) == 2


def test_a_kernel_that_is_busy_leaves_the_numbers(bundle: BundlePage, page: Page) -> None:
    make(2)
    table = ct.table(ct.runs(), curves=ON)
    bundle.show("run_table", state_of(table), kernel=table)
    bundle.answerer.silent = True
    expect(page.get_by_role("combobox", name="Filter")).to_be_visible()
    page.wait_for_function("window.views[0].model.sent.some((m) => m.method === 'curves')")
    expect(page.locator(".ct-curve")).to_have_count(0)
    expect(page.locator(".ct-body-row").first).to_contain_text("0.9967")
    page.get_by_role("columnheader", name="loss").click()
    expect(page.locator(".ct-body-row").first).to_contain_text("run 0")


def test_a_run_that_went_on_is_drawn_anew(bundle: BundlePage, page: Page) -> None:
    with ct.track("live") as run:
        run.log({"loss": 3.0}, step=0)
        run.log({"loss": 2.0}, step=1)
        show(bundle, curves=ON)
        expect(curve(page, 0, "loss")).to_have_attribute("aria-label", "min 2, max 3, 2 points")
        run.log({"loss": 9.0}, step=2)
        page.evaluate("""() => {  // Python sent its data anew
          const { model } = window.views[0];
          model.set("_data", new DataView(model.get("_data").buffer.slice(0)));
        }""")
        expect(curve(page, 0, "loss")).to_have_attribute("aria-label", "min 2, max 9, 3 points")


def test_the_lines_of_groups_have_none(bundle: BundlePage, page: Page) -> None:
    make(4)
    show(bundle, curves=ON, group_by=["params.lr"], coloured=["metrics.loss"])
    expect(page.locator(".ct-group-row")).to_have_count(1)
    expect(page.locator(".ct-curve")).to_have_count(0)
    page.locator(".ct-group-row").click()
    expect(curve(page, 1, "loss")).to_be_visible()
    expect(page.locator(".ct-group-row .ct-curve")).to_have_count(0)
    assert curve(page, 1, "loss").evaluate(EXTENT)["seen"] > 0.8


def test_a_number_never_stands_on_its_curve(bundle: BundlePage, page: Page) -> None:
    make(2)
    show(bundle, curves=ON, baseline=ct.runs()[0].id, column_widths={"metrics.acc": 170})
    expect(curve(page, 0, "loss")).to_be_visible()
    expect(curve(page, 0, "acc")).to_be_visible()
    free = """(cell) => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      range.setStartAfter(cell.querySelector("canvas"));
      const text = range.getBoundingClientRect(), box = cell.getBoundingClientRect();
      const line = cell.querySelector("canvas").getBoundingClientRect();
      return text.left >= line.right && text.right <= box.right && text.height < 24;
    }"""
    for cell in page.locator(".ct-curved").all():
        assert cell.evaluate(free)
