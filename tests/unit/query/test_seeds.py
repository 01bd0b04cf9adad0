"""Runs that differ by no more than their seeds make them differ are not called better."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import celltrail as ct
from celltrail.query.seeds import is_seed, seed_groups, seeds_of
from celltrail.views.comparison import ComparedRow, compare_runs

CASES = json.loads(
    (Path(__file__).resolve().parents[3] / "js/test/seed_cases.json").read_text("utf-8")
)


def made(name: str, params: dict[str, Any], **metrics: float) -> None:
    with ct.track(name, params=params) as run:
        run.log(**metrics)


def row(names: list[str], metric: str) -> ComparedRow:
    runs = ct.runs()
    chosen = runs.select([ct.run(name).id for name in names])
    (found,) = [r for r in compare_runs(list(chosen), seeds_of(chosen)).rows if r.name == metric]
    return found


@pytest.mark.parametrize(("name", "seed"), CASES["names"])
def test_a_seed_is_known_by_its_name_as_in_the_browser(name: str, seed: bool) -> None:
    assert is_seed(name) is seed


@pytest.mark.parametrize("case", CASES["groups"], ids=lambda case: case["what"])
def test_the_limit_is_that_of_the_browser(store_path: Path, case: dict[str, Any]) -> None:
    for place, (params, value) in enumerate(case["runs"]):
        metrics = {} if value is None else {"m": float(value)}
        made(f"r{place}", params, **metrics)
    runs = ct.runs(order_by="started")
    groups = seed_groups(runs.table())
    found = groups.limit("m", [runs.ids[place] for place in case["compared"]])
    limit = case["limit"]
    assert found == (None if limit is None else pytest.approx(limit, rel=1e-12, abs=0))


def test_runs_of_the_largest_floats_are_compared(store_path: Path) -> None:
    for seed, value in enumerate((1.7e308, -1.7e308, 1.6e308)):
        made(f"r{seed}", {"seed": seed}, loss=value)
    assert row(["r0", "r1", "r2"], "loss").is_unsure


def test_the_limit_is_the_repeatability_limit(store_path: Path) -> None:
    values = {"tree": [0.90, 0.92, 0.94], "net": [0.80, 0.88]}
    for model, found in values.items():
        for seed, value in enumerate(found):
            made(f"{model}{seed}", {"model": model, "seed": seed}, acc=value)
    pooled = math.sqrt(sum((len(v) - 1) * np.var(v, ddof=1) for v in values.values()) / (2 + 1))
    runs = ct.runs()
    ids = [ct.run("tree0").id, ct.run("net0").id]
    assert seed_groups(runs.table()).limit("acc", ids) == pytest.approx(2.8 * pooled)


def test_who_differs_by_no_more_than_seeds_do_is_not_the_best(store_path: Path) -> None:
    for seed, value in enumerate([0.90, 0.92, 0.94]):
        made(f"tree{seed}", {"model": "tree", "seed": seed}, acc=value)
    made("net", {"model": "net", "seed": 0}, acc=0.93)
    made("bad", {"model": "bad", "seed": 0}, acc=0.2)
    near = row(["tree0", "net"], "acc")
    assert (near.best, near.is_unsure) == ((), True)
    assert near.seeds == "0.056"
    far = row(["tree0", "bad", "net"], "acc")
    assert (far.best, far.is_unsure) == ((0, 2), False)


def test_without_seeds_the_greatest_is_the_best(store_path: Path) -> None:
    made("a", {"model": "tree"}, acc=0.90)
    made("b", {"model": "tree"}, acc=0.92)
    assert row(["a", "b"], "acc").best == (1,)


def test_what_a_reader_has_to_know_is_said(store_path: Path) -> None:
    for seed, value in enumerate([0.90, 0.94]):
        made(f"tree{seed}", {"seed": seed}, acc=value)
    comparison = ct.compare(["tree0", "tree1"])
    assert "No further apart than seeds alone take them: acc." in comparison._still_html()
    assert "\N{ALMOST EQUAL TO}" in comparison._still_text()
