"""Spools of other users and containers, beside which everybody else goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from spool_recorder import Recorder
from store_process import HEAD, TESTS, line, process, without_root_powers

from celltrail.store import open_store

READS = """
    recorder = Recorder(path)
    mine = recorder.run("mine")
    recorder.log(mine, 0, x=1.0)
    say("merged", attempt(store.merge))
    say("names", *sorted(row.name for row in attempt(store.run_rows) or []))
    recorder.end(mine)
    recorder.close()
    say("merged", attempt(store.merge))
    """


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.duckdb"


@pytest.mark.parametrize("private", ["folder", "names only", "events", "points"])
def test_what_one_may_not_read_is_passed_over_and_kept_for_those_who_may(
    path: Path, private: str
) -> None:
    theirs = Recorder(path)
    run = theirs.run("theirs")
    theirs.log(run, 0, x=1.0)
    theirs.close()
    folder = theirs.writer.folder
    hidden, mode = folder, 0
    if private == "names only":
        mode = 0o444
    elif private != "folder":
        hidden = folder / f"000001.{private}"
    before = hidden.stat().st_mode
    hidden.chmod(mode)
    with process(path, READS, before=without_root_powers) as other:
        said = [line(other) for _ in range(3)]
    hidden.chmod(before)
    if said[1] == "names mine theirs":
        pytest.skip("the modes of files bind nobody here")
    assert said == ["merged True", "names mine", "merged True"]
    store = open_store(path)
    assert store.merge()
    assert sorted(str(row.name) for row in store.run_rows()) == ["mine", "theirs"]
    assert len(store.history([run], "x")) == 1


def _in_namespaces(options: list[str], prelude: str, path: Path, code: str) -> list[str]:
    """Run code in namespaces of its own, and give the lines that it prints."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, *options, "true"], check=False).returncode:
        pytest.skip("only root on Linux can make such a place")
    script = f'{prelude}exec "{sys.executable}" -c "$0" "$1"'
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    done = subprocess.run(
        [unshare, *options, "sh", "-c", script, HEAD + code, str(path)],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    return done.stdout.splitlines()


def test_a_living_process_of_another_user_is_not_gone_where_processes_are_hidden(
    path: Path,
) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    recorder.log(run, 0, x=1.0)
    code = f"""
from celltrail.store.system import process_started
os.setgroups([]); os.setgid(65534); os.setuid(65534)
say(os.path.exists("/proc/{os.getpid()}"), process_started({os.getpid()}), process_started(4194300))
"""
    hide = "mount -t proc -o hidepid=2 proc /proc || exit 1; "
    (said,) = _in_namespaces(["-m"], hide, path, code)
    assert said == "False 0.0 None"


def test_a_silent_writer_in_a_container_of_this_name_keeps_its_folder(path: Path) -> None:
    code = """
recorder = Recorder(path)
recorder.log(recorder.run("r"), 0, x=1.0)
folder = recorder.writer.folder
for entry in (*folder.iterdir(), folder):
    os.utime(entry, (1e9, 1e9))
say(folder)
os.kill(os.getpid(), 9) if os.getpid() != 1 else os._exit(0)
"""
    (folder,) = _in_namespaces(["-pf", "--mount-proc"], "", path, code)
    store = open_store(path)
    assert store.merge()
    assert [row.status for row in store.run_rows()] == ["running"]
    assert Path(folder).exists()
