"""Processes of their own for the tests of faults, some of which may do less than root may."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parent

HEAD = """
import os, sys, time, warnings
from pathlib import Path
from spool_recorder import Recorder, now
from celltrail.store import Merger, open_store

path = Path(sys.argv[1])
store = open_store(path)
heard = []
warnings.simplefilter("always")


def hear(message, category, *place):
    if category.__name__ == "CelltrailWarning":  # libraries and Python warn of other things
        heard.append(str(message))


warnings.showwarning = hear


def say(*words):
    print(*words, flush=True)


def wait():
    return input()


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        say(type(error).__name__, str(error).replace(chr(10), " "))
"""

_PR_CAPBSET_DROP = 24
#: To read, to write and to own any file, whatever its mode says.
_POWERS = (1, 2, 3)


def without_root_powers() -> None:
    """Make what is executed next obey the modes of files, also as root: for ``preexec_fn``."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        for power in _POWERS:
            libc.prctl(_PR_CAPBSET_DROP, power, 0, 0, 0)


@contextmanager
def process(
    store: Path, code: str, *arguments: str, before: Callable[[], None] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run Python code in a process of its own, which is gone at the end.

    Parameters
    ----------
    store
        Its first argument; the code finds the store as ``path`` and ``store``, what it was
        warned of in ``heard``, and ``say``, ``wait`` and ``attempt``.
    before
        Called in the process before it begins.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    started = subprocess.Popen(
        [sys.executable, "-c", HEAD + textwrap.dedent(code), str(store), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=before,
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


def go_on(started: subprocess.Popen[str]) -> None:
    """Let a process go on that waits."""
    assert started.stdin is not None
    started.stdin.write("\n")
    started.stdin.flush()
