"""The run card in Chromium: it is plain HTML, so what matters is where its texts end up."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

from celltrail.model import ErrorInfo, Status
from celltrail.views import run_card

sys.path.append(str(Path(__file__).resolve().parents[1] / "unit" / "views"))

from view_fakes import FakeRun


@pytest.mark.parametrize("width", [320, 620])
def test_long_texts_without_spaces_stay_inside_the_card(page: Page, width: int) -> None:
    long = "x" * 190
    run = FakeRun(
        name=long,
        tags=[long],
        note=long,
        params={long: long},
        metrics={long: 0.5},
        status=Status.FAILED,
        error=ErrorInfo("ValueError", long),
    )
    html = run_card(run, notes=[long]).html  # type: ignore[arg-type]
    page.set_content(f"<div id='place' style='width:{width}px'>{html}</div>")
    beyond: list[str] = page.evaluate("""() => {
      const card = document.querySelector(".celltrail-card");
      const right = Math.min(card.getBoundingClientRect().right,
        document.querySelector("#place").getBoundingClientRect().right) + 0.5;
      return [...card.querySelectorAll("*")]
        .filter((e) => [...e.getClientRects()].some((box) => box.right > right))
        .map((e) => e.textContent);
    }""")
    assert beyond == []
