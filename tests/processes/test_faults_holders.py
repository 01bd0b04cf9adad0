"""Others who hold the file or the lock, clocks that jump, and processes that are gone."""

from __future__ import annotations

import json
import os
import signal
import socket
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
from store_damage import fill
from store_process import go_on, line, process

from celltrail.errors import StoreBusyError
from celltrail.store import Store, open_store
from celltrail.store.doctor import examine, repair
from celltrail.store.layout import Layout
from celltrail.store.system import lock_holders


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.duckdb"


@contextmanager
def foreign(code: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run code that knows nothing of celltrail, until it says that it is ready."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as started:
        try:
            assert started.stdout is not None
            assert started.stdout.readline() == b"ready\n"
            yield started
        finally:
            started.kill()
            started.communicate()


HOLD = """
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only="ro" in sys.argv)
print("ready", flush=True)
input()
"""


def steps(store: Store, name: str = "r") -> list[int]:
    (row,) = [row for row in store.run_rows() if row.name == name]
    return list(store.history([row.id], "x").step.tolist())


# -- who holds the file ------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["rw", "ro"])
def test_another_program_that_holds_the_file_is_named_with_its_process(
    path: Path, mode: str
) -> None:
    fill(path)
    recorder = Recorder(path)
    run = recorder.run("r")
    opened = open_store(path)
    with foreign(HOLD, str(path), mode) as holder:
        for step in range(10):
            recorder.log(run, step, x=step)
        with pytest.raises(StoreBusyError, match=rf"process {holder.pid}, .*python"):
            opened.merge()
        if mode == "rw":
            with pytest.raises(StoreBusyError, match=rf"process {holder.pid}, "):
                opened.run_rows()
            (finding,) = examine(path)
            assert finding.code == "store-held"
            assert str(holder.pid) in finding.message
            assert repair(path).backup is None
        else:
            assert steps(opened) == list(range(10)), "readers do not keep each other out"
    assert opened.merge()
    assert steps(opened) == list(range(10))


@pytest.mark.parametrize("read_only", [False, True])
def test_the_users_own_connection_in_the_same_kernel_keeps_merges_waiting_and_no_more(
    path: Path, read_only: bool
) -> None:
    code = f"""
        import duckdb
        from celltrail.store.notices import take_deferred
        recorder = Recorder(path)
        run = recorder.run("r")
        merger = Merger(store, interval=0.01)
        merger.start()
        while not path.exists():
            time.sleep(0.01)
        while True:
            try:
                con = duckdb.connect(path, read_only={read_only})
                break
            except duckdb.Error as error:       # for the moments of a merge
                assert "Unique file handle conflict" in str(error), error
        before = con.execute("SELECT count(*) FROM v_history").fetchall()
        for step in range(200):
            recorder.log(run, step, x=step)
        time.sleep(0.3)                         # the merger finds the file held, again and again
        assert con.execute("SELECT count(*) FROM v_history").fetchall() == before
        told = take_deferred()
        say(*[f"celltrail: {{message}}" for message in told])
        con.close()
        del con
        recorder.end(run)
        recorder.close()
        merger.stop()
        say("merged", attempt(store.merge), len(told + take_deferred()), *heard)
        """
    with process(path, code) as logging:
        said = line(logging)
        assert said.startswith("celltrail: ")
        assert "duckdb.connect() of your own" in said
        assert "stays in the spool" in said
        assert line(logging) == "merged True 1"
    assert steps(open_store(path)) == list(range(200))


def test_a_connection_of_the_users_own_meets_no_attached_store_while_nothing_is_logged(
    path: Path,
) -> None:
    """An idle kernel never holds the file: of many connects none fails."""
    code = """
        import duckdb
        recorder = Recorder(path)
        recorder.run("r")
        store.merge()
        merger = Merger(store, interval=0.001)
        merger.start()
        time.sleep(0.2)
        failed = 0
        for _ in range(30):
            try:
                duckdb.connect(path).close()
            except duckdb.Error:
                failed += 1
        merger.stop()
        say("failed", failed)
        """
    with process(path, code) as idle:
        assert line(idle) == "failed 0"


def test_a_process_that_comes_and_goes_with_plain_duckdb_costs_nothing(path: Path) -> None:
    fill(path)
    visit = """
    import duckdb, sys
    print("ready", flush=True)
    while True:
        try:
            with duckdb.connect(sys.argv[1]) as con:
                con.execute("SELECT count(*) FROM v_history").fetchall()
        except duckdb.Error:
            pass
    """
    recorder = Recorder(path)
    run = recorder.run("r")
    opened = open_store(path)
    merges = 0
    with foreign(visit, str(path)):
        for step in range(300):
            recorder.log(run, step, x=step)
            if step % 10 == 0:
                try:
                    merges += opened.merge()
                except StoreBusyError:
                    continue
    recorder.end(run)
    recorder.close()
    assert opened.merge()
    assert steps(opened) == list(range(300))
    assert examine(path) == []


# -- who holds the lock ------------------------------------------------------------------------

HOLD_LOCK = """
with store.access.{how}():
    say("held")
    wait()
say("let go")
wait()
"""


@pytest.mark.parametrize("how", ["writing", "reading"])
def test_a_suspended_holder_of_the_lock_is_named_and_others_go_on_logging(
    path: Path, how: str
) -> None:
    fill(path)
    recorder = Recorder(path)
    run = recorder.run("r")
    opened = open_store(path)
    with process(path, HOLD_LOCK.format(how=how)) as holder:
        assert line(holder) == "held"
        os.kill(holder.pid, signal.SIGSTOP)
        try:
            for step in range(1000):
                recorder.log(run, step, x=step)
            assert opened.merge(wait=0) is False
            with (
                pytest.raises(StoreBusyError) as caught,
                opened.access.writing(2.0),
            ):
                pass
            if how == "reading":
                assert len(opened.run_rows()) == 3, "readers share"
        finally:
            os.kill(holder.pid, signal.SIGCONT)
        said = str(caught.value)
        if lock_holders(Path(__file__).stat().st_ino) == [] and sys.platform == "linux":
            assert f"process {holder.pid}, which is suspended, has used it all the time" in said
        go_on(holder)
        assert line(holder) == "let go"
        assert opened.merge()
    assert steps(opened) == list(range(1000))


def test_who_holds_the_lock_alone_signs_it_for_where_the_system_does_not_tell(path: Path) -> None:
    fill(path)
    with process(path, HOLD_LOCK.format(how="writing")) as holder:
        assert line(holder) == "held"
        lock = Layout(path).spool / "lock"
        assert lock.read_bytes()[1:].decode().strip() == (
            f"process {holder.pid} on {socket.gethostname()}"
        )
        go_on(holder)
        assert line(holder) == "let go"


@pytest.mark.heavy
def test_a_read_beside_a_suspended_writer_ends_with_a_sentence_in_bounded_time(path: Path) -> None:
    fill(path)
    with process(path, HOLD_LOCK.format(how="writing")) as holder:
        assert line(holder) == "held"
        os.kill(holder.pid, signal.SIGSTOP)
        begun = time.monotonic()
        with pytest.raises(StoreBusyError, match="nothing that was logged is lost"):
            open_store(path).run_rows()
        assert time.monotonic() - begun < 60
        os.kill(holder.pid, signal.SIGCONT)
        go_on(holder)
        assert line(holder) == "let go"
        assert len(open_store(path).run_rows()) == 2


# -- clocks ------------------------------------------------------------------------------------


def test_a_clock_that_goes_backwards_changes_no_order(path: Path) -> None:
    code = """
        import celltrail as ct
        real, shift = time.time_ns, 0
        time.time_ns = lambda: real() + shift
        time.time = lambda: (real() + shift) / 1e9
        ct.use(path)
        ids = []
        for number in range(4):
            with ct.track(f"r{number}", params={"n": number}) as run:
                for step in range(20):
                    run.log(x=step)
                    if step == 10:
                        shift -= 7_200_000_000_000          # two hours back, in the middle
                run.log_params({"n": number + 100})
                ids.append(run.id)
        say(*ids)
        """
    with process(path, code) as logging:
        ids = line(logging).split()
        assert logging.wait(120) == 0
    assert ids == sorted(set(ids))
    opened = open_store(path)
    rows = opened.run_rows()
    assert [row.id for row in rows] == ids
    assert [row.number for row in rows] == [1, 2, 3, 4]
    assert {row.status for row in rows} == {"finished"}
    for run in ids:
        assert opened.history([run], "x").step.tolist() == list(range(20))
    table = opened.table_data()
    assert [table.params.value(i) for i in range(4)] == [100, 101, 102, 103]
    assert table.summaries.last.tolist() == [19.0] * 4
    assert examine(path) == []


def test_no_duration_is_negative_after_the_clock_went_backwards(path: Path) -> None:
    code = """
        import celltrail as ct
        real, shift = time.time_ns, 0
        time.time_ns = lambda: real() + shift
        ct.use(path)
        with ct.track("r") as run:
            shift = -7_200_000_000_000
        say(ct.run("r").duration)
        """
    with process(path, code) as logging:
        assert float(line(logging)) >= 0
    seconds = open_store(path).sql("SELECT seconds FROM v_runs")["seconds"].tolist()
    assert all(value >= 0 for value in seconds)


# -- processes that are gone -------------------------------------------------------------------


def test_a_reused_process_number_does_not_keep_a_run_alive(path: Path) -> None:
    """A real second process with the number of the first, where this system lets us ask for it."""
    setting = Path("/proc/sys/kernel/ns_last_pid")
    with process(path, "Recorder(path).run('gone'); say(os.getpid())") as gone:
        pid = int(line(gone))
        gone.wait(120)
    again = None
    for _ in range(50):
        try:
            setting.write_text(str(pid - 1))
        except OSError:
            pytest.skip("only root on Linux can choose the number of a process")
        again = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        if again.pid == pid:
            break
        again.communicate(b"\n")
    assert again is not None
    try:
        assert again.pid == pid
        assert [row.status for row in open_store(path).run_rows()] == ["lost"]
    finally:
        again.communicate(b"\n")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("process_started", 1.0, "lost"),  # this very number, but another life
        ("pid", 1, "lost"),  # a living process of somebody else, started at another time
        ("host", "elsewhere", "running"),  # it may live there
        ("boot", "another/1", "running"),  # another container or boot, silent for a moment only
    ],
)
def test_a_run_is_lost_only_when_its_process_is_known_to_be_gone(
    path: Path, field: str, value: object, expected: str
) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    recorder.log(run, 0, x=0)
    opened = open_store(path)
    assert opened.merge()
    owner = recorder.writer.folder / "owner.json"
    owner.write_text(json.dumps({**json.loads(owner.read_bytes()), field: value}))
    recorder.log(run, 1, x=1)
    opened.merge()
    assert [row.status for row in opened.run_rows()] == [expected]


