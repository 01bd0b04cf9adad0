"""Runs compared over a real store in a real JupyterLab."""

from __future__ import annotations

import json

import pytest
from lab_page import Lab
from playwright.sync_api import Locator, expect

MAKE = """
%load_ext celltrail
import celltrail as ct
ct.use("lab.duckdb")
import math
"""
FIT = """%%track {name} --quiet
lr = {lr}
for step in range(20):
    ct.log(loss=math.exp(-lr * step), step=step)
print("fitted with", lr)
"""
CELLS = [
    MAKE,
    FIT.format(name="slow", lr=0.1),
    FIT.format(name="fast", lr=0.4),
    "two = ct.compare(ct.runs(order_by='number'))\ntwo",
    "for i in range(10):\n    with ct.track(f'r{i}', params={'k': i}):\n        ct.log(acc=i / 10)",
    "many = ct.compare(ct.runs(\"name like 'r_'\", order_by='number'))\nmany",
]
TWO, MANY = 3, 5


def test_two_runs_side_by_side(lab: Lab) -> None:
    notebook = lab.open(CELLS)
    notebook.run_all()
    output = notebook.output(TWO)
    expect(output.get_by_role("row", name="lr 0.1 0.4")).to_be_visible()
    expect(output.locator(".ct-best")).to_have_count(1)
    expect(output.locator(".ct-diff mark")).to_have_text(["1", "4"])
    output.get_by_role("button", name="Show what they showed").click()
    expect(output.locator(".ct-cmp-output").last).to_contain_text("fitted with 0.4")
    expect(output.locator("canvas")).to_be_visible()
    output.get_by_role("button", name="finished fast").click()
    chosen = notebook.evaluate("import json\nprint(json.dumps([r.name for r in two.selected]))")
    assert json.loads(chosen) == ["fast"]
    lab.screenshot("lab-compare-two", output)
    lab.set_theme("dark")
    lab.screenshot("lab-compare-two-dark", output)


def test_many_runs_as_a_table_whose_selection_is_the_comparisons(lab: Lab) -> None:
    notebook = lab.open(CELLS)
    notebook.run_all()
    output = notebook.output(MANY)
    expect(output.get_by_text("10 runs", exact=True)).to_be_visible()
    output.locator(".ct-body-row").first.click()
    expect(output.get_by_text("1 selected")).to_be_visible()
    notebook.expect_value("print(len(many.selected))", "1")
    notebook.evaluate("many.selected = list(many.runs)[:3]")
    expect(output.get_by_text("3 selected")).to_be_visible()


@pytest.mark.heavy
def test_a_saved_comparison_shows_what_differs(lab: Lab) -> None:
    notebook = lab.open(CELLS)
    notebook.run_all()
    expect(notebook.output(TWO).get_by_role("row", name="lr 0.1 0.4")).to_be_visible()
    notebook.save()
    notebook.shut_down()
    again = lab.open(notebook.path, kernel=False)
    table = again.output(TWO).locator("table")
    expect(table).to_be_visible()
    expect(table).to_contain_text("0.4")
    lab.screenshot("lab-compare-saved", again.output(TWO))


MORE = """
import celltrail as ct, numpy as np
ct.use("lab.duckdb")
for i in range(14):
    with ct.track(f"r{i:02d}", params={"lr": 10.0 ** -(i % 5), "k": i}) as run:
        for step in (0, 5, 10):
            run.log(loss=1 / (1 + i + step), step=step)
            if i % 2:
                run.log_artifact(f"{run.name} at {step}", "log.txt", step=step + i)
        run.log_artifact("<img src=x onerror='window.ran = 1'>", "page")
        run.log_artifact(np.full((8, 8), i / 14), "image.png")
many = ct.compare(ct.runs(order_by="number"))
many
"""


# Canvases of charts, and not those of the curves in cells.
CHARTS = ".celltrail-chart canvas"


def brush(lab: Lab, canvas: Locator) -> None:
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + 60, box["y"] + 40)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 300, box["y"] + 300, steps=6)
    lab.page.mouse.up()


@pytest.mark.heavy
def test_charts_that_are_asked_for_are_linked_with_the_rest(lab: Lab) -> None:
    notebook = lab.open([MORE])
    notebook.run_all()
    output = notebook.output(0)
    scatter = output.get_by_role("region", name="scatter")
    expect(scatter).to_be_visible()
    expect(output.locator(CHARTS)).to_have_count(2)  # the parallel axes and the curves
    scatter.get_by_role("button", name="Show").click()
    expect(scatter.get_by_role("button", name="Hide")).to_be_visible()
    expect(output.locator(CHARTS)).to_have_count(3)
    scatter.get_by_label("x", exact=True).select_option("params.lr")
    expect(scatter.locator("[aria-busy=true]")).to_have_count(0)
    lab.page.wait_for_function("() => !document.querySelector('.ct-section[aria-busy=true]')")
    notebook.expect_value("print(many.scatter.chosen['x'])", "params.lr")
    importance = output.get_by_role("region", name="importance of params")
    importance.get_by_role("button", name="Show").click()
    expect(importance.get_by_text("It stands on 14 runs.")).to_be_visible(timeout=120_000)
    importance.get_by_role("button", name="Hide").click()
    expect(output.locator(CHARTS)).to_have_count(3)
    brush(lab, output.locator(CHARTS).last)
    expect(output.locator(".ct-bar .ct-chosen, .ct-foot .ct-chosen").first).to_be_visible()
    chosen = int(notebook.evaluate("print(len(many.selected))"))
    assert 0 < chosen < 14
    expect(output.get_by_text(f"{chosen} selected")).to_be_visible()
    lab.screenshot("lab-compare-asked-for", output)


def bring(cell: Locator, text: str) -> None:
    """Scroll to a cell until it has its text: pictures above it that come later push it down."""
    for _ in range(30):
        cell.scroll_into_view_if_needed()
        try:
            expect(cell).to_contain_text(text, timeout=1_000)
        except AssertionError:
            continue
        return
    expect(cell).to_contain_text(text)


@pytest.mark.heavy
def test_artifacts_follow_a_slider_and_keys_are_not_the_notebooks(lab: Lab) -> None:
    notebook = lab.open([MORE])
    notebook.run_all()
    part = notebook.output(0).get_by_role("region", name="Artifacts")
    part.get_by_role("button", name="Show what was logged").click()
    log = part.get_by_role("region", name="log.txt")
    expect(log).to_contain_text("7 of 14 runs have none")
    bring(log.locator(".ct-art-cell").first, "r01 at 10")
    slider = part.get_by_role("slider", name="Step")
    part.get_by_role("button", name="Hide").focus()
    lab.page.keyboard.press("x")
    slider.focus()
    for key in ("Home", "ArrowRight", "x", "j", "a"):  # the letters are commands of the notebook
        lab.page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuetext", "step 3")
    bring(log.locator(".ct-art-cell").first, "r01 at 0")
    expect(log.locator(".ct-art-cell").nth(1)).to_contain_text("step 3")
    expect(log.locator(".ct-art-cell").nth(2)).to_contain_text("–")
    assert lab.page.evaluate("() => window.ran") is None
    assert lab.page.locator(".jp-Cell").count() == 1
    lab.screenshot("lab-compare-artifacts", part)
