"""Each way to open a saved notebook, and each view in it: what is to be read and seen there.

The rows are the ways, the columns the views; every one leaves a screenshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from lab_page import SCREENSHOTS, Lab, LabNotebook
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.heavy

CELLS = [
    "%load_ext celltrail\nimport math\nimport celltrail as ct\nct.use('saved.duckdb')\n"
    "for i in range(4):\n"
    "    with ct.track(f'fit {i}', params={'lr': i / 10}, tags=['grid']) as run:\n"
    "        for step in range(40):\n"
    "            run.log(loss=math.exp(-step * (i + 1) / 30))",
    "%%track carded\nlearning_rate = 0.25\nscore = 1 - learning_rate",
    "ct.table(ct.runs(\"tags has 'grid'\"), order_by='number')",
    "ct.plot.curves(ct.runs(\"tags has 'grid'\"), 'loss')",
    "ct.compare(ct.runs(\"tags has 'grid'\"))",
]
CARD, TABLE, CURVES, COMPARISON = 1, 2, 3, 4

# How many pixels of a picture, or of a canvas, have a colour, and so a line.
COLOURED = """async (element) => {
  let canvas = element;
  if (element instanceof HTMLImageElement) {
    await element.decode();
    canvas = document.createElement("canvas");
    canvas.width = element.naturalWidth;
    canvas.height = element.naturalHeight;
    canvas.getContext("2d").drawImage(element, 0, 0);
  }
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 60 && Math.abs(data[i] - data[i + 2]) > 40) count++;
  }
  return count;
}"""
BROKEN = ("Loading widget", "model not found", "Error displaying widget")


def seen(output: Locator, text: str) -> Locator:
    """Give what shows a text; of a still picture and the live view one is hidden."""
    return output.get_by_text(text).locator("visible=true").first


def check(outputs: Callable[[int], Locator], page: Page) -> None:
    """See that each view says what it has to say, and that nothing broken stands in the page."""
    for text in ("carded", "finished", "learning_rate", "0.25", "score", "0.75"):
        expect(outputs(CARD).get_by_text(text).first).to_be_visible()
    for text in ("fit 0", "fit 3", "lr", "0.3", "loss"):
        expect(seen(outputs(TABLE), text)).to_be_visible()
    for text in ("fit 0", "fit 3", "0.3"):
        expect(seen(outputs(COMPARISON), text)).to_be_visible()
    for index in (CURVES, COMPARISON):
        drawn = outputs(index).locator("img:visible, .celltrail-chart canvas:visible").first
        expect(drawn).to_be_visible()
        assert drawn.evaluate(COLOURED) > 200, f"cell {index}"
    for text in BROKEN:
        expect(page.get_by_text(text).locator("visible=true")).to_have_count(0)


def picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"reopened-{name}.png", full_page=True)


def executed(lab: Lab) -> LabNotebook:
    notebook = lab.open(CELLS)
    notebook.run_all()
    expect(notebook.output(CURVES).locator("canvas").first).to_be_visible()
    return notebook


def test_as_it_stands_in_jupyterlab(lab: Lab) -> None:
    notebook = executed(lab)
    check(notebook.output, lab.page)
    picture(lab.page, "live")


def test_after_the_kernel_was_killed(lab: Lab) -> None:
    notebook = executed(lab)
    lab.page.evaluate("() => window.celltrailPanel.sessionContext.shutdown()")
    check(notebook.output, lab.page)
    picture(lab.page, "killed")


def test_after_the_kernel_was_restarted_one_run_of_the_cell_brings_the_view_back(lab: Lab) -> None:
    notebook = executed(lab)
    lab.page.evaluate("() => window.celltrailPanel.sessionContext.restartKernel()")
    notebook.wait_idle()
    check(notebook.output, lab.page)
    picture(lab.page, "restarted")
    notebook.evaluate("import celltrail as ct; ct.use('saved.duckdb')")
    notebook.run(TABLE)
    expect(notebook.output(TABLE).locator(".ct-body-row")).to_have_count(4)
    expect(notebook.output(TABLE).locator("table:visible")).to_have_count(0)
    lab.errors.clear()  # JupyterLab's own words about the models that a new kernel does not have


@pytest.mark.parametrize("kernel", [False, True], ids=["without a kernel", "with a new kernel"])
def test_opened_again(lab: Lab, kernel: bool) -> None:
    notebook = executed(lab)
    notebook.save()
    notebook.shut_down()
    again = lab.open(notebook.path, kernel=kernel)
    assert again.trusted()
    check(again.output, lab.page)
    picture(lab.page, f"again-{'with' if kernel else 'without'}-kernel")
    assert all("widget model not found" in error for error in lab.errors)
    lab.errors.clear()


def test_a_view_comes_back_in_the_state_that_it_had(lab: Lab) -> None:
    notebook = executed(lab)
    filter_box = notebook.output(TABLE).get_by_role("combobox", name="Filter")
    filter_box.fill("params.lr > 0.1")
    expect(notebook.output(TABLE).locator(".ct-body-row")).to_have_count(2)
    # the picture behind it is drawn anew when nothing was changed for a moment
    picture_of_it = notebook.output(TABLE).locator(".celltrail-snapshot")
    expect(picture_of_it).to_contain_text("2 of 4 runs where params.lr > 0.1")
    notebook.save()
    notebook.shut_down()
    again = lab.open(notebook.path)
    expect(again.output(TABLE).locator("table:visible tbody tr")).to_have_count(2)
    expect(again.output(TABLE).get_by_text("fit 0")).to_have_count(0)
    again.evaluate("import celltrail as ct; ct.use('saved.duckdb')")
    again.run(TABLE)
    expect(again.output(TABLE).locator(".ct-body-row")).to_have_count(2)
    expect(again.output(TABLE).get_by_role("combobox", name="Filter")).to_have_value(
        "params.lr > 0.1"
    )
    picture(lab.page, "state")
    lab.errors.clear()  # JupyterLab's own words about the models of the kernel before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_notebook_that_came_by_mail(lab: Lab, theme: str) -> None:
    again = lab.open_untrusted(CELLS)
    assert not again.trusted()
    lab.set_theme("dark" if theme == "dark" else "light")
    check(again.output, lab.page)
    picture(lab.page, f"untrusted-{theme}")
    assert all("widget model not found" in error for error in lab.errors)
    lab.errors.clear()


@pytest.fixture
def saved(lab: Lab) -> Path:
    """Give the notebook as a file, executed."""
    return lab.execute(lab.write(CELLS))


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[Page]:
    """Give a page of a machine that has neither celltrail nor a network."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    context.set_offline(True)
    yield context.new_page()
    context.close()


