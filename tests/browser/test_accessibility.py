"""What axe-core finds in the views: nothing serious, in light and dark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lab_page import Lab
from playwright.sync_api import Page, expect
from test_live_in_lab import LONG, running

import celltrail as ct

pytestmark = pytest.mark.heavy

AXE = Path(__file__).resolve().parents[2] / "js/node_modules/axe-core/axe.min.js"
# Which rules are broken, badly, by what, and what axe says of it.
FIND = """async (scope) => {
  const found = await axe.run(scope, { resultTypes: ["violations"] });
  return found.violations
    .filter((rule) => ["serious", "critical"].includes(rule.impact))
    .flatMap((rule) =>
      rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`),
    );
}"""
CELLS = [
    "%load_ext celltrail\nimport math\nimport celltrail as ct\n"
    "for i in range(12):\n"
    "    with ct.track(f'fit {i}', params={'lr': i / 10, 'kind': 'ab'[i % 2]}, tags=['grid'],\n"
    "                  note='why') as run:\n"
    "        for step in range(40):\n"
    "            run.log(loss=math.exp(-step * (i + 1) / 30), accuracy=step / 40)",
    "%%track carded\nlearning_rate = 0.25\nscore = 1 - learning_rate",
    "table = ct.table(ct.runs(\"tags has 'grid'\"), coloured=['metrics.loss'])\ntable",
    "ct.plot.curves(ct.runs(\"tags has 'grid'\"), 'loss')",
    "ct.compare(ct.runs(\"tags has 'grid'\"))",
    "ct.compare(ct.runs(\"tags has 'grid'\", limit=2))",
]


def check(page: Page, scope: str) -> None:
    """Let axe look at a part of the page."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(FIND, scope)
    assert found == [], json.dumps(found, indent=1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_in_jupyterlab(lab: Lab, theme: Any) -> None:
    lab.set_theme(theme)
    notebook = lab.open(CELLS)
    notebook.run_all()
    table = notebook.output(2)
    table.locator(".ct-body-row").first.click()
    table.get_by_role("button", name="details").click()
    expect(table.get_by_role("region", name="Details of a run")).to_be_visible()
    expect(notebook.output(3).locator("canvas").first).to_be_visible()
    for index in range(1, len(CELLS)):
        notebook.output(index).scroll_into_view_if_needed()
        notebook.output(index).evaluate("(output) => { output.id = 'looked-at'; }")
        check(lab.page, "#looked-at")
        notebook.output(index).evaluate("(output) => { output.removeAttribute('id'); }")


def test_nothing_serious_in_what_opens(lab: Lab) -> None:
    notebook = lab.open(CELLS[:3])
    notebook.run_all()
    table = notebook.output(2)
    for name in ("Columns", "More"):
        table.get_by_role("button", name=name).click()
        expect(lab.page.locator(".ct-popover")).to_be_visible()
        check(lab.page, ".ct-popover")
        lab.page.keyboard.press("Escape")
    table.evaluate("(output) => { output.id = 'looked-at'; }")
    notebook.evaluate("table.group_by = ['params.kind']")
    expect(table.locator(".ct-body-row")).to_have_count(2)
    check(lab.page, "#looked-at")
    notebook.evaluate("table.group_by = []; table.where = 'number < 0'")
    expect(table.get_by_text("No run matches the filter.")).to_be_visible()
    check(lab.page, "#looked-at")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_in_a_live_card(lab: Lab, theme: Any) -> None:
    lab.set_theme(theme)
    notebook = running(lab, LONG)
    check(lab.page, ".ct-live")
    notebook.output(1).get_by_role("button", name="Note").click()
    check(lab.page, ".ct-live")
    notebook.output(1).get_by_role("button", name="Stop").click()
    notebook.wait_idle()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_in_an_exported_page(page: Page, tmp_path: Path, scheme: Any) -> None:
    for number in range(12):
        with ct.track(f"fit {number}", params={"lr": number / 10}) as run:
            for step in range(40):
                run.log(loss=1 / (step + number + 1))
    runs = ct.runs()
    views = [ct.table(runs), ct.plot.curves(runs, "loss"), ct.compare(runs[:2])]
    page.emulate_media(color_scheme=scheme)
    page.goto(ct.export_html(views, tmp_path / "page.html", title="Study").as_uri())
    expect(page.locator("canvas").first).to_be_visible()
    check(page, "html")
