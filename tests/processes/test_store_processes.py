"""Several real processes on one store: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder

from celltrail.store import Store, open_store
from celltrail.store.layout import Layout

TESTS = Path(__file__).resolve().parents[1]
PATIENCE = 120.0

HEAD = """
import os, sys, time
from pathlib import Path
from spool_recorder import Recorder, now
from celltrail.store import Merger, open_store
path = Path(sys.argv[1])
store = open_store(path)
"""


@contextmanager
def process(
    store: Path, code: str, *arguments: str, head: str = HEAD
) -> Iterator[subprocess.Popen[str]]:
    """Run Python code in a process of its own, which is gone at the end."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    started = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", head + textwrap.dedent(code), str(store), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def line(started: subprocess.Popen[str]) -> str:
    """Wait for the next line that a process prints."""
    assert started.stdout is not None
    return started.stdout.readline().strip()


def points(store: Store, metric: str = "x") -> dict[str, list[int]]:
    """Read the steps of each run, by its name."""
    rows = store.run_rows()
    history = store.history([row.id for row in rows], metric)
    found: dict[str, list[int]] = {str(row.name): [] for row in rows}
    for run, step in zip(history.run.tolist(), history.step.tolist(), strict=True):
        found[str(rows[run].name)].append(step)
    return found


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "s.duckdb")


LOG_FOR_EVER = """
recorder = Recorder(path)
run = recorder.run("killed")
recorder.param(run, "lr", 0.1)
step = 0
out = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
if len(sys.argv) > 3:
    Merger(store, interval=0.001).start()
while True:
    recorder.log(run, step, x=float(step))
    os.write(out, b"%d\\n" % step)      # after log() returned
    step += 1
"""


@pytest.mark.parametrize("merging", [False, True], ids=["logging", "logging and merging"])
def test_after_kill_9_every_step_that_returned_is_there_once(
    store: Store, tmp_path: Path, merging: bool
) -> None:
    returned = tmp_path / "returned"
    extra = ["merge"] if merging else []
    with process(store.path, LOG_FOR_EVER, str(returned), *extra) as logging:
        deadline = time.monotonic() + PATIENCE
        while not returned.exists() or returned.stat().st_size < 20_000:
            assert time.monotonic() < deadline
            assert logging.poll() is None
            time.sleep(0.01)
        os.kill(logging.pid, signal.SIGKILL)
        logging.wait()
    last = int(returned.read_text().rpartition("\n")[0].rpartition("\n")[2])
    steps = points(store)["killed"]
    assert steps == list(range(len(steps)))
    assert len(steps) >= last + 1
    (row,) = store.run_rows()
    assert row.status == "lost"
    assert len(store.table_data().params) == 1
    assert not Layout(store.path).spool.exists()


def test_many_kills_in_the_middle_of_merging_lose_and_double_nothing(store: Store) -> None:
    recorder = Recorder(store.path)
    run = recorder.run("survivor")
    merge = """
        print("merging", flush=True)
        while True:
            store.merge()
        """
    step = 0
    for kill in range(12):
        with process(store.path, merge) as merging:
            assert line(merging) == "merging"
            # At another moment each time: what happens at a moment is up to the other process.
            for _ in range(200 + 300 * kill):
                recorder.log(run, step, x=step)
                step += 1
            os.kill(merging.pid, signal.SIGKILL)
    recorder.end(run)
    recorder.close()
    assert points(store)["survivor"] == list(range(step))
    (row,) = store.run_rows()
    assert row.status == "finished"
    summary = store.table_data().summaries
    assert (summary.count[0], summary.last_exact[0]) == (step, step - 1)


def test_four_writers_and_a_reader_at_once_on_a_store_that_nobody_made(store: Store) -> None:
    write = """
        name = sys.argv[2]
        print("ready", flush=True)
        input()
        merger = Merger(store, interval=0.01)
        merger.start()
        recorder = Recorder(path)
        for n in range(5):
            run = recorder.run(f"{name}-{n}")
            recorder.param(run, "n", n)
            for step in range(300):
                recorder.log(run, step, x=float(step), y=step)
            recorder.end(run)
            if n == 2:
                assert store.merge()
        recorder.close()
        merger.stop()
        assert store.merge()
        print("done", flush=True)
        """
    names = ["a", "b", "c", "d"]
    with (
        process(store.path, write, "a") as a,
        process(store.path, write, "b") as b,
        process(store.path, write, "c") as c,
        process(store.path, write, "d") as d,
    ):
        writers = [a, b, c, d]
        for writer in writers:
            assert line(writer) == "ready"
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("\n")
            writer.stdin.flush()
        seen: Counter[str] = Counter()
        while any(writer.poll() is None for writer in writers) and len(seen) < 20:
            for name, steps in points(store).items():
                assert steps == list(range(len(steps)))
                assert len(steps) >= seen[name], "what was read once is there for good"
                seen[name] = len(steps)
        for writer in writers:
            assert line(writer) == "done"
            assert writer.wait(PATIENCE) == 0
    found = points(store)
    assert sorted(found) == sorted(f"{name}-{n}" for name in names for n in range(5))
    assert all(steps == list(range(300)) for steps in found.values())
    numbers = [row.number for row in store.run_rows()]
    assert sorted(numbers) == list(range(1, 21))
    assert not Layout(store.path).spool.exists(), "after the last clean exit the file is all"
    with duckdb.connect(store.path, read_only=True) as con:
        assert con.execute("select count(*) from v_history").fetchall() == [(12_000,)]


