"""One store into another: everything once, as often as one likes, in both directions."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from spool_recorder import Recorder, now

from celltrail.errors import CelltrailWarning, StoreMissingError, UsageError
from celltrail.store import Store, open_store
from celltrail.store.tables import COLUMNS
from celltrail.store.upkeep import delete_runs, deleted_runs, merge_store, purge_runs
from celltrail.store.upkeep.whole import united

Contents = Callable[[Store], dict[str, Any]]
LARGE = (1 << 20) + 5


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Store, Store]:
    return open_store(tmp_path / "a" / "a.duckdb"), open_store(tmp_path / "b" / "b.duckdb")


def record(store: Store, name: str, *, points: int = 3, **fields: Any) -> str:
    recorder = Recorder(store.path)
    recorder.writer.event("session", started=now(), host="h", kind="kernel")
    recorder.writer.event("source", sha256=name * 4, text=f"text of {name}")
    run = recorder.run(name, source=name * 4, **fields)
    recorder.param(run, "lr", 0.1)
    recorder.param(run, "huge", 2**70)
    recorder.writer.event("tag", run=run, tag=f"tag of {name}")
    recorder.writer.event("reason", run=run, metric="loss", reason="computed")
    recorder.writer.event("cell", source=name * 4, started=1, ended=2, status="ok", run=run)
    recorder.writer.event(
        "dataset", run=run, name="df", sha256="d" * 64, kind="k", shape=[1], schema={}, size=1
    )
    for data in (name.encode(), name.encode().ljust(LARGE)):
        sha256, size = recorder.writer.add_blob(data)
        recorder.writer.event("artifact", run=run, name="a", sha256=sha256, size=size)
    for step in range(points):
        recorder.log(run, step, loss=step / 7, nan=float("nan"), count=2**53 + 1)
    recorder.end(run)
    recorder.close()
    return run


def test_both_directions_give_both_stores_the_same(
    pair: tuple[Store, Store], contents: Contents
) -> None:
    a, b = pair
    first, second = record(a, "x"), record(b, "y")
    found = merge_store(a.access, b.access)
    assert (found.new, found.points, found.artifacts, found.renumbered) == (1, 9, 1, 1)
    assert merge_store(b.access, a.access).new == 1
    assert contents(a) == contents(b)
    for store in pair:
        assert {row.id for row in store.run_rows()} == {first, second}
        assert sorted(row.number for row in store.run_rows()) == [1, 2]
        for run in (first, second):
            for artifact in store.artifacts(run):
                assert len(store.open_artifact(artifact.sha256).read()) == artifact.size


def test_again_changes_nothing(pair: tuple[Store, Store], contents: Contents) -> None:
    a, b = pair
    record(a, "x")
    record(b, "y")
    merge_store(a.access, b.access)
    before = contents(a)
    for _ in range(2):
        found = merge_store(a.access, b.access)
        assert (found.new, found.updated, found.points, found.artifacts) == (0, 0, 0, 0)
    assert contents(a) == before
    assert repr(found) == "<merged 0 new runs, 0 updated, 0 points, 0 large files>"


def test_a_run_that_went_on_there_is_brought_up_to_date(
    pair: tuple[Store, Store], contents: Contents
) -> None:
    a, b = pair
    recorder = Recorder(b.path)
    run = recorder.run("grows")
    recorder.param(run, "lr", 0.1)
    recorder.log(run, 0, loss=1.0)
    merge_store(a.access, b.access)
    assert a.run_rows()[0].status == "running"
    recorder.log(run, 1, loss=0.5, new=1)
    recorder.param(run, "lr", 0.2)
    recorder.writer.event("note", run=run, text="why")
    recorder.end(run)
    found = merge_store(a.access, b.access)
    assert (found.new, found.updated, found.points) == (0, 1, 2)
    (row,) = a.run_rows()
    assert (row.status, row.note) == ("finished", "why")
    assert [change.value for change in a.param_changes(run)] == [0.1, 0.2]
    assert a.history([run], "loss").value.tolist() == [1.0, 0.5]
    assert contents(a) == contents(b)
    recorder.close()


def test_numbers_that_are_free_stay_and_the_others_come_behind_them(
    pair: tuple[Store, Store],
) -> None:
    a, b = pair
    for name in ("a1", "a2"):
        record(a, name, points=0)
    for name in ("b1", "b2", "b3"):
        record(b, name, points=0)
    record(b, "o", points=0, experiment="other")
    assert merge_store(a.access, b.access).renumbered == 2
    numbers = {row.name: row.number for row in a.run_rows()}
    assert numbers == {"a1": 1, "a2": 2, "b3": 3, "b1": 4, "b2": 5, "o": 1}
    assert [row.number for row in b.run_rows()] == [1, 2, 3, 1], "theirs is not touched"


def test_references_are_carried_over_by_id(pair: tuple[Store, Store]) -> None:
    a, b = pair
    record(a, "in the way")
    recorder = Recorder(b.path)
    parent = recorder.run("same")
    child = recorder.run("child", parent=parent)
    after = recorder.run("same")
    recorder.close()
    merge_store(a.access, b.access)
    rows = {row.id: row for row in a.run_rows()}
    assert rows[child].parent == parent
    assert rows[after].previous == parent


def test_what_was_purged_here_does_not_come_back(pair: tuple[Store, Store]) -> None:
    a, b = pair
    run = record(b, "x")
    child = record(b, "y", parent=run)
    merge_store(a.access, b.access)
    purge_runs(a.access, [run])
    found = merge_store(a.access, b.access)
    assert (found.new, found.purged) == (0, 1)
    (row,) = a.run_rows()
    assert (row.id, row.parent) == (child, None)
    assert "text of x" not in a.sql("SELECT text FROM sources")["text"].tolist()
    assert len(b.run_rows()) == 2, "it is only left out here"


def test_a_run_that_is_deleted_comes_as_such_and_each_store_keeps_its_own(
    pair: tuple[Store, Store],
) -> None:
    a, b = pair
    deleted, shown = record(b, "x"), record(b, "y")
    delete_runs(b.access, [deleted])
    merge_store(a.access, b.access)
    assert [run.id for run in deleted_runs(a.access)] == [deleted]
    delete_runs(a.access, [shown])
    merge_store(a.access, b.access)
    assert len(deleted_runs(a.access)) == 2
    assert len(deleted_runs(b.access)) == 1


def test_a_run_that_is_known_by_reference_only_is_filled(pair: tuple[Store, Store]) -> None:
    a, b = pair
    run = record(b, "x")
    recorder = Recorder(a.path)
    recorder.writer.append(run, now(), [("elsewhere", 0, 1.0)])
    recorder.close()
    assert a.run_rows() == []
    assert merge_store(a.access, b.access).new == 1
    assert [row.id for row in a.run_rows()] == [run]
    assert len(a.history([run], "loss")) == 3
    assert a.history([run], "elsewhere").value.tolist() == [1.0]


def test_what_is_in_their_spool_comes_too(pair: tuple[Store, Store]) -> None:
    a, b = pair
    recorder = Recorder(b.path)
    run = recorder.run("not merged")
    recorder.log(run, 0, x=1.0)
    assert not b.path.exists()
    merge_store(a.access, b.access)
    assert a.history([run], "x").value.tolist() == [1.0]
    recorder.close()


def test_theirs_is_never_written_when_all_is_merged_there(pair: tuple[Store, Store]) -> None:
    a, b = pair
    record(b, "x")
    b.merge()
    before = b.path.read_bytes()
    b.path.chmod(0o444)
    b.path.parent.chmod(0o555)
    try:
        merge_store(a.access, b.access)
        assert sorted(path.name for path in b.path.parent.iterdir()) == [
            "b.duckdb",
            "b.duckdb.files",
        ]
    finally:
        b.path.parent.chmod(0o755)
    assert b.path.read_bytes() == before
    assert len(a.run_rows()) == 1


def test_a_spool_that_cannot_be_merged_is_told(
    pair: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = pair
    record(b, "x")
    b.merge()
    record(b, "late")
    with duckdb.connect(b.path, read_only=True), pytest.warns(CelltrailWarning, match="left out"):
        merge_store(a.access, b.access)
    assert [row.name for row in a.run_rows()] == ["x"]
    merge_store(a.access, b.access)
    assert [row.name for row in a.run_rows()] == ["x", "late"]


def test_a_store_is_not_merged_into_itself(pair: tuple[Store, Store], tmp_path: Path) -> None:
    a, b = pair
    record(a, "x")
    a.merge()
    with pytest.raises(UsageError, match="merged into itself"):
        merge_store(a.access, a.access)
    (tmp_path / "b").mkdir()
    os.link(a.path, b.path)
    with pytest.raises(UsageError, match="merged into itself"):
        merge_store(a.access, b.access)


def test_a_store_that_is_not_there_is_told(pair: tuple[Store, Store]) -> None:
    a, b = pair
    with pytest.raises(StoreMissingError, match="there is no store at"):
        merge_store(a.access, b.access)
    assert not a.path.exists()


def test_missing_content_is_told_and_the_rest_comes(pair: tuple[Store, Store]) -> None:
    a, b = pair
    run = record(b, "x")
    b.merge()
    shutil.rmtree(b.access.layout.files)
    with pytest.warns(CelltrailWarning, match="1 contents of artifacts are missing"):
        found = merge_store(a.access, b.access)
    assert found.missing == 1
    assert len(a.artifacts(run)) == 2


def test_many_batches_are_one_merge(
    pair: tuple[Store, Store], contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    import celltrail.store.upkeep.copying as copying

    a, b = pair
    parent = record(b, "p")
    for i in range(7):
        parent = record(b, f"n{i}", parent=parent)
    monkeypatch.setattr(copying, "_BATCH", 10)
    assert merge_store(a.access, b.access).new == 8
    assert contents(a) == contents(b)
    assert [row.number for row in a.run_rows()] == list(range(1, 9))


def test_a_merge_that_is_cut_off_is_done_again(
    pair: tuple[Store, Store], contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    import celltrail.store.upkeep.copying as copying

    a, b = pair
    for i in range(4):
        record(b, f"n{i}")
    monkeypatch.setattr(copying, "_BATCH", 10)
    batch, done = copying.copy_batch, []

    def cut_off(con: Any, ids: list[str]) -> Any:
        found = batch(con, ids)
        done.append(ids)
        if len(done) == 2:
            raise KeyboardInterrupt
        return found

    with monkeypatch.context() as patched:
        patched.setattr(copying, "copy_batch", cut_off)
        with pytest.raises(KeyboardInterrupt):
            merge_store(a.access, b.access)
    assert len(a.run_rows()) == 1, "what was not committed is not there"
    assert merge_store(a.access, b.access).new == 3
    assert contents(a) == contents(b)


RUN: dict[str, Any] = {name: None for name, _ in COLUMNS["runs"]}


@pytest.mark.parametrize(
    ("here", "there", "wins"),
    [
        ({"status": "running"}, {"status": "finished", "ended": 5}, "finished"),
        ({"status": "lost"}, {"status": "failed", "ended": 5}, "failed"),
        ({"status": "running"}, {"status": "lost"}, "lost"),
        ({"status": "finished", "ended": 9}, {"status": "failed", "ended": 5}, "finished"),
        ({"status": "finished", "ended": 5}, {"status": "lost", "ended": 9}, "finished"),
    ],
)
def test_the_end_that_is_final_and_later_counts(
    here: dict[str, Any], there: dict[str, Any], wins: str
) -> None:
    counts = (0, 0, 0, 0)
    rows = [united(RUN | here, counts, RUN | there, counts)]
    rows.append(united(RUN | there, counts, RUN | here, counts))
    assert [row["status"] for row in rows] == [wins, wins]
    assert rows[0]["ended"] == rows[1]["ended"]


@pytest.mark.parametrize(
    ("here", "there", "counts", "note"),
    [
        ("", "theirs", (0, 0), "theirs"),
        ("ours", "", (0, 9), "ours"),
        ("ours", "theirs", (5, 3), "ours"),
        ("theirs", "ours", (3, 5), "ours"),
        ("short", "longer", (3, 3), "longer"),
        ("aa", "bb", (3, 3), "bb"),
    ],
)
def test_the_note_of_the_store_that_knows_more_counts(
    here: str, there: str, counts: tuple[int, int], note: str
) -> None:
    mine, other = ((count, 0, 0, 0) for count in counts)
    one = RUN | {"status": "running", "note": here}
    two = RUN | {"status": "running", "note": there}
    assert united(one, mine, two, other)["note"] == note
    assert united(two, other, one, mine)["note"] == note
