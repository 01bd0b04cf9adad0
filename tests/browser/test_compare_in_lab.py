"""Runs compared over a real store in a real JupyterLab."""

from __future__ import annotations

import json

from lab_page import Lab
from playwright.sync_api import expect

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
    assert notebook.evaluate("print(len(many.selected))").strip() == "1"
    notebook.evaluate("many.selected = list(many.runs)[:3]")
    expect(output.get_by_text("3 selected")).to_be_visible()


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
