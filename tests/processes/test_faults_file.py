"""Files that are replaced, removed or damaged under a process that logs."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder
from store_damage import fill, flip
from store_process import go_on, line, process

from celltrail.errors import StoreCorruptError, StoreReplacedError
from celltrail.store import Store, open_store
from celltrail.store.doctor import examine
from celltrail.store.layout import Layout
from celltrail.store.notices import take_deferred


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.duckdb"


def steps(store: Store, run: str, metric: str = "x") -> list[int]:
    return list(store.history([run], metric).step.tolist())


LOG_IN_PARTS = """
recorder = Recorder(path)
run = recorder.run("r")
recorder.param(run, "lr", 0.5)
say(run)
step = 0
while wait() == "":
    for step in range(step, step + 10):
        recorder.log(run, step, x=step)
    step += 1
    say("merged", attempt(store.merge))
recorder.end(run)
recorder.close()
say("merged", attempt(store.merge), *heard)
"""


def finish(logging: object) -> None:
    assert logging.stdin is not None  # type: ignore[attr-defined]
    logging.stdin.write("end\n")  # type: ignore[attr-defined]
    logging.stdin.flush()  # type: ignore[attr-defined]


# -- the store ---------------------------------------------------------------------------------


def test_a_store_that_is_deleted_is_made_anew_from_what_the_spool_has(path: Path) -> None:
    with process(path, LOG_IN_PARTS) as logging:
        run = line(logging)
        go_on(logging)
        assert line(logging) == "merged True"
        path.unlink()
        # Nothing new was logged, and the spool still has it all.
        assert steps(open_store(path), run) == list(range(10))
        path.unlink()
        go_on(logging)
        assert line(logging) == "merged True"
        finish(logging)
        assert line(logging) == "merged True"
    opened = open_store(path)
    assert steps(opened, run) == list(range(20))
    assert [(row.name, row.status) for row in opened.run_rows()] == [("r", "finished")]
    assert opened.table_data().params.names == ["lr"]
    assert examine(path) == []


def test_a_backup_that_is_restored_under_a_kernel_gets_again_what_the_spool_has(
    path: Path, tmp_path: Path
) -> None:
    fill(path)
    backup = tmp_path / "backup"
    with process(path, LOG_IN_PARTS) as logging:
        run = line(logging)
        go_on(logging)
        assert line(logging) == "merged True"
        shutil.copy2(path, backup)
        for _ in range(2):
            go_on(logging)
            assert line(logging) == "merged True"
        assert steps(open_store(path), run) == list(range(30))
        shutil.copy2(backup, path)
        assert steps(open_store(path), run) == list(range(30)), "before anything more is logged"
        go_on(logging)
        assert line(logging) == "merged True"
        finish(logging)
        assert line(logging) == "merged True"
    opened = open_store(path)
    assert steps(opened, run) == list(range(40))
    assert [row.status for row in opened.run_rows()] == ["finished"] * 3
    assert examine(path) == []


def test_a_backup_from_before_the_run_gets_the_whole_run(path: Path, tmp_path: Path) -> None:
    fill(path)
    backup = tmp_path / "backup"
    shutil.copy2(path, backup)
    with process(path, LOG_IN_PARTS) as logging:
        run = line(logging)
        go_on(logging)
        assert line(logging) == "merged True"
        backup.replace(path)
        go_on(logging)
        assert line(logging) == "merged True"
        assert steps(open_store(path), run) == list(range(20))
    opened = open_store(path)
    assert [row.status for row in opened.run_rows()] == ["finished", "finished", "lost"]
    assert opened.table_data().params.names == ["layers", "lr"]
    assert examine(path) == []


def test_two_stores_that_change_places_are_no_trouble(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    fill(path, name="of the first")
    fill(other, name="of the second")
    with process(path, LOG_IN_PARTS) as first, process(other, LOG_IN_PARTS) as second:
        runs = {path: line(first), other: line(second)}
        for logging in (first, second):
            go_on(logging)
            assert line(logging) == "merged True"
        path.rename(tmp_path / "between")
        other.rename(path)
        (tmp_path / "between").rename(other)
        for logging in (first, second):
            go_on(logging)
            assert line(logging) == "merged True"
            finish(logging)
            assert line(logging) == "merged True"
    for place, run in runs.items():
        assert steps(open_store(place), run) == list(range(20)), "each where its kernel logs"
        assert examine(place) == []


@pytest.mark.parametrize("content", [b"", b"not a database " * 1000], ids=["empty", "text"])
def test_rubbish_in_the_place_of_the_store_is_said_and_nothing_is_lost(
    path: Path, content: bytes
) -> None:
    with process(path, LOG_IN_PARTS) as logging:
        run = line(logging)
        go_on(logging)
        assert line(logging) == "merged True"
        path.unlink()
        path.write_bytes(content)
        go_on(logging)
        assert line(logging).startswith(StoreCorruptError.__name__)
        assert line(logging) == "merged None"
        assert path.read_bytes() == content
        path.unlink()
        finish(logging)
        assert line(logging) == "merged True"
    assert steps(open_store(path), run) == list(range(20))


def test_a_store_that_is_replaced_in_the_middle_of_a_merge_loses_nothing(
    path: Path, tmp_path: Path
) -> None:
    fill(path)
    copy = tmp_path / "copy"
    shutil.copy2(path, copy)
    recorder = Recorder(path)
    run = recorder.run("r")
    for step in range(10):
        recorder.log(run, step, x=step)
    recorder.end(run)
    recorder.close()
    opened = open_store(path)
    with pytest.raises(StoreReplacedError, match="removed or replaced"), opened.access.writing():
        copy.replace(path)
    assert steps(opened, run) == list(range(10)) or not Layout(path).spool.exists()


# -- the spool ---------------------------------------------------------------------------------


def test_a_spool_that_is_deleted_costs_what_was_in_it_and_no_more(path: Path) -> None:
    code = """
        from celltrail.store import writer
        recorder = Recorder(path)
        run = recorder.run("r")
        for step in range(10):
            recorder.log(run, step, x=step)
        say(run, store.merge())
        wait()
        for step in range(10, 20):
            recorder.log(run, step, x=step)
        time.sleep(writer._CHECK_US / 1e6)      # the writer looks whether its files are there
        for step in range(20, 30):
            recorder.log(run, step, x=step)
        recorder.end(run)
        recorder.close()
        say("merged", attempt(store.merge))
        """
    with process(path, code) as logging:
        run = line(logging).split()[0]
        shutil.rmtree(Layout(path).spool)
        go_on(logging)
        assert line(logging) == "merged True"
    opened = open_store(path)
    found = steps(opened, run)
    assert found == sorted(set(found)), "nothing is doubled"
    assert set(found) >= {*range(10), *range(21, 30)}
    assert [row.status for row in opened.run_rows()] == ["finished"]
    assert not Layout(path).spool.exists()


@pytest.mark.parametrize("record", [0, 9])
@pytest.mark.parametrize("byte", [0, 3, 4, 7, 8, 15, 16, 22, 23, 24, 31])
def test_a_damaged_point_is_counted_or_odd_and_all_others_are_merged(
    path: Path, record: int, byte: int
) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    for step in range(10):
        recorder.log(run, step, x=float(step))
    recorder.end(run)
    recorder.close()
    flip(recorder.writer.folder / "000001.points", 32 * record + byte)
    opened = open_store(path)
    assert opened.merge()
    told = take_deferred()
    if byte < 8:  # the numbers of the run and the metric
        assert "1 damaged records" in told[0]
    rest = [step for step in range(10) if step != record]
    found = steps(opened, run)
    assert [step for step in found if step in rest] == rest
    assert len(found) in ((9,) if byte < 8 else (9, 10))
    assert not Layout(path).spool.exists()


def test_a_damaged_event_is_counted_and_all_others_are_merged(path: Path) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    for number in range(20):
        recorder.param(run, f"p{number}", number)
    recorder.end(run)
    recorder.close()
    events = recorder.writer.folder / "000001.events"
    lines = events.read_bytes().splitlines(keepends=True)
    lines[5] = b"\xff" * len(lines[5][:-1]) + b"\n"
    lines[7] = lines[7][:10] + b"\n"
    lines[9] = bytes(len(lines[9]) - 1) + b"\n"
    events.write_bytes(b"".join(lines))
    opened = open_store(path)
    assert opened.merge()
    assert "3 damaged records" in take_deferred()[0]
    assert len(opened.table_data().params) == 17
    assert [row.status for row in opened.run_rows()] == ["finished"]


def test_a_spool_that_was_cut_off_is_merged_as_far_as_it_goes(path: Path) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    for step in range(10):
        recorder.log(run, step, x=step)
    recorder.close()
    points = recorder.writer.folder / "000001.points"
    os.truncate(points, 32 * 6 + 17)
    opened = open_store(path)
    assert steps(opened, run) == list(range(6))
    assert not Layout(path).spool.exists()


def test_foreign_files_and_a_gap_among_the_segments_are_no_obstacle(path: Path) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    recorder.log(run, 0, x=0)
    folder = recorder.writer.folder
    (folder.parent / "notes.txt").write_text("mine")
    (folder.parent / ".DS_Store").write_bytes(b"x")
    (folder / "notes.txt").write_text("mine")
    (folder / "sub").mkdir()
    (folder / "000007.events").write_bytes(b'{"e":"tag","run":"' + run.encode() + b'","tag":"t"}\n')
    opened = open_store(path)
    assert opened.merge()
    assert steps(opened, run) == [0]
    assert opened.table_data().tags == {1: ["t"]}


def test_an_owner_that_cannot_be_read_keeps_its_records_until_it_is_silent(path: Path) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    recorder.log(run, 0, x=0)
    folder = recorder.writer.folder
    (folder / "owner.json").write_bytes(os.urandom(60))
    opened = open_store(path)
    assert opened.merge()
    assert opened.run_rows() == []
    old = time.time() - 3600
    for file in (*folder.iterdir(), folder):
        os.utime(file, (old, old))
    assert steps(opened, run) == [0]
    assert [row.status for row in opened.run_rows()] == ["lost"]


# -- damage to the file ------------------------------------------------------------------------


def test_a_damaged_store_is_said_and_logging_goes_on_until_it_is_repaired(path: Path) -> None:
    fill(path)
    content = path.read_bytes()
    with process(path, LOG_IN_PARTS) as logging:
        run = line(logging)
        go_on(logging)
        assert line(logging) == "merged True"
        healthy = path.read_bytes()
        flip(path, 4096 + 8, 4)
        flip(path, 8192 + 8, 4)
        go_on(logging)
        said = line(logging)
        assert said.startswith("StoreDamagedError")
        assert f"celltrail doctor --repair {path}" in said
        assert line(logging) == "merged None"
        path.write_bytes(healthy)
        finish(logging)
        assert line(logging) == "merged True"
    assert content != healthy
    assert steps(open_store(path), run) == list(range(20))


def test_kills_in_the_middle_of_a_commit_and_a_torn_log_lose_nothing(path: Path) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    recorder.log(run, 0, x=0)
    open_store(path).merge()
    wal = path.with_name(path.name + ".wal")
    merge = """
        import duckdb, signal
        from celltrail.store import instance
        real = instance._instance.connection()

        class Killer:
            def execute(self, statement, *rest):
                if statement.startswith("DETACH"):
                    os.kill(os.getpid(), signal.SIGKILL)
                return real.execute(statement, *rest)

            def __getattr__(self, name):
                return getattr(real, name)

        instance._instance.con = Killer()
        store.merge()
        """
    torn = 0
    for turn in range(1, 8):
        for step in range(turn * 100, turn * 100 + 100):
            recorder.log(run, step, x=step)
        with process(path, merge) as merging:
            assert merging.wait(120) == -9
        if wal.exists() and turn > 1:
            torn += 1
            os.truncate(wal, wal.stat().st_size * turn // 8)
        assert open_store(path).merge()
        assert steps(open_store(path), run) == [0, *range(100, turn * 100 + 100)]
    assert torn >= 5, "the kills came behind the commit and before the checkpoint"
    with duckdb.connect(path, read_only=True) as con:
        (count,) = con.execute("SELECT sum(count) FROM summaries").fetchall()[0]
    assert count == 701
