"""The built live card: what it shows of a run that goes on, and what it asks of Python."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from bundle_page import BundlePage, state_of
from playwright.sync_api import Page, expect

import celltrail as ct
from celltrail.ipython.cards import LiveSource
from celltrail.views import LiveCard

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@pytest.fixture
def bundle(page: Page) -> Iterator[BundlePage]:
    bundle = BundlePage(page)
    yield bundle
    assert bundle.errors == []


def trained(name: str, epochs: int, **more: float) -> ct.ActiveRun:
    run = ct.start(name, params={"epochs": 40, "lr": 0.3})
    for step in range(epochs):
        noise = math.sin(step * 7) / 20
        run.log(loss=2 / (step + 1) + noise, accuracy=1 - 1 / (step + 2) - noise, **more)
    return run


class Live(NamedTuple):
    run: ct.ActiveRun
    source: LiveSource
    card: LiveCard


@pytest.fixture
def live() -> Iterator[Live]:
    """Give the card of a run that goes on."""
    run = trained("second", 25, gradient=math.nan)
    source = LiveSource(run, lambda: {"epochs": 40})
    card = source.card({"stop": lambda: "stopped", "note": lambda text: f"Noted: {text}"})
    assert card is not None
    card.show(source.state())
    yield Live(run, source, card)
    source.close()
    run.finish()


def show(bundle: BundlePage, card: LiveCard, **options: Any) -> None:
    bundle.show("live_card", state_of(card), **options)


def test_it_shows_numbers_curves_progress_and_alerts(
    bundle: BundlePage, page: Page, live: Live
) -> None:
    show(bundle, live.card)
    expect(page.locator(".ct-live-top b")).to_have_text("second")
    names = page.locator(".ct-live-name")
    expect(names).to_have_text(["loss", "accuracy", "gradient"])
    expect(page.locator(".ct-live-value").nth(2)).to_have_text("NaN")
    expect(page.get_by_text("25 of 40 epochs")).to_be_visible()
    expect(page.get_by_text("gradient is not finite since step 0")).to_be_visible()
    curve = page.get_by_role("img").first
    assert "25 points" in (curve.get_attribute("aria-label") or "")
    assert (curve.locator(".ct-live-line").get_attribute("d") or "").count("L") >= 20
    expect(page.locator(".ct-live-elapsed")).to_contain_text(" s")
    width = page.evaluate("() => document.querySelector('.ct-live-full').style.width")
    assert width == "62.5%"


def test_what_is_new_is_drawn_in_place(bundle: BundlePage, page: Page, live: Live) -> None:
    show(bundle, live.card)
    before = page.locator(".ct-live-line").first.get_attribute("d")
    page.evaluate("() => { window.row = document.querySelector('.ct-live-metric'); }")
    live.run.log(loss=5.0)
    assert live.card.show(live.source.state()) > 0
    assert live.card.show(live.source.state()) == 0
    bundle.set("_now", live.card._now)
    expect(page.locator(".ct-live-value").first).to_have_text("5")
    assert page.locator(".ct-live-line").first.get_attribute("d") != before
    assert page.evaluate("() => window.row === document.querySelector('.ct-live-metric')")


def test_stop_and_note_are_asked_once_and_answered(
    bundle: BundlePage, page: Page, live: Live
) -> None:
    asked = bundle.answer({"stop": lambda: "stopped", "note": lambda text: f"Noted: {text}"})
    show(bundle, live.card)
    page.get_by_role("button", name="Note").click()
    page.get_by_role("textbox", name="Note").fill("<b>why</b>")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Noted: <b>why</b>")).to_be_visible()
    page.get_by_role("button", name="Note").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Note")).to_be_focused()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("stopped", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_disabled()
    assert asked == [("note", {"text": "<b>why</b>"}), ("stop", {})]


def test_a_kernel_that_hears_nothing_is_said_to_be_busy(
    bundle: BundlePage, page: Page, live: Live
) -> None:
    show(bundle, live.card)
    page.evaluate("() => { window.views.at(-1).model.send = () => {}; }")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("only when the cell has ended")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(page: Page, live: Live, theme: str) -> None:
    bundle = BundlePage(page, dark=theme == "dark")
    show(bundle, live.card)
    expect(page.locator(".ct-live-metric")).to_have_count(3)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.locator(".ct-live").screenshot(path=SCREENSHOTS / f"live-card-{theme}.png")
