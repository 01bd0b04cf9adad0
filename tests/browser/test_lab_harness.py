"""The harness itself: were it blind, every other browser test would pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_page import Lab


def test_cells_run_and_their_outputs_are_read(lab: Lab) -> None:
    notebook = lab.open(["a = 20", "print(a)\na + 22"])
    notebook.run_all()
    assert notebook.text(1) == "20\n42"
    assert "42" in notebook.output(1).inner_text()
    assert notebook.evaluate("a * 2") == "40"


def test_a_cell_that_raises_fails_the_test(lab: Lab) -> None:
    notebook = lab.open(["1 / 0"])
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        notebook.run_all()


def test_the_store_is_beside_the_notebook(lab: Lab) -> None:
    notebook = lab.open(["import os; print(os.getcwd(), os.environ.get('CELLTRAIL_STORE'))"])
    notebook.run_all()
    assert notebook.text(0).strip() == f"{notebook.path.parent} None"


def test_a_request_to_another_machine_is_refused_and_counted(lab: Lab) -> None:
    url = "https://example.invalid/library.js"
    failed = lab.page.evaluate("(url) => fetch(url).then(() => false, () => true)", url)
    assert failed
    assert lab.external == [url]
    with pytest.raises(AssertionError, match=r"example\.invalid"):
        lab.assert_quiet()
    lab.external.clear()
    lab.errors.clear()


def test_an_error_of_the_console_is_heard(lab: Lab) -> None:
    lab.page.evaluate("() => console.error('the widget broke')")
    with pytest.raises(AssertionError, match="the widget broke"):
        lab.assert_quiet()
    lab.errors.clear()


def test_both_themes_reach_the_page(lab: Lab) -> None:
    lab.open(["1"], kernel=False)
    background = "() => getComputedStyle(document.body).getPropertyValue('--jp-layout-color0')"
    light = lab.page.evaluate(background)
    lab.set_theme("dark")
    assert lab.page.evaluate(background) != light


def test_a_strangers_notebook_is_not_trusted(lab: Lab) -> None:
    source = "from IPython.display import HTML\nHTML('<b>shown</b><script>window.ran = 1</script>')"
    notebook = lab.open_untrusted([source])
    notebook.output(0).get_by_text("shown").wait_for()
    assert lab.page.evaluate("() => window.ran") is None


def test_a_widget_lives_in_the_page(lab: Lab) -> None:
    notebook = lab.open(["import ipywidgets\nw = ipywidgets.IntSlider(value=3)\nw"])
    notebook.run_all()
    notebook.output(0).locator(".widget-readout").get_by_text("3").wait_for()
    assert isinstance(lab.screenshot("harness", notebook.output(0)), Path)
