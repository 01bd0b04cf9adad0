"""The command at a real terminal, in a pipe that closes, and beside a JupyterLab of its own."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from process_runner import hear_interrupts

import celltrail as ct

COMMAND = (sys.executable, "-m", "celltrail")
#: Seconds for what never comes; nothing is measured.
LIMIT = 60.0


class Terminal:
    """A process at a terminal of 100 columns, and what it wrote there."""

    def __init__(self, store: Path, *arguments: str, **environment: str) -> None:
        ours, theirs = pty.openpty()
        self._file = ours
        self.text = ""
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
        env.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            [*COMMAND, "--store", str(store), *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**env, **environment},
            start_new_session=True,
            preexec_fn=hear_interrupts,
        )
        os.close(theirs)

    def read_until(self, pattern: str) -> str:
        """Read on until a pattern is found, or the process ends."""
        deadline = time.monotonic() + LIMIT
        while not re.search(pattern, self.text):
            ready, _, _ = select.select([self._file], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{pattern!r} never came: {self.text[-2000:]!r}"
            try:
                part = os.read(self._file, 65536)
            except OSError:  # Linux says so when nobody has the terminal any more
                part = b""
            if not part:
                break
            self.text += part.decode("utf-8", "replace")
        return self.text

    def end(self) -> int:
        """Read the rest, and give the exit code."""
        self.read_until(r"(?!)")
        os.close(self._file)
        return self.process.wait(LIMIT)


@pytest.fixture
def store(store_path: Path) -> Path:
    for number in range(2):
        with ct.track(f"fit {number}", params={"lr": 0.1 * (number + 1)}) as run:
            for step in range(20):
                run.log(loss=1 / (step + 1), step=step)
    assert len(ct.runs()) == 2
    return store_path


@pytest.mark.parametrize("command", [["runs"], ["show", "fit 1"], ["compare", "fit 0", "fit 1"]])
def test_a_terminal_gets_colours_and_one_that_wants_none_does_not(
    store: Path, command: list[str]
) -> None:
    coloured = Terminal(store, *command)
    assert coloured.end() == 0
    assert "\x1b[" in coloured.text
    assert "fit 1" in coloured.text
    plain = Terminal(store, *command, NO_COLOR="1")
    assert plain.end() == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", plain.text)


def test_a_pipe_gets_no_colours(store: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--store", str(store), "runs"], capture_output=True, text=True, check=True
    )
    assert "\x1b" not in done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    "command", ["runs --csv", "show 1 --json", "watch", "sql 'FROM v_history'"]
)
def test_a_pipe_that_closes_gives_no_traceback(store: Path, command: str) -> None:
    python = f"{sys.executable} -m celltrail --store '{store}'"
    script = f"set -o pipefail; {python} {command} | head -c 1 > /dev/null"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode in (0, 141)


def test_a_run_is_followed_while_another_process_records_it(store: Path) -> None:
    watching = Terminal(store, "watch", "--every", "0.1", "--metric", "loss")
    watching.read_until("fit 0")
    with ct.track("live") as run:
        run.log(loss=1.0)
        watching.read_until(r"live\s.*running")
        for step in range(1, 9):
            run.log(loss=1.0 - step / 10, step=step)
        watching.read_until(r"live.*0\.2.*█")
    watching.read_until(r"live\s.*finished")
    os.killpg(watching.process.pid, signal.SIGINT)
    assert watching.end() == 130
    assert "Traceback" not in watching.text


@pytest.fixture
def lab(store: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    env = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    env |= {"JUPYTER_DATA_DIR": str(tmp_path / "data"), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    with subprocess.Popen(
        [*COMMAND, "ui", str(store), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=env,
        text=True,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def answers(address: str) -> int:
    """Give the status with which a server answers, once it does."""
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            with urllib.request.urlopen(address, timeout=LIMIT) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except urllib.error.URLError:
            assert time.monotonic() < deadline
        time.sleep(0.1)


def test_jupyterlab_opens_with_the_runs_of_a_store(
    lab: tuple[subprocess.Popen[str], IO[str]], store: Path
) -> None:
    process, output = lab
    pattern = r"(http://127\.0\.0\.1:\d+)/lab/tree/(\S+\.ipynb)\?token=([\w-]{20,})"
    found = next(filter(None, (re.search(pattern, line) for line in output)), None)
    assert found, "it never said where it is"
    host, notebook, token = found.groups()
    where = f"{host}/api/contents/{notebook}"
    assert answers(where) == 403, "nobody gets in without the token"
    with urllib.request.urlopen(f"{where}?token={token}", timeout=LIMIT) as answer:
        assert repr(str(store)) in answer.read().decode().replace("\\\\", "\\")
    os.killpg(process.pid, signal.SIGINT)
    assert "Traceback" not in output.read()
    assert process.wait(LIMIT) == 0
