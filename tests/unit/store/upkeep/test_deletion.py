"""Hiding runs, bringing them back, and removing them for good."""

from __future__ import annotations

import os
import time
from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder

from celltrail.errors import RunIsRunningError
from celltrail.ids import new_id
from celltrail.store import Store
from celltrail.store.blobs import put_blob
from celltrail.store.upkeep import (
    delete_runs,
    deleted_runs,
    look_up,
    purge_runs,
    restore_runs,
)

LARGE = (1 << 20) + 17


def finished(recorder: Recorder, name: str, **fields: object) -> str:
    run = recorder.run(name, **fields)
    recorder.param(run, "lr", 0.1)
    recorder.log(run, 0, loss=0.5, acc=1)
    recorder.end(run)
    return run


def store_content(recorder: Recorder, run: str, data: bytes, name: str = "a") -> str:
    sha256, size = recorder.writer.add_blob(data)
    recorder.writer.event("artifact", run=run, name=name, kind="bytes", sha256=sha256, size=size)
    return sha256


def aged(path: Path, seconds: float = 1000.0) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_deleted_run_is_hidden_from_all_reads_and_comes_back_whole(store: Store) -> None:
    recorder = Recorder(store.path)
    kept, gone = finished(recorder, "kept"), finished(recorder, "gone")
    recorder.close()
    assert delete_runs(store.access, [gone]) == 1
    assert delete_runs(store.access, [gone, "no such id"]) == 0, "it is deleted already"
    assert [row.id for row in store.run_rows()] == [kept]
    assert store.find_run("gone") is None
    assert set(store.table_data().params.run.tolist()) == {store.run_rows()[0].run}
    assert len(store.history([gone], "loss")) == 0
    assert store.sql("SELECT id FROM v_history")["id"].unique().tolist() == [kept]
    (hidden,) = deleted_runs(store.access)
    assert (hidden.id, hidden.name, hidden.points) == (gone, "gone", 2)
    assert repr(hidden) == "<deleted run 'gone' of 'tests', 2 points>"
    assert restore_runs(store.access, [gone]) == 1
    assert deleted_runs(store.access) == []
    assert store.history([gone], "loss").value.tolist() == [0.5]


@pytest.mark.parametrize("reference", ["gone", 1, "prefix", "id"])
def test_a_deleted_run_is_found_as_runs_are(store: Store, reference: str | int) -> None:
    recorder = Recorder(store.path)
    gone = finished(recorder, "gone")
    recorder.close()
    delete_runs(store.access, [gone])
    wanted = {"prefix": gone[:20].lower(), "id": gone}.get(str(reference), reference)
    ((found,),) = look_up(store.access, [wanted])
    assert (found.id, found.is_deleted) == (gone, True)
    restore_runs(store.access, [gone])
    ((found,),) = look_up(store.access, [wanted])
    assert (found.id, found.is_deleted) == (gone, False)


def test_a_run_that_is_recorded_can_be_neither_deleted_nor_purged(store: Store) -> None:
    recorder = Recorder(store.path)
    done, running = finished(recorder, "done"), recorder.run("busy")
    with pytest.raises(RunIsRunningError, match=r"^busy of .* cannot be deleted while"):
        delete_runs(store.access, [done, running])
    with pytest.raises(RunIsRunningError, match="nothing was deleted"):
        purge_runs(store.access, [done, running])
    assert len(store.run_rows()) == 2, "neither of them"
    recorder.end(running)
    assert delete_runs(store.access, [done, running]) == 2
    recorder.close()


def test_purging_leaves_nothing_of_a_run_in_any_table(store: Store) -> None:
    recorder = Recorder(store.path)
    text = "secret = 'in the text'"
    recorder.writer.event("source", sha256="f" * 64, text=text)
    recorder.writer.event("environment", sha256="e" * 64, python="3")
    gone = finished(recorder, "gone", source="f" * 64, note="a secret")
    recorder.writer.event("run_context", run=gone, environment="e" * 64)
    recorder.writer.event("tag", run=gone, tag="t")
    recorder.writer.event("reason", run=gone, metric="loss", reason="why")
    recorder.param(gone, "lr", 0.2)
    recorder.writer.event(
        "dataset", run=gone, name="df", sha256="d" * 64, kind="k", shape=[1], schema={}, size=1
    )
    recorder.writer.event("cell", source="f" * 64, started=1, ended=2, status="ok", run=gone)
    store_content(recorder, gone, b"a small secret")
    recorder.close()
    assert len(store.run_rows()) == 1
    found = purge_runs(store.access, [gone])
    assert (found.runs, found.points, found.artifacts, found.bytes) == (1, 2, 1, 14)
    assert repr(found) == "<purged 1 run with 2 points and 1 artifact (14 B)>"
    with duckdb.connect(store.path) as con:
        tables = [name for (name,) in con.execute("SHOW TABLES").fetchall()]
        left = {t for t in tables if con.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0]}
    views = {"v_runs", "v_params", "v_metrics", "v_history"}
    assert left - views - {"sessions"} == {"migrations", "purged"}


def test_tables_of_users_are_never_touched(store: Store) -> None:
    """Also those that have a column of the name that ours have, of whatever type."""
    recorder = Recorder(store.path)
    gone = finished(recorder, "gone")
    recorder.close()
    store.merge()
    with duckdb.connect(store.path) as con:
        con.execute("CREATE TABLE lab_book (run INTEGER, sample VARCHAR)")
        con.execute("INSERT INTO lab_book VALUES (1, 'blood'), (7, 'x')")
        con.execute("CREATE TABLE notes AS SELECT '2024-05' AS run, 'a text' AS note")
    assert purge_runs(store.access, [gone]).points == 2
    with duckdb.connect(store.path) as con:
        assert con.execute("FROM lab_book").fetchall() == [(1, "blood"), (7, "x")]
        assert con.execute("FROM notes").fetchall() == [("2024-05", "a text")]


