"""Artifacts of compared runs in Chromium, answered by the real ones over a real store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bundle_page import BundlePage, state_of
from playwright.sync_api import Locator, Page, expect

import celltrail as ct
from celltrail.views.side_artifacts import SideArtifacts

XSS = "<img src=x onerror='window.ran = 1'>"
PAGE = f"<p>a page</p><script>window.ran = parent.ran = 1</script>{XSS}"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="120" onload="window.ran=1">'
    "<script>window.ran = parent.ran = 1</script><rect width='120' height='120'/></svg>"
)

Asked = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def bundle(page: Page, store_path: Path) -> Iterator[BundlePage]:
    bundle = BundlePage(page)
    yield bundle
    # the frame that lets no script run says so
    assert [one for one in bundle.errors if "sandboxed" not in one] == []
    assert page.evaluate("() => window.ran") is None


def make() -> None:
    """Log images at steps with gaps, a table of two runs only, and texts with markup."""
    for name, steps in {"a": (0, 10, 20), "b": (5,), "c": ()}.items():
        with ct.track(name) as run:
            for step in steps:
                run.log_artifact(np.full((8, 8), step / 40), "image", step=step)
                run.log_artifact(f"{name} at {step}", "log", step=step)
            if name != "b":
                run.log_artifact(pd.DataFrame({XSS: [XSS, name], "n": [1, 2]}), "table")
            run.log_artifact(XSS, XSS)


def show(bundle: BundlePage, **options: Any) -> Asked:
    runs = ct.runs(order_by="number", **options)
    bundle_state = state_of(ct.compare(runs).side_by_side)
    asked = bundle.answer(SideArtifacts(runs).methods)
    bundle.show("compare", bundle_state)
    return asked


def opened(page: Page) -> Locator:
    page.get_by_role("button", name="Show what was logged").click()
    part = page.get_by_role("region", name="Artifacts")
    expect(part.locator(".ct-art-row").first).to_be_visible()
    return part


def cells(part: Locator, name: str) -> Locator:
    return part.get_by_role("region", name=name, exact=True).locator(".ct-art-cell")


def steps_of(part: Locator, name: str) -> list[str]:
    return [
        cell.locator(".ct-art-step").inner_text() if cell.locator(".ct-art-step").count() else ""
        for cell in cells(part, name).all()
    ]


def test_nothing_is_asked_before_it_is_opened(bundle: BundlePage, page: Page) -> None:
    make()
    asked = show(bundle)
    expect(page.get_by_text("artifacts · 4 logged")).to_be_visible()
    assert asked == []
    part = opened(page)
    expect(cells(part, "log").nth(0)).to_contain_text("a at 20")
    expect(cells(part, "log").nth(1)).to_contain_text("b at 5")
    contents = [params for method, params in asked if method == "artifact"]
    assert {one["step"] for one in contents if one["name"] == "log"} == {"20", "5"}


def test_the_slider_shows_each_runs_newest_and_says_which(bundle: BundlePage, page: Page) -> None:
    make()
    asked = show(bundle)
    part = opened(page)
    slider = part.get_by_role("slider", name="Step")
    expect(slider).to_have_attribute("aria-valuetext", "step 20")
    expect(cells(part, "log").nth(1)).to_contain_text("b at 5")
    assert steps_of(part, "log") == ["step 20", "step 5", ""]
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "step 10")
    expect(cells(part, "log").nth(0)).to_contain_text("a at 10")
    assert steps_of(part, "log") == ["step 10", "step 5", ""]
    page.keyboard.press("Home")
    expect(cells(part, "log").nth(0)).to_contain_text("a at 0")
    expect(cells(part, "log").nth(1)).to_contain_text("–")
    expect(part.locator("output")).to_have_text("0")
    page.keyboard.press("End")
    expect(cells(part, "log").nth(0)).to_contain_text("a at 20")
    expect(cells(part, "log").nth(1)).to_contain_text("b at 5")
    seen = [(p["id"], p["name"], p["step"]) for method, p in asked if method == "artifact"]
    assert len(seen) == len(set(seen)), "what the page has got it asks for again"


def test_what_some_runs_do_not_have_is_said(bundle: BundlePage, page: Page) -> None:
    make()
    show(bundle)
    part = opened(page)
    row = part.get_by_role("region", name="table", exact=True)
    expect(row).to_contain_text("1 of 3 runs have none")
    expect(row.locator(".ct-art-cell").nth(1)).to_contain_text("–")
    expect(row.get_by_role("cell", name="2", exact=True)).to_have_count(2)
    expect(row.get_by_role("columnheader", name=XSS)).to_have_count(2)


def test_nothing_that_was_logged_runs(bundle: BundlePage, page: Page, tmp_path: Path) -> None:
    for name, content in {"page.html": PAGE, "drawing.svg": SVG}.items():
        (tmp_path / name).write_text(content)
    for name in (XSS, "b"):
        with ct.track(name) as run:
            for file in ("page.html", "drawing.svg"):
                run.log_artifact(tmp_path / file, file)
            run.log_artifact(XSS, XSS)
            run.log_artifact({XSS: XSS}, "json")
    show(bundle)
    part = opened(page)
    expect(cells(part, "page.html").first.frame_locator("iframe").locator("p")).to_have_text(
        "a page"
    )
    picture = cells(part, "drawing.svg").first.locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("(one) => one.complete && one.naturalWidth") == 120
    expect(cells(part, XSS).first).to_contain_text(XSS)
    expect(cells(part, "json").first).to_contain_text(XSS)
    assert page.locator("img[src='x']").count() == 0


def test_large_and_unreadable_ones_say_so(bundle: BundlePage, page: Page, tmp_path: Path) -> None:
    (tmp_path / "no.csv").write_bytes(b"\xff\xfe\x00,")
    noise = np.random.default_rng(0).integers(0, 255, (1_300, 1_300, 3), np.uint8)
    for name in "ab":
        with ct.track(name) as run:
            run.log_artifact(noise, "noise")
            run.log_artifact(b"\x00", "blob")
            run.log_artifact(tmp_path / "no.csv", "no.csv")
    show(bundle)
    part = opened(page)
    expect(cells(part, "noise").first).to_contain_text("5.1 MB: too large to be shown here")
    expect(cells(part, "blob").first).to_contain_text("bytes, 1 B")
    expect(cells(part, "no.csv").first).to_contain_text("can be read")


def test_a_chart_is_drawn_when_asked_for(bundle: BundlePage, page: Page) -> None:
    import altair as alt

    for name in "ab":
        with ct.track(name) as run:
            data = pd.DataFrame({"x": [1, 2]})
            run.log_artifact(alt.Chart(data).mark_bar().encode(x="x:O"), "chart")
    show(bundle)
    part = opened(page)
    expect(cells(part, "chart").first).to_contain_text("chart, ")
    part.get_by_role("button", name="Draw").click()
    expect(cells(part, "chart").locator("img")).to_have_count(2)


def test_of_many_runs_cells_wrap_and_the_selected_can_stand_alone(
    bundle: BundlePage, page: Page
) -> None:
    for i in range(50):
        with ct.track(f"r{i:02d}") as run:
            if i != 7:
                run.log_artifact(np.full((8, 8), i / 50), "image", step=i)
    show(bundle)
    part = opened(page)
    assert part.locator(".ct-art-cells").evaluate("(e) => e.scrollWidth <= e.clientWidth")
    expect(cells(part, "image")).to_have_count(49)
    expect(cells(part, "image").first.locator("img")).to_be_visible()
    part.get_by_role("slider").focus()
    page.keyboard.press("Home")
    expect(cells(part, "image")).to_have_count(49)  # those without a step yet keep their place
    page.keyboard.press("End")
    part.get_by_role("button", name="r03").click()
    part.get_by_role("button", name="r05").click()
    assert len(bundle.selected()) == 2
    part.get_by_role("button", name="Only the 2 selected").click()
    expect(cells(part, "image")).to_have_count(2)
    bundle.set("selected_ids", [])
    expect(cells(part, "image")).to_have_count(49)


def test_an_error_is_told_and_it_can_be_tried_again(bundle: BundlePage, page: Page) -> None:
    make()
    runs = ct.runs(order_by="number")
    methods = dict(SideArtifacts(runs).methods)
    state = state_of(ct.compare(runs).side_by_side)
    gone: list[str] = ["the store is gone"]

    def listed() -> Any:
        if gone:
            raise RuntimeError(gone.pop())
        return SideArtifacts(runs).methods["artifacts"]()

    bundle.answer({**methods, "artifacts": listed})
    bundle.show("compare", state)
    page.get_by_role("button", name="Show what was logged").click()
    expect(page.get_by_role("alert")).to_have_text("the store is gone")
    opened(page)
    page.get_by_role("button", name="Hide").click()
    expect(page.locator(".ct-art-row")).to_have_count(0)


def test_runs_without_artifacts_have_no_such_part(bundle: BundlePage, page: Page) -> None:
    for name in "ab":
        with ct.track(name):
            pass
    show(bundle)
    expect(page.get_by_role("region", name="Code")).to_be_visible()
    expect(page.get_by_role("region", name="Artifacts")).to_have_count(0)
