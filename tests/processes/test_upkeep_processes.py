"""Upkeep beside processes that record, and upkeep that is killed: nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder
from upkeep_contents import content

from celltrail.errors import RunIsRunningError, StoreBusyError
from celltrail.store import Store, open_store
from celltrail.store.layout import Layout
from celltrail.store.upkeep import (
    delete_runs,
    export_bundle,
    import_bundle,
    merge_store,
    purge_runs,
    vacuum_store,
)

TESTS = Path(__file__).resolve().parents[1]
PATIENCE = 120.0
LARGE = (1 << 20) + 1

HEAD = """
import os, sys, time
from pathlib import Path
from spool_recorder import Recorder, now
from celltrail.store import Merger, open_store
from celltrail.store.upkeep import *
path = Path(sys.argv[1])
store = open_store(path)
"""

#: What a kernel does: it logs all the time, merges in the background, ends runs and begins others.
KERNEL = f"""
recorder = Recorder(path)
Merger(store, interval=0.02).start()
out = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
content = bytes({LARGE})
number = 0
while True:
    run = recorder.run(f"{{sys.argv[3]}} {{number}}")
    recorder.param(run, "number", number)
    for step in range(200):
        recorder.log(run, step, x=step)
        os.write(out, b"%s point %d\\n" % (run.encode(), step))      # after log() returned
        time.sleep(0.0005)
    sha256, size = recorder.writer.add_blob(content)
    recorder.writer.event("artifact", run=run, name="a", sha256=sha256, size=size)
    os.write(out, b"%s stored 0\\n" % run.encode())
    recorder.end(run)
    os.write(out, b"%s ended 0\\n" % run.encode())
    number += 1
