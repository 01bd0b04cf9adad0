"""What the tests of processes share: scripts that are run, and watched, as processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 120.0
HEAD = "import os, signal, sys, time\nimport celltrail as ct\n"


def write_script(folder: Path, code: str) -> Path:
    """Write a script; what starts processes by spawn has to find it as a file."""
    path = folder / "script.py"
    path.write_text(HEAD + textwrap.dedent(code), "utf-8")
    return path


def run_script(folder: Path, code: str, *, expect: int = 0, python: str = sys.executable) -> str:
    """Run a script to its end, and give what it printed."""
    done = subprocess.run(
        [python, str(write_script(folder, code))],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout


def hear_interrupts() -> None:
    """Let Ctrl+C be heard, also where the tests run in the background of a shell."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(folder: Path, code: str) -> Iterator[subprocess.Popen[str]]:
    """Start a script, wait until it prints a line, and kill it at the end."""
    started = subprocess.Popen(
        [sys.executable, str(write_script(folder, code))],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert started.stdout is not None
        assert started.stdout.readline().strip() == "ready"
        yield started
    finally:
        started.kill()
        started.communicate()


def kill_9(started: subprocess.Popen[str]) -> None:
    """Kill a process at once, and wait until it is gone."""
    os.kill(started.pid, signal.SIGKILL)
    started.wait(PATIENCE)
