"""Exported pages, opened from a file in Chromium with the network cut off."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bundle_page import COLOURED
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

import celltrail as ct
from celltrail.capture.outputs import OutputRecord

HOSTILE = "<img src=x onerror=alert(1)></script>"
OUTPUTS = [
    OutputRecord("stream", "stdout", text=f"printed {HOSTILE}"),
    OutputRecord(
        "display",
        mime="text/html",
        text="a page",
        data=b"<b>bold words</b><script>parent.document.title = 'ran'</script>",
        ending=".html",
    ),
]
# How many pixels have a strong colour: faded marks have none.
STRONG = """(canvas) => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 180 && Math.abs(data[i] - data[i + 2]) > 60) count++;
  }
  return count;
}"""
LISTEN = """() => {
  window.texts = [];
  const draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    window.texts.push(text);
    return draw.call(this, text, ...rest);
  };
}"""


class Opened:
    """A page of a file, with all that it asked for and complained of."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.asked: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: self.errors.append(dialog.message))
        page.context.set_offline(True)
        page.add_init_script(f"({LISTEN})()")
        page.goto(path.as_uri())

    def _hear(self, message: ConsoleMessage) -> None:
        # of the recorded page, which runs no script
        is_blocked = message.text.startswith("Blocked script execution in 'about:srcdoc'")
        if message.type == "error" and not is_blocked:
            self.errors.append(message.text)

    def check(self) -> None:
        """See that nothing but the file itself was asked for, and nothing went wrong."""
        outside = [url for url in self.asked if not url.startswith(("blob:", "data:"))]
        assert [url.partition(":")[0] for url in outside] == ["file"]
        assert self.errors == []


@pytest.fixture
def runs() -> Any:
    for number in range(12):
        params = {"lr": 0.1 * (number % 4 + 1), "depth": number, "name": HOSTILE}
        with ct.track(f"fit {number}", params=params, experiment="study", note=HOSTILE) as run:
            run.add_outputs(OUTPUTS)
            for step in range(4_000):
                spike = 3.0 if (number, step) == (3, 2_345) else 0.0
                run.log(loss=math.exp(-step / (400 + 50 * number)) + spike)
            if number < 3:
                for step in (0, 5):
                    run.log_artifact(f"said {number} at {step}", "said.txt", step=step)
    return ct.runs(order_by="started")


def exported(page: Page, view: Any, tmp_path: Path, **options: Any) -> Opened:
    return Opened(page, ct.export_html(view, tmp_path / "view.html", **options))


def test_a_table_filters_sorts_groups_and_tells_details(
    page: Page, runs: Any, tmp_path: Path
) -> None:
    opened = exported(page, ct.table(runs), tmp_path, title=f"Study {HOSTILE}")
    expect(page.locator("h1")).to_have_text(f"Study {HOSTILE}")
    expect(page.locator(".ct-count")).to_have_text("12 runs")
    expect(page.locator(".celltrail-snapshot")).to_be_hidden()
    page.get_by_role("combobox").fill("params.depth >= 9")
    page.keyboard.press("Enter")
    expect(page.locator(".ct-count")).to_have_text("3 of 12 runs")
    grid = page.get_by_role("treegrid")
    expect(grid.get_by_text("fit 9", exact=True)).to_be_visible()
    expect(grid.get_by_text("fit 8", exact=True)).to_have_count(0)
    grid.get_by_text("depth", exact=True).click()
    grid.get_by_text("depth", exact=True).click()  # from the greatest on
    expect(grid.locator("[aria-rowindex='2'], [aria-rowindex='3']").first).to_contain_text("fit 11")
    grid.get_by_text("fit 9", exact=True).click()
    page.get_by_role("button", name="details").click()
    details = page.get_by_role("region", name="Details of a run")
    expect(details.get_by_text("run.log(loss=", exact=False).first).to_be_visible()
    expect(details.get_by_text(HOSTILE, exact=True).first).to_be_visible()
    expect(details.get_by_text(f"printed {HOSTILE}")).to_be_visible()
    frame = details.frame_locator("iframe.ct-frame")
    expect(frame.get_by_text("bold words")).to_be_visible()
    assert page.title() == f"Study {HOSTILE}"
    expect(details.get_by_text("edit name, tags, note")).to_have_count(0)
    page.get_by_role("button", name="More").click()
    menu = page.locator(".ct-popover")
    expect(menu.get_by_text("Copy as Markdown")).to_be_visible()
    for only_python in ("Copy as Python", "Deleted runs", "Delete 1 run"):
        expect(menu.get_by_text(only_python)).to_have_count(0)
    opened.check()


