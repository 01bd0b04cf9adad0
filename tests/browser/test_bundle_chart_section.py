"""The heading of a chart that is drawn when it is asked for, in Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from bundle_page import BundlePage
from playwright.sync_api import Page, expect

XSS = "<img src=x onerror='window.ran = 1'>"
OPTIONS = ["params.lr", f"params.{XSS}", "metrics.acc", "duration"]


@pytest.fixture
def bundle(page: Page) -> Iterator[BundlePage]:
    bundle = BundlePage(page)
    yield bundle
    assert bundle.errors == []
    assert page.evaluate("() => window.ran") is None


def show(bundle: BundlePage, **more: Any) -> None:
    choices = [
        {"name": "x", "label": "x", "options": OPTIONS, "chosen": "params.lr", "grouped": True},
        {"name": "y", "label": "y", "options": OPTIONS, "chosen": "metrics.acc", "grouped": True},
    ]
    state = {
        "chosen": {"x": "params.lr", "y": "metrics.acc"},
        "opened": False,
        "_title": "scatter",
        "_choices": json.dumps(choices),
        "_note": "",
        "_said": "",
        **more,
    }
    bundle.show("chart_section", state)


def test_it_asks_with_what_is_chosen_and_offers_columns_in_groups(
    bundle: BundlePage, page: Page
) -> None:
    asked: list[dict[str, str]] = []
    bundle.answer({"show": lambda chosen: asked.append(chosen), "hide": lambda: None})
    show(bundle)
    expect(page.get_by_label("x", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Show").click()
    page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
    assert asked == [{"x": "params.lr", "y": "metrics.acc"}]
    bundle.set("opened", True)
    select = page.get_by_label("x", exact=True)
    groups = select.locator("optgroup").evaluate_all("(all) => all.map((one) => one.label)")
    assert groups == ["params", "metrics", "run"]
    assert select.locator("option").all_inner_texts() == ["lr", XSS, "acc", "duration"]
    select.select_option("duration")
    page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
    assert asked[-1] == {"x": "duration", "y": "metrics.acc"}
    bundle.set("_note", f"It stands on 12 runs. {XSS}")
    expect(page.get_by_text("It stands on 12 runs.")).to_be_visible()
    page.get_by_role("button", name="Hide").click()


def test_why_it_cannot_be_drawn_is_told_and_another_choice_tried(
    bundle: BundlePage, page: Page
) -> None:
    def answer(chosen: dict[str, str]) -> None:
        if chosen["x"] == "params.lr":
            message = f"no param differs {XSS}"
            raise ValueError(message)

    bundle.answer({"show": answer})
    show(bundle)
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("alert")).to_have_text(f"no param differs {XSS}")
    page.get_by_label("x", exact=True).select_option("metrics.acc")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_it_is_busy_until_the_last_of_several_choices_is_drawn(
    bundle: BundlePage, page: Page
) -> None:
    show(bundle, opened=True)
    page.evaluate("() => { window.views[0].model.send = function (m) { this.sent.push(m); }; }")
    answer = (
        "(place) => { const { model, emit } = window.views[0];"
        "emit('msg:custom', { kind: 'answer', id: model.sent[place].id, result: null }, []); }"
    )
    x = page.get_by_label("x", exact=True)
    for option in ("duration", "metrics.acc", f"params.{XSS}"):
        x.select_option(option)
    section = page.get_by_role("region", name="scatter")
    page.evaluate(answer, 0)
    page.wait_for_function("() => window.views[0].model.sent.length === 2")
    expect(section).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("button")).to_have_text("Drawing…")
    page.evaluate(answer, 1)
    expect(section).to_have_attribute("aria-busy", "false")
    sent = page.evaluate("() => window.views[0].model.sent.map((one) => one.params.chosen.x)")
    assert sent == ["duration", f"params.{XSS}"]


def test_too_few_runs_are_a_sentence_without_a_button(bundle: BundlePage, page: Page) -> None:
    show(bundle, _said=f"It takes 12 runs. {XSS}", _choices="[]", chosen={})
    expect(page.get_by_text("It takes 12 runs.")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)


def test_what_is_chosen_in_python_is_chosen_in_the_page(bundle: BundlePage, page: Page) -> None:
    show(bundle, opened=True)
    bundle.set("chosen", {"x": "duration", "y": "params.lr"})
    expect(page.get_by_label("x", exact=True)).to_have_value("duration")
    expect(page.get_by_label("y", exact=True)).to_have_value("params.lr")
