"""Whole notebooks, run by nbclient plain and under ``%track --auto``: the same cell by cell."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import celltrail as ct

NOTEBOOKS = sorted((Path(__file__).parents[1] / "inference" / "notebooks").glob("*.ipy"))
#: Every other one each time, and the rest where there is time for all.
CASES = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.heavy] if place % 4 else [])
    for place, path in enumerate(NOTEBOOKS)
]
_DECIMAL = re.compile(r"\d+\.(?:\d+)?(?:e[+-]?\d+)?(?:\.\.\.)? *|\d+e-\d+ *")
_CHANGING = re.compile(
    r"0x[0-9a-f]+|x7f[0-9a-f]{10}|ipykernel_\d+|\b\d{5,}\.py|\d+(?:\.\d+)? ?(?:[mµμn]?s\b|it/s)"
)


def notebook_of(path: Path, first: str) -> Any:
    """Make a notebook of the percent format, with one cell and seeds put before it."""
    parts = re.split(r"^# %%.*\n", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    label = re.compile(r"# (?:run|params|metrics|datasets|note)\+?: ?.*\n")
    seeded = "import numpy, random\nnumpy.random.seed(0)\nrandom.seed(0)"
    cells = [first, seeded, *(label.sub("", part).strip() for part in parts)]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def executed(notebook: Any, folder: Path) -> tuple[list[Any], list[float]]:
    """Run a notebook in a folder, and give the outputs and the seconds of each cell."""
    folder.mkdir()
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    outputs, seconds = [], []
    with client.setup_kernel():
        for place, cell in enumerate(notebook.cells):
            began = time.perf_counter()
            client.execute_cell(cell, place)
            seconds.append(time.perf_counter() - began)
            outputs.append(_joined([_comparable(output) for output in cell.outputs]))
    return outputs, seconds


def _joined(outputs: list[Any]) -> list[Any]:
    """Put together what each stream says between two other outputs.

    The kernel sends what was written every 0.2 s, each stream for itself: where a stream is cut,
    and which of two comes first, is chance.
    """
    found: list[Any] = []
    streams: dict[str, Any] = {}
    for output in outputs:
        if output["output_type"] != "stream":
            found += [streams[name] for name in sorted(streams)]
            found.append(output)
            streams = {}
        elif output["name"] in streams:
            streams[output["name"]]["text"] += output["text"]
        else:
            streams[output["name"]] = dict(output)
    return found + [streams[name] for name in sorted(streams)]


def _comparable(value: Any) -> Any:
    if isinstance(value, str):
        if "sk-global" in value:  # an estimator drawn by scikit-learn, which tells what fits took
            value = _DECIMAL.sub("N", value)
        return _CHANGING.sub("N", value)
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    if isinstance(value, dict):
        return {key: _comparable(each) for key, each in value.items()}
    return value


@pytest.mark.parametrize("path", CASES)
def test_a_notebook_shows_the_same_when_every_cell_is_recorded(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELLTRAIL_STORE", str(tmp_path / "celltrail.duckdb"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    plain, _ = executed(notebook_of(path, "pass"), tmp_path / "plain")
    recorded, _ = executed(
        notebook_of(path, "%load_ext celltrail\n%track --auto"), tmp_path / "recorded"
    )
    for place, (one, other) in enumerate(zip(plain[1:], recorded[1:], strict=True), 1):
        assert one == other, f"cell {place}"
    runs = ct.runs()
    assert len(runs) >= 3
    assert {run.status.value for run in runs} == {"finished"}
    assert all(run.auto for run in runs)