def open_html(page: Page, saved: Path, exporter: HTMLExporter) -> Callable[[int], Locator]:
    html, _ = exporter.from_notebook_node(nbformat.read(saved, as_version=4))
    path = saved.with_suffix(".html")
    path.write_text(html, "utf-8")
    page.goto(path.as_uri())
    return page.locator(".jp-CodeCell").nth


def test_as_html_of_nbconvert(saved: Path, elsewhere: Page) -> None:
    outputs = open_html(elsewhere, saved, HTMLExporter())
    check(outputs, elsewhere)
    picture(elsewhere, "html")


def test_as_a_pdf(saved: Path, elsewhere: Page) -> None:
    """What nbconvert's WebPDF prints: the page of its HTML exporter, by Chromium."""
    outputs = open_html(elsewhere, saved, HTMLExporter(template_name="webpdf"))
    elsewhere.emulate_media(media="print")
    check(outputs, elsewhere)
    picture(elsewhere, "print")
    assert elsewhere.pdf().startswith(b"%PDF")


# What GitHub's renderer leaves of an output: these attributes, and neither scripts nor styles.
AS_GITHUB = """() => {
  const kept = ["alt", "align", "border", "colspan", "height", "href", "src", "title", "width"];
  for (const output of document.querySelectorAll(".jp-OutputArea-output")) {
    output.querySelectorAll("script, style, link").forEach((element) => element.remove());
    for (const element of output.querySelectorAll("*")) {
      for (const { name } of [...element.attributes]) {
        if (!kept.includes(name)) element.removeAttribute(name);
      }
    }
  }
}"""


def test_without_scripts_and_styles_as_on_github(saved: Path, elsewhere: Page) -> None:
    outputs = open_html(elsewhere, saved, HTMLExporter())
    elsewhere.evaluate(AS_GITHUB)
    check(outputs, elsewhere)
    picture(elsewhere, "github")
