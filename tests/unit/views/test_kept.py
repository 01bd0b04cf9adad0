"""Choices that a notebook's file keeps."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from view_fakes import many_runs

from celltrail.views import RunTableWidget
from celltrail.views.kept import METADATA, Choices, Place, next_place


def keep(folder: Path, kept: Any, *, cell: str = "cell-of-the-file") -> None:
    """Save a notebook with an output that keeps something."""
    output = {"output_type": "display_data", "data": {}, "metadata": {METADATA: kept}}
    cells = [{"id": "text", "cell_type": "markdown"}, {"id": cell, "outputs": [output]}]
    (folder / "saved.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunTableWidget:
    """Give a table in a process whose notebook is ``saved.ipynb``."""
    namespace = {"__vsc_ipynb_file__": str(tmp_path / "saved.ipynb")}
    monkeypatch.setattr(InteractiveShell.instance(), "user_ns", namespace)
    return RunTableWidget(many_runs(9))  # type: ignore[arg-type]


def place(cell: str, number: int = 0) -> Place:
    return Place(cell, number, cell)


def take_up(table: RunTableWidget, place: Place) -> Choices:
    choices = Choices(table._kept_parts(), lambda: table._known_ids(), lambda: None)
    choices.stand(place)
    return choices


def choose(table: RunTableWidget, **state: Any) -> None:
    """Set traits as the page does."""
    table.set_state(state)


def test_a_new_process_reads_them(table: RunTableWidget, tmp_path: Path) -> None:
    chosen = {"table": {"where": ["", "params.depth > 3"], "group_by": [[], ["params.model"]]}}
    keep(tmp_path, {"view": 1, "chosen": chosen})
    choices = take_up(table, place("cell-of-the-file", 1))
    assert table.where == "params.depth > 3"
    assert table.group_by == ["params.model"]
    assert choices.metadata() == {METADATA: {"view": 1, "chosen": chosen}}


def test_a_file_that_was_saved_since_is_read_again(table: RunTableWidget, tmp_path: Path) -> None:
    keep(tmp_path, {"view": 0, "chosen": {}}, cell="saved-again")
    take_up(table, place("another"))
    keep(tmp_path, {"view": 0, "chosen": {"table": {"where": ["", "number > 3"]}}}, cell="again")
    os.utime(tmp_path / "saved.ipynb", (1, 1))
    take_up(table, place("again"))
    assert table.where == "number > 3"


def test_other_cells_and_other_views_have_none(table: RunTableWidget, tmp_path: Path) -> None:
    keep(tmp_path, {"view": 0, "chosen": {"table": {"where": ["", "number > 3"]}}}, cell="its own")
    take_up(table, place("not this one"))
    take_up(table, place("its own", 1))
    assert table.where == ""


@pytest.mark.parametrize(
    "kept",
    [
        None,
        "text",
        {"view": "0", "chosen": {}},
        {"view": 0},
        {"view": 0, "chosen": [1]},
        {"view": 0, "chosen": {"table": 1, "": {}, "where": {"table": ["", "number > 3"]}}},
        {"view": 0, "chosen": {"table": {"where": "number > 3"}}},
        {"view": 0, "chosen": {"table": {"where": ["", "no such thing > 3"]}}},
        {"view": 0, "chosen": {"table": {"where": ["", {}], "hidden": [[], 7]}}},
        {"view": 0, "chosen": {"table": {"_esm": ["", "alert(1)"], "runs": [[], []]}}},
        {"view": 0, "chosen": {"table": {"where": ["number > 1", "number > 3"]}}},
        {"view": 0, "chosen": {"table": {"where": ["", "started > '9999-12-31 23:59-14:00'"]}}},
        {"view": 0, "chosen": {"table": {"where": ["", "params.model = '\ud800'"]}}},
        {"view": 0, "chosen": {"table": {"group_by": [[], ["params.model"] * 10_000]}}},
        {"view": 0, "chosen": {"table": {"selected_ids": [[], "abc"]}}},
    ],
)
def test_what_makes_no_sense_is_left_out(
    table: RunTableWidget, tmp_path: Path, kept: Any, request: pytest.FixtureRequest
) -> None:
    keep(tmp_path, kept, cell=request.node.name)
    before = table.state, table._esm
    choices = take_up(table, place(request.node.name))
    assert (table.state, table._esm) == before
    assert choices.metadata() == {}


@pytest.mark.parametrize("content", ["", "{", '{"cells": 1, "celltrail": 2}', '["celltrail"]'])
def test_a_file_that_is_no_notebook_is_none(
    table: RunTableWidget, tmp_path: Path, content: str
) -> None:
    (tmp_path / "saved.ipynb").write_text(content, "utf-8")
    assert take_up(table, place(f"none {content}")).metadata() == {}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"cellId": "of-jupyterlab"}, "of-jupyterlab"),
        ({"colab": {"cell_id": "of-colab"}}, "of-colab"),
        ({"cellId": 7}, None),
        ({}, None),
    ],
)
def test_each_front_end_says_the_cell_in_its_own_way(
    metadata: dict[str, Any], expected: str | None
) -> None:
    found = next_place({"metadata": metadata, "header": {"msg_id": "one"}})
    assert (None if found is None else found.cell) == expected


def test_in_vs_code_a_cell_is_known_by_its_code(table: RunTableWidget, tmp_path: Path) -> None:
    keep(tmp_path, {"view": 0, "chosen": {"table": {"where": ["", "number > 3"]}}}, cell="theirs")
    saved = json.loads((tmp_path / "saved.ipynb").read_text("utf-8"))
    saved["cells"][1]["source"] = ["table = 1\n", "table"]
    (tmp_path / "saved.ipynb").write_text(json.dumps(saved), "utf-8")
    request = {
        "metadata": {"cellId": "vscode-notebook-cell:/saved.ipynb#W1sZmlsZQ"},
        "header": {"msg_id": "two"},
        "content": {"code": "table = 1\ntable"},
    }
    there = next_place(request)
    assert there is not None
    take_up(table, there)
    assert table.where == "number > 3"
    # of two cells with the same code nobody could tell which it is
    saved["cells"].append({**saved["cells"][1], "id": "a copy"})
    (tmp_path / "saved.ipynb").write_text(json.dumps(saved), "utf-8")
    os.utime(tmp_path / "saved.ipynb", (2, 2))
    other = RunTableWidget(many_runs(9))  # type: ignore[arg-type]
    take_up(other, there._replace(cell="vscode-notebook-cell:/saved.ipynb#another"))
    assert other.where == ""


def test_without_a_file_there_are_none(table: RunTableWidget) -> None:
    assert take_up(table, place("no file")).metadata() == {}


def test_what_was_cleared_does_not_come_back_from_the_file(
    table: RunTableWidget, tmp_path: Path
) -> None:
    keep(tmp_path, {"view": 0, "chosen": {"table": {"where": ["", "number > 3"]}}}, cell="cleared")
    choices = take_up(table, place("cleared"))
    assert table.where == "number > 3"
    choose(table, where="")
    assert choices.metadata() == {}
    again = RunTableWidget(many_runs(9))  # type: ignore[arg-type]
    take_up(again, place("cleared"))
    assert again.where == ""


def test_a_view_that_is_shown_again_keeps_its_choices(table: RunTableWidget) -> None:
    choices = take_up(table, place("shown twice"))
    choose(table, where="number > 3")
    for number in range(3):
        choices.stand(place("shown twice", number))
    assert choices.metadata()[METADATA]["chosen"] == {"table": {"where": ["", "number > 3"]}}
    assert table.where == "number > 3"


def test_an_older_view_of_a_cell_changes_nothing_of_the_newer(table: RunTableWidget) -> None:
    take_up(table, place("run twice"))
    newer, newest = (RunTableWidget(many_runs(9)) for _ in range(2))  # type: ignore[arg-type]
    take_up(newer, place("run twice"))
    choose(newer, where="number > 3")
    choose(table, where="number > 5")
    take_up(newest, place("run twice"))
    assert newest.where == "number > 3"


def test_only_runs_that_are_there_are_selected_again(table: RunTableWidget) -> None:
    ids = table.runs.ids
    take_up(table, place("selected"))
    choose(table, selected_ids=[ids[0], ids[5]])
    again = RunTableWidget(many_runs(3))  # type: ignore[arg-type]
    take_up(again, place("selected"))
    assert again.selected_ids == [ids[0]]


def test_a_long_selection_is_left_out_before_the_rest(table: RunTableWidget) -> None:
    choices = take_up(table, place("long"))
    choose(table, selected_ids=["x" * 26] * 2_000, where="number > 3")
    assert choices.metadata()[METADATA]["chosen"] == {"table": {"where": ["", "number > 3"]}}


def test_an_observer_that_raises_does_not_keep_the_view_from_being_shown(
    table: RunTableWidget, tmp_path: Path
) -> None:
    keep(tmp_path, {"view": 0, "chosen": {"table": {"where": ["", "number > 3"]}}}, cell="raises")

    def fail(_change: Any) -> None:
        raise KeyError

    table.observe(fail, "where")
    take_up(table, place("raises"))
