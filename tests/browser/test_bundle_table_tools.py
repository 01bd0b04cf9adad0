"""The tools of the built run table in Chromium: filter, columns, groups, comparison, details."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bundle_page import BundlePage, state_of
from playwright.sync_api import Locator, Page, expect
from test_bundle_run_table import heading, numbers
from view_fakes import FakeRun, FakeRuns, many_runs

from celltrail.views import RunTableWidget

XSS = "<img src=x onerror='window.ran = 1'>"


@pytest.fixture
def bundle(page: Page) -> Iterator[BundlePage]:
    bundle = BundlePage(page)
    yield bundle
    assert bundle.errors == []


def show(bundle: BundlePage, runs: FakeRuns, answers: Any = None, **options: Any) -> None:
    widget = RunTableWidget(runs, **options)  # type: ignore[arg-type]
    bundle.show("run_table", state_of(widget), answers=answers)
    expect(bundle.page.get_by_role("combobox", name="Filter")).to_be_visible()


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Filter")


def menu(page: Page, name: str) -> Locator:
    head = heading(page, name)
    head.hover()
    head.get_by_role("button").click()
    return page.get_by_role("dialog")


def labels(page: Page) -> list[str]:
    code = "() => [...document.querySelectorAll('.ct-head-row .ct-label')].map(e => e.textContent)"
    result: list[str] = page.evaluate(code)
    return result


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, end[1], steps=4)
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def bounds(locator: Locator) -> dict[str, float]:
    found = locator.bounding_box()
    assert found is not None
    return dict(found)


# -- the filter ----------------------------------------------------------------------------------


def test_what_is_typed_filters_at_once_and_tells_python(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(40))
    box(page).fill("params.model = 'svm' and metrics.accuracy > 0.9")
    expect(page.get_by_text("of 40 runs")).to_be_visible()
    assert bundle.get("where") == "params.model = 'svm' and metrics.accuracy > 0.9"
    models = page.locator(".ct-body-row", has_text="svm")
    expect(page.locator(".ct-body-row")).to_have_count(models.count())
    page.get_by_role("button", name="Clear the filter").click()
    expect(page.get_by_text("40 runs", exact=True)).to_be_visible()
    assert bundle.get("where") == ""


def test_a_filter_that_cannot_be_read_says_why_and_changes_nothing(
    bundle: BundlePage, page: Page
) -> None:
    show(bundle, many_runs(10), where="number > 2")
    box(page).fill("number > ")
    box(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("expected a value, found the end")
    box(page).fill("params.modle = 'svm'")
    box(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("did you mean params.model?")
    assert bundle.get("where") == "number > 2"
    expect(page.get_by_text("of 10 runs")).to_contain_text("8")


def test_names_and_values_are_offered(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(20))
    box(page).click()
    page.keyboard.type("mod")
    page.keyboard.press("Tab")
    expect(box(page)).to_have_value("params.model ")
    page.keyboard.type("= ")
    expect(page.get_by_role("option", name="'svm'")).to_be_visible()
    page.get_by_role("option", name="'svm'").click()
    expect(box(page)).to_have_value("params.model = 'svm' ")
    expect(page.get_by_text("of 20 runs")).to_contain_text("5")


def test_python_filters_and_orders_the_page(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(10))
    bundle.set("where", "number <= 3")
    bundle.set("order_by", "number desc")
    expect(box(page)).to_have_value("number <= 3")
    assert numbers(page) == ["3", "2", "1"]


# -- sorting -------------------------------------------------------------------------------------


def test_shift_adds_a_column_to_the_sort(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(8))
    heading(page, "model").click()
    heading(page, "depth").click(modifiers=["Shift"])
    assert bundle.get("order_by") == "params.model, params.depth"
    expect(heading(page, "model").locator("sub")).to_have_text("1")
    heading(page, "depth").click(modifiers=["Shift"])
    assert bundle.get("order_by") == "params.model, params.depth desc"
    heading(page, "lr").click()
    assert bundle.get("order_by") == "params.lr"


# -- one column ----------------------------------------------------------------------------------


def test_values_are_chosen_in_a_columns_menu(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(20))
    panel = menu(page, "model")
    panel.get_by_role("checkbox", name="svm").uncheck()
    assert "'svm'" not in bundle.get("where")
    expect(page.get_by_text("of 20 runs")).to_contain_text("15")
    panel.get_by_role("button", name="Clear this filter").click()
    assert bundle.get("where") == ""


def test_a_range_is_set_in_a_columns_menu(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(40), where="params.model = 'svm'")
    panel = menu(page, "accuracy")
    panel.get_by_label("At least").fill("0.9")
    panel.get_by_label("At least").press("Enter")
    assert bundle.get("where") == "params.model = 'svm' and metrics.accuracy >= 0.9"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_stretch_of_the_picture_becomes_a_range(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(60))
    page.get_by_role("treegrid").evaluate("(e) => { e.scrollLeft = e.scrollWidth; }")
    bars = heading(page, "accuracy").locator(".ct-bars")
    expect(bars.locator("span").first).to_be_attached()
    area = bounds(bars)
    middle = area["y"] + area["height"] / 2
    left = area["x"]
    drag(page, (left + area["width"] * 0.5, middle), (left + area["width"] + 30, middle))
    page.wait_for_function("() => window.views.at(-1).model.get('where')")
    where = bundle.get("where")
    assert where.startswith("metrics.accuracy >= 0.9")
    shown = page.get_by_text("of 60 runs").inner_text()
    assert 0 < int(shown.split()[0]) < 60


def test_a_column_is_hidden_and_found_again(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(10))
    menu(page, "status").get_by_role("button", name="Hide").click()
    expect(heading(page, "status")).to_have_count(0)
    assert bundle.get("hidden") == ["status"]
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Find a column").fill("stat")
    page.get_by_role("checkbox").check()
    expect(heading(page, "status")).to_be_visible()
    assert bundle.get("hidden") == []


def test_blank_columns_are_shown_when_asked_for(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(10))
    expect(heading(page, "experiment")).to_have_count(0)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="experiment").check()
    expect(heading(page, "experiment")).to_be_attached()
    assert bundle.get("shown") == ["experiment"]


def test_a_column_is_kept_at_the_left(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(10, params=30))
    grid = page.get_by_role("treegrid")
    grid.evaluate("(e) => { e.scrollLeft = e.scrollWidth; }")
    menu(page, "loss").get_by_role("button", name="Keep at the left").click()
    grid.evaluate("(e) => { e.scrollLeft = 0; }")
    expect(heading(page, "loss")).to_be_in_viewport()
    assert bundle.get("pinned") == ["number", "name", "metrics.loss"]
    assert labels(page)[:3] == ["#", "run", "loss"]


def test_a_heading_is_dragged_to_another_place(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(10))
    start, end = bounds(heading(page, "duration")), bounds(heading(page, "status"))
    drag(page, (start["x"] + 30, start["y"] + 14), (end["x"] + 8, end["y"] + 14))
    page.wait_for_function("() => window.views.at(-1).model.get('column_order').length")
    assert labels(page)[2:5] == ["duration", "status", "started"]
    expect(heading(page, "duration")).to_have_attribute("aria-sort", "none")


def test_the_edge_of_a_heading_sets_the_width(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(10))
    before = bounds(heading(page, "status"))
    edge = before["x"] + before["width"]
    drag(page, (edge, before["y"] + 10), (edge + 60, before["y"] + 10))
    page.wait_for_function("() => 'status' in window.views.at(-1).model.get('column_widths')")
    assert abs(bounds(heading(page, "status"))["width"] - before["width"] - 60) < 3
    cell = page.locator(".ct-body-row .ct-cell[data-column='2']").first
    assert abs(bounds(cell)["width"] - before["width"] - 60) < 3


# -- what went wrong once ------------------------------------------------------------------------


def test_a_stretch_of_time_becomes_a_range_of_times(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(60))
    bars = heading(page, "started").locator(".ct-bars")
    expect(bars.locator("span").first).to_be_attached()
    area = bounds(bars)
    y, left, width = area["y"] + 8, area["x"], area["width"]
    drag(page, (left + width * 0.2, y), (left + width * 0.6, y))
    page.wait_for_function("() => window.views.at(-1).model.get('where')")
    assert bundle.get("where").startswith("started >= '2026-03-02T")
    assert 0 < int(page.get_by_text("of 60 runs").inner_text().split()[0]) < 60
    expect(page.get_by_role("alert")).to_have_count(0)


def test_lists_are_no_values_to_choose(bundle: BundlePage, page: Page) -> None:
    layers = [[64, 32], [128], [64]]
    runs = [FakeRun(id=str(i), number=i, params={"layers": layers[i % 3]}) for i in range(6)]
    show(bundle, FakeRuns(runs))
    panel = menu(page, "layers")
    expect(panel.get_by_role("button", name="Group by this")).to_be_visible()
    expect(panel.get_by_role("checkbox")).to_have_count(0)


def test_what_is_typed_in_a_menu_stays_while_runs_arrive(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(40))
    menu(page, "accuracy").get_by_label("At least").fill("0.9")
    bundle.set("selected_ids", ["x"])
    bundle.set("_data", page.evaluate_handle("() => window.views.at(-1).model.get('_data')"))
    expect(page.get_by_label("At least")).to_have_value("0.9")
    expect(page.get_by_label("At least")).to_be_focused()


def test_a_menu_stays_while_its_filter_takes_rows_away(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(400))
    page.get_by_role("treegrid").evaluate("(e) => { e.scrollTop = e.scrollHeight; }")
    panel = menu(page, "run")
    panel.get_by_label("Contains").press_sequentially("base")
    expect(panel.get_by_label("Contains")).to_have_value("base")
    assert bundle.get("where") == "name like '%base%'"


def test_tab_goes_on_from_a_filter_in_which_nothing_was_typed(
    bundle: BundlePage, page: Page
) -> None:
    show(bundle, many_runs(4))
    box(page).focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Only what differs")).to_be_focused()
    assert bundle.get("where") == ""


def test_enter_takes_what_the_arrows_chose(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(4))
    box(page).click()
    page.keyboard.type("params.")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("params.lr ")


def test_a_space_at_the_end_is_kept_while_typing(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(4))
    box(page).click()
    page.keyboard.type("number < 3 ")
    page.wait_for_function("() => window.views.at(-1).model.get('where') === 'number < 3'")
    page.keyboard.type("and number > 1")
    page.wait_for_function("() => window.views.at(-1).model.get('where').includes('> 1')")
    expect(box(page)).to_have_value("number < 3 and number > 1")


def test_a_short_drag_moves_nothing_and_escape_gives_one_up(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(10))
    name = bounds(heading(page, "run"))
    drag(page, (name["x"] + 20, name["y"] + 14), (name["x"] + 30, name["y"] + 14))
    status = bounds(heading(page, "status"))
    edge = status["x"] + status["width"]
    page.mouse.move(edge, status["y"] + 10)
    page.mouse.down()
    page.mouse.move(edge + 80, status["y"] + 10, steps=4)
    page.keyboard.press("Escape")
    page.mouse.up()
    heading(page, "duration").click()
    expect(heading(page, "duration")).to_have_attribute("aria-sort", "ascending")
    assert bundle.get("pinned") == ["number", "name"]
    assert bundle.get("column_widths") == {}


def test_ticks_say_what_holds_under_any_filter(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(40), where="status != 'failed'")
    panel = menu(page, "status")
    expect(panel.get_by_role("checkbox", name="failed")).not_to_be_checked()
    expect(panel.get_by_role("checkbox", name="finished")).to_be_checked()


def test_runs_without_a_value_are_a_choice_too(bundle: BundlePage, page: Page) -> None:
    values: list[dict[str, Any]] = [{"p": "a"}, {"p": "b"}, {}, {"p": "c"}]
    runs = [FakeRun(id=str(i), number=i, params=value) for i, value in enumerate(values)]
    show(bundle, FakeRuns(runs))
    panel = menu(page, "p")
    panel.get_by_role("checkbox", name="a 1", exact=True).uncheck()
    assert bundle.get("where") == "params.p in ('b', 'c') or params.p is null"


def test_all_runs_of_closed_groups_are_selected_by_a_key(bundle: BundlePage, page: Page) -> None:
    runs = many_runs(12)
    show(bundle, runs, group_by=["params.model"])
    page.get_by_role("treegrid").focus()
    page.keyboard.press("Control+a")
    assert sorted(bundle.get("selected_ids")) == sorted(runs.ids)


def test_two_tables_hear_only_their_own_answers(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(3), answers={"code": "one"})
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Copy as Python").click()
    ids = page.evaluate("() => window.views.map(v => v.model.sent.find(m => m.id)?.id)")
    assert len(ids[0]) > 8


def test_a_filter_that_nothing_matches_says_so(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(3), where="number > 100")
    expect(page.get_by_text("No run matches the filter.")).to_be_visible()


def test_wide_columns_at_the_left_leave_room(bundle: BundlePage, page: Page) -> None:
    page.set_viewport_size({"width": 420, "height": 600})
    pinned = ["number", "name", "status", "started", "duration"]
    show(bundle, many_runs(10), pinned=pinned)
    page.get_by_role("treegrid").evaluate("(e) => { e.scrollLeft = e.scrollWidth; }")
    expect(heading(page, "loss")).to_be_in_viewport()


def test_a_text_that_would_turn_around_is_shown_as_it_is(bundle: BundlePage, page: Page) -> None:
    show(bundle, FakeRuns([FakeRun(name="\u202eevil"), FakeRun(id="b", name="שלום")]))
    expect(page.get_by_text("\u25abevil")).to_be_visible()
    expect(page.get_by_text("שלום")).to_be_visible()


# -- what differs, groups, children, comparison --------------------------------------------------


def test_only_what_differs_among_the_runs_shown(bundle: BundlePage, page: Page) -> None:
    runs = [
        FakeRun(id=str(i), number=i, params={"same": 1, "lr": lr, "late": late})
        for i, (lr, late) in enumerate([(0.1, 1), (0.2, 1), (0.2, 2)])
    ]
    show(bundle, FakeRuns(runs))
    page.get_by_role("button", name="Only what differs").click()
    assert labels(page) == ["#", "run", "late", "lr"]
    box(page).fill("params.late = 1")
    expect(page.get_by_text("of 3 runs")).to_be_visible()
    assert labels(page) == ["#", "run", "lr"]
    assert bundle.get("only_differences") is True


def test_groups_show_means_and_spreads_and_open(bundle: BundlePage, page: Page) -> None:
    runs = [
        FakeRun(id=str(i), number=i, params={"lr": lr}, metrics={"acc": acc})
        for i, (lr, acc) in enumerate([(0.1, 0.5), (0.1, 0.7), (0.2, 0.9)])
    ]
    show(bundle, FakeRuns(runs))
    menu(page, "lr").get_by_role("button", name="Group by this").click()
    rows = page.locator(".ct-body-row")
    expect(rows).to_have_count(2)
    cell = rows.filter(has_text="0.1").locator(".ct-cell[title^='mean']").last
    expect(cell).to_have_attribute("title", "mean 0.6000, sd 0.1414, min 0.5000, max 0.7000, n 2")
    rows.filter(has_text="0.1").locator(".ct-twisty").click()
    expect(rows).to_have_count(4)
    rows.filter(has=page.locator(".ct-group-name")).first.locator(".ct-check").click()
    assert bundle.get("selected_ids") == ["0", "1"]
    page.get_by_role("button", name="Do not group by params.lr").click()
    expect(rows).to_have_count(3)


def test_runs_within_runs_are_folded(bundle: BundlePage, page: Page) -> None:
    parents = {"b": "a", "c": "b", "e": "gone"}
    runs = [FakeRun(id=i, number=n, parent_id=parents.get(i)) for n, i in enumerate("abcde")]
    show(bundle, FakeRuns(runs))
    assert numbers(page) == ["0", "3", "4"]
    page.locator(".ct-twisty").first.click()
    assert numbers(page) == ["0", "1", "3", "4"]
    page.get_by_role("treegrid").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Alt+ArrowRight")
    assert numbers(page) == ["0", "1", "2", "3", "4"]
    page.keyboard.press("Alt+ArrowLeft")
    assert numbers(page) == ["0", "1", "3", "4"]


def test_others_are_compared_with_one(bundle: BundlePage, page: Page) -> None:
    runs = [
        FakeRun(id=str(i), number=i, params={"lr": lr}, metrics={"acc": acc})
        for i, (lr, acc) in enumerate([(0.1, 0.5), (0.1, 0.75), (0.2, 0.5)])
    ]
    show(bundle, FakeRuns(runs))
    page.locator(".ct-body-row").first.click()
    page.get_by_role("button", name="compare others with it").click()
    rows = page.locator(".ct-body-row")
    expect(rows.nth(1).locator(".ct-delta").last).to_have_text("+0.25")
    expect(rows.nth(2).locator(".ct-delta").last).to_have_text("=")
    expect(rows.nth(1).locator(".ct-changed")).to_have_count(0)
    expect(rows.nth(2).locator(".ct-changed")).to_have_text("0.2")
    assert bundle.get("baseline") == "0"
    page.get_by_role("button", name="Compare with none").click()
    expect(page.locator(".ct-delta")).to_have_count(0)


def test_a_colour_scale_shades_from_least_to_greatest(bundle: BundlePage, page: Page) -> None:
    runs = [FakeRun(id=str(i), number=i, metrics={"acc": i / 4}) for i in range(5)]
    show(bundle, FakeRuns(runs))
    menu(page, "acc").get_by_role("button", name="Colour scale").click()
    shades = page.evaluate("""() => [...document.querySelectorAll('.ct-shaded')]
      .map((cell) => parseInt(cell.style.getPropertyValue('--ct-shade')))""")
    assert sorted(shades) == [0, 12, 23, 35, 46]


# -- details, copying ----------------------------------------------------------------------------

DETAILS: dict[str, Any] = {
    "title": XSS,
    "status": "failed",
    "said": {"name": XSS, "note": XSS, "tags": [XSS]},
    "facts": [["notebook", XSS]],
    "error": XSS,
    "params": [{"name": XSS, "value": XSS, "reason": XSS}],
    "metrics": [
        {"name": "acc", "value": "0.5", "min": "0.1", "max": "0.9", "count": "7", "reason": ""}
    ],
    "source": f"x = '{XSS}'  # {XSS}",
    "outputs": [
        {"kind": "stream", "name": "stdout", "mime": "text/plain", "text": XSS},
        {
            "kind": "display",
            "name": "p",
            "mime": "text/html",
            "page": f"{XSS}<script>parent.ran = 1</script><b id='b'>table</b>",
        },
    ],
    "data": [{"name": "df", "value": "pandas.DataFrame 3", "columns": XSS}],
    "environment": {"facts": [["python", "3.11"]], "packages": [XSS]},
}


def test_the_details_of_a_run_are_texts(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(3), answers={"details": DETAILS})
    page.get_by_role("treegrid").focus()
    page.keyboard.press("Enter")
    pane = page.get_by_role("region", name="Details of a run")
    expect(pane).to_contain_text("0.9")
    expect(pane.locator(".ct-code", has_text="x = ")).to_contain_text(XSS)
    frame = page.frame_locator(".ct-frame")
    expect(frame.locator("#b")).to_have_text("table")
    assert page.evaluate("() => window.ran") is None
    assert page.locator("#place img").count() == 0
    # the browser's own words about what it did not run or load
    refused = ("Blocked script execution", "Content Security Policy")
    bundle.errors[:] = [e for e in bundle.errors if not any(word in e for word in refused)]
    pane.get_by_role("button", name="Close").click()
    expect(pane).to_have_count(0)


def test_name_tags_and_note_are_changed_and_changed_back(bundle: BundlePage, page: Page) -> None:
    said = {"name": "run 1", "note": "why", "tags": ["a, b", "c"]}
    details = {**DETAILS, "outputs": [], "said": said}
    changed = {**details, "said": {"name": "best", "note": "because", "tags": ["c", "d"]}}
    show(bundle, many_runs(3), answers={"details": details, "edit": changed})
    page.locator(".ct-body-row").first.dblclick()
    page.get_by_role("button", name="edit name, tags, note").click()
    page.get_by_role("textbox", name="name").fill("best")
    page.get_by_role("textbox", name="tags").fill("c, d, c,")
    page.get_by_role("textbox", name="note").fill("because")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".ct-said-note")).to_have_text("because")
    page.get_by_role("button", name="undo").click()
    expect(page.get_by_role("button", name="undo")).to_have_count(0)
    sent = page.evaluate("() => window.views.at(-1).model.sent.filter(m => m.method === 'edit')")
    assert [message["params"]["tags"] for message in sent] == [["c", "d"], ["a, b", "c"]]
    assert sent[1]["params"]["note"] == "why"


def test_details_that_cannot_be_had_say_so(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(3))
    page.locator(".ct-body-row").first.dblclick()
    expect(page.get_by_role("alert")).to_contain_text("no answer")


def test_what_is_shown_is_copied(bundle: BundlePage, page: Page) -> None:
    code = 'ct.runs("number < 3")'
    show(bundle, many_runs(4), answers={"code": code}, where="number < 3", hidden=["started"])
    page.evaluate("""() => Object.defineProperty(navigator, 'clipboard', { value: {
      writeText: async (text) => { (window.copied ??= []).push(text); } } })""")
    page.get_by_role("button", name="More").click()
    for name in ("Copy as Markdown", "Copy as CSV", "Copy as Python"):
        page.get_by_role("button", name=name).click()
    page.wait_for_function("() => window.copied?.length === 3")
    markdown, csv, python = page.evaluate("() => window.copied")
    assert markdown.startswith("| # | run | status |")
    assert "started" not in csv.splitlines()[0]
    assert len(markdown.strip().splitlines()) == 4
    assert len(csv.strip().splitlines()) == 3
    assert python == code


def test_the_view_goes_back_to_how_it_was(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(10), where="number < 3", hidden=["started"], group_by=["params.lr"])
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Reset the view").click()
    expect(page.get_by_text("10 runs", exact=True)).to_be_visible()
    assert [bundle.get(name) for name in ("where", "hidden", "group_by")] == ["", [], []]


def test_the_menu_is_opened_by_a_key(bundle: BundlePage, page: Page) -> None:
    show(bundle, many_runs(10))
    page.get_by_role("treegrid").focus()
    for key in ("ArrowUp", "ArrowRight", "ArrowRight", "m"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog", name="Column status")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("treegrid")).to_be_focused()