# -- a newer DuckDB ----------------------------------------------------------------------------


@pytest.mark.heavy
def test_a_file_of_a_newer_duckdb_is_said_and_the_spool_is_kept(
    path: Path, tmp_path: Path, outer_environment: dict[str, str]
) -> None:
    """The newest DuckDB writes a format of its own; the oldest that we support reads it not."""
    fill(path)
    newer = tmp_path / "newer.duckdb"
    with duckdb.connect(":memory:") as con:
        con.execute(f"ATTACH '{path}' AS old (READ_ONLY)")
        con.execute(f"ATTACH '{newer}' AS new (STORAGE_VERSION 'latest')")
        con.execute("COPY FROM DATABASE old TO new")
    environment = tmp_path / "oldest"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "duckdb==1.5.1", "numpy", "pandas", "psutil"],
        check=True,
        env=dict(outer_environment),
    )
    code = """
from spool_recorder import Recorder
from celltrail.store import open_store
import sys
from pathlib import Path
path = Path(sys.argv[1])
recorder = Recorder(path)
recorder.end(recorder.run("r"))
recorder.close()
try:
    open_store(path).merge()
except Exception as error:
    print(type(error).__name__, error)
"""
    tests = Path(__file__).resolve().parents[1]
    source = tests.parent / "src"
    done = subprocess.run(
        [python, "-c", code, str(newer)],
        env={**outer_environment, "PYTHONPATH": f"{tests}{os.pathsep}{source}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("StoreFormatError"), done.stdout + done.stderr
    assert "was written by a newer DuckDB than the installed 1.5.1" in done.stdout
    assert [row.name for row in open_store(newer).run_rows()] == ["above", "full", "r"]


# -- forks -------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_does_not_wait_for_a_query_which_gives_its_result_all_the_same(path: Path) -> None:
    fill(path)
    code = """
        import threading
        from celltrail.store import instance
        answers = []
        query = "SELECT sum(hash(i)) AS n FROM v_runs, range($1) r(i)"

        def ask(size):
            answers.append(attempt(store.sql, query, [size]))

        asking = threading.Thread(target=ask, args=[10_000_000_000_000], daemon=True)
        asking.start()
        while instance._instance.interruptible is None:
            time.sleep(0.01)
        for _ in range(2):
            child = os.fork()
            if child == 0:
                own = Recorder(path)
                own.end(own.run("child"))
                own.close()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            say("forked", asking.is_alive(), answers)
        """
    with process(path, code) as forking:
        assert line(forking) == "forked True []"
        assert line(forking) == "forked True []"
    finite = """
        import threading, warnings
        from celltrail.store import instance
        answers = []
        query = "SELECT count(hash(i)) AS n FROM v_runs, range(400_000_000) r(i)"
        asking = threading.Thread(target=lambda: answers.append(store.sql(query)))
        asking.start()
        while instance._instance.interruptible is None:
            time.sleep(0.01)
        child = os.fork()
        if child == 0:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        asking.join()
        say(answers[0]["n"].tolist(), heard)
        """
    with process(path, finite) as forking:
        assert line(forking) == f"[{4 * 400_000_000}] []"
    assert [row.name for row in open_store(path).run_rows()] == ["above", "full", "child", "child"]
