"""Measure celltrail's targets on this machine: ``make bench``.

Medians over several rounds, each against its target. It measures and never fails: figures of
a loaded machine say little, and a test that depends on them would say nothing.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import celltrail as ct

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"

PARAMS = {f"p{i}": i / 7 for i in range(10)}
METRICS = {f"m{i}": i / 3 for i in range(5)}


def median(function: Callable[[], float], rounds: int) -> float:
    function()  # the first one warms up
    return statistics.median(function() for _ in range(rounds))


def new_store(name: str) -> None:
    """Choose an empty store. It stays there: celltrail closes it only at the very end."""
    ct.use(FOLDER / f"{name}.duckdb")


def import_seconds() -> float:
    """What ``import celltrail`` costs beyond a bare Python, each in a process of its own."""

    def once(code: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - began

    return once("import celltrail") - once("pass")


def log_seconds(calls: int = 100_000) -> float:
    """What one ``log()`` of three values costs in a loop that does nothing else."""
    with ct.track("hot loop") as run:
        began = time.perf_counter()
        for step in range(calls):
            run.log({"loss": 0.5, "accuracy": 0.25, "rate": 0.125}, step=step)
        return (time.perf_counter() - began) / calls


def life_seconds() -> float:
    """What a run with ten params and five metrics costs, until a kill cannot lose it."""
    began = time.perf_counter()
    with ct.track("life", params=PARAMS) as run:
        run.log(METRICS)
    return time.perf_counter() - began


def fill(runs: int) -> None:
    params = {f"p{i}": i / 7 for i in range(20)}
    for number in range(runs):
        with ct.track(f"run {number}", params=params) as run:
            run.log({f"m{i}": number / (i + 1) for i in range(10)})
    len(ct.runs(limit=1))  # merges


def table_seconds() -> float:
    """What it costs to read all runs as a DataFrame."""
    began = time.perf_counter()
    ct.runs().df()
    return time.perf_counter() - began


def curve_seconds(run_name: str) -> float:
    """What it costs to read one curve of 100,000 points."""
    run = ct.run(run_name)
    began = time.perf_counter()
    run.history("loss")
    return time.perf_counter() - began


def show(what: str, seconds: float, target: float, unit: float, name: str) -> None:
    mark = "" if seconds <= target else "   over"
    figure, limit = seconds / unit, target / unit
    print(f"  {what:<52}{figure:>9.3g} {name:<3} target {limit:g} {name}{mark}", flush=True)


def main() -> None:
    """Print the figures one after the other."""
    print(f"celltrail {ct.__version__}, Python {sys.version.split()[0]}, {os.cpu_count()} cores\n")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    show("import celltrail, beyond bare Python", median(import_seconds, 7), 0.1, 1e-3, "ms")
    new_store("log")
    show("log() of three values", median(log_seconds, 5), 4e-6, 1e-6, "µs")
    show(
        "one curve of 100,000 points",
        median(lambda: curve_seconds("hot loop"), 5),
        0.05,
        1e-3,
        "ms",
    )
    new_store("life")
    show("one run's life, safe from kill -9", median(life_seconds, 200), 1.1e-3, 1e-3, "ms")
    new_store("table")
    fill(10_000)
    show("10,000 runs × 30 columns → pandas", median(table_seconds, 5), 0.3, 1e-3, "ms")


if __name__ == "__main__":
    main()
