"""The run table over a real store in a real JupyterLab: page and Python say the same."""

from __future__ import annotations

import json
from typing import Any

from lab_page import Lab, LabNotebook
from playwright.sync_api import Locator, expect

MAKE = """
import celltrail as ct
ct.use("lab.duckdb")
for i in range(30):
    with ct.track(f"run {i}", params={"lr": [0.1, 0.2, 0.3][i % 3], "same": 1}) as run:
        for step in range(3):
            run.log(acc=i / 30 + step / 100, step=step)
"""
CELLS = [MAKE, "table = ct.table(ct.runs())\ntable", "ct.runs('params.lr = 0.1')"]
TABLE, PLAIN = 1, 2


def opened(lab: Lab) -> tuple[LabNotebook, Locator]:
    notebook = lab.open(CELLS)
    notebook.run_all()
    output = notebook.output(TABLE)
    expect(output.locator(".ct-body-row").first).to_be_visible()
    expect(output.get_by_role("combobox", name="Filter")).to_be_visible()
    return notebook, output


def told(notebook: LabNotebook, expression: str) -> Any:
    """Give what an expression comes to in the kernel."""
    return json.loads(notebook.evaluate(f"import json\nprint(json.dumps({expression}))"))


def start(lab: Lab, index: int) -> None:
    """Run a cell and do not wait for it."""
    lab.page.evaluate(
        """(index) => { window.celltrailPanel.content.activeCellIndex = index;
          void window.jupyterapp.commands.execute('notebook:run-cell'); }""",
        index,
    )


def test_runs_show_themselves_as_a_table(lab: Lab) -> None:
    notebook, _output = opened(lab)
    plain = notebook.output(PLAIN)
    expect(plain.get_by_text("10 runs", exact=True)).to_be_visible()
    expect(plain.locator("table")).to_be_hidden()


def test_what_is_chosen_in_the_page_is_a_value_in_python(lab: Lab) -> None:
    notebook, output = opened(lab)
    output.get_by_role("combobox", name="Filter").fill("params.lr > 0.1 and metrics.acc > 0.5")
    expect(output.locator(".ct-count b")).to_be_visible()
    shown = int(output.locator(".ct-count b").inner_text())
    output.get_by_role("columnheader", name="acc").click()
    output.get_by_role("button", name="Only what differs").click()
    expect(output.get_by_role("columnheader", name="same")).to_have_count(0)
    output.locator(".ct-body-row").first.click()
    expect(output.get_by_text("1 selected")).to_be_visible()

    assert told(notebook, "[table.where, table.order_by]") == [
        "params.lr > 0.1 and metrics.acc > 0.5",
        "metrics.acc",
    ]
    assert told(notebook, "len(table.view)") == shown
    assert told(notebook, "'params.same' in table.view") is False
    assert told(notebook, "table.view['metrics.acc'].is_monotonic_increasing") is True
    assert told(notebook, "eval(table.code).index.tolist() == table.view.index.tolist()") is True
    first = output.locator(".ct-body-row[data-position='0'] .ct-cell").nth(2).inner_text()
    assert told(notebook, "[r.label for r in table.selected]") == [first]


def test_python_changes_the_page_and_linked_tables_follow(lab: Lab) -> None:
    notebook, output = opened(lab)
    notebook.evaluate("table.where = 'params.lr = 0.2'\ntable.hidden = ['started']")
    expect(output.locator(".ct-count b")).to_have_text("10")
    expect(output.get_by_role("columnheader", name="started")).to_have_count(0)
    other = notebook.add_cell(
        "import traitlets\nother = ct.table(ct.runs())\n"
        "for name in ('where', 'selected_ids'):\n"
        "    traitlets.link((table, name), (other, name))\nother"
    )
    notebook.run(other)
    second = notebook.output(other)
    expect(second.locator(".ct-count b")).to_have_text("10")
    second.locator(".ct-body-row").first.click()
    expect(output.get_by_text("1 selected")).to_be_visible()


def test_it_filters_and_sorts_while_the_kernel_is_busy(lab: Lab) -> None:
    notebook, output = opened(lab)
    index = notebook.add_cell("import time\ntime.sleep(6)\nprint('rested')")
    start(lab, index)
    output.get_by_role("combobox", name="Filter").fill("number <= 4")
    expect(output.locator(".ct-count b")).to_have_text("4")
    output.get_by_role("columnheader", name="acc").click()
    expect(output.locator(".ct-body-row").first).to_contain_text("run 0")
    expect(notebook.output(index)).to_have_text("")
    expect(notebook.output(index)).to_contain_text("rested")
    assert told(notebook, "table.where") == "number <= 4"


