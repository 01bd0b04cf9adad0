"""Deleting and restoring below the views: the same as `celltrail.delete` and `restore`."""

from __future__ import annotations

from pathlib import Path

import pytest

import celltrail as ct
from celltrail.errors import RunIsRunningError
from celltrail.query.removal import delete, deleted, restore, with_restored


@pytest.fixture
def ids(store_path: Path) -> list[str]:
    for name in ("a", "b", "c"):
        with ct.track(name) as run:
            run.log(acc=0.5)
    return [ct.run(name).id for name in ("a", "b", "c")]


def test_what_is_deleted_here_is_restored_there(store_path: Path, ids: list[str]) -> None:
    assert delete(store_path, ids[:2]) == 2
    assert ct.deleted_runs() == deleted(store_path)
    assert ct.restore("a") == 1
    assert restore(store_path, ids) == 1
    assert (delete(store_path, []), restore(store_path, []), deleted(store_path)) == (0, 0, [])
    assert len(ct.runs()) == 3


def test_a_store_without_runs_has_no_deleted_ones(tmp_path: Path) -> None:
    assert deleted(tmp_path / "none.duckdb") == []


def test_a_run_that_goes_on_is_refused(store_path: Path, ids: list[str]) -> None:
    with ct.track("live") as run, pytest.raises(RunIsRunningError, match="live"):
        delete(store_path, [ids[0], run.id])
    assert len(ct.runs()) == 4


def test_runs_are_read_anew_in_their_places(store_path: Path, ids: list[str]) -> None:
    shown = ct.runs(order_by="name")
    assert shown.store_path == store_path
    delete(store_path, ids[1:2])
    left = shown.again()
    assert left.ids == [ids[0], ids[2]]
    restore(store_path, ids[1:2])
    assert with_restored(left, ids, ids[1:2]).ids == ids
    assert left.again(ids[::-1]).ids == ids[::-1]


def test_the_question_of_the_runs_is_asked_again_for_others(
    store_path: Path, ids: list[str]
) -> None:
    delete(store_path, ids[:1])
    shown = ct.runs("name != 'c'", order_by="name", limit=5)
    assert shown.ids == [ids[1]]
    restore(store_path, ids[:1])
    again = with_restored(shown, shown.ids, ids[:1])
    assert again.ids == ids[:2]
    assert again.asked == shown.asked
    picked = shown.select(ids[1:2])
    assert with_restored(picked, picked.ids, ids[:1]).ids == [ids[1]]