"""


@contextmanager
def process(store: Path, code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run Python code in a process of its own, which is gone at the end."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    started = subprocess.Popen(
        [
            *(sys.executable, "-W", "error", "-c", HEAD + textwrap.dedent(code)),
            *(str(store), *arguments),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def acknowledged(path: Path) -> tuple[dict[str, int], set[str], set[str]]:
    """Give, of what a kernel was told is safe: points of each run, who stored, who ended."""
    points: dict[str, int] = {}
    stored, ended = set(), set()
    text = path.read_text() if path.exists() else ""
    for line in text.rpartition("\n")[0].splitlines():
        run, what, step = line.split()
        if what == "point":
            points[run] = int(step) + 1
        else:
            (stored if what == "stored" else ended).add(run)
    return points, stored, ended


def wait_for_runs(out: Path, count: int) -> set[str]:
    """Wait until a kernel has ended so many runs."""
    deadline = time.monotonic() + PATIENCE
    while len(ended := acknowledged(out)[2]) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return ended


def require_all(store: Store, out: Path, purged: set[str] = frozenset()) -> int:
    """Compare what a store holds with what its kernel was told, but for runs that were purged."""
    points, stored, ended = acknowledged(out)
    rows = {row.id: row for row in store.run_rows()}
    assert not purged & rows.keys()
    for run in points.keys() - purged:
        steps = store.history([run], "x").step.tolist()
        assert steps == list(range(len(steps))), "nothing is doubled, and all is in order"
        assert len(steps) >= points[run]
        assert (rows[run].status == "finished") or run not in ended
    for run in stored - purged:
        (artifact,) = store.artifacts(run)
        assert store.open_artifact(artifact.sha256).read() == bytes(LARGE)
    return len(points)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "s.duckdb")


@pytest.mark.heavy
def test_a_kernel_loses_nothing_while_its_store_is_vacuumed_and_purged(
    store: Store, tmp_path: Path
) -> None:
    out = tmp_path / "told"
    purged: set[str] = set()
    busy = Recorder(store.path)
    busy_run = busy.run("busy")
    with process(store.path, KERNEL, str(out), "kernel") as kernel:
        for turn in range(1, 5):
            ended = sorted(wait_for_runs(out, 3 * turn) - purged)
            vacuum_store(store.access)
            delete_runs(store.access, ended[:2])
            purge_runs(store.access, ended[:1])
            purged |= set(ended[:1])
            with pytest.raises(RunIsRunningError):
                purge_runs(store.access, [busy_run])
            assert kernel.poll() is None
        os.kill(kernel.pid, signal.SIGKILL)
        kernel.wait()
    busy.close()
    vacuum_store(store.access)
    with store.access.writing() as con:
        con.execute("UPDATE runs SET deleted = NULL")
    assert require_all(store, out, purged) >= 12
    assert not Layout(store.path).spool.exists()


@pytest.mark.heavy
def test_two_kernels_lose_nothing_while_their_stores_are_merged_into_each_other(
    tmp_path: Path,
) -> None:
    a, b = open_store(tmp_path / "a.duckdb"), open_store(tmp_path / "b.duckdb")
    merge = """
        other = open_store(Path(sys.argv[2]))
        while True:
            print(merge_store(store.access, other.access).points, flush=True)
        """
    with (
        process(a.path, KERNEL, str(tmp_path / "told a"), "a") as first,
        process(b.path, KERNEL, str(tmp_path / "told b"), "b") as second,
    ):
        for name in "ab":
            wait_for_runs(tmp_path / f"told {name}", 1)
        with (
            process(a.path, merge, str(b.path)) as here,
            process(b.path, merge, str(a.path)) as there,
        ):
            for merging in (here, there):
                assert merging.stdout is not None
                for _ in range(2):
                    assert merging.stdout.readline().strip().isdigit(), "each gets its turns"
        for kernel in (first, second):
            assert kernel.poll() is None
            os.kill(kernel.pid, signal.SIGKILL)
            kernel.wait()
    for _ in range(2):
        merge_store(a.access, b.access)
        merge_store(b.access, a.access)
    one, two = content(a), content(b)
    one.pop("sessions")
    two.pop("sessions")
    assert one == two
    for store in (a, b):
        for name in "ab":
            require_all(store, tmp_path / f"told {name}")


@pytest.mark.parametrize("moment", ["at any moment", "with the new file complete"])
def test_a_vacuum_that_is_killed_leaves_a_whole_store(
    store: Store, tmp_path: Path, moment: str
) -> None:
    recorder = Recorder(store.path)
    run = recorder.run()
    for step in range(30_000):
        recorder.log(run, step, x=step, y=step / 3)
        if step % 10_000 == 0:
            store.merge()
    recorder.end(run)
    recorder.close()
    before = content(store)
    vacuum = """
        print("begins", flush=True)
        if len(sys.argv) > 2:
            import celltrail.store.upkeep.vacuum as module
            def stop(new, path):
                print("complete", flush=True)
                time.sleep(1000)
            module.put_in_place = stop
        while True:
            vacuum_store(store.access)
        """
    is_complete = moment == "with the new file complete"
    left = 0
    for kill in range(2 if is_complete else 8):
        with process(store.path, vacuum, *(["complete"] if is_complete else [])) as killed:
            assert killed.stdout is not None
            killed.stdout.readline()
            if is_complete:
                assert killed.stdout.readline() == "complete\n"
            else:
                deadline = time.monotonic() + PATIENCE
                while not any(tmp_path.glob(".*.work-*")):
                    assert time.monotonic() < deadline
                # At another moment each time: what happens then is up to the other process.
                time.sleep(0.02 * kill)
            os.kill(killed.pid, signal.SIGKILL)
            killed.wait()
        left += any(tmp_path.glob(".*.work-*"))
        assert content(store) == before
    assert left, "some were killed in the middle"
    for alive in tmp_path.glob(".*.alive"):
        os.utime(alive, (1.0, 1.0))  # as if it were some seconds later
    vacuum_store(store.access)
    assert content(store) == before
    assert [path.name for path in tmp_path.iterdir()] == ["s.duckdb"]


def test_a_merge_that_is_killed_is_done_again(tmp_path: Path) -> None:
    a, b = open_store(tmp_path / "a.duckdb"), open_store(tmp_path / "b.duckdb")
    recorder = Recorder(b.path)
    for number in range(40):
        run = recorder.run(f"run {number}")
        for step in range(50):
            recorder.log(run, step, x=step)
        sha256, size = recorder.writer.add_blob(bytes([number]) * LARGE)
        recorder.writer.event("artifact", run=run, name="a", sha256=sha256, size=size)
        recorder.end(run)
    recorder.close()
    b.merge()
    merge = """
        import celltrail.store.upkeep.copying as copying
        copying._BATCH = 100
        other = open_store(Path(sys.argv[2]))
        print("begins", flush=True)
        merge_store(store.access, other.access)
        """
    seen = []
    for kill in range(6):
        with process(a.path, merge, str(b.path)) as killed:
            assert killed.stdout is not None
            killed.stdout.readline()
            time.sleep(0.15 * kill + 0.05)
            os.kill(killed.pid, signal.SIGKILL)
            killed.wait()
        seen.append(len(a.run_rows()))
    assert seen == sorted(seen)
    merge_store(a.access, b.access)
    one, two = content(a), content(b)
    assert one == two
    assert len(a.run_rows()) == 40


def test_readers_read_on_while_a_store_is_vacuumed(store: Store, tmp_path: Path) -> None:
    recorder = Recorder(store.path)
    run = recorder.run()
    for step in range(20_000):
        recorder.log(run, step, x=step)
    recorder.end(run)
    recorder.close()
    store.merge()
    vacuum = """
        print("begins", flush=True)
        for _ in range(6):
            vacuum_store(store.access)
        print("done", flush=True)
        """
    reads = 0
    with process(store.path, vacuum) as vacuuming:
        assert vacuuming.stdout is not None
        assert vacuuming.stdout.readline() == "begins\n"
        while vacuuming.poll() is None:
            assert len(store.history([run], "x")) == 20_000
            reads += 1
        assert vacuuming.stdout.readline() == "done\n"
    assert reads > 3


def test_what_another_program_holds_is_told_and_works_afterwards(
    store: Store, tmp_path: Path
) -> None:
    recorder = Recorder(store.path)
    run = recorder.run()
    recorder.log(run, 0, x=1)
    recorder.end(run)
    recorder.close()
    store.merge()
    hold = """
        import duckdb
        con = duckdb.connect(str(path))
        print("holds", flush=True)
        time.sleep(1000)
        """
    with process(store.path, hold) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        for upkeep in (
            lambda: vacuum_store(store.access),
            lambda: purge_runs(store.access, [run]),
            lambda: export_bundle(store.access, tmp_path / "b.zip"),
        ):
            with pytest.raises(StoreBusyError, match=str(holder.pid)):
                upkeep()
    assert [row.id for row in store.run_rows()] == [run]
    export_bundle(store.access, tmp_path / "b.zip")
    other = open_store(tmp_path / "other.duckdb")
    assert import_bundle(other.access, tmp_path / "b.zip").merged.new == 1
    assert purge_runs(store.access, [run]).runs == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on files works differently there")
def test_where_there_is_no_room_for_the_new_file_nothing_changes(
    store: Store, tmp_path: Path
) -> None:
    """A limit on the size of files stops the copy, as a full disk does."""
    recorder = Recorder(store.path)
    run = recorder.run()
    for step in range(3):
        sha256, size = recorder.writer.add_blob(os.urandom(1 << 20))
        recorder.writer.event("artifact", run=run, name="a", step=step, sha256=sha256, size=size)
    recorder.end(run)
    recorder.close()
    before = content(store)
    limited = """
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))
        try:
            vacuum_store(store.access)
        except Exception as error:
            print(type(error).__name__, flush=True)
        """
    with process(store.path, limited) as full:
        assert full.stdout is not None
        assert full.stdout.readline() == "StoreUnwritableError\n"
        full.wait()
    assert content(store) == before
    assert [path.name for path in tmp_path.iterdir()] == ["s.duckdb"]
    with duckdb.connect(store.path, read_only=True) as con:
        assert con.execute("SELECT count(*) FROM blobs").fetchall() == [(3,)]
