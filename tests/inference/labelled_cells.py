"""Cells in the style of many notebooks, labelled by hand, and what is inferred of them.

Each file in ``notebooks/`` is a notebook in percent format. Below ``# %%`` stand labels::

    # run: yes                      or: no (imports), no (look), ...
    # params: lr, Ridge.alpha       what a thoughtful person wants recorded
    # metrics: acc
    # datasets: X, data.csv
    # params+: seed                 right to record, and right to leave out
    # note: why, where the choice was hard

They were written before any rule was run on them. Where they contradicted the definitions
above they were mended after that, so the figures say how the rules do on cells of this kind,
and not how they do on those of other people.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from celltrail.capture.before import look_before
from celltrail.capture.infer import infer
from celltrail.capture.names import analyse
from celltrail.capture.outputs import OutputRecord
from celltrail.capture.values import NOTHING
from celltrail.ipython.auto import Auto

NOTEBOOKS = Path(__file__).parent / "notebooks"
WHAT = ("params", "metrics", "datasets")
_LABEL = re.compile(r"# (run|params|metrics|datasets|note)(\+?): ?(.*)")


@dataclass
class Cell:
    """A cell with its labels."""

    place: str
    code: str
    is_run: bool
    wanted: dict[str, set[str]]
    tolerated: dict[str, set[str]]
    found: dict[str, set[str]] = field(default_factory=dict)
    judged: bool = False
    rule: str = ""


@dataclass
class Score:
    """How many were right, false and missed."""

    right: int = 0
    false: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / max(self.right + len(self.false), 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + len(self.missed), 1)


def read_cells(path: Path) -> list[Cell]:
    """Read a labelled notebook."""
    cells = []
    parts = re.split(r"^# %%.*\n", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    for number, part in enumerate(parts, 1):
        labels: dict[str, str] = {}
        code = []
        for line in part.splitlines():
            match = _LABEL.fullmatch(line)
            if match is None:
                code.append(line)
            else:
                key = match[1] + match[2]
                labels[key] = f"{labels.get(key, '')},{match[3]}"
        cells.append(
            Cell(
                f"{path.stem}[{number}]",
                "\n".join(code).strip(),
                "yes" in labels["run"],
                {what: _names(labels.get(what, "")) for what in WHAT},
                {what: _names(labels.get(f"{what}+", "")) for what in WHAT},
            )
        )
    return cells


def _names(text: str) -> set[str]:
    return {name.strip() for name in text.split(",") if name.strip()}


@contextlib.contextmanager
def _shell(folder: Path) -> Iterator[Any]:
    """Give a shell of IPython's, in a folder of its own."""
    import matplotlib.pyplot as plt
    from IPython.core.interactiveshell import InteractiveShell

    plt.switch_backend("agg")
    before = Path.cwd()
    os.chdir(folder)
    shell = InteractiveShell()
    shell.enable_gui = lambda gui=None: None  # type: ignore[method-assign]
    try:
        yield shell
    finally:
        os.chdir(before)
        plt.close("all")
        shell.history_manager.end_session()


def run_notebook(path: Path, folder: Path) -> list[Cell]:
    """Run a notebook's cells, and note what is inferred of each."""
    cells = read_cells(path)
    auto = Auto(is_on=True)
    with warnings.catch_warnings(), _shell(folder) as shell:
        warnings.simplefilter("ignore")  # what libraries say of these models
        for cell in cells:
            code = shell.transform_cell(cell.code)
            names = analyse(code, len(cell.code.splitlines()))
            assert names is not None, cell.place
            verdict = auto.judge(code, shell.user_ns, None)
            before = look_before(names, shell.user_ns, helpers=frozenset(auto.helpers))
            printed = io.StringIO()
            with (
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                result = shell.run_cell(cell.code)
            assert result.success, (cell.place, result.error_in_exec)
            value = NOTHING if result.result is None else result.result
            shown = [OutputRecord("stream", "stdout", text=printed.getvalue())]
            found = infer(before, shell.user_ns, result=value, shown=shown)
            auto.learn(names, shell.user_ns)
            cell.judged, cell.rule = verdict.is_run, verdict.rule
            cell.found = {
                "params": set(found.params),
                "metrics": {*found.metrics, *found.series},
                "datasets": {dataset.name for dataset in found.datasets},
            }
    return cells


def scores(cells: list[Cell]) -> dict[str, Score]:
    """Compare what was found with the labels."""
    result = {what: Score() for what in (*WHAT, "runs")}
    for cell in cells:
        for what in WHAT if cell.is_run else ():  # of the others nothing is recorded unasked
            score, wanted = result[what], cell.wanted[what]
            found = cell.found[what] - (cell.tolerated[what] - wanted)
            score.right += len(found & wanted)
            score.false += [f"{cell.place} {name}" for name in sorted(found - wanted)]
            score.missed += [f"{cell.place} {name}" for name in sorted(wanted - found)]
        runs = result["runs"]
        if cell.judged and cell.is_run:
            runs.right += 1
        elif cell.judged:
            runs.false.append(f"{cell.place} {cell.rule}")
        elif cell.is_run:
            runs.missed.append(f"{cell.place} {cell.rule}")
    return result
