"""The built chart in Chromium, with a model that stands in for the kernel's."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from bundle_page import BundlePage
from playwright.sync_api import Page, expect

from celltrail.views import Chart, curves

sys.path.append(str(Path(__file__).resolve().parents[1] / "unit" / "views"))

from view_fakes import FakeRuns, many_runs

SENT = "() => window.views.map((view) => view.model.sent.length)"

# How many pixels of the canvas have a colour, and so a line: greys are axes and texts.
COLOURED = """() => {
  const canvas = document.querySelector('canvas');
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 100 && Math.abs(data[i] - data[i + 2]) > 60) count++;
  }
  return count;
}"""


def make() -> Chart:
    runs = many_runs(3)
    steps = np.arange(50)
    histories = {"loss": {run.id: (steps, np.exp(-steps / 9.0)) for run in runs}}
    return curves(FakeRuns(list(runs), histories), "loss")  # type: ignore[arg-type]


def show(bundle: BundlePage, chart: Chart, *, vega: bool = True) -> None:
    bundle.show("chart", {"_spec": chart._spec, "_mark": chart._mark}, vega=vega)


def test_a_chart_draws_lines_without_a_network(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    bundle = BundlePage(page)
    show(bundle, make())
    expect(page.locator("canvas")).to_be_visible()
    assert page.evaluate(COLOURED) > 300
    assert [url for url in asked if not url.startswith(("blob:", "data:"))] == []
    assert bundle.errors == []


def test_the_library_is_asked_for_once_for_several_charts(page: Page) -> None:
    bundle = BundlePage(page)
    for _ in range(3):
        show(bundle, make())
    expect(page.locator("canvas")).to_have_count(3)
    assert page.evaluate(SENT) == [1, 0, 0]
    assert bundle.errors == []


def test_the_picture_stays_until_the_chart_stands(page: Page) -> None:
    chart = make()
    bundle = BundlePage(page, before=chart._still_bundle()["text/html"])
    show(bundle, chart, vega=False)
    picture = page.locator(".celltrail-snapshot img")
    expect(picture).to_be_visible()
    show(bundle, chart)
    # The first waits for the second's answer: its own kernel has none.
    expect(page.locator("canvas")).to_have_count(2)
    expect(picture).to_be_hidden()
    page.evaluate("() => window.views.forEach((view) => view.stop())")
    expect(picture).to_be_visible()
    assert bundle.errors == []


def test_a_changed_chart_is_drawn_anew(page: Page) -> None:
    chart = make()
    bundle = BundlePage(page)
    show(bundle, chart)
    width = page.locator("canvas").evaluate("(canvas) => canvas.clientWidth")
    chart.chart = chart.chart.properties(width=900)
    bundle.set("_spec", chart._spec)
    page.wait_for_function(
        "(width) => document.querySelector('canvas')?.clientWidth > width", arg=width
    )
    expect(page.locator("canvas")).to_have_count(1)
    assert bundle.errors == []


def test_the_theme_of_the_page_is_followed(page: Page) -> None:
    bundle = BundlePage(page)
    show(bundle, make())
    expect(page.locator("canvas")).to_be_visible()
    page.evaluate("""() => {
      window.before = document.querySelector('canvas');
      document.documentElement.style.setProperty('--jp-content-font-color1', '#eee');
      document.documentElement.style.setProperty('--jp-layout-color0', '#111');
    }""")
    page.wait_for_function("() => document.querySelector('canvas') !== window.before")
    assert bundle.errors == []


def test_a_chart_that_cannot_be_drawn_says_why_and_keeps_its_picture(page: Page) -> None:
    chart = make()
    bundle = BundlePage(page, before=chart._still_bundle()["text/html"])
    bundle.show("chart", {"_spec": '{"mark": 7, "data": 1}', "_mark": chart._mark}, vega=True)
    expect(page.get_by_text("This chart cannot be drawn")).to_be_visible()
    expect(page.locator(".celltrail-snapshot img")).to_be_visible()
