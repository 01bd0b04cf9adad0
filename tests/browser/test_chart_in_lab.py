"""Charts in a real JupyterLab: zoomed, the page gets the points of the range from the kernel."""

from __future__ import annotations

from lab_page import Lab
from playwright.sync_api import expect

CELLS = [
    "import celltrail as ct\n"
    "with ct.track('long') as run:\n"
    "    for i in range(20_000):\n"
    "        run.log(loss=(0.1 if abs(i - 10_000) < 6_000 else 1.0) + i % 2 * 0.001)",
    "chart = ct.plot.curves(ct.runs(), 'loss')\n"
    "asked = []\n"
    "chart.on_msg(lambda _widget, message, _buffers: asked.append(message))\n"
    "chart",
    "ct.plot.show(chart.chart.properties(width=300))",
]
CHART, AGAIN = 1, 2

LISTEN = """() => {
  window.texts = [];
  const draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    window.texts.push(String(text));
    return draw.call(this, text, ...rest);
  };
}"""


def test_a_zoomed_chart_shows_the_points_of_its_range(lab: Lab) -> None:
    notebook = lab.open(CELLS)
    notebook.run_all()
    canvas = notebook.output(CHART).locator("canvas")
    expect(canvas).to_be_visible()
    expect(notebook.output(AGAIN).locator("canvas")).to_be_visible()
    lab.page.evaluate(LISTEN)
    canvas.hover(position={"x": 300, "y": 120})
    lab.page.keyboard.down("Control")
    lab.page.mouse.wheel(0, -600)
    lab.page.keyboard.up("Control")
    lab.page.wait_for_function("() => window.texts.some((text) => text.startsWith('0.100'))")
    lab.screenshot("lab-chart-zoomed", notebook.output(CHART))
    asked = notebook.evaluate("print([m['params']['panel'] for m in asked if 'params' in m])")
    assert asked.strip() == "[0]"