def test_two_that_make_the_store_at_the_same_moment_make_one(store: Store) -> None:
    make = """
        recorder = Recorder(path)
        recorder.run(sys.argv[2])
        print("ready", flush=True)
        input()
        assert store.merge(wait=100)
        recorder.close()
        assert store.merge(wait=100)
        """
    with process(store.path, make, "a") as a, process(store.path, make, "b") as b:
        for one in (a, b):
            assert line(one) == "ready"
        for one in (a, b):
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
        assert (a.wait(PATIENCE), b.wait(PATIENCE)) == (0, 0)
    assert sorted(row.name or "" for row in store.run_rows()) == ["a", "b"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_writes_nothing_of_its_parents_and_ends_cleanly(store: Store) -> None:
    fork = """
        import threading, warnings
        warnings.simplefilter("ignore")
        recorder = Recorder(path)
        run = recorder.run("parent")
        merger = Merger(store, interval=0.001)
        merger.start()
        for step in range(60):
            recorder.log(run, step, x=step)
            if step % 20:
                continue
            child = os.fork()
            if child == 0:
                recorder.log(run, 1000 + step, x=step)      # does nothing
                own = Recorder(path)
                mine = own.run(f"child {step}")
                own.log(mine, 0, x=0)
                own.end(mine)
                own.close()
                assert store.merge(wait=100)
                sys.exit(0)                                 # with all of Python's own tidying
            assert os.waitpid(child, 0)[1] == 0
        recorder.end(run)
        recorder.close()
        merger.stop()
        assert store.merge(wait=100)
        """
    with process(store.path, fork) as forking:
        assert forking.wait(PATIENCE) == 0
    assert points(store) == {
        "parent": list(range(60)),
        "child 0": [0],
        "child 20": [0],
        "child 40": [0],
    }
    assert {row.status for row in store.run_rows()} == {"finished"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_that_is_forked_during_a_query_can_write_the_store(store: Store) -> None:
    fork = """
        import threading, warnings
        from celltrail.store import instance
        warnings.simplefilter("ignore")
        Recorder(path).run("parent")
        store.merge()
        query = "select count(*) from v_runs, range(20000000)"
        asking = threading.Thread(target=store.sql, args=[query])
        asking.start()
        while not instance._instance.mutex.locked() and asking.is_alive():
            pass
        child = os.fork()
        if child == 0:
            own = Recorder(path)
            own.end(own.run("child"))
            own.close()
            assert store.merge(wait=100)
            sys.exit(0)
        asking.join()
        assert os.waitpid(child, 0)[1] == 0
        """
    with process(store.path, fork) as forking:
        assert forking.wait(PATIENCE) == 0
    assert [(row.name, row.status) for row in store.run_rows()] == [
        ("parent", "lost"),
        ("child", "finished"),
    ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_that_had_begun_when_the_store_was_imported_does_no_harm(store: Store) -> None:
    late = """
        import os, sys
        from pathlib import Path
        faults = []
        sys.unraisablehook = faults.append

        def import_it():
            import celltrail.store

        os.register_at_fork(before=import_it)
        assert "celltrail.store.instance" not in sys.modules
        for _ in range(2):
            child = os.fork()
            if child == 0:
                os._exit(len(faults))
            assert os.waitpid(child, 0)[1] == 0
        assert not faults, faults
        from spool_recorder import Recorder
        from celltrail.store import open_store
        Recorder(Path(sys.argv[1])).run("r")
        assert open_store(Path(sys.argv[1])).merge()
        """
    with process(store.path, late, head="") as forking:
        assert forking.wait(PATIENCE) == 0
    assert [row.name for row in store.run_rows()] == ["r"]


def test_a_process_that_ends_in_the_middle_of_a_merge_thread_ends_cleanly(store: Store) -> None:
    leave = """
        Merger(store, interval=0.0001).start()
        recorder = Recorder(path)
        run = recorder.run("left")
        for step in range(500):
            recorder.log(run, step, x=step)
        """
    for _ in range(3):
        with process(store.path, leave) as leaving:
            assert leaving.wait(PATIENCE) == 0
    rows = store.run_rows()
    assert [row.status for row in rows] == ["lost"] * 3, "it ended without saying so"
    assert len(store.history([row.id for row in rows], "x")) == 1500


def test_a_number_that_another_process_has_now_does_not_keep_a_run_alive(store: Store) -> None:
    with process(store.path, "Recorder(path).run('gone'); print('there', flush=True)") as gone:
        assert line(gone) == "there"
        gone.wait(PATIENCE)
    (owner,) = Layout(store.path).spool.glob("*/owner.json")
    owner.write_text(owner.read_text().replace(f'"pid": {gone.pid}', f'"pid": {os.getpid()}'))
    assert [row.status for row in store.run_rows()] == ["lost"]


def test_a_writer_gets_in_among_readers_that_never_stop(store: Store) -> None:
    Recorder(store.path).run("first")
    store.merge()
    read = """
        print("reading", flush=True)
        while True:
            with store._reading():
                time.sleep(0.05)
        """
    with (
        process(store.path, read) as a,
        process(store.path, read) as b,
        process(store.path, read) as c,
    ):
        for reader in (a, b, c):
            assert line(reader) == "reading"
        for n in range(5):
            Recorder(store.path).run(f"run {n}")
            assert store.merge(wait=PATIENCE)
