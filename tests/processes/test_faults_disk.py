"""A disk that is full, a folder that cannot be written: nothing is lost when that is over."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder
from store_process import go_on, line, process, without_root_powers

from celltrail.store import Store, open_store
from celltrail.store.doctor import examine, repair
from celltrail.store.layout import Layout


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if not mounted or mounted.returncode != 0:
        pytest.skip("only root can mount a small file system; a limit of file sizes is tested too")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_up(folder: Path, leave: int = 0) -> Path:
    """Take all room of a file system but some bytes."""
    ballast = folder / "ballast"
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    with ballast.open("wb") as file:
        file.write(bytes(max(free - leave, 0)))
    return ballast


def steps(store: Store, name: str = "r") -> list[int]:
    (row,) = [row for row in store.run_rows() if row.name == name]
    return list(store.history([row.id], "x").step.tolist())


LOG_THROUGH_A_FAULT = """
recorder = Recorder(path)
run = recorder.run("r")
for step in range(100):
    recorder.log(run, step, x=step)
if "merged" in sys.argv:
    store.merge()
say("begun")
wait()                                          # the fault begins
for step in range(100, 3000):
    recorder.log(run, step, x=step)
recorder.param(run, "lr", 0.5)
attempt(store.merge)
say("warned", len(heard), *heard)
wait()                                          # the fault is over
time.sleep(0.6)                                 # the writer tries again after half a second
for step in range(3000, 3010):
    recorder.log(run, step, x=step)
recorder.end(run)
recorder.close()
say("merged", attempt(store.merge))
wait()
"""


@pytest.mark.parametrize("merged", [False, True], ids=["no store yet", "a store"])
def test_a_full_disk_is_said_once_and_everything_is_there_when_there_is_room(
    small_disk: Path, merged: bool
) -> None:
    store = small_disk / "s.duckdb"
    with process(store, LOG_THROUGH_A_FAULT, *["merged"] * merged) as logging:
        assert line(logging) == "begun"
        ballast = fill_up(small_disk)
        go_on(logging)
        said = line(logging)
        if said.startswith("Store"):  # the merge could not write, or had nothing to merge
            assert said.startswith("StoreUnwritableError cannot write the store")
            assert "No space left" in said
            said = line(logging)
        assert said.startswith("warned 1 celltrail: cannot write to")
        assert "kept in memory and written as soon as that works again" in said
        ballast.unlink()
        go_on(logging)
        assert line(logging) == "merged True"
    opened = open_store(store)
    assert steps(opened) == list(range(3010))
    assert opened.table_data().params.names == ["lr"]
    assert [row.status for row in opened.run_rows()] == ["finished"]
    assert examine(store) == []
    assert not Layout(store).spool.exists()


MERGE_FOR_EVER = """
say("ready")
while True:
    wait()
    done = attempt(store.merge)
    if done is not None:
        say("merged", done)