def test_curves_stand_in_the_cells_of_a_table(page: Page, runs: Any, tmp_path: Path) -> None:
    table = ct.table(runs, hidden=["params.name", "note", "params.lr", "duration", "started"])
    opened = exported(page, table, tmp_path)
    curve = page.locator("canvas.ct-curve").first
    expect(curve).to_be_visible()
    expect(curve).to_have_attribute("aria-label", re.compile("4,000 points"))
    assert curve.evaluate(COLOURED) > 20
    opened.check()


def test_what_is_selected_in_a_table_is_so_in_the_charts_beside_it(
    page: Page, runs: Any, tmp_path: Path
) -> None:
    views = [ct.table(runs), ct.plot.scatter(runs, "params.depth", "params.lr")]
    opened = exported(page, views, tmp_path)
    canvas = page.locator("canvas:not(.ct-curve)").first
    expect(canvas).to_be_visible()
    before = page.wait_for_function(
        f"() => ({STRONG})(document.querySelector('canvas:not(.ct-curve)'))"
    ).json_value()
    page.get_by_role("treegrid").get_by_text("fit 4", exact=True).click()
    expect(page.locator(".ct-chosen")).to_be_visible()
    page.wait_for_function(
        f"(before) => ({STRONG})(document.querySelector('canvas:not(.ct-curve)')) < before / 2",
        arg=before,
    )
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 250, box["y"] + 300, steps=6)
    page.mouse.up()
    expect(page.locator(".ct-chosen")).not_to_have_text("1 selected×")
    expect(page.locator(".ct-chosen")).to_contain_text("selected")
    opened.check()


def test_a_chart_zooms_into_more_points_than_a_notebook_is_sent(
    page: Page, runs: Any, tmp_path: Path
) -> None:
    opened = exported(page, ct.plot.curves(runs, "loss"), tmp_path)
    canvas = page.locator("canvas")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    assert box is not None
    page.evaluate("() => { window.texts = [] }")
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 100)
    page.keyboard.down("Control")
    for _ in range(4):
        page.mouse.wheel(0, -600)
    page.keyboard.up("Control")
    # labels between the hundreds: there are none on the whole axis
    page.wait_for_function(r"() => window.texts.some((text) => /^\d\.\d\dk$/.test(text))")
    assert canvas.evaluate(COLOURED) > 300
    opened.check()


def test_a_comparison_shows_outputs_and_artifacts_by_step(
    page: Page, runs: Any, tmp_path: Path
) -> None:
    opened = exported(page, ct.compare(runs[:3]), tmp_path)
    side = page.locator(".celltrail-compare")
    expect(side.get_by_text("fit 0").first).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    side.get_by_role("button", name="Show what they showed").click()
    expect(side.get_by_text(f"printed {HOSTILE}").first).to_be_visible()
    side.get_by_role("button", name="Show what was logged").click()
    expect(side.get_by_text("said 2 at 5")).to_be_visible()
    side.get_by_label("Step").fill("0")
    expect(side.get_by_text("said 2 at 0")).to_be_visible()
    expect(side.get_by_text("said 2 at 5")).to_have_count(0)
    opened.check()


def test_what_was_selected_in_one_view_is_so_in_all_at_the_beginning(
    page: Page, runs: Any, tmp_path: Path
) -> None:
    tables = [ct.table(runs), ct.table(runs)]
    tables[1].selected_ids = [runs[0].id, runs[5].id]
    opened = exported(page, tables, tmp_path)
    for place in (0, 1):
        expect(page.locator(".ct-foot .ct-chosen").nth(place)).to_contain_text("2 selected")
    opened.check()


@pytest.fixture
def bare(browser: Browser) -> Iterator[Page]:
    """Give a page in which no script runs, as in a preview of a mail."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_without_scripts_the_still_forms_stand_there(bare: Page, runs: Any, tmp_path: Path) -> None:
    path = ct.export_html([ct.table(runs), ct.compare(runs[:2])], tmp_path / "still.html")
    bare.goto(path.as_uri())
    expect(bare.get_by_text("fit 7").first).to_be_visible()
    expect(bare.get_by_text("0.1").first).to_be_visible()


@pytest.mark.parametrize("count", [0, 1])
def test_a_page_of_no_run_or_one_is_a_page(page: Page, tmp_path: Path, count: int) -> None:
    for _ in range(count):
        with ct.track("alone") as run:
            run.log(loss=1.0)
    opened = exported(page, ct.runs(), tmp_path)
    said = "alone" if count else "No runs yet"
    expect(page.locator(".celltrail-table").get_by_text(said).first).to_be_visible()
    opened.check()


def test_a_page_follows_the_colour_scheme_of_its_reader(
    browser: Browser, runs: Any, tmp_path: Path
) -> None:
    path = ct.export_html(ct.plot.curves(runs, "loss"), tmp_path / "dark.html")
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(path.as_uri())
    expect(page.locator("canvas")).to_be_visible()
    assert (
        page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 17)"
    )
    context.close()
