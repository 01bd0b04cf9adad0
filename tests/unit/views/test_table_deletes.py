"""Runs are deleted and restored in the table, as `celltrail.delete` and `restore` do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets

import celltrail as ct
from celltrail.views import RunTableWidget

Asks = Callable[..., Any]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, store_path: Path) -> Asks:
    """Give what asks a table as its page does: the result, or the error's sentence."""

    def asks(table: RunTableWidget, method: str, **params: Any) -> Any:
        sent: list[Any] = []
        monkeypatch.setattr(table, "send", lambda message, buffers=None: sent.append(message))
        message = {"kind": "ask", "id": 7, "method": method, "params": params}
        table._msg_callbacks(table, message, [])
        reply = sent.pop()
        return reply.get("error", reply.get("result"))

    return asks


def make(*names: str, **metrics: float) -> list[str]:
    for name in names:
        with ct.track(name, params={"lr": 0.1}) as run:
            run.log({"acc": 0.5, **metrics})
    return [ct.run(name).id for name in names]


def names(table: RunTableWidget) -> list[str]:
    return [run.label for run in table.runs]


def test_deleted_runs_leave_the_table_and_come_back_to_their_places(ask: Asks) -> None:
    make("a", "b", "c", "d", "e")
    table = ct.table(ct.runs(order_by="name"))
    gone = [ct.run(name).id for name in ("b", "d")]
    table.selected = gone
    assert ask(table, "delete", ids=gone) == {"deleted": 2}
    assert names(table) == ["a", "c", "e"] == list(table.view["name"])
    assert [run.label for run in ct.runs(order_by="name")] == ["a", "c", "e"]
    assert table.selected_ids == []
    assert len(table.selected) == 0
    assert eval(table.code, {"ct": ct}).ids == table.runs.ids
    assert ask(table, "restore", ids=gone) == {"restored": 2, "shown": 2}
    assert names(table) == ["a", "b", "c", "d", "e"]


def test_the_selections_of_linked_views_lose_them_too(ask: Asks) -> None:
    ids = make("a", "b", "c")
    table, other = ct.table(ct.runs()), ct.table(ct.runs())
    comparison = ct.compare(ct.runs())
    for view in (other, comparison):
        traitlets.link((table, "selected_ids"), (view, "selected_ids"))
    table.selected = ids[:2]
    table.baseline = ids[0]
    ask(table, "delete", ids=ids[:1])
    for view in (table, other, comparison):
        assert [run.label for run in view.selected] == ["b"]
    assert table.baseline == ""


def test_a_run_that_goes_on_is_refused_and_nothing_is_deleted(ask: Asks) -> None:
    (done,) = make("done")
    with ct.track("live") as run:
        run.log(acc=1.0)
        table = ct.table(ct.runs())
        table.selected = table.runs
        said = ask(table, "delete", ids=table.runs.ids)
        assert "live" in said
        assert "cannot be deleted while it is recorded" in said
        assert names(table) == ["live", "done"]
        assert len(table.selected) == 2
    assert ask(table, "delete", ids=[done, run.id]) == {"deleted": 2}
    assert names(table) == []


def test_all_runs_can_go_and_come_back(ask: Asks) -> None:
    ids = make("a", "b")
    table = ct.table(ct.runs(order_by="name"))
    assert ask(table, "delete", ids=ids) == {"deleted": 2}
    assert (names(table), table.view.shape[0], table._data) == ([], 0, b"")
    assert ask(table, "deleted")["total"] == 2
    assert ask(table, "restore", ids=ids) == {"restored": 2, "shown": 2}
    assert names(table) == ["a", "b"]


def test_the_list_says_number_name_and_when(ask: Asks) -> None:
    ids = make("first", "<b>second</b>" * 20, "kept")
    table = ct.table(ct.runs())
    assert ask(table, "deleted") == {"rows": [], "total": 0}
    for id in ids[:2]:
        ct.delete(id)
    found = ask(table, "deleted")
    assert found["total"] == 2
    assert [row["id"] for row in found["rows"]] == [ids[1], ids[0]]
    assert [row["number"] for row in found["rows"]] == [2, 1]
    assert found["rows"][1]["label"] == "first"
    assert len(found["rows"][0]["label"]) <= 80
    assert all(row["when"] and row["experiment"] for row in found["rows"])


