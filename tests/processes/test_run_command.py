"""``celltrail run``: scripts run as Python runs them, notebooks in real kernels; both recorded."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nbformat
import pytest
from process_runner import PATIENCE, hear_interrupts

import celltrail as ct

SCRIPT = '''\
"""Trains something."""
import sys
import threading

lr = 0.1
epochs: int = 3
losses = []
for epoch in range(epochs):
    losses.append(1 / (epoch + 1))
    print("loss", losses[-1])
accuracy = 1 - lr


def later():
    print("from a thread")


threading.Timer(0.2, later).start()
'''


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "celltrail", "run", *map(str, arguments)]


def run(
    *arguments: object, code: int = 0, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(*arguments),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def script(folder: Path, text: str, name: str = "train.py") -> Path:
    path = folder / name
    path.write_text(textwrap.dedent(text), "utf-8")
    return path


def test_a_script_is_one_run(tmp_path: Path) -> None:
    done = run("-p", "lr=0.5", "-t", "night", "--note", "why", script(tmp_path, SCRIPT), "--fast")
    assert done.stdout.splitlines() == [*(f"loss {1 / n}" for n in (1, 2, 3)), "from a thread"]
    assert done.stderr.startswith("train · finished")
    found = ct.last_run()
    assert (found.name, found.experiment, found.status.value) == ("train", "train", "finished")
    assert found.params == {"lr": 0.5, "epochs": 3, "argv": "--fast"}
    assert found.metrics["accuracy"] == 0.5
    assert found.history("loss")["value"].tolist() == [1, 1 / 2, 1 / 3]
    assert found.source == SCRIPT
    assert (found.tags, found.note) == (["night"], "why")
    texts = [(o.name, o.text) for o in found.outputs if o.kind == "stream"]
    assert texts == [("stdout", done.stdout)]


def test_a_script_finds_what_python_gives_it(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    (folder / "helper.py").write_text("value = 3\n")
    path = script(
        folder,
        """
        import sys, warnings
        from helper import value
        print(__name__, __file__, sys.argv, value, __doc__, sys.modules["__main__"].value)
        print(type(sys.stdout).__name__, sys.stdout.errors, warnings.filters, sys.path[0])
        """,
    )
    mine = run("-q", path.name, "a", "-p", folder=folder)
    plain = subprocess.run(
        [sys.executable, path.name, "a", "-p"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert mine.stdout == plain.stdout
    assert (mine.stderr, plain.stderr) == ("", "")


@pytest.mark.parametrize(
    ("code", "exit_code", "status", "said"),
    [
        ("raise ValueError('no good')", 1, "failed", "Traceback.*ValueError: no good\n"),
        ("import sys; sys.exit(7)", 7, "failed", ""),
        ("import sys; sys.exit('so it is')", 1, "failed", "so it is\n"),
        ("import sys; sys.exit()", 0, "finished", ""),
    ],
)
def test_a_script_ends_as_it_ends(
    tmp_path: Path, code: str, exit_code: int, status: str, said: str
) -> None:
    done = run("-q", script(tmp_path, f"x = 1\n{code}\n"), code=exit_code)
    assert re.fullmatch(said, done.stderr, re.DOTALL)
    assert "celltrail" not in done.stderr  # no frames of ours
    assert ct.last_run().status.value == status


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_an_interrupted_script_dies_of_the_interrupt(tmp_path: Path) -> None:
    code = """
        import atexit, time
        import celltrail as ct
        other = ct.start("other")
        atexit.register(print, "at the exit", flush=True)
        print("ready", flush=True)
        time.sleep(100)
        """
    with subprocess.Popen(
        command(script(tmp_path, code)),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=PATIENCE)
    assert (out, started.returncode) == ("at the exit\n", -signal.SIGINT)
    assert "KeyboardInterrupt" in err
    found = [ct.run(name) for name in ("train", "other")]
    assert [each.status.value for each in found] == ["interrupted"] * 2
    assert found[0].outputs[0].text == "ready\nat the exit\n"


def test_the_script_comes_first(tmp_path: Path) -> None:
    """Executors that nobody shut down, forks, threads: all end as under Python."""
    code = """
        import os, threading, time
        from concurrent.futures import ThreadPoolExecutor
        import celltrail as ct
        pool = ThreadPoolExecutor()
        total = pool.submit(pow, 2, 3).result()
        def later():
            time.sleep(0.3)
            ct.log(late=1.0)
            print("later", flush=True)
        if hasattr(os, "fork"):
            child = os.fork()
            if child:
                os.waitpid(child, 0)
            else:
                later = print
        threading.Thread(target=later).start()
        print("end", flush=True)
        """
    done = run(script(tmp_path, code))
    assert done.stdout.count("end\n") == (2 if hasattr(os, "fork") else 1)
    assert done.stdout.endswith("later\n")
    assert done.stderr.count("train · finished") == 1
    found = ct.run("train")
    assert (found.metrics["late"], found.metrics["total"]) == (1.0, 8)


@pytest.mark.parametrize("trouble", ["disabled", "no database", "closed streams"])
def test_trouble_of_ours_is_none_of_the_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    path = script(tmp_path, "import pathlib, sys\npathlib.Path('ran').touch()\nsys.exit(3)\n")
    if trouble == "disabled":
        monkeypatch.setenv("CELLTRAIL_DISABLED", "1")
    if trouble == "no database":
        (tmp_path / "store.duckdb").write_text("no database")
        monkeypatch.setenv("CELLTRAIL_STORE", str(tmp_path / "store.duckdb"))
    words = " ".join(shlex.quote(word) for word in command(path))
    closed = " >&- 2>&-" if trouble == "closed streams" else ""
    done = subprocess.run(
        ["bash", "-c", f"{words}{closed}"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, (tmp_path / "ran").exists()) == (3, True), done.stderr
    assert "Traceback" not in done.stderr
    assert (trouble == "no database") == bool(done.stderr)


def test_secrets_among_the_arguments_are_not_kept(tmp_path: Path) -> None:
    run("-q", script(tmp_path, "x = 1\n"), "--password", "hunter2", "--api-key=abc 1", "--lr", "2")
    assert ct.last_run().params["argv"] == "--password '[redacted]' '--api-key=[redacted]' --lr 2"


def test_what_a_script_tracks_is_inside_of_its_run(tmp_path: Path) -> None:
    code = """
        import multiprocessing as mp
        import celltrail as ct

        def work(handle, n):
            handle.log(loss=n)
            return n * 2

        if __name__ == "__main__":
            with ct.track("inner") as run:
                ct.log(loss=3.0)
            with mp.get_context("spawn").Pool(1) as pool:
                handle = ct.current_run().handle()
                print(pool.starmap(work, [(handle, 1), (handle, 2)]))
        """
    done = run(script(tmp_path, code))
    assert done.stdout == "[2, 4]\n"
    assert len(ct.run("train").history("loss")) == 2  # of the workers
    inner, outer = ct.run("inner"), ct.run("train")
    assert inner.parent is not None
    assert (inner.parent.id, outer.status.value) == (outer.id, "finished")


def test_a_value_for_what_the_script_does_not_assign_is_refused(tmp_path: Path) -> None:
    done = run("-p", "nope=1", script(tmp_path, SCRIPT), code=1)
    assert done.stderr.startswith("celltrail: -p nope: train.py assigns no nope at its top level")
    assert (done.stdout, len(ct.runs())) == ("", 0)


def test_a_syntax_error_is_pythons_own(tmp_path: Path) -> None:
    done = run(script(tmp_path, "x = (\n"), code=1)
    assert "SyntaxError" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(ct.runs()) == 0


def write(path: Path, *sources: str, tags: tuple[str, ...] = ()) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = list(tags)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


CELLS = ("lr = 0.1\nepochs = 3", "import math", "loss = math.exp(-lr * epochs)\nloss")


def test_a_notebook_without_tracked_cells_is_recorded_cell_by_cell(tmp_path: Path) -> None:
    path = write(tmp_path / "study.ipynb", *CELLS, tags=("parameters",))
    before = path.read_bytes()
    out = tmp_path / "deep" / "done.ipynb"
    done = run("-p", "lr=0.5", "-o", out, path)
    assert done.stdout == ""
    assert "cell 4 of 4: loss = math.exp" in done.stderr
    (found,) = ct.runs()
    assert (found.experiment, found.params) == ("study", {"lr": 0.5, "epochs": 3})
    assert found.metrics == {"loss": pytest.approx(0.2231301601)}
    executed = nbformat.read(out, as_version=4)
    assert [cell.execution_count for cell in executed.cells] == [1, 2, 3, 4]
    assert executed.cells[3].outputs[0]["data"]["text/plain"].startswith("0.2231")
    assert path.read_bytes() == before


@pytest.mark.heavy
def test_of_a_notebook_with_tracked_cells_these_are_runs(tmp_path: Path) -> None:
    cells = (
        "%load_ext celltrail",
        CELLS[0],
        CELLS[1],
        f"%%track fit\n{CELLS[2]}",
        "1 / 0",
        "x = 1",
    )
    path = write(tmp_path / "study.ipynb", *cells)
    done = run(path, code=1)
    assert "ZeroDivisionError" in done.stderr
    assert "\x1b" not in done.stderr
    assert [found.name for found in ct.runs()] == ["fit"]
    assert done.stderr.splitlines()[-3].startswith("fit · finished")


@pytest.mark.heavy
def test_a_notebook_that_loads_celltrail_itself_is_recorded_when_asked(tmp_path: Path) -> None:
    path = write(tmp_path / "study.ipynb", "%load_ext celltrail", *CELLS)
    done = run("--auto", path)
    assert done.stderr.splitlines()[-3].startswith("run 1 · finished")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.heavy
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_notebook_has_its_runs(tmp_path: Path, number: int) -> None:
    mark = tmp_path / "there"
    code = f"import pathlib, time\npathlib.Path({str(mark)!r}).touch()\ntime.sleep(100)"
    path = write(tmp_path / "slow.ipynb", f"%%track slow\n{code}")
    with subprocess.Popen(
        command(path),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        deadline = time.monotonic() + PATIENCE
        while not mark.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        started.send_signal(number)
        assert "celltrail: interrupted" in started.communicate(timeout=PATIENCE)[1]
    assert started.returncode == 130
    assert ct.run("slow").status.value == "interrupted"
