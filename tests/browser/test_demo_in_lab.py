"""The demo notebook, as a user meets it: in JupyterLab, reopened, by mail, and as a page."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from bundle_page import COLOURED
from lab_page import Lab, LabNotebook
from playwright.sync_api import BrowserContext, Locator, expect

DEMO = Path(__file__).resolve().parents[2] / "notebooks" / "demo.ipynb"


def index_of(cell_id: str) -> int:
    """Give the place of a cell of the demo by its id."""
    return [cell["id"] for cell in nbformat.read(DEMO, 4).cells].index(cell_id)


def open_demo(lab: Lab) -> LabNotebook:
    """Open a copy of the demo and run all of it."""
    path = lab.folder / "demo.ipynb"
    shutil.copy(DEMO, path)
    notebook = lab.open(path)
    notebook.run_all()
    return notebook


def first_row(output: Locator) -> Locator:
    return output.locator(".ct-body-row").first


def test_the_demo_runs_and_its_runs_are_compared_in_the_notebook(lab: Lab) -> None:
    notebook = open_demo(lab)
    table, chart = notebook.output(index_of("table")), notebook.output(index_of("curves"))
    heading = table.get_by_role("columnheader", name="val_accuracy")

    table.scroll_into_view_if_needed()
    expect(first_row(table)).to_be_visible()
    # nine stood there when it was shown; it has followed to the one that came after
    expect(table.get_by_text("10 runs", exact=True)).to_be_visible()
    heading.scroll_into_view_if_needed()
    heading.click()
    heading.click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(first_row(table)).to_contain_text("svm")

    rows = table.locator(".ct-body-row")
    rows.nth(0).click()
    rows.nth(1).click(modifiers=["Control"])
    expect(table.get_by_text("2 selected")).to_be_visible()
    said = notebook.evaluate("print(sorted(run.label for run in table.selected))")
    assert said.strip() == "['mlp 64 0.01', 'svm']"

    chart.scroll_into_view_if_needed()
    expect(chart.locator("canvas").first).to_be_visible()
    assert chart.locator("canvas").first.evaluate(COLOURED) > 100
    expect(chart.locator("img").first).to_be_hidden()

    notebook.cell(index_of("compare-why")).scroll_into_view_if_needed()
    lab.page.evaluate(
        "(cell) => cell.scrollIntoView({block: 'start'})",
        notebook.cell(index_of("compare-why")).element_handle(),
    )
    lab.screenshot("demo-compare-light")
    lab.set_theme("dark")
    expect(chart.locator("canvas").first).to_be_visible()
    lab.screenshot("demo-compare-dark")
    lab.page.evaluate(
        "(cell) => cell.scrollIntoView({block: 'start'})",
        notebook.cell(index_of("baseline-why")).element_handle(),
    )
    lab.screenshot("demo-cards-dark")
    lab.set_theme("light")
    lab.screenshot("demo-cards-light")


def test_the_demo_by_mail_shows_its_tables_and_charts(lab: Lab) -> None:
    path = lab.folder / "demo.ipynb"
    shutil.copy(DEMO, path)
    notebook = lab.open(path, kernel=False)
    assert not notebook.trusted()
    for cell, what in (("baseline", "val_accuracy"), ("table", "mlp 64 0.01")):
        output = notebook.output(index_of(cell))
        output.scroll_into_view_if_needed()
        expect(output.get_by_text(what).first).to_be_visible()
    picture = notebook.output(index_of("curves")).locator("img").first
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 100
    lab.screenshot("demo-untrusted-light")


@pytest.mark.filterwarnings("ignore:Your element with mimetype:UserWarning")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_demo_as_a_page_shows_its_tables_and_charts(
    context: BrowserContext, tmp_path: Path, scheme: str
) -> None:
    """The page of nbconvert, from a file and without a network. The live views have no text."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(embed_images=True, theme=scheme)
    html, _ = exporter.from_notebook_node(nbformat.read(DEMO, 4))
    file = tmp_path / "demo.html"
    file.write_text(html, "utf-8")
    page = context.new_page()
    page.goto(file.as_uri(), wait_until="domcontentloaded")
    for text in ("against run 1", "mlp 64 0.01", "default · 9 runs"):
        expect(page.get_by_text(text).first).to_be_visible()
    picture = page.locator("img[src^='data:image/svg+xml']").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 100
    folder = Path(__file__).resolve().parents[2] / "build" / "screenshots"
    page.screenshot(path=folder / f"demo-page-{scheme}.png", full_page=True)
