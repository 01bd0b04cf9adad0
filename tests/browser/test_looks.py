"""How the views look with no run, one, twenty and five thousand: screenshots, and what must hold.

Light and dark, narrow and wide; the screenshots are for people to look at.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from lab_page import Lab
from playwright.sync_api import expect

import celltrail as ct
from celltrail.record.session import close_sessions

pytestmark = pytest.mark.heavy

CELLS = [
    "%load_ext celltrail\nimport celltrail as ct\nct.use('looks.duckdb')",
    "ct.table(ct.runs())",
    "ct.plot.curves(ct.runs(limit=20), ['loss', 'accuracy'])",
    "ct.compare(ct.runs(limit=20))",
]
WIDTHS = (700, 1600)
# What sticks out of the outputs of a notebook to the right.
STICKS_OUT = """() => [...document.querySelectorAll(".jp-OutputArea-output")]
  .filter((output) => output.scrollWidth > output.clientWidth + 1)
  .map((output) => output.textContent.slice(0, 80))"""

FITS = "(chart) => chart.scrollWidth <= chart.clientWidth"


def fill(store: Path, count: int) -> None:
    """Write runs as a search over a few settings leaves them."""
    noise = np.random.default_rng(0)
    ct.use(store)
    for number in range(count):
        params = {
            "learning_rate": float(10 ** noise.uniform(-4, -1)),
            "depth": int(noise.integers(2, 12)),
            "optimizer": str(noise.choice(["adam", "sgd", "lion"])),
            "augment": bool(noise.random() < 0.5),
        }
        with ct.track(f"search {number}", params=params, experiment="digits") as run:
            for step in range(60 if number >= count - 40 else 1):
                loss = math.exp(-step * params["depth"] / 90) + 0.03 * float(noise.random())
                run.log(loss=loss, accuracy=1 - loss / 2)
    close_sessions()


@pytest.mark.parametrize("count", [0, 1, 20, 5_000])
def test_views_of(lab: Lab, count: int) -> None:
    fill(lab.folder / "looks.duckdb", count)
    notebook = lab.open(CELLS)
    notebook.run_all()
    shown = "No runs yet." if count == 0 else f"{count:,} run"
    try:
        for width in WIDTHS:
            lab.page.set_viewport_size({"width": width, "height": 1_600})
            for theme in ("light", "dark"):
                lab.set_theme("dark" if theme == "dark" else "light")
                expect(
                    notebook.output(1).get_by_text(shown).locator("visible=true").first
                ).to_be_visible()
                if count:
                    expect(notebook.output(2).locator("canvas").first).to_be_visible()
                assert lab.page.evaluate(STICKS_OUT) == []
                if count:
                    chart = notebook.output(2).locator(".celltrail-chart").element_handle()
                    lab.page.wait_for_function(FITS, arg=chart)  # it is drawn anew after a change
                lab.screenshot(f"looks-{count}-{width}-{theme}")
    finally:
        lab.page.set_viewport_size({"width": 1_280, "height": 900})
        lab.set_theme("light")
