"""The built comparison in Chromium: what differs, two cells side by side, outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from bundle_page import BundlePage
from playwright.sync_api import Page, expect

XSS = "<img src=x onerror='window.ran = 1'>"


@pytest.fixture
def bundle(page: Page) -> Iterator[BundlePage]:
    bundle = BundlePage(page)
    yield bundle
    assert bundle.errors == []


def head(name: str, **more: str) -> dict[str, str]:
    known = {"status": "finished", "started": "30 Nov 09:09", "duration": "7 ms", "error": ""}
    return {"id": f"id {name}", "label": name, **known, **more}


def row(group: str, name: str, *texts: str | None, best: tuple[int, ...] = ()) -> dict[str, Any]:
    differs = any(text != texts[0] for text in texts)
    change = [""] * len(texts)
    return {
        "group": group,
        "name": name,
        "texts": texts,
        "differs": differs,
        "best": best,
        "change": change,
    }


def show(bundle: BundlePage, names: str, rows: list[Any], sources: list[str], **more: Any) -> None:
    data = {
        "heads": [head(name) for name in names],
        "rows": rows,
        "sources": sources,
        "notes": more.pop("notes", []),
        "wide": more.pop("wide", False),
    }
    answers = more.pop("answers", None)
    state = {"selected_ids": [], "pair": [], "_mark": "celltrail-1", "_rows": json.dumps(data)}
    bundle.show("compare", state, answers=answers)


ROWS = [
    row("params", "lr", "0.1", "0.2"),
    row("params", "epochs", "5", "5"),
    row("metrics", "acc", "0.5", "0.75", best=(1,)),
]


def test_what_differs_is_seen_and_the_rest_when_asked_for(bundle: BundlePage, page: Page) -> None:
    show(bundle, "ab", ROWS, ["x = 1", "x = 1"])
    expect(page.get_by_role("row", name="lr 0.1 0.2")).to_be_visible()
    expect(page.get_by_role("rowheader", name="epochs")).to_have_count(0)
    expect(page.locator(".ct-changed")).to_have_text("0.2")
    expect(page.locator(".ct-best")).to_have_text("0.75")
    page.get_by_role("button", name="Show 1 that is the same").click()
    expect(page.get_by_role("rowheader", name="epochs")).to_be_visible()
    expect(page.get_by_text("the same in both")).to_be_visible()


def test_code_is_compared_word_by_word(bundle: BundlePage, page: Page) -> None:
    same = "\n".join(f"line {i}" for i in range(20))
    show(bundle, "abc", ROWS, [f"lr = 0.1\n{same}", f"lr = 0.2\n{same}", same])
    marks = page.locator(".ct-diff mark")
    expect(marks).to_have_text(["1", "2"])
    page.get_by_role("button", name="17 lines the same").click()
    expect(page.locator(".ct-diff-row")).to_have_count(21)
    page.get_by_label("Right").select_option("c")
    expect(page.locator(".ct-removed mark")).to_have_text("lr = 0.1")
    assert bundle.get("pair") == ["id a", "id c"]


def test_outputs_stand_side_by_side_when_asked_for(bundle: BundlePage, page: Page) -> None:
    outputs = [{"kind": "stream", "name": "stdout", "mime": "text/plain", "text": XSS}]
    show(bundle, "ab", ROWS, ["", ""], answers={"outputs": outputs})
    page.get_by_role("button", name="Show what they showed").click()
    expect(page.locator(".ct-cmp-output")).to_have_count(2)
    expect(page.locator(".ct-cmp-output").first).to_contain_text(XSS)
    assert page.evaluate("() => window.ran") is None


def test_runs_are_selected_by_their_headings(bundle: BundlePage, page: Page) -> None:
    show(bundle, "ab", ROWS, ["", ""])
    page.get_by_role("button", name="finished b").click()
    assert bundle.get("selected_ids") == ["id b"]
    bundle.set("selected_ids", ["id a"])
    chosen = page.get_by_role("button", name="finished a")
    expect(chosen).to_have_attribute("aria-pressed", "true")


def test_everything_recorded_is_text(bundle: BundlePage, page: Page) -> None:
    data = {
        "heads": [head(XSS, error=XSS), head("b")],
        "rows": [row("params", XSS, XSS, None), row("metrics", XSS, "1", XSS)],
        "sources": [XSS, ""],
        "notes": [XSS],
        "wide": False,
    }
    state = {"selected_ids": [], "pair": [], "_mark": "celltrail-1", "_rows": json.dumps(data)}
    bundle.show("compare", state)
    expect(page.get_by_text(XSS).first).to_be_visible()
    assert page.locator("#place img").count() == 0
    assert page.evaluate("() => window.ran") is None


def test_many_runs_leave_params_to_their_table(bundle: BundlePage, page: Page) -> None:
    rows = [*ROWS, row("environment", "python", "3.11", "3.12")]
    show(bundle, "ab", rows, ["", ""], wide=True)
    expect(page.get_by_role("rowheader", name="python")).to_be_visible()
    expect(page.get_by_role("rowheader", name="lr")).to_have_count(0)


def test_no_runs_and_one(bundle: BundlePage, page: Page) -> None:
    show(bundle, "", [], [])
    expect(page.get_by_text("There are no runs to compare.")).to_be_visible()
    show(bundle, "a", [row("params", "lr", "0.1")], ["x = 1"])
    expect(page.get_by_role("button", name="finished a")).to_be_visible()
