"""Views take a selection, a run, or a list of runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import celltrail as ct
from celltrail.errors import RunNotFoundError, UsageError
from celltrail.query import as_runs


def make(*names: str) -> None:
    for place, name in enumerate(names):
        with ct.track(name, params={"lr": 0.1 + place}) as run:
            for step in range(3):
                run.log(loss=1.0 / (1 + step + place), step=step)


DRAW: dict[str, Callable[[Any], Any]] = {
    "curves": lambda runs: ct.plot.curves(runs, "loss"),
    "scatter": lambda runs: ct.plot.scatter(runs, "lr", "loss"),
    "bars": lambda runs: ct.plot.bars(runs, "loss"),
    "progress": lambda runs: ct.plot.progress(runs, "loss"),
    "parallel": lambda runs: ct.plot.parallel(runs, ["lr", "loss"]),
}


@pytest.mark.parametrize("kind", DRAW)
def test_charts_take_a_run_and_a_list_of_runs(store_path: Path, kind: str) -> None:
    make("a", "b", "c")
    of_list = DRAW[kind]([ct.run("c"), ct.run("a")])
    assert (
        of_list._still_text()
        == DRAW[kind](ct.runs().select(as_runs(ct.runs()).ids[::2]))._still_text()
    )
    assert "a" in DRAW[kind](ct.run("a"))._still_text()


@pytest.mark.parametrize("given", ["loss", 5, [], ["a"], None])
def test_what_is_no_run_is_refused_with_a_sentence(store_path: Path, given: Any) -> None:
    make("a")
    with pytest.raises(UsageError, match="these are no runs"):
        ct.plot.curves(given, "loss")


def test_tables_and_comparisons_take_names_and_one_run_too(store_path: Path) -> None:
    make("first", "second")
    assert ct.table(["second", ct.run("first")]).runs.ids == [
        ct.run("second").id,
        ct.run("first").id,
    ]
    assert repr(ct.table(ct.run("first"))) == "<RunTableWidget of 1 run>"
    assert ct.compare("first").runs.ids == [ct.run("first").id]
    assert repr(ct.compare(ct.run("first"))) == "<Comparison of 1 run>"
    assert len(ct.compare([]).runs) == 0
    comparison = ct.compare(["first", "second"], metrics="loss")
    assert comparison.curves is not None


def test_a_run_of_another_store_is_found_there(store_path: Path, tmp_path: Path) -> None:
    make("here")
    other = ct.run("here")
    ct.use(tmp_path / "other.duckdb")
    make("there")
    assert ct.compare([other]).runs.ids == [other.id]
    ct.delete(ct.run("there"))
    ct.use(store_path)
    gone = ct.run("here")
    ct.delete(gone)
    with pytest.raises(RunNotFoundError):
        as_runs(gone)
