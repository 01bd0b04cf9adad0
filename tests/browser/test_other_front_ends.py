"""Views in Notebook 7 and in marimo, in Chromium."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from bundle_page import COLOURED
from front_ends import make_python, marimo_app
from lab_page import LIMIT, RUN_CELL, SCREENSHOTS, Lab, LabNotebook
from lab_server import LabServer
from playwright.sync_api import Browser, Page, expect

import celltrail as ct

pytestmark = pytest.mark.heavy

RUNS = """\
import math
for i in range(4):
    with ct.track(f"fit {i}", params={"lr": i / 10}, experiment="study") as run:
        for step in range(40):
            run.log(loss=math.exp(-step * (i + 1) / 30))
"""
OPENED = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  window.celltrailPanel = panel;
}"""


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory, outer_environment: Mapping[str, str]) -> str:
    return make_python(tmp_path_factory.mktemp("front-ends") / "environment", outer_environment)


@pytest.fixture
def notebook7(
    python: str, browser: Browser, tmp_path: Path, outer_environment: Mapping[str, str]
) -> Iterator[Lab]:
    # what JupyterLab and ipywidgets bring to the page lies where they are installed
    share = Path(sys.prefix) / "share" / "jupyter"
    more = {"JUPYTERLAB_DIR": str(share / "lab"), "JUPYTER_PATH": str(share)}
    server = LabServer(tmp_path / "server", outer_environment, python, "notebook", more)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        server.start()
        yield Lab(server, context, server.root)
    finally:
        context.close()
        server.stop()


def test_notebook_7_shows_all_views_and_the_live_card(notebook7: Lab) -> None:
    lab, page = notebook7, notebook7.page
    path = lab.write(
        [
            "%load_ext celltrail\nimport celltrail as ct, time",
            RUNS,
            "table = ct.table(ct.runs())\ntable",
            "ct.plot.curves(ct.runs(), 'loss')",
            "ct.compare(ct.runs())",
            "%%track slow\nfor step in range(10_000):\n    ct.log(loss=1 / (step + 1))\n"
            "    time.sleep(0.05)",
        ]
    )
    page.goto(f"{lab.server.url}notebooks/{path.name}?token={lab.server.token}")
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context", timeout=LIMIT)
    page.evaluate(OPENED)
    # here the schemas of JupyterLab's settings lie in another environment than Notebook 7
    lab.errors.clear()
    notebook = LabNotebook(page, path)
    for index in range(5):
        notebook.run(index)
    table = notebook.output(2)
    expect(table.get_by_role("treegrid").get_by_text("fit 3", exact=True)).to_be_visible()
    expect(table.locator(".celltrail-snapshot")).to_be_hidden()
    table.get_by_text("fit 3", exact=True).last.click()
    assert "['fit 3']" in notebook.evaluate("print([run.name for run in table.selected])")
    for index in (3, 4):
        canvas = notebook.output(index).locator("canvas").first
        expect(canvas).to_be_visible()
        assert canvas.evaluate(COLOURED) > 100
    page.evaluate(f"(index) => {{ void ({RUN_CELL})(index); }}", 5)
    stop = notebook.output(5).get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    stop.click()
    notebook.wait_idle()
    expect(notebook.output(5).get_by_text("interrupted").first).to_be_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "notebook7.png")
    assert lab.external == []
    assert lab.errors == []


MARIMO = f"""\
import marimo

app = marimo.App()


@app.cell
def _():
    import celltrail as ct
    import marimo as mo
    ct.use("marimo.duckdb")
{textwrap.indent(RUNS, "    ")}
    @ct.track
    def score(depth=3):
        return {{"accuracy": 0.9}}
    score(5)
    runs = ct.runs("name like 'fit%'", order_by="number")
    return ct, mo, runs


@app.cell
def _(runs):
    runs
    return


@app.cell
def _(ct, runs):
    ct.plot.curves(runs, "loss")
    return


@app.cell
def _(ct, runs):
    ct.compare(runs)
    return


@app.cell
def _(ct, mo, runs):
    table = mo.ui.anywidget(ct.table(runs))
    table
    return (table,)


@app.cell
def _(mo, table):
    mo.md("chosen: " + str(len(table.value["selected_ids"])))
    return


if __name__ == "__main__":
    app.run()
"""


def test_marimo_shows_all_views_and_hears_what_is_chosen(
    python: str, page: Page, tmp_path: Path, outer_environment: Mapping[str, str]
) -> None:
    notebook = tmp_path / "study.py"
    notebook.write_text(MARIMO)
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_viewport_size({"width": 1280, "height": 3000})
    with marimo_app(python, notebook, outer_environment) as address:
        page.goto(address)
        expect(page.get_by_text("chosen: 0")).to_be_visible(timeout=LIMIT)
        tables = page.get_by_role("treegrid")
        expect(tables).to_have_count(2)
        expect(tables.first.get_by_text("fit 3", exact=True)).to_be_visible()
        expect(page.locator(".celltrail-compare").get_by_text("fit 3").first).to_be_visible()
        expect(page.locator("canvas")).to_have_count(3)
        for canvas in page.locator("canvas").all():
            assert canvas.evaluate(COLOURED) > 20
        expect(page.get_by_text(re.compile("not supported"))).to_have_count(0)
        tables.last.get_by_text("fit 2", exact=True).click()
        expect(page.get_by_text("chosen: 1")).to_be_visible()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / "marimo.png")
    assert complaints == []
    ct.use(tmp_path / "marimo.duckdb")
    assert ct.run("score").source.lstrip().startswith("@ct.track")
    fit = ct.run("fit 1")
    assert fit.source.lstrip().startswith("with ct.track")
    assert Path(fit.notebook or "").name == "study.py"
    ct.use(None)