def test_every_table_of_ours_that_has_runs_is_purged(store: Store) -> None:
    from celltrail.store.schema import expected_columns
    from celltrail.store.tables import OF_RUNS

    with_runs = {table for table, columns in expected_columns().items() if "run" in columns}
    assert set(OF_RUNS) == with_runs


def test_what_others_use_stays(store: Store) -> None:
    recorder = Recorder(store.path)
    recorder.writer.event("source", sha256="f" * 64, text="x = 1")
    gone, kept = (finished(recorder, name, source="f" * 64) for name in ("gone", "kept"))
    small = [store_content(recorder, run, b"the same") for run in (gone, kept)]
    large = [store_content(recorder, run, bytes(LARGE), "b") for run in (gone, kept)]
    recorder.close()
    store.merge()
    aged(store.access.layout.file(large[0]))
    assert repr(purge_runs(store.access, [gone])).endswith("0 artifacts (0 B)>")
    assert store.open_artifact(small[0]).read() == b"the same"
    assert store.open_artifact(large[0]).read() == bytes(LARGE)
    assert store.source("f" * 64) == "x = 1"
    assert store.history([kept], "loss").value.tolist() == [0.5]


def test_a_large_file_that_nobody_else_uses_is_removed(store: Store) -> None:
    recorder = Recorder(store.path)
    gone = finished(recorder, "gone")
    sha256 = store_content(recorder, gone, bytes(LARGE))
    recorder.close()
    store.merge()
    aged(store.access.layout.file(sha256))
    found = purge_runs(store.access, [gone])
    assert (found.artifacts, found.bytes, found.kept) == (1, LARGE, 0)
    assert not store.access.layout.files.exists(), "not even an empty folder"


def test_a_young_file_stays_while_somebody_records(store: Store) -> None:
    """Another process may have stored the same content and not yet said for which run."""
    recorder = Recorder(store.path)
    gone = finished(recorder, "gone")
    sha256 = store_content(recorder, gone, bytes(LARGE))
    other = Recorder(store.path)
    other.run("goes on")
    found = purge_runs(store.access, [gone])
    assert (found.artifacts, found.kept) == (0, 1)
    assert "1 file left for the next time" in repr(found)
    run = other.run("uses it")
    other.writer.event("artifact", run=run, name="b", sha256=sha256, size=LARGE)
    assert store.open_artifact(sha256).read() == bytes(LARGE)
    recorder.close()
    other.close()


def test_a_file_that_is_stored_again_at_the_moment_of_the_purge_is_put_back(store: Store) -> None:
    """Whoever stores content that is there gives the file a new time, and so keeps it."""
    recorder = Recorder(store.path)
    gone = finished(recorder, "gone")
    sha256 = store_content(recorder, gone, bytes(LARGE))
    store.merge()
    path = store.access.layout.file(sha256)
    aged(path)
    put_blob(store.access.layout, recorder.session, bytes(LARGE))
    assert purge_runs(store.access, [gone]).kept == 1
    assert path.is_file()
    recorder.close()


def test_a_file_put_aside_by_a_purge_that_was_killed_is_found_again(store: Store) -> None:
    recorder = Recorder(store.path)
    kept, gone = finished(recorder, "kept"), finished(recorder, "gone")
    sha256 = store_content(recorder, kept, bytes(LARGE))
    recorder.close()
    store.merge()
    path = store.access.layout.file(sha256)
    path.rename(path.with_name(f".aside-{path.name}"))
    purge_runs(store.access, [gone])
    assert store.open_artifact(sha256).read() == bytes(LARGE)


def test_references_go_to_the_nearest_run_that_stays(store: Store) -> None:
    recorder = Recorder(store.path)
    runs: list[str] = []
    for _ in range(4):
        runs.append(finished(recorder, "same", parent=runs[-1] if runs else None))
    recorder.close()
    before = {row.id: row for row in store.run_rows()}
    assert before[runs[3]].parent == runs[2]
    purge_runs(store.access, runs[1:3])
    first, last = store.run_rows()
    assert (last.parent, last.previous) == (first.id, None)
    purge_runs(store.access, [first.id])
    (last,) = store.run_rows()
    assert (last.parent, last.previous) == (None, None)


def test_what_still_comes_of_a_purged_run_is_dropped(store: Store) -> None:
    recorder = Recorder(store.path)
    run = finished(recorder, "gone")
    assert len(store.run_rows()) == 1
    purge_runs(store.access, [run])
    recorder.log(run, 1, loss=0.1)
    recorder.param(run, "late", 1)
    kept = finished(recorder, "kept")
    recorder.close()
    assert [row.id for row in store.run_rows()] == [kept]
    assert len(store.history([run], "loss")) == 0


def test_nothing_is_done_for_ids_that_are_not_there(store: Store) -> None:
    recorder = Recorder(store.path)
    finished(recorder, "kept")
    recorder.close()
    assert purge_runs(store.access, [new_id()]).runs == 0
    assert restore_runs(store.access, [new_id()]) == 0
    assert len(store.run_rows()) == 1


def test_the_number_of_a_purged_run_is_given_to_no_other(store: Store) -> None:
    recorder = Recorder(store.path)
    first, second = recorder.run("a"), recorder.run("b")
    for run in (first, second):
        recorder.end(run)
    store.merge()
    purge_runs(store.access, [second])
    recorder.end(recorder.run("c"))
    assert [(row.name, row.number) for row in store.run_rows()] == [("a", 1), ("c", 3)]