"""


@pytest.mark.parametrize("leave", [0, 40_000, 90_000, 150_000, 300_000, 600_000])
def test_a_disk_that_fills_up_during_a_merge_loses_and_doubles_nothing(
    small_disk: Path, leave: int
) -> None:
    store = small_disk / "s.duckdb"
    log = """
        recorder = Recorder(path)
        run = recorder.run("r")
        for step in range(100):
            recorder.log(run, step, x=float(step))
        store.merge()
        for step in range(100, 8000):
            recorder.log(run, step, x=float(step))
        recorder.end(run)
        recorder.close()
        say("logged")
        """
    with process(store, log) as logging:
        assert line(logging) == "logged"
    # At another moment with each amount: making files, the log of changes, the checkpoint.
    with process(store, MERGE_FOR_EVER) as merging:
        assert line(merging) == "ready"
        ballast = fill_up(small_disk, leave)
        for _ in range(3):
            go_on(merging)
            said = line(merging)
            assert said == "merged True" or (
                said.startswith("StoreUnwritableError cannot write") and "No space left" in said
            )
        ballast.unlink()
        go_on(merging)
        assert line(merging) == "merged True", "it heals in the same process"
    assert steps(open_store(store)) == list(range(8000))
    assert examine(store) == []


def test_a_limit_of_file_sizes_is_a_full_disk_too(tmp_path: Path) -> None:
    store = tmp_path / "s.duckdb"
    code = """
        import resource
        recorder = Recorder(path)
        run = recorder.run("r")
        recorder.log(run, 0, x=0)
        store.merge()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        for step in range(1, 2000):
            recorder.log(run, step, x=step)
        attempt(store.merge)
        say("warned", len(heard), *heard)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        time.sleep(0.6)
        recorder.log(run, 2000, x=2000)
        recorder.end(run)
        recorder.close()
        say("merged", attempt(store.merge))
        """
    with process(store, code) as logging:
        said = line(logging)
        assert said.startswith("StoreUnwritableError cannot write the store")
        assert "File too large" in said
        assert line(logging).startswith("warned 1 celltrail: cannot write to")
        assert line(logging) == "merged True"
    assert steps(open_store(store)) == list(range(2001))


@pytest.mark.parametrize("merged", [False, True], ids=["no store yet", "a store"])
def test_a_folder_that_cannot_be_written_keeps_what_is_logged_in_memory(
    tmp_path: Path, merged: bool
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    store = folder / "s.duckdb"
    code = """
        attempt(store.merge)
        recorder = Recorder(path)
        run = recorder.run("r")
        for step in range(50):
            recorder.log(run, step, x=step)
        attempt(store.merge)
        say("warned", len(heard), *heard)
        say("reads", [row.name for row in attempt(store.run_rows) or []])
        wait()
        time.sleep(0.6)
        recorder.log(run, 50, x=50)
        recorder.end(run)
        recorder.close()
        say("merged", attempt(store.merge))
        """
    if merged:
        make = "r = Recorder(path); r.end(r.run('old')); r.close(); store.merge()"
        with process(store, make) as making:
            making.wait(120)
    folder.chmod(0o555)
    with process(store, code, before=without_root_powers) as logging:
        said = line(logging)
        if "Permission" not in said:
            folder.chmod(0o755)
            pytest.skip("the modes of files bind nobody here")
        assert said.startswith("warned 1 celltrail: cannot write to")
        assert line(logging) == f"reads {['old'] if merged else []}"
        folder.chmod(0o755)
        go_on(logging)
        assert line(logging) == "merged True"
    assert steps(open_store(store)) == list(range(51))


def test_a_file_without_permission_is_said_and_what_is_logged_waits_in_the_spool(
    tmp_path: Path,
) -> None:
    store = tmp_path / "s.duckdb"
    code = """
        recorder = Recorder(path)
        run = recorder.run("r")
        store.merge()
        path.chmod(0)
        recorder.log(run, 0, x=0)
        attempt(store.merge)
        attempt(store.run_rows)
        path.chmod(0o644)
        recorder.end(run)
        recorder.close()
        say("merged", attempt(store.merge), heard)
        """
    with process(store, code, before=without_root_powers) as logging:
        said = line(logging)
        assert said.startswith("StoreUnwritableError cannot write the store")
        assert "Permission denied" in said
        assert line(logging).startswith("StoreUnwritableError")
        assert line(logging) == "merged True []"
    assert steps(open_store(store)) == [0]


def test_what_is_logged_to_a_place_without_room_is_kept_up_to_a_bound_and_then_counted(
    small_disk: Path,
) -> None:
    store = small_disk / "s.duckdb"
    code = """
        def peak():  # of this process alone: ru_maxrss begins with what the parent had
            status = Path("/proc/self/status").read_text()
            return int(status.partition("VmHWM:")[2].split()[0]) // 1024

        recorder = Recorder(path)
        run = recorder.run("r")
        recorder.log(run, 0, x=0)
        say("begun")
        wait()
        rows = [("x", step, step) for step in range(10_000)]    # 320,000 bytes
        for _ in range(300):
            recorder.writer.append(run, now(), rows)
        say("peak", peak())
        recorder.close()
        say(len(heard), "|".join(heard))
        """
    with process(store, code) as logging:
        assert line(logging) == "begun"
        fill_up(small_disk)
        go_on(logging)
        assert int(line(logging).removeprefix("peak ")) < 400
        said = line(logging)
    assert said.count("kept in memory and written as soon as that works again") == 1
    assert said.endswith("are lost.")


def test_a_repair_without_room_for_the_copy_changes_nothing_and_says_so(small_disk: Path) -> None:
    store = small_disk / "s.duckdb"
    recorder = Recorder(store)
    recorder.end(recorder.run("r"))
    recorder.close()
    assert open_store(store).merge()
    with duckdb.connect(store) as con:
        con.execute("UPDATE runs SET status = 'odd'")
    content = store.read_bytes()
    ballast = fill_up(small_disk, leave=100_000)
    report = repair(store)
    assert report.backup is None
    assert "No space left" in report.done[-1]
    assert [finding.code for finding in report.left] == ["run-status"]
    assert store.read_bytes() == content
    assert list(small_disk.glob("*.backup-*")) == []
    ballast.unlink()
    assert repair(store).is_well