def test_curves_come_for_the_rows_in_sight_and_a_busy_kernel_leaves_the_numbers(lab: Lab) -> None:
    notebook, output = opened(lab)
    notebook.evaluate("table.curves = {'metrics.acc': True}; table.hidden = ['started', 'status']")
    # in this notebook it is scrolled out of the window
    output.locator(".ct-body-row[data-position='0']").scroll_into_view_if_needed()
    first = output.locator(".ct-body-row[data-position='0']").get_by_role("img")
    row = "ct.sql(\"SELECT min(value) AS a, max(value) AS b FROM v_history WHERE name = 'run 29'\")"
    low, high = told(notebook, f"{row}.iloc[0].tolist()")
    expect(first).to_have_attribute("aria-label", f"min {low:.5g}, max {high:.5g}, 3 points")
    lab.screenshot("lab-table-curves", output)

    index = notebook.add_cell("import time\ntime.sleep(5)\nprint('rested')")
    start(lab, index)
    output.locator(".ct-scroll").evaluate("e => { e.scrollTop = 9999 }")
    last = output.locator(".ct-body-row[data-position='29']")
    expect(last).to_contain_text("0.02")
    expect(notebook.output(index)).to_have_text("")
    expect(notebook.output(index)).to_contain_text("rested")
    expect(last.get_by_role("img")).to_have_attribute("aria-label", "min 0, max 0.02, 3 points")


def test_runs_are_deleted_and_come_back(lab: Lab) -> None:
    notebook, output = opened(lab)
    other = notebook.add_cell(
        "import traitlets\nother = ct.table(ct.runs())\n"
        "traitlets.link((table, 'selected_ids'), (other, 'selected_ids'))\nother"
    )
    notebook.run(other)
    for position in (0, 2):
        output.locator(f".ct-body-row[data-position='{position}'] .ct-check").click()
    expect(notebook.output(other).get_by_text("2 selected")).to_be_visible()
    output.get_by_role("button", name="More").click()
    output.get_by_role("button", name="Delete 2 runs").click()
    expect(output.get_by_text("2 runs deleted")).to_be_visible()
    expect(output.get_by_text("28 runs", exact=True)).to_be_visible()
    expect(output.locator(".ct-body-row[data-position='0']")).to_contain_text("run 28")
    expect(notebook.output(other).locator(".ct-chosen")).to_have_count(0)
    assert told(notebook, "[len(ct.runs()), len(table.view), len(other.selected)]") == [28, 28, 0]
    assert told(notebook, "[r.name for r in ct.deleted_runs()]") == ["run 29", "run 27"]
    lab.screenshot("lab-table-deleted", output)
    output.get_by_role("button", name="Undo").click()
    expect(output.get_by_text("30 runs", exact=True)).to_be_visible()
    expect(output.locator(".ct-body-row[data-position='0']")).to_contain_text("run 29")
    assert told(notebook, "[len(ct.runs()), len(ct.deleted_runs())]") == [30, 0]


def test_the_details_of_a_run_come_from_the_store(lab: Lab) -> None:
    _notebook, output = opened(lab)
    output.get_by_role("treegrid").focus()
    output.get_by_role("treegrid").press("Enter")
    pane = output.get_by_role("region", name="Details of a run")
    expect(pane).to_contain_text("lr")
    expect(pane.locator(".ct-metrics")).to_contain_text("0.98667")
    lab.screenshot("lab-table-details", output)


def test_the_view_is_copied_as_python(lab: Lab) -> None:
    _notebook, output = opened(lab)
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    output.get_by_role("combobox", name="Filter").fill("number <= 4")
    expect(output.locator(".ct-count b")).to_have_text("4")
    output.get_by_role("button", name="More").click()
    output.get_by_role("button", name="Copy as Python").click()
    expect(output.get_by_role("status")).to_have_text("Copied.")
    assert lab.page.evaluate("() => navigator.clipboard.readText()") == "ct.runs('number <= 4')"


def test_of_very_many_runs_the_kernel_gives_those_that_come_first(lab: Lab) -> None:
    few = "from celltrail.views import sending\nsending._SENT = 8\n"
    notebook = lab.open([MAKE, f"{few}table = ct.table(ct.runs())\ntable"])
    notebook.run_all()
    output = notebook.output(TABLE)
    count = output.locator(".ct-count")
    expect(count).to_have_text("the first 8 of 30 runs")
    box = output.get_by_role("combobox", name="Filter")
    box.fill("params.lr = 0.1")
    expect(count).to_have_text("the first 8 of 10 that match of 30 runs")
    box.fill("params.lr = 0.1 and metrics.acc < 0.2")
    expect(count).to_have_text("2 of 30 runs")
    box.fill("params.lr = 7")
    expect(output.get_by_text("No run matches the filter.")).to_be_visible()
    box.fill("")
    expect(count).to_have_text("the first 8 of 30 runs")
    output.get_by_role("columnheader", name="acc").click()
    first = output.locator(".ct-body-row").first
    expect(first).to_contain_text("run 0")
    assert told(notebook, "[table.order_by, table.view['name'].iloc[0]]") == [
        "metrics.acc",
        "run 0",
    ]
