"""Deleting and restoring runs in the built run table, over a real store."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from bundle_page import BundlePage, state_of
from playwright.sync_api import Page, expect
from test_bundle_run_table import numbers

import celltrail as ct
from celltrail.views import RunTableWidget


@pytest.fixture
def bundle(page: Page) -> Iterator[BundlePage]:
    bundle = BundlePage(page)
    yield bundle
    assert bundle.errors == []


@pytest.fixture
def table(bundle: BundlePage, page: Page) -> RunTableWidget:
    for i in range(6):
        with ct.track(f"run {i + 1}") as run:
            run.log(acc=i / 10)
    table = ct.table(ct.runs(order_by="number"))
    bundle.show("run_table", state_of(table), kernel=table)
    expect(page.get_by_role("combobox", name="Filter")).to_be_visible()
    return table


def pick(page: Page, *positions: int) -> None:
    for position in positions:
        page.locator(f".ct-body-row[data-position='{position}'] .ct-check").click()


def more(page: Page, name: str) -> None:
    page.get_by_role("button", name="More").click()
    page.get_by_role("dialog").get_by_role("button", name=name).click()


def stored() -> list[int]:
    return [run.number for run in ct.runs(order_by="number")]


def test_selected_runs_are_deleted_and_the_line_undoes_it(
    bundle: BundlePage, page: Page, table: RunTableWidget
) -> None:
    pick(page, 1, 3, 4)
    more(page, "Delete 3 runs")
    expect(page.get_by_role("status")).to_contain_text("3 runs deleted")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert numbers(page) == ["1", "3", "6"]
    assert stored() == [1, 3, 6]
    assert bundle.selected() == []
    assert table.selected_ids == []
    expect(page.get_by_text("selected")).to_have_count(0)
    expect(page.get_by_text("3 runs", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_have_count(0)
    assert numbers(page) == ["1", "2", "3", "4", "5", "6"]
    assert stored() == [1, 2, 3, 4, 5, 6]


def test_what_a_linked_view_selected_of_other_runs_is_not_counted(
    bundle: BundlePage, page: Page, table: RunTableWidget
) -> None:
    bundle.set("selected_ids", [table.runs.ids[0], "another table's"])
    more(page, "Delete 1 run")
    expect(page.get_by_role("status")).to_contain_text("1 run deleted")
    assert stored() == [2, 3, 4, 5, 6]


def test_nothing_is_deleted_by_a_key_or_without_a_selection(
    page: Page, table: RunTableWidget
) -> None:
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Deleted runs")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_text(re.compile("^Delete [0-9]"))).to_have_count(0)
    page.keyboard.press("Escape")
    pick(page, 0, 1)
    grid = page.get_by_role("treegrid")
    grid.focus()
    for key in ("Delete", "Backspace", "Control+Delete", "Shift+Delete"):
        grid.press(key)
    expect(page.get_by_text("2 selected")).to_be_visible()
    assert numbers(page) == ["1", "2", "3", "4", "5", "6"]
    assert stored() == [1, 2, 3, 4, 5, 6]


def test_it_says_how_many_of_the_chosen_are_not_in_sight(page: Page, table: RunTableWidget) -> None:
    pick(page, 0, 1, 2)
    page.get_by_role("combobox", name="Filter").fill("number != 2")
    expect(page.get_by_text("of 6 runs")).to_be_visible()
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("button", name="Delete 3 runs")).to_contain_text("1 not shown")


def test_a_run_that_goes_on_is_refused_with_its_sentence(bundle: BundlePage, page: Page) -> None:
    with ct.track("live") as run:
        run.log(acc=1.0)
        table = ct.table(ct.runs())
        bundle.show("run_table", state_of(table), kernel=table)
        expect(page.get_by_role("combobox", name="Filter")).to_be_visible()
        pick(page, 0)
        more(page, "Delete 1 run")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("cannot be deleted while it is recorded")
        expect(page.get_by_text("1 selected")).to_be_visible()
        expect(page.get_by_role("button", name="Undo")).to_have_count(0)
        page.get_by_role("button", name="Put this away").click()
        expect(alert).to_have_count(0)
        assert numbers(page) == ["1"]


def test_deleted_runs_are_listed_and_restored_one_by_one(page: Page, table: RunTableWidget) -> None:
    pick(page, 1, 3)
    more(page, "Delete 2 runs")
    expect(page.get_by_role("status")).to_be_visible()
    more(page, "Deleted runs…")
    panel = page.get_by_role("dialog", name="Deleted runs")
    expect(panel.locator(".ct-deleted-run")).to_have_count(2)
    expect(panel.locator(".ct-deleted-run").first).to_contain_text("run ")
    panel.get_by_role("button", name="Restore run 4").click()
    expect(panel.locator(".ct-deleted-run")).to_have_count(1)
    assert numbers(page) == ["1", "3", "4", "5", "6"]
    # the line undoes what is left of it
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    panel.get_by_role("button", name="Restore run 2").click()
    expect(panel).to_contain_text("There are none.")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert stored() == [1, 2, 3, 4, 5, 6]
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_a_restored_run_that_belongs_elsewhere_is_said_to(bundle: BundlePage, page: Page) -> None:
    with ct.track("<img src=x onerror='window.ran = 1'>"):
        pass
    with ct.track("here"):
        pass
    ct.delete(ct.runs("name != 'here'"))
    table = ct.table(ct.runs("name = 'here'"))
    bundle.show("run_table", state_of(table), kernel=table)
    expect(page.get_by_role("combobox", name="Filter")).to_be_visible()
    more(page, "Deleted runs…")
    panel = page.get_by_role("dialog", name="Deleted runs")
    panel.get_by_role("button", name="Restore <img").click()
    expect(panel.get_by_role("status")).to_contain_text("none of the runs of this table")
    assert page.evaluate("window.ran") is None
    assert len(ct.runs()) == 2


def test_details_of_a_deleted_run_close(page: Page, table: RunTableWidget) -> None:
    page.locator(".ct-body-row[data-position='0']").dblclick()
    pane = page.get_by_role("region", name="Details of a run")
    expect(pane).to_contain_text("run 1")
    more(page, "Delete 1 run")
    expect(pane).to_have_count(0)
    expect(page.get_by_role("status")).to_contain_text("1 run deleted")


def test_without_an_answer_it_says_so(bundle: BundlePage, page: Page) -> None:
    with ct.track("a"):
        pass
    bundle.show("run_table", state_of(ct.table(ct.runs())))
    expect(page.get_by_role("combobox", name="Filter")).to_be_visible()
    pick(page, 0)
    more(page, "Delete 1 run")
    expect(page.get_by_role("alert")).to_contain_text("no answer")
    more(page, "Deleted runs…")
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("no answer")
