"""The benchmark's arithmetic and its tables: medians, ratios, targets, notes, marks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bench_figures import OURS, Cell, Row
from bench_report import (
    figure,
    markdown,
    notes,
    put_into,
    quantity,
    table,
    text_table,
    to_json,
)
from bench_trackers import ADAPTERS, ALL


def row(ours: list[float], *, more_is_better: bool = False, **peers: list[float]) -> Row:
    made = Row("key", "title", target=1.0, ahead=10, more_is_better=more_is_better)
    for name, values in {OURS: ours, **peers}.items():
        made.cell(name).values += values
    return made


def test_a_cell_shows_the_median_of_its_processes() -> None:
    assert Cell([3.0, 1.0, 2.0]).median == 2.0
    assert Cell([4.0, 1.0]).median == 2.5
    assert Cell().median is None


def test_the_ratio_says_how_far_ahead_of_the_fastest_peer() -> None:
    made = row([0.5, 0.5, 9.0], mlflow=[50.0], trackio=[4.0, 5.0, 6.0])
    assert made.fastest_peer == "trackio"
    assert made.ratio("trackio") == 10.0
    assert made.ratio("mlflow") == 100.0
    assert made.missed == []


def test_where_more_is_better_the_ratio_turns_round() -> None:
    made = row([300.0], more_is_better=True, mlflow=[10.0], trackio=[100.0])
    assert made.fastest_peer == "trackio"
    assert made.ratio("trackio") == 3.0


def test_a_peer_that_stored_something_else_is_not_the_fastest() -> None:
    made = row([0.5], mlflow=[0.001], trackio=[5.0])
    made.cell("mlflow").say_wrong("3 lost")
    assert made.fastest_peer == "trackio"
    assert made.ratio("mlflow") is None


def test_a_peer_that_did_all_of_the_work_goes_before_one_that_was_stopped() -> None:
    made = row([0.5], mlflow=[1.0], trackio=[5.0])
    made.cell("mlflow").at_least = True
    assert made.fastest_peer == "trackio"
    made.cells.pop("trackio")
    assert made.fastest_peer == "mlflow"


def test_each_missed_target_is_named() -> None:
    made = row([2.0], trackio=[4.0])
    made.cell(OURS).say_wrong("1 lost")
    assert made.missed == ["read back wrong", "over the target"]  # what is wrong has no ratio
    assert row([2.0], trackio=[4.0]).missed == ["over the target", "not 10 × ahead"]
    assert Row("key", "title", target=1.0).missed == []  # not measured


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (0.01234, "0.0123"), (1.0, "1.00"), (99.96, "100.0"), (12345.6, "12,300")],
)
def test_a_figure_has_three_digits(value: float, said: str) -> None:
    assert figure(value) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (2.5e-6, "s", "2.50 µs"),
        (4e-8, "s", "0.0400 µs"),
        (0.0011, "s", "1.10 ms"),
        (61.0, "s", "61.0 s"),
        (0.0598, "%", "5.98 %"),
        (12.0, "B", "12.0 B"),
    ],
)
def test_a_quantity_has_the_unit_that_fits(value: float, unit: str, said: str) -> None:
    assert quantity(value, unit) == said


def test_the_table_says_in_words_what_is_not_there() -> None:
    made = row([2.0], mlflow=[4.0])
    made.cell("mlflow").note("stopped after 8 s")
    made.cell("mlflow").at_least = True
    made.cell("wandb").text = "it has no reader"
    made.cell("trackio").values.append(3.0)
    made.cell("trackio").say_wrong("3 lost")
    marks: list[str] = []
    head, (line,) = table([made], ALL[:5], marks)
    assert line == [
        "title",
        "≤ 1.00 s, ≥ 10 × ahead",
        "2.00 s ✗ over the target, not 10 × ahead",
        "> 2.00 × MLflow (SQLite)",
        "> 4.00 s [1]",
        "it has no reader",
        "3.00 s (✗ read back: 3 lost)",
    ]
    assert len(head) == len(line), "a tracker that no row has has no column"
    assert notes(marks) == ["[1] stopped after 8 s"]
    assert "  target " in text_table((head, [line]))


def test_counts_that_are_wrong_are_marked() -> None:
    made = Row("kill", "lost", "")
    made.cell(OURS).text = "0 of 10"
    made.cell("aim").text = "2 of 10"
    made.cell("aim").say_wrong("lost")
    made.cell("aim").say_wrong("3 other values")
    _, (line,) = table([made], [ALL[0], ALL[4]], [])
    assert line == ["lost", "", "0 of 10", "", "2 of 10 ✗ (3 other values)"]


def test_a_peer_that_is_ahead_is_said_to_be() -> None:
    _, (line,) = table([row([4.0], trackio=[2.0])], ALL, [])
    assert "2.00 × behind Trackio" in line


def test_the_markdown_goes_between_the_marks(tmp_path: Path) -> None:
    text = markdown(
        [row([0.5], trackio=[5.0])],
        [],
        ALL[:1],
        {OURS: {"celltrail": "1", "Python": "3.11"}},
        {"Aim": "no wheel"},
        {"processor": "a|b"},
        "Medians.",
    )
    assert "| title | ≤ 1.00 s, ≥ 10 × ahead | 500 ms |" in text
    assert "Aim is missing: no wheel." in text
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- bench -->\nold \\1\n<!-- /bench -->\nafter\n", "utf-8")
    assert put_into(readme, text)
    assert put_into(readme, text), "and again"
    after = readme.read_text("utf-8")
    assert after == f"before\n<!-- bench -->\n{text}<!-- /bench -->\nafter\n"
    readme.write_text("no marks\n", "utf-8")
    assert not put_into(readme, text)
    assert readme.read_text("utf-8") == "no marks\n"


def test_a_note_tells_no_path_of_this_machine() -> None:
    cell = Cell()
    cell.note("IOError: '/home/me/build/stores-1/aim/LOCK': no; and 3 points/s")
    assert cell.notes == ["IOError: '…/LOCK': no; and 3 points/s"]


def test_a_peer_that_did_a_part_is_not_called_faster() -> None:
    made = row([4.0], trackio=[2.0])
    made.cell("trackio").at_least = True
    _, (line,) = table([made], ALL, [])
    assert "not known: Trackio did a part" in line


def test_the_file_of_results_has_each_process() -> None:
    found = json.loads(to_json([row([0.5, 0.7], trackio=[6.0])], {}, {}, {}))
    cell = found["rows"][0]["cells"][OURS]
    assert cell["values"] == [0.5, 0.7]
    assert cell["median"] == 0.6
    assert found["rows"][0]["cells"]["trackio"]["ratio"] == 10.0


def test_celltrail_stores_what_the_benchmark_gives_it(tmp_path: Path) -> None:
    """The adapter works: a run's life, and what is read back of it."""

    def ask(task: str, **asked: object) -> dict[str, object]:
        asked |= {"store": str(tmp_path), "params": 10, "metrics": 5, "runs": 3}
        done = subprocess.run(
            [sys.executable, ALL[0].adapter, task, json.dumps(asked)],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    assert ask("life", limit=60)["runs"] == 3
    assert ask("check_runs") == {"wrong": ""}
    assert ask("check", calls={"life 0": 1, "life 1": 2, "absent": 1}) == {
        "stored": 10,
        "lost": 10,
        "doubled": 0,
        "other": 0,
        "absent": ["absent"],
    }


def test_each_tracker_has_an_adapter() -> None:
    assert {tracker.adapter for tracker in ALL} == set(ADAPTERS.glob("use_*.py"))
