"""The live card in a real JupyterLab: seen while the cell runs, used, and replaced at the end."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from lab_page import Lab, LabNotebook
from playwright.sync_api import expect
from test_chart_in_lab import LISTEN
from test_table_in_lab import start

LOAD = "%load_ext celltrail\nimport celltrail as ct\nimport time"
TRAIN = """%%track fit
epochs = 60
for epoch in range(epochs):
    ct.log(loss=2 / (epoch + 1), accuracy=1 - 1 / (epoch + 2))
    time.sleep(0.1)
"""
LONG = TRAIN.replace("epochs = 60", "epochs = 10**6")  # until it is stopped
IS_BUSY = "() => window.celltrailPanel.sessionContext.session.kernel.status === 'busy'"
#: What a cell may be busy with when it is stopped.
BUSY = {
    "a loop": "n = 0\nwhile True:\n    n += 1",
    "a sleep": "time.sleep(10**6)",
    "numpy": "import numpy as np\nx = np.ones((300, 300))\nwhile True:\n    x = x @ x * 0",
    "scikit-learn": (
        "import numpy as np\nfrom sklearn.ensemble import GradientBoostingRegressor\n"
        "x = np.random.default_rng(0).random((4000, 20))\n"
        "GradientBoostingRegressor(n_estimators=10**6).fit(x, x[:, 0])"
    ),
}


def running(lab: Lab, *cells: str) -> LabNotebook:
    """Run all cells, and come back as soon as the last one has its live card."""
    notebook = lab.open([LOAD, *cells])
    for index in range(len(cells)):
        notebook.run(index)
    go_on(lab, notebook, len(cells))
    return notebook


def go_on(lab: Lab, notebook: LabNotebook, index: int) -> None:
    """Run a cell, and come back as soon as it has its live card."""
    start(lab, index)
    expect(notebook.output(index).locator(".ct-live")).to_be_visible(timeout=60_000)


def test_a_live_card_stands_there_until_the_still_one_does(lab: Lab) -> None:
    notebook = running(lab, TRAIN)
    live = notebook.output(1).locator(".ct-live")
    expect(live.locator(".ct-live-name")).to_have_text(["loss", "accuracy"])
    expect(live.get_by_text("of 60 epochs")).to_be_visible()
    values = {live.locator(".ct-live-value").first.inner_text()}
    for _ in range(2):  # it goes on by itself
        expect(live.locator(".ct-live-value").first).not_to_have_text(values.pop())
        values.add(live.locator(".ct-live-value").first.inner_text())
    notebook.wait_idle()
    notebook.assert_no_error()
    expect(live).to_have_count(0)
    expect(notebook.output(1).locator(".celltrail-card")).to_have_count(1)
    expect(notebook.output(1).locator(".celltrail-card")).to_contain_text("finished")

    go_on(lab, notebook, 1)  # the second time, the curves of the first one stand behind
    expect(live.get_by_text("grey: fit")).to_be_visible()
    assert live.locator(".ct-live-ghost").first.get_attribute("d")
    lab.screenshot("live-card-lab", notebook.output(1))
    notebook.wait_idle()
    saved = notebook.evaluate("[len(r.history('loss')) for r in ct.runs()]")
    assert saved == "[60, 60]"


@pytest.mark.parametrize(
    "busy",
    [
        "a loop",
        pytest.param("a sleep", marks=pytest.mark.heavy),
        pytest.param("numpy", marks=pytest.mark.heavy),
        pytest.param("scikit-learn", marks=pytest.mark.heavy),
    ],
)
def test_stop_ends_what_the_cell_is_busy_with(lab: Lab, busy: str) -> None:
    notebook = running(lab, f"%%track busy\nct.log(loss=0.5)\n{BUSY[busy]}")
    notebook.output(1).get_by_role("button", name="Stop").click()
    notebook.wait_idle()
    expect(notebook.output(1).locator(".celltrail-card")).to_contain_text("interrupted")
    expect(notebook.output(1).locator(".ct-live")).to_have_count(0)
    assert [output.get("ename") for output in notebook.outputs()[1]][-1] == "KeyboardInterrupt"
    expect(notebook.output(1).locator(".celltrail-card")).to_contain_text("loss 0.5")


@pytest.mark.heavy
def test_a_note_is_taken_while_the_cell_runs(lab: Lab) -> None:
    notebook = running(lab, TRAIN)
    live = notebook.output(1).locator(".ct-live")
    live.get_by_role("button", name="Note").click()
    box = live.get_by_role("textbox", name="Note")
    box.press_sequentially("js ads jk")  # keys that JupyterLab would take as commands
    box.press("Enter")
    expect(live.get_by_text("Noted: js ads jk")).to_be_visible()
    notebook.wait_idle()
    assert notebook.evaluate("ct.run('fit').note") == "'js ads jk'"


def test_a_table_follows_what_this_kernel_and_another_one_log(lab: Lab) -> None:
    notebook = lab.open(
        [
            LOAD,
            "with ct.track('first') as run:\n    run.log(loss=9.0)",
            "ct.table(ct.runs())",
            LONG,
        ]
    )
    for index in range(3):
        notebook.run(index)
    table = notebook.output(2)
    expect(table.locator(".ct-body-row")).to_have_count(1)
    start(lab, 3)
    expect(table.locator(".ct-body-row")).to_have_count(2, timeout=60_000)
    row = table.locator(".ct-body-row").filter(has_text="fit")
    loss = row.locator(".ct-cell").last
    seen = [loss.inner_text()]
    for _ in range(3):  # the cell goes on meanwhile
        expect(loss).not_to_have_text(seen[-1])
        seen.append(loss.inner_text())
    assert notebook.page.evaluate(IS_BUSY)
    notebook.output(3).get_by_role("button", name="Stop").click()
    notebook.wait_idle()
    expect(row.locator(".ct-dot")).to_have_attribute("data-status", "interrupted")
    picture = notebook.output(2).locator(".celltrail-snapshot")
    expect(picture.get_by_text("interrupted")).to_have_count(1)  # hidden, and kept in the file

    other = (
        "import celltrail as ct\nwith ct.track('elsewhere') as run:\n"
        "    for i in range(4):\n        run.log(loss=float(i))\n"
        "    input()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", other],
        cwd=notebook.path.parent,
        env={name: value for name, value in os.environ.items() if name != "CELLTRAIL_STORE"},
        stdin=subprocess.PIPE,
    )
    there = table.locator(".ct-body-row").filter(has_text="elsewhere")
    expect(there.locator(".ct-dot")).to_have_attribute("data-status", "running", timeout=60_000)
    process.communicate(b"\n")
    expect(there.locator(".ct-dot")).to_have_attribute("data-status", "finished", timeout=60_000)


def test_a_chart_draws_what_is_logged_as_it_comes(lab: Lab) -> None:
    first = LOAD + "\nrun = ct.start('grow')\nfor i in range(3):\n    run.log(loss=float(i))"
    grow = "for i in range(3, 500):\n    run.log(loss=float(i))\ntime.sleep(10**6)"
    notebook = lab.open([first, "ct.plot.curves(run, 'loss')", grow])
    notebook.run(0)
    notebook.run(1)
    expect(notebook.output(1).locator("canvas")).to_be_visible()
    lab.page.evaluate(LISTEN)
    start(lab, 2)
    # a label of the axis that only the longer curve has, drawn while the kernel is busy
    lab.page.wait_for_function("() => window.texts.includes('400')")
    assert notebook.page.evaluate(IS_BUSY)
    lab.screenshot("live-chart", notebook.output(1))
    lab.page.evaluate("() => window.celltrailPanel.sessionContext.session.kernel.interrupt()")
    notebook.wait_idle()


@pytest.mark.heavy
def test_a_chart_takes_in_runs_that_begin_and_its_picture_shows_their_end(lab: Lab) -> None:
    query = f"{LOAD}\nct.plot.curves(ct.runs(\"tags has 'grow'\"), 'loss')"
    grow = (
        "with ct.track('first', tags=['grow']) as run:\n"
        "    for i in range(500):\n        run.log(loss=float(i))\n        time.sleep(0.005)"
    )
    notebook = lab.open([query, grow])
    notebook.run(0)
    expect(notebook.output(0)).to_contain_text("no runs to draw")
    lab.page.evaluate(LISTEN)
    start(lab, 1)
    lab.page.wait_for_function("() => window.texts.includes('first')")  # in its legend
    lab.page.wait_for_function("() => window.texts.includes('400')")
    notebook.wait_idle()
    lab.screenshot("live-chart-of-new-runs", notebook.output(0))
    lab.page.wait_for_function(
        """() => window.celltrailPanel.content.model.cells.get(0).outputs.toJSON()
          .some(output => String(output.data?.["text/plain"]).includes("499"))"""
    )
