"""A store that is written anew holds the same and is smaller."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from spool_recorder import Recorder, now

from celltrail.errors import StoreBusyError, StoreError, StoreUnwritableError
from celltrail.ids import new_id
from celltrail.store import Store
from celltrail.store.access import Access
from celltrail.store.upkeep import export_bundle, import_bundle, purge_runs, vacuum_store

Contents = Callable[[Store], dict[str, Any]]


def record(store: Store, runs: int, points: int) -> list[str]:
    """Log in turns, with a merge in between, so that the points lie scattered."""
    recorder = Recorder(store.path)
    ids = [recorder.run(f"run {i}") for i in range(runs)]
    values = np.random.default_rng(0).normal(size=(points, runs)).cumsum(axis=0).tolist()
    for step in range(points):
        for run, value in zip(ids, values[step], strict=True):
            recorder.log(
                run, step, loss=value, count=step, odd=[float("nan"), -0.0, 1e300][step % 3]
            )
        if step % 50 == 49:
            store.merge()
    for run in ids:
        recorder.param(run, "huge", 2**63)
        recorder.end(run)
    recorder.close()
    store.merge()
    return ids


def leftovers(store: Store) -> list[str]:
    return sorted(path.name for path in store.path.parent.iterdir() if path != store.path)


def test_everything_is_there_afterwards_and_the_file_is_smaller(
    store: Store, contents: Contents
) -> None:
    ids = record(store, 20, 300)
    before = contents(store)
    order = store.history([ids[3]], "loss").value.tolist()
    found = vacuum_store(store.access)
    assert found.before > found.after == store.path.stat().st_size
    assert found.points == 20 * 300 * 3
    assert contents(store) == before
    assert store.history([ids[3]], "loss").value.tolist() == order
    assert leftovers(store) == []
    with store.access.reading() as con:
        assert con.execute("SELECT count(*) FROM scattered").fetchall() == [(0,)]


def test_after_a_purge_the_file_shrinks(store: Store) -> None:
    recorder = Recorder(store.path)
    ids = [recorder.run() for _ in range(4)]
    for at, run in enumerate(ids):
        sha256, size = recorder.writer.add_blob(np.random.default_rng(at).bytes(1 << 20))
        recorder.writer.event("artifact", run=run, name="a", sha256=sha256, size=size)
        recorder.log(run, 0, loss=1.0)
        recorder.end(run)
    recorder.close()
    store.merge()
    purge_runs(store.access, ids[1:])
    found = vacuum_store(store.access)
    assert found.before - found.after > 2 << 20
    assert [row.id for row in store.run_rows()] == ids[:1]
    assert len(store.history(ids[:1], "loss")) == 1


def test_of_points_at_one_place_the_later_stays_the_later(store: Store) -> None:
    recorder = Recorder(store.path)
    run, time_us = recorder.run(), now()
    for value in range(100):
        recorder.writer.append(run, time_us, [("x", 0, value)])
        if value % 10 == 0:
            store.merge()
    recorder.close()
    vacuum_store(store.access)
    assert store.history([run], "x").exact.tolist() == list(range(100))


def test_a_run_of_many_points_is_cut_into_slices(
    store: Store, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    import celltrail.store.upkeep.rewrite as rewriting

    record(store, 3, 200)
    before = contents(store)
    monkeypatch.setattr(rewriting, "_SLICE", 70)
    monkeypatch.setattr(rewriting, "_SMALL", 100)
    vacuum_store(store.access)
    assert contents(store) == before


def test_what_users_put_into_the_file_stays_in_it(store: Store) -> None:
    record(store, 1, 10)
    with duckdb.connect(store.path) as con:
        con.execute("CREATE SCHEMA mine")
        con.execute("CREATE TABLE mine.notes (id INTEGER PRIMARY KEY, text VARCHAR DEFAULT 'x')")
        con.execute("INSERT INTO mine.notes VALUES (1, 'a note')")
        con.execute("CREATE VIEW best AS SELECT id FROM v_runs")
    vacuum_store(store.access)
    with duckdb.connect(store.path) as con:
        assert con.execute("SELECT * FROM mine.notes").fetchall() == [(1, "a note")]
        assert len(con.execute("SELECT * FROM best").fetchall()) == 1
        with pytest.raises(duckdb.ConstraintException):
            con.execute("INSERT INTO mine.notes VALUES (1, 'again')")


def test_tables_of_users_that_refer_to_each_other_are_copied(store: Store, tmp_path: Path) -> None:
    record(store, 1, 10)
    with duckdb.connect(store.path) as con:
        con.execute("CREATE TABLE z (id INTEGER PRIMARY KEY)")
        con.execute(
            "CREATE TABLE a (id INTEGER PRIMARY KEY, z INTEGER REFERENCES z (id), "
            "above INTEGER REFERENCES a (id))"
        )
        con.execute("INSERT INTO z VALUES (1)")
        for row in ((2, 1, None), (1, 1, 2), (3, 1, 1)):
            con.execute("INSERT INTO a VALUES (?, ?, ?)", row)
    vacuum_store(store.access)
    export_bundle(store.access, tmp_path / "b.zip")
    other = Store(tmp_path / "new" / "other.duckdb")
    import_bundle(other.access, tmp_path / "b.zip")
    for path in (store.path, other.path):
        with duckdb.connect(path) as con:
            assert con.execute("FROM a").fetchall() == [(2, 1, None), (1, 1, 2), (3, 1, 1)]
            with pytest.raises(duckdb.ConstraintException):
                con.execute("INSERT INTO a VALUES (4, 5, NULL)")


def test_a_table_of_a_user_that_cannot_be_copied_is_named_and_nothing_changes(
    store: Store, contents: Contents
) -> None:
    record(store, 1, 10)
    with duckdb.connect(store.path) as con:
        con.execute("CREATE TABLE mine (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2))")
        con.execute("INSERT INTO mine VALUES (1)")
    before = contents(store)
    with pytest.raises(StoreError, match=r"the table 'mine', which is not of celltrail's making"):
        vacuum_store(store.access)
    assert contents(store) == before
    assert leftovers(store) == []


def test_what_nobody_uses_is_removed(store: Store) -> None:
    recorder = Recorder(store.path)
    run = recorder.run()
    kept, size = recorder.writer.add_blob(b"kept")
    recorder.writer.event("artifact", run=run, name="a", sha256=kept, size=size)
    unused, _ = recorder.writer.add_blob(bytes(2 << 20))
    recorder.close()
    store.merge()
    files = store.access.layout.files
    (files / f".{new_id()}.part").write_bytes(b"cut off")
    then = time.time() - 90_000
    for path in [*files.iterdir(), store.access.layout.file(unused)]:
        os.utime(path, (then, then))
    with store.access.writing() as con:
        con.execute("INSERT INTO blobs VALUES ('00', 3, 'abc'::BLOB)")
    found = vacuum_store(store.access)
    assert (found.artifacts, found.kept) == (2, 0)
    assert "2 unused artifacts removed" in repr(found)
    assert store.open_artifact(kept).read() == b"kept"
    assert leftovers(store) == []


def test_what_a_killed_vacuum_left_is_removed_and_a_living_one_is_not_disturbed(
    store: Store,
) -> None:
    from celltrail.store.upkeep.workfile import workfile

    record(store, 1, 10)
    dead = store.path.with_name(f".{store.path.name}.work-{new_id()}")
    for suffix in ("", ".wal", ".alive"):
        dead.with_name(dead.name + suffix).write_bytes(b"half")
        os.utime(dead.with_name(dead.name + suffix), (1.0, 1.0))
    with workfile(store.path) as living:
        living.write_bytes(b"being made")
        os.utime(living.with_name(living.name + ".alive"), (1.0, 1.0))
        vacuum_store(store.access)
        assert living.read_bytes() == b"being made"
        assert len(leftovers(store)) == 2
    assert leftovers(store) == []


def test_a_merge_in_between_is_not_lost(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy is made anew when somebody changed the store before its place was taken."""
    record(store, 1, 10)
    recorder = Recorder(store.path)
    late = recorder.run("late")
    alone = Access.alone
    copied = []

    def merged_first(access: Access, wait: float = 10.0) -> Any:
        # Between the copy and its use: everybody is let in for a moment.
        if any(store.path.parent.glob(".*.work-*")) and len(copied) < 3:
            copied.append(len(copied))
            recorder.log(late, len(copied), x=1.0)
            Store(store.path).merge()
        return alone(access, wait)

    with monkeypatch.context() as patched:
        patched.setattr(Access, "alone", merged_first)
        vacuum_store(store.access)
    assert len(copied) == 3
    assert store.history([late], "x").step.tolist() == [1, 2, 3]
    recorder.close()


