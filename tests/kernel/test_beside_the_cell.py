"""What celltrail does beside a cell is not seen by it, and what IPython leaves out is mended."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core import magic
from kernel_session import KernelSession, repository

import celltrail as ct


def test_loading_leaves_numpy_to_the_notebook(kernel: KernelSession) -> None:
    kernel.run("%%track --quiet\nlr = 0.1")
    kernel.run("%track --auto")
    assert kernel.value("'numpy' in __import__('sys').modules") == "False"


@pytest.mark.heavy
def test_the_first_cell_does_not_pay_for_the_import_of_duckdb(kernel: KernelSession) -> None:
    kernel.run("%%track first --quiet\nlr = 0.1\nloaded = 'duckdb' in __import__('sys').modules")
    assert kernel.value("loaded") == "False"
    # the background has taken it over by the time that a notebook rests
    wait = "import sys, time\nfor _ in range(600):\n    if 'duckdb' in sys.modules: break\n"
    kernel.run(wait + "    time.sleep(0.05)")
    assert kernel.value("'duckdb' in sys.modules") == "True"
    assert ct.last_run().params["lr"] == 0.1


def test_git_is_asked_and_its_changes_recorded(kernel: KernelSession, tmp_path: Path) -> None:
    repository(tmp_path)
    kernel.run("%%track --quiet\nlr = 0.1")
    kernel.run("from celltrail.record.worker import wait_for_worker\nwait_for_worker(30)")
    git = ct.last_run().git
    assert git is not None
    assert git["dirty"]


def test_a_statement_with_a_semicolon_shows_nothing(kernel: KernelSession) -> None:
    answer = kernel.run("x = 1\n%track --quiet 3 * 4;")
    # IPython before 8.13 shows what magics give, whatever stands behind them
    knows = hasattr(magic, "output_can_be_silenced")
    assert len(answer.of_kind("execute_result")) == (not knows)
    assert len(kernel.run("x = 1\n%track --quiet 3 * 4").of_kind("execute_result")) == 1


def test_a_cell_whose_end_ipython_does_not_tell_stops_no_recording(
    kernel: KernelSession, tmp_path: Path
) -> None:
    code = "%%track lost --quiet\\nz = 1 + 1\\n"
    kernel.run(
        "shell = get_ipython()\n"
        f"raw = '{code}'\n"
        "await shell.run_cell_async(raw, store_history=False,\n"
        "    transformed_cell=shell.transform_cell(raw))"
    )
    for name in ("one", "two"):
        kernel.run(f"%%track {name} --quiet\nprint('out', abs(1))")
    runs = {run.name: run for run in ct.runs()}
    assert [len(runs[name].outputs) for name in ("one", "two")] == [1, 1]
    assert all(run.parent is None for run in runs.values())
    assert runs["lost"].status == "interrupted"


def test_a_fault_is_told_once_also_where_warnings_are_errors(kernel: KernelSession) -> None:
    answers = [
        kernel.run("import warnings\nwarnings.simplefilter('error')"),
        kernel.run(
            "from celltrail.ipython import hooks\n"
            "def fail(*_): raise RuntimeError('broken')\nhooks.outcome = fail"
        ),
        kernel.run("%%track --quiet\nx = 1"),
        kernel.run("%%track --quiet\nx = 1\nwarnings.resetwarnings()"),
    ]
    assert {answer.status for answer in answers} == {"ok"}
    assert "".join(answer.text for answer in answers).count("broken") == 1
