"""Runs looked at, compared and taken out in the shell."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import duckdb
import pytest

import celltrail as ct
from celltrail.cli import main
from celltrail.cli.command import command_parser
from celltrail.cli.opening import comparison_notebook
from celltrail.views.sparkline import sparkline

NASTY = "[red]x[/red]\x1b[2J <img src=x>"


@pytest.fixture(autouse=True)
def some_runs() -> None:
    for seed in range(3):
        params = {"lr": 0.1 if seed < 2 else 0.3, "seed": seed, "layers": [1, 2]}
        with ct.track(f"fit {seed}", params=params, experiment="e", note=NASTY) as run:
            for step in range(40):
                run.log(loss=math.exp(-step / 9) + seed / 100, step=step)
            run.log(acc=float("nan") if seed == 1 else 0.123456789012 + seed)
            run.log_artifact("hello", "remark.txt")
    with pytest.raises(ZeroDivisionError), ct.track("bad", experiment="e"):
        _ = 1 / 0


def say(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    said = capsys.readouterr()
    return said.err if code else said.out


@pytest.mark.parametrize("reference", ["fit 1", "2"])
def test_a_run_is_shown_by_name_or_number(
    capsys: pytest.CaptureFixture[str], reference: str
) -> None:
    said = say(capsys, "show", reference)
    lines = said.splitlines()
    assert lines[0].startswith("fit 1: finished, ")
    assert "note: [red]x[/red]\\x1b[2J <img src=x>" in lines
    count, curve = next(line for line in lines if line.startswith("loss")).split()[-2:]
    assert (count, len(curve)) == ("40", 24)
    assert is_falling(curve)
    assert next(line for line in lines if line.startswith("layers")).split("  ")[1:] == ["[1, 2]"]
    assert "remark.txt" in said
    assert "run.log_artifact" in said


def is_falling(curve: str) -> bool:
    """Say whether a line of text falls from the greatest to the least, as the loss does."""
    return (curve[0], curve[-1]) == ("█", "▁") and list(curve) == sorted(curve, reverse=True)


def test_a_run_that_failed_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    said = say(capsys, "show", "bad")
    assert said.startswith("bad: failed, ")
    assert said.rstrip().endswith("ZeroDivisionError: division by zero")


def test_a_run_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(say(capsys, "show", "fit 1", "--json"))
    assert found["id"] == ct.run("fit 1").id
    assert found["params"] == {"layers": [1, 2], "lr": 0.1, "seed": 1}
    assert found["metrics"]["loss"]["count"] == 40
    assert found["metrics"]["acc"]["last"] is None, "JSON knows no NaN"
    assert found["note"] == NASTY
    assert found["artifacts"][0]["name"] == "remark.txt"


def test_no_such_run_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing" in say(capsys, "show", "nothing", code=1)
    assert "99" in say(capsys, "show", "99", code=1)


def test_runs_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    ct.metric("loss", unit="nats")
    lines = say(capsys, "compare", "fit 0", "fit 1").splitlines()
    assert lines[0].startswith("No further apart than seeds alone take them: ")
    rows = {tuple(line.split()[:2]): line.split() for line in lines if line.split()}
    assert rows["params", "seed"] == ["params", "seed", "0", "1"]
    assert rows["metrics", "loss"][2:4] == ["(nats)", "≈"]
    assert ("params", "layers") not in rows
    apart = say(capsys, "compare", "fit 0", "fit 2").splitlines()
    (best,) = [line.split() for line in apart if line.split()[:2] == ["metrics", "acc"]]
    assert best[2:] == ["0.12346", "2.1235", "★"]
    assert "layers" in say(capsys, "compare", "fit 0", "fit 1", "--all")


def test_a_comparison_for_programs_has_all_digits(capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--where", "name like 'fit%' and params.lr = 0.1"]
    rows = list(csv.reader(io.StringIO(say(capsys, "compare", *where, "--csv"))))
    assert rows[0] == ["group", "name", "fit 1", "fit 0"]
    assert ["metrics", "acc", "nan", "0.123456789012"] in rows
    found = json.loads(say(capsys, "compare", *where, "--json"))
    assert [run["label"] for run in found["runs"]] == ["fit 1", "fit 0"]
    (acc,) = [row for row in found["rows"] if row["name"] == "acc"]
    assert acc["values"] == [None, 0.123456789012]


@pytest.mark.parametrize(
    "arguments", [[], ["fit 0"], ["fit 0", "--where", "params.lr = 0.1"]], ids=str
)
def test_a_comparison_of_what_is_said(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert "give" in say(capsys, "compare", *arguments, code=1)


def test_how_runs_stand_is_said_once_where_nobody_looks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    running = ct.start("still", experiment="e")
    running.log(loss=1.0)
    lines = say(capsys, "watch", "--metric", "loss").splitlines()
    assert lines[0].split() == ["run", "status", "time", "loss"]
    assert lines[1].split()[:2] == ["still", "running"]
    assert is_falling(lines[-1].split()[-1])
    assert say(capsys, "watch", "params.lr = 0.3").splitlines()[1].startswith("fit 2")
    running.finish()


@pytest.mark.parametrize("name", ["runs.csv", "runs.json", "runs.parquet"])
def test_runs_are_written_to_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    assert say(capsys, "export", str(path), "--where", "params.lr > 0") == f"{path}: 3 runs\n"
    with duckdb.connect() as con:
        rows = con.execute(
            f'SELECT name, "params.lr", "metrics.loss" FROM \'{path}\' ORDER BY name'
        ).fetchall()
    assert [row[:2] for row in rows] == [("fit 0", 0.1), ("fit 1", 0.1), ("fit 2", 0.3)]
    assert [row[2] for row in rows] == [run.metrics["loss"] for run in ct.runs(
        "params.lr > 0", order_by="name")]  # fmt: skip


def test_all_points_of_metrics_are_written_to_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "points.parquet"
    said = say(capsys, "export", str(path), "--metric", "loss", "--metric", "acc")
    assert said == f"{path}: 123 points\n"
    with duckdb.connect() as con:
        found = con.execute(
            f"SELECT metric, count(*), sum(value) FROM '{path}' GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert [row[:2] for row in found] == [("acc", 3), ("loss", 120)]
    assert found[1][2] == pytest.approx(ct.runs().history("loss")["value"].sum())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["runs.txt"], "must end in .csv, .json or .parquet"),
        (["nowhere/runs.csv"], "cannot be written"),
        (["nowhere/runs.parquet"], "cannot be written"),
        (["--all", "x", "--metric", "loss"], "choose what goes into FILE"),
        (["runs.csv", "--metric", "nope"], 'no metric "nope"'),
    ],
    ids=str,
)
def test_what_cannot_be_written_is_said(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert says in say(capsys, "export", *arguments, code=1)
    assert not [path for path in tmp_path.rglob("*runs.*") if "part" in path.name]


def test_runs_as_csv(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(say(capsys, "runs", "--csv", "params.lr = 0.3"))))
    assert [(row["name"], row["params.lr"]) for row in rows] == [("fit 2", "0.3")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_every_command_is_completed(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    script = say(capsys, "completion", shell)
    actions = command_parser()._actions
    (commands,) = [action.choices for action in actions if isinstance(action.choices, dict)]
    assert [name for name in commands if name not in script] == []


def test_the_notebook_of_the_comparison_is_one(store_path: Path) -> None:
    import nbformat

    notebook = nbformat.from_dict(comparison_notebook(store_path))
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            compile(cell.source, "cell", "exec")
    assert repr(str(store_path)) in notebook.cells[1].source


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([1.0], ""),
        ([math.nan, math.nan], ""),
        ([1, 1, 1], "▅▅▅"),
        ([0, math.nan, 7], "▁ █"),
        ([-1e308, 1e308], "▁█"),
        ([0, math.inf, 1], "▁ █"),
    ],
)
def test_curves_are_drawn_as_text(values: list[float], line: str) -> None:
    assert sparkline(values) == line


def test_a_spike_is_seen_in_a_line_of_text() -> None:
    values = [0.0] * 10_000
    values[5_003] = 1.0
    assert sparkline(values, 10) == "▁▁▁▁▁█▁▁▁▁"
