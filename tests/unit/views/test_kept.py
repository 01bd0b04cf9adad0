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


def take_up(table: RunTableWidget, place: Place) -> Choices:
    return Choices(table._kept_parts(), place, lambda: None)


def test_a_new_process_reads_them(table: RunTableWidget, tmp_path: Path) -> None:
    chosen = {"table": {"where": ["", "params.depth > 3"], "group_by": [[], ["params.model"]]}}
    keep(tmp_path, {"view": 1, "chosen": chosen})
    choices = take_up(table, Place("cell-of-the-file", 1))
    assert table.where == "params.depth > 3"
    assert table.group_by == ["params.model"]
    assert choices.metadata() == {METADATA: {"view": 1, "chosen": chosen}}


def test_a_file_that_was_saved_since_is_read_again(table: RunTableWidget, tmp_path: Path) -> None:
    keep(tmp_path, {"view": 0, "chosen": {}}, cell="saved-again")
    take_up(table, Place("another", 0))
    keep(tmp_path, {"view": 0, "chosen": {"table": {"where": ["", "number > 3"]}}}, cell="again")
    os.utime(tmp_path / "saved.ipynb", (1, 1))
    take_up(table, Place("again", 0))
    assert table.where == "number > 3"


def test_other_cells_and_other_views_have_none(table: RunTableWidget, tmp_path: Path) -> None:
    keep(tmp_path, {"view": 0, "chosen": {"table": {"where": ["", "number > 3"]}}}, cell="its own")
    take_up(table, Place("not this one", 0))
    take_up(table, Place("its own", 1))
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
    ],
)
def test_what_makes_no_sense_is_left_out(
    table: RunTableWidget, tmp_path: Path, kept: Any, request: pytest.FixtureRequest
) -> None:
    keep(tmp_path, kept, cell=request.node.name)
    before = table.state, table._esm
    choices = take_up(table, Place(request.node.name, 0))
    assert (table.state, table._esm) == before
    assert choices.metadata() == {}


@pytest.mark.parametrize("content", ["", "{", '{"cells": 1, "celltrail": 2}', '["celltrail"]'])
def test_a_file_that_is_no_notebook_is_none(
    table: RunTableWidget, tmp_path: Path, content: str
) -> None:
    (tmp_path / "saved.ipynb").write_text(content, "utf-8")
    assert take_up(table, Place(f"none {content}", 0)).metadata() == {}


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
    place = next_place({"metadata": metadata, "header": {"msg_id": "one"}})
    assert (None if place is None else place.cell) == expected


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
    place = next_place(request)
    assert place is not None
    take_up(table, place)
    assert table.where == "number > 3"


def test_without_a_file_there_are_none(table: RunTableWidget) -> None:
    assert take_up(table, Place("no file", 0)).metadata() == {}