def test_what_was_deleted_before_comes_to_a_table_whose_question_it_answers(ask: Asks) -> None:
    ids = make("a", "b")
    make("best", score=0.9)
    ct.delete(ids[0])
    everything = ct.table(ct.runs(order_by="name"))
    assert ask(everything, "restore", ids=ids[:1]) == {"restored": 1, "shown": 1}
    assert names(everything) == ["a", "b", "best"]
    ct.delete(ids[0])
    narrow = ct.table(ct.runs("metrics.score > 0.5"))
    assert ask(narrow, "restore", ids=ids[:1]) == {"restored": 1, "shown": 0}
    ct.delete(ids[0])
    picked = ct.table(ct.runs()[:1])
    assert ask(picked, "restore", ids=ids[:1]) == {"restored": 1, "shown": 0}
    assert (names(narrow), names(picked)) == (["best"], ["best"])


def test_a_question_that_no_run_answers_any_more_is_no_error(ask: Asks) -> None:
    ids = make("a", "b")
    (best,) = make("best", score=0.9)
    ct.delete(ids[0])
    table = ct.table(ct.runs("metrics.score > 0.5"))
    ask(table, "delete", ids=[best])
    assert ask(table, "restore", ids=ids[:1]) == {"restored": 1, "shown": 0}
    assert names(table) == []


def test_a_filter_of_what_is_gone_is_forgotten(ask: Asks) -> None:
    make("a", "b")
    (best,) = make("best", score=0.9)
    table = ct.table(ct.runs(), where="metrics.score > 0.5", order_by="metrics.score")
    ask(table, "delete", ids=[best])
    assert (table.where, table.order_by) == ("", "")
    assert list(table.view["name"]) == ["b", "a"]
    table.where = "metrics.acc > 0"
    ask(table, "delete", ids=table.runs.ids[:1])
    assert table.where == "metrics.acc > 0"


def test_only_runs_of_this_table_are_deleted(ask: Asks) -> None:
    ids = make("a", "b")
    table = ct.table(ct.runs("name = 'a'"))
    assert ask(table, "delete", ids=[ids[1], "unknown"]) == {"deleted": 0}
    assert ask(table, "delete", ids=[]) == {"deleted": 0}
    assert ask(table, "restore", ids=["unknown"]) == {"restored": 0, "shown": 0}
    assert len(ct.runs()) == 2
    assert ask(table, "delete", ids=ids) == {"deleted": 1}


def test_what_others_deleted_meanwhile_is_no_error(ask: Asks) -> None:
    ids = make("a", "b", "c")
    table = ct.table(ct.runs(order_by="name"))
    ct.delete(ids[0])
    assert ask(table, "delete", ids=ids[:2]) == {"deleted": 1}
    assert names(table) == ["c"]
    ct.purge(ids[1])
    assert ask(table, "restore", ids=ids[:2]) == {"restored": 1, "shown": 1}
    assert names(table) == ["a", "c"]


def test_children_of_a_deleted_run_stand_for_themselves(ask: Asks) -> None:
    with ct.track("above"), ct.track("below"):
        pass
    table = ct.table(ct.runs())
    assert table._parents
    ask(table, "delete", ids=[ct.run("above").id])
    assert names(table) == ["below"]
    assert np.frombuffer(table._parents, np.int32).tolist() == [-1]


def test_an_edit_keeps_the_places_of_deleted_runs(ask: Asks) -> None:
    ids = make("a", "b", "c")
    table = ct.table(ct.runs(order_by="name"))
    ask(table, "delete", ids=ids[1:2])
    ask(table, "edit", id=ids[0], note="why")
    ask(table, "restore", ids=ids[1:2])
    assert names(table) == ["a", "b", "c"]
    table.runs = ct.runs("name != 'b'")
    ask(table, "delete", ids=ids[:1])
    assert names(table) == ["c"]
