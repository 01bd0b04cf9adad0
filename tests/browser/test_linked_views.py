"""What is selected in one view is selected in the others and in Python."""

from __future__ import annotations

import json

from lab_page import Lab
from playwright.sync_api import Locator, expect

CELLS = [
    "import celltrail as ct, traitlets\n"
    "ct.use('lab.duckdb')\n"
    "for i in range(12):\n"
    "    with ct.track(f'r{i}', params={'lr': i / 10, 'k': i % 3}) as run:\n"
    "        for step in range(5):\n"
    "            run.log(loss=1 / (1 + i + step), step=step)",
    "table = ct.table(ct.runs(order_by='number'))\n"
    "chart = ct.plot.scatter(ct.runs(), 'lr', 'loss')\n"
    "curves = ct.plot.curves(ct.runs(), 'loss')\n"
    "for other in (chart, curves):\n"
    "    traitlets.link((table, 'selected_ids'), (other, 'selected_ids'))\n"
    "table",
    "chart",
    "curves",
    "comparison = ct.compare(ct.runs(order_by='number'))\ncomparison",
]
TABLE, SCATTER, CURVES, COMPARISON = 1, 2, 3, 4

# How strong the strongest colour of a canvas is, where faded marks are weak.
STRONG = """(canvas) => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 180 && Math.abs(data[i] - data[i + 2]) > 90) count++;
  }
  return count;
}"""


def drag(lab: Lab, canvas: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + start[0], box["y"] + start[1])
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + end[0], box["y"] + end[1], steps=6)
    lab.page.mouse.up()


def test_a_brush_in_a_scatter_selects_in_the_table_and_in_python(lab: Lab) -> None:
    notebook = lab.open(CELLS)
    notebook.run_all()
    canvas = notebook.output(SCATTER).locator("canvas")
    expect(canvas).to_be_visible()
    drag(lab, canvas, (60, 40), (250, 300))
    expect(notebook.output(TABLE).locator(".ct-chosen")).to_be_visible()
    said = notebook.output(TABLE).locator(".ct-chosen").inner_text()
    names = "import json\nprint(json.dumps([int(r.name[1:]) for r in table.selected]))"
    chosen = json.loads(notebook.evaluate(names))
    assert said.startswith(f"{len(chosen)} selected")
    assert 0 < len(chosen) < 12
    # the loss falls with lr: what lies in a rectangle are neighbours
    assert chosen == list(range(chosen[0], chosen[0] + len(chosen)))
    assert notebook.evaluate("print(curves.selected_ids == table.selected_ids)").strip() == "True"


def test_rows_of_the_table_stand_out_in_the_curves(lab: Lab) -> None:
    notebook = lab.open(CELLS)
    notebook.run_all()
    canvas = notebook.output(CURVES).locator("canvas")
    expect(canvas).to_be_visible()
    notebook.output(CURVES).scroll_into_view_if_needed()
    before = canvas.evaluate(STRONG)
    notebook.evaluate("table.selected = [table.runs[2]]")
    lab.page.wait_for_function(
        f"([canvas, before]) => ({STRONG})(canvas) < before / 2",
        arg=[canvas.element_handle(), before],
    )
    lab.screenshot("lab-linked-curves", notebook.output(CURVES))
    notebook.evaluate("table.selected = []")
    lab.page.wait_for_function(
        f"([canvas, before]) => ({STRONG})(canvas) > before * 0.9",
        arg=[canvas.element_handle(), before],
    )


def test_the_parts_of_a_comparison_are_linked(lab: Lab) -> None:
    notebook = lab.open(CELLS)
    notebook.run_all()
    output = notebook.output(COMPARISON)
    expect(output.locator("canvas")).to_have_count(2)
    output.locator(".ct-body-row").first.click()
    expect(output.get_by_text("1 selected")).to_be_visible()
    same = "comparison.parallel.selected_ids == comparison.curves.selected_ids"
    assert notebook.evaluate(f"print(len(comparison.selected), {same})").strip() == "1 True"
    lab.screenshot("lab-compare-many", output)