def test_a_store_that_another_program_holds_is_left_alone(store: Store, tmp_path: Path) -> None:
    ids = record(store, 1, 10)
    before = store.path.stat()
    with duckdb.connect(store.path), pytest.raises(StoreBusyError):
        vacuum_store(store.access)
    after = store.path.stat()
    assert (before.st_ino, before.st_size) == (after.st_ino, after.st_size)
    assert not [name for name in leftovers(store) if "work" in name]
    assert [row.id for row in store.run_rows()] == ids


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_the_permissions_of_the_file_stay(store: Store) -> None:
    record(store, 1, 10)
    store.path.chmod(0o640)
    vacuum_store(store.access)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o640


def test_a_copy_that_differs_never_takes_the_place(
    store: Store, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points that come out wrong, for whatever reason, are noticed before anything is replaced."""
    import celltrail.store.upkeep.rewrite as rewriting

    record(store, 2, 20)
    before = contents(store)
    parts = rewriting._points
    monkeypatch.setattr(rewriting, "_points", lambda con: [f"{next(parts(con))} LIMIT 7"])
    with pytest.raises(StoreError, match="differs from it in the table metrics"):
        vacuum_store(store.access)
    assert contents(store) == before
    assert leftovers(store) == []


def test_a_folder_that_cannot_be_written_is_told(store: Store) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        # Root may write anywhere: a file where the spool's folder should be stops it as well.
        record(store, 1, 10)
        store.access.layout.spool.write_bytes(b"in the way")
    else:
        record(store, 1, 10)
        store.path.parent.chmod(0o555)
    try:
        with pytest.raises(StoreUnwritableError):
            vacuum_store(store.access)
    finally:
        store.path.parent.chmod(0o755)
