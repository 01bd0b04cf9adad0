"""What the tests of faults share: a store with something in every table, and damage to files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from spool_recorder import Recorder, now

from celltrail.store import open_store

BLOCK = 262_144
#: Three headers come before the first block.
HEADERS = 12_288


def fill(store: Path, *, points: int = 200, name: str = "full") -> str:
    """Log something of every kind, merge it, and give the run's id."""
    recorder = Recorder(store)
    event = recorder.writer.event
    event("session", started=now(), kind="kernel", notebook="a.ipynb", environment="e" * 64)
    event("environment", sha256="e" * 64, python="3.11")
    event("source", sha256="5" * 64, text="x = 1")
    parent = recorder.run("above")
    run = recorder.run(name, source="5" * 64, parent=parent, notebook="a.ipynb")
    git = {"commit": "c" * 40, "branch": "b", "dirty": True, "diff": "6" * 64}
    event("source", sha256="6" * 64, text="-x = 2\n+x = 1")
    event("run_context", run=run, git=git, markdown="## Fit")
    recorder.param(run, "lr", 0.5, "assigned")
    recorder.param(run, "lr", 0.1)
    recorder.param(run, "layers", [1, 2])
    event("tag", run=run, tag="cv")
    event("reason", run=run, metric="loss", reason="the last line")
    for step in range(points):
        recorder.log(run, step, loss=1.0 / (step + 1), seen=step * step)
    recorder.log(run, points, loss=float("nan"))
    for size, kind in ((10, "text"), (2 << 20, "file")):
        sha256, size = recorder.writer.add_blob(bytes([size % 251]) * size)
        event("artifact", run=run, name=kind, kind=kind, mime="x/y", sha256=sha256, size=size)
    event("dataset", run=run, name="train", sha256="d" * 64, kind="frame", shape=[3], schema={})
    event("output", run=run, position=0, kind="stream", name="stdout", text="fine", size=4)
    event("output", run=run, position=1, kind="display", name="text", mime="x/y", sha256=sha256)
    cell = {"source": "5" * 64, "reads": ["x"], "binds": [], "mutated": [], "deleted": ["y"]}
    event("cell", run=run, execution_count=1, started=now(), status="ok", **cell)
    event("meaning", metric="loss", said={"minimize": True, "unit": "nats"})
    recorder.end(run)
    recorder.end(parent)
    recorder.close()
    assert open_store(store).merge()
    return run


def flip(path: Path, start: int, size: int = 1) -> None:
    """Turn bits of a file over."""
    with path.open("r+b") as file:
        file.seek(start)
        old = file.read(size)
        assert len(old) == size
        file.seek(start)
        file.write(bytes(byte ^ 0xFF for byte in old))


def leave_wal(store: Path, commits: int = 5) -> Path:
    """Commit tags in a process that is killed before its log becomes part of the file."""
    code = """
import duckdb, os, signal, sys
con = duckdb.connect(":memory:", config={"threads": 1})
con.execute(f"ATTACH '{sys.argv[1]}' AS store (ROW_GROUP_SIZE 16384)")
con.execute("USE store")
for number in range(int(sys.argv[2])):
    con.execute(f"INSERT INTO tags SELECT run, 'late {number}' FROM runs WHERE name = 'full'")
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code, str(store), str(commits)], check=False)
    wal = store.with_name(store.name + ".wal")
    assert wal.stat().st_size > 0
    return wal
