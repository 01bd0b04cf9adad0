"""The views in a real JupyterLab: live over their pictures, and the pictures without a kernel."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bundle_page import COLOURED
from lab_page import Lab
from playwright.sync_api import expect

FAKES = Path(__file__).resolve().parents[1] / "unit" / "views" / "view_fakes.py"

CELLS = [
    "import numpy as np\n"
    "from view_fakes import FakeRuns, many_runs\n"
    "from celltrail.views import RunTableWidget, curves, run_card\n"
    "runs = many_runs(20)\n"
    "steps = np.arange(80)\n"
    "history = {r.id: (steps, np.exp(-steps / (10 + i))) for i, r in enumerate(runs[:4])}\n"
    "runs = FakeRuns(list(runs), {'loss': history})",
    "run_card(runs[1], runs[0])",
    "table = RunTableWidget(runs)\ntable",
    "chart = curves(runs, 'loss')\nchart",
]
TABLE, CHART = 2, 3


def prepare(lab: Lab) -> None:
    shutil.copy(FAKES, lab.folder / FAKES.name)


def test_the_table_sorts_and_its_selection_reaches_python(lab: Lab) -> None:
    prepare(lab)
    notebook = lab.open(CELLS)
    notebook.run_all()
    output = notebook.output(TABLE)
    expect(output.locator(".ct-body-row").first).to_be_visible()
    expect(output.locator("table")).to_be_hidden()

    output.get_by_role("columnheader", name="accuracy").click()
    expect(output.get_by_role("columnheader", name="accuracy")).to_have_attribute(
        "aria-sort", "ascending"
    )
    expect(output.locator(".ct-body-row").first).to_contain_text("baseline 10")
    output.locator(".ct-body-row").nth(0).click()
    output.locator(".ct-body-row").nth(1).click(modifiers=["Control"])
    expect(output.get_by_text("2 selected")).to_be_visible()
    notebook.expect_value("print([run.number for run in table.selected])", "[7, 11]")

    notebook.evaluate("table.selected = [runs[0]]")
    expect(output.get_by_text("1 selected")).to_be_visible()
    lab.screenshot("lab-views-light")
    lab.set_theme("dark")
    expect(notebook.output(CHART).locator("canvas")).to_be_visible()
    lab.screenshot("lab-table-dark", output)


def test_keys_in_the_table_are_not_jupyterlabs(lab: Lab) -> None:
    prepare(lab)
    notebook = lab.open(CELLS)
    notebook.run_all()
    grid = notebook.output(TABLE).get_by_role("treegrid")
    count = notebook.panel.locator(".jp-Notebook .jp-Cell").count()
    grid.focus()
    for key in ("ArrowDown", "Space", "a", "b", "Shift+ArrowDown", "Shift+Enter"):
        grid.press(key)
    expect(notebook.output(TABLE).locator(".ct-chosen")).to_be_visible()
    assert notebook.panel.locator(".jp-Notebook .jp-Cell").count() == count


@pytest.mark.heavy
def test_the_keys_that_save_reach_jupyterlab(lab: Lab) -> None:
    prepare(lab)
    notebook = lab.open(CELLS)
    notebook.run_all()
    grid = notebook.output(TABLE).get_by_role("treegrid")
    dirty = "() => window.celltrailPanel.context.model.dirty"
    assert lab.page.evaluate(dirty)
    grid.focus()
    grid.press("Control+s")
    lab.page.wait_for_function(f"() => !({dirty})()")


@pytest.mark.heavy
def test_what_stands_beside_a_table_is_in_sight(lab: Lab) -> None:
    prepare(lab)
    beside = "import ipywidgets as w\nw.HBox([table, chart, w.Button(description='go on')])"
    notebook = lab.open([*CELLS, beside])
    notebook.run_all()
    output = notebook.output(len(CELLS))
    output.scroll_into_view_if_needed()
    expect(output.locator("canvas")).to_be_visible()
    edge = "(element) => element.getBoundingClientRect().right"
    right = output.evaluate(edge)
    for name in (".ct-scroll", ".celltrail-chart", "button:has-text('go on')"):
        assert output.locator(name).evaluate(edge) <= right
        box = output.locator(name).bounding_box()
        assert box is not None
        assert box["width"] > 50
    lab.screenshot("lab-beside", output)


def test_the_chart_draws_and_its_picture_hides(lab: Lab) -> None:
    prepare(lab)
    notebook = lab.open(CELLS)
    notebook.run_all()
    output = notebook.output(CHART)
    expect(output.locator("canvas")).to_be_visible()
    assert output.locator("canvas").evaluate(COLOURED) > 300
    expect(output.locator("img")).to_be_hidden()
    notebook.evaluate("chart.chart = chart.chart.properties(width=300)")
    lab.page.wait_for_function("() => document.querySelector('canvas')?.clientWidth < 500")
    lab.screenshot("lab-chart-light", output)
    lab.page.evaluate("() => { window.before = document.querySelector('canvas'); }")
    lab.set_theme("dark")
    lab.page.wait_for_function("() => document.querySelector('canvas') !== window.before")
    lab.screenshot("lab-chart-dark", output)


def test_the_pictures_come_back_when_the_widgets_go(lab: Lab) -> None:
    prepare(lab)
    notebook = lab.open(CELLS)
    notebook.run_all()
    expect(notebook.output(CHART).locator("canvas")).to_be_visible()
    notebook.evaluate("table.close(); chart.close()")
    expect(notebook.output(TABLE).locator("table")).to_be_visible()
    expect(notebook.output(CHART).locator("img")).to_be_visible()


@pytest.mark.heavy
def test_a_saved_notebook_shows_the_pictures(lab: Lab) -> None:
    prepare(lab)
    notebook = lab.open(CELLS)
    notebook.run_all()
    expect(notebook.output(CHART).locator("canvas")).to_be_visible()
    notebook.save()
    notebook.shut_down()
    for kernel in (False, True):
        again = lab.open(notebook.path, kernel=kernel)
        assert again.trusted()
        for index in (TABLE, CHART):
            expect(again.output(index).locator("table, img")).to_be_visible()
            dead = again.output(index).locator(".jp-OutputArea-child").nth(1)
            text = "model not found" if kernel else "Loading widget"
            expect(dead).to_contain_text(text)
            expect(dead).to_be_hidden()
        lab.screenshot(f"lab-reopened-{'with' if kernel else 'without'}-kernel")
        again.shut_down()
    # JupyterLab's own words about the models that a new kernel does not have
    assert all("widget model not found" in error for error in lab.errors)
    lab.errors.clear()


@pytest.mark.heavy
def test_a_strangers_notebook_shows_the_pictures(lab: Lab) -> None:
    prepare(lab)
    notebook = lab.open_untrusted(CELLS)
    expect(notebook.output(TABLE).locator("table")).to_be_visible()
    expect(notebook.output(CHART).locator("img")).to_be_visible()
    expect(notebook.output(1)).to_contain_text("against")
    lab.screenshot("lab-untrusted-light")
    lab.set_theme("dark")
    lab.screenshot("lab-untrusted-dark")


def test_the_table_sorts_when_the_kernel_is_gone(lab: Lab) -> None:
    prepare(lab)
    notebook = lab.open(CELLS)
    notebook.run_all()
    output = notebook.output(TABLE)
    expect(output.locator(".ct-body-row").first).to_be_visible()
    expect(output.get_by_text("not connected")).to_be_hidden()
    lab.page.evaluate("() => window.celltrailPanel.sessionContext.shutdown()")
    output.get_by_role("columnheader", name="accuracy").click()
    expect(output.get_by_text("not connected")).to_be_visible()
    expect(output.locator(".ct-body-row").first).to_contain_text("baseline 10")
