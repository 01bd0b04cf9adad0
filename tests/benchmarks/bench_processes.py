"""Fresh processes that do a task of an adapter."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import IO, Any

from bench_trackers import STORES, Tracker

__all__ = [
    "Conversation",
    "answer",
    "ask",
    "begin",
    "complaints",
    "made_store",
    "new_store",
    "stop",
]

#: A process that takes so long, in seconds, is ended, and the table says so.
TIMEOUT = 300.0

COMPLAINT = re.compile(r"database is locked|CelltrailWarning: .{,120}|Could not .{,80}")


def new_store(tracker: Tracker, name: str) -> Path:
    """Give a new empty store: a copy of one that was prepared once, as migrations take long."""
    template = STORES / tracker.key / "template"
    if not template.exists():
        template.mkdir(parents=True)
        ask(tracker, "prepare", template)
    store = made_store(tracker, name)
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(template, store)
    return store


def made_store(tracker: Tracker, name: str) -> Path:
    """Give the store that `new_store` made under this name."""
    return STORES / tracker.key / name


def begin(
    tracker: Tracker, task: str, store: Path, *, talk: bool = False, **asked: Any
) -> subprocess.Popen[str]:
    """Begin a task in a process, in a group of its own with whatever it starts."""
    log = (store / f"{task}-{os.urandom(3).hex()}.err").open("w", encoding="utf-8")
    with log:
        return subprocess.Popen(
            [tracker.python, tracker.adapter, task, json.dumps({"store": str(store), **asked})],
            stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=store,
            start_new_session=True,
            env=_environment(store),
        )


def answer(process: subprocess.Popen[str], timeout: float = TIMEOUT) -> dict[str, Any]:
    """Wait for the end of a task, and give its answer: ``failed`` in it says why there is none."""
    try:
        out, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"failed": f"it did not end within {timeout:g} s"}
    finally:
        stop(process)
    lines = out.strip().splitlines()
    if not lines:
        return {"failed": f"it ended with status {process.returncode} and without an answer"}
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def ask(tracker: Tracker, task: str, store: Path, **asked: Any) -> dict[str, Any]:
    """Do a task in a fresh process, and give its answer."""
    return answer(begin(tracker, task, store, **asked))


def complaints(store: Path, task: str) -> list[str]:
    """Give what processes said on stderr without raising it, each once, with their number."""
    said = Counter[str]()
    for log in store.glob(f"{task}-*.err"):
        said.update({match[0] for match in COMPLAINT.finditer(log.read_text("utf-8", "replace"))})
    return [f"«{what}» on stderr of {count}" for what, count in said.items()]


def stop(process: subprocess.Popen[str]) -> None:
    """End what is left of a process and of what it started, such as a service beside it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Conversation:
    """A process that answers each line that it is given."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout

    def say(self, line: str) -> None:
        """Give it a line."""
        self._in.write(line + "\n")
        self._in.flush()

    def hear(self) -> dict[str, Any]:
        """Wait for its next answer."""
        line = self._out.readline()
        if not line:
            return {"failed": "it ended"}
        found: dict[str, Any] = json.loads(line)
        return found


def _environment(store: Path) -> dict[str, str]:
    """Give the environment: nobody's home or settings, and bytecode that is written once."""
    home = store / "home"
    home.mkdir(exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CELLTRAIL", "PYTHON"))}
    return kept | {
        "HOME": str(home),
        "TMPDIR": tempfile.gettempdir(),
        "NO_PROXY": "*",
    }
