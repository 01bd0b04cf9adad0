"""Large artifacts beside several real processes: stored once, and whole after every kill."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from celltrail.store.blobs import find_leftovers, large_blobs, open_blob, remove_leftovers
from celltrail.store.layout import Layout

PATIENCE = 60.0
SIZE = 24 << 20

STORE = """
import sys
from pathlib import Path
from celltrail.store.blobs import put_blob
from celltrail.store.layout import Layout
layout, source = Layout(Path(sys.argv[1])), Path(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    print(put_blob(layout, "s", source)[0], flush=True)
"""

# Stops in the middle of the copy until it is killed.
STALL = """
import io, sys, time
from pathlib import Path
from celltrail.store.blobs import put_blob
from celltrail.store.layout import Layout
class Stalling(io.RawIOBase):
    chunks = 3
    def read(self, size=-1):
        if not self.chunks:
            print("stalled", flush=True)
            time.sleep(600)
        self.chunks -= 1
        return b"x" * (1 << 20)
put_blob(Layout(Path(sys.argv[1])), "s", Stalling())
"""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "s.duckdb")


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def content(layout: Layout, sha256: str) -> bytes:
    with open_blob(layout, sha256, lambda: None) as stream:
        return stream.read()


def test_processes_that_store_the_same_content_at_once_store_it_once(
    layout: Layout, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(SIZE))
    expected = hashlib.sha256(source.read_bytes()).hexdigest()
    processes = [start(STORE, layout.store, source, 5) for _ in range(4)]
    assert [first_line(process) for process in processes] == ["ready"] * 4
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    # Whoever reads while others put it there again always reads all of it.
    first = first_line(processes[0])
    while any(process.poll() is None for process in processes):
        assert hashlib.sha256(content(layout, first)).hexdigest() == expected
    printed = "".join(process.communicate()[0] for process in processes).split()
    assert {first, *printed} == {expected}
    assert [process.returncode for process in processes] == [0] * 4
    assert [sha256 for sha256, _ in large_blobs(layout)] == [expected]
    assert [path.name for path in layout.files.iterdir()] == [expected[:2]]


def test_a_copy_that_is_killed_leaves_only_what_is_tidied(layout: Layout) -> None:
    process = start(STALL, layout.store)
    try:
        assert first_line(process) == "stalled"
        (leftover,) = layout.files.iterdir()
        os.utime(leftover, (0, 0))
        assert find_leftovers(layout) == []  # its process lives
    finally:
        process.kill()
        process.communicate()
    assert list(large_blobs(layout)) == []
    assert find_leftovers(layout) == [leftover]
    assert remove_leftovers(layout) > 0
    assert list(layout.files.iterdir()) == []


def test_after_kills_at_any_moment_what_is_there_is_whole(layout: Layout, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(SIZE))
    expected = hashlib.sha256(source.read_bytes()).hexdigest()
    for kill in range(8):
        process = start(STORE, layout.store, source, 100)
        assert first_line(process) == "ready"
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        time.sleep(0.01 * kill)  # at another moment each time
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        for sha256, _ in large_blobs(layout):
            assert hashlib.sha256(content(layout, sha256)).hexdigest() == sha256 == expected
    assert all(path.name.startswith(".") or path.is_dir() for path in layout.files.iterdir())
    remove_leftovers(layout, older_than=-PATIENCE)
    assert all(path.is_dir() for path in layout.files.iterdir())
