"""Several reads from one look at a store."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from spool_recorder import Recorder

from celltrail.store import Store, access, open_store
from celltrail.store.lookup import look_up


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """How often something was laid over a store."""
    seen: list[Path] = []
    real = access.overlaid

    def counted(con: object, layout: object, writers: object) -> object:
        seen.append(layout.store)  # type: ignore[attr-defined]
        return real(con, layout, writers)  # type: ignore[arg-type]

    monkeypatch.setattr(access, "overlaid", counted)
    return seen


@pytest.fixture
def store(store_path: Path) -> Store:
    recorder = Recorder(store_path)
    run = recorder.run("first")
    recorder.log(run, 0, x=1.0)
    store = open_store(store_path)
    store.merge()
    recorder.log(run, 1, x=2.0)
    recorder.run("second")
    return store


def test_all_reads_of_a_block_are_of_one_look(store: Store, looks: list[Path]) -> None:
    with store.access.at_once():
        rows = store.run_rows()
        assert [row.name for row in rows] == ["first", "second"]
        with store.access.at_once():
            assert store.history([rows[0].id], "x").value.tolist() == [1.0, 2.0]
        assert look_up(store.access, ["second"])[0][0].id == rows[1].id
        assert len(looks) == 1
    store.run_rows()
    assert len(looks) == 2


def test_it_holds_for_one_thread_and_ends_with_an_exception(
    store: Store, looks: list[Path]
) -> None:
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(len(store.run_rows())))
    with pytest.raises(ZeroDivisionError), store.access.at_once():
        thread.start()
        1 / 0  # noqa: B018
    thread.join()
    assert found == [2]
    assert len(store.run_rows()) == 2
    assert len(looks) == 3


def test_where_nothing_ever_was_there_is_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "none.duckdb")
    with store.access.at_once():
        assert store.run_rows() == []
    assert not store.path.exists()
