"""What is measured of celltrail alone."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench_crowd import start_together
from bench_figures import OURS, Cell, Row
from bench_processes import answer, ask, begin, complaints, new_store
from bench_sizes import Sizes
from bench_trackers import ALL
from bench_work import good

__all__ = ["OWN"]

US = replace(ALL[0], script="own_celltrail")

#: The writers beside which a reader reads, and what each of them logs in a second.
WRITERS, POINTS_PER_SECOND, METRICS = 8, 4_000, 4


#: Seconds between two cells of somebody who is quick.
PAUSE = 0.1


def _row(key: str, title: str, unit: str = "s", target: float | None = None) -> tuple[Row, Cell]:
    row = Row(key, title, unit, target)
    return row, row.cell(OURS)


def paced(sizes: Sizes) -> list[Row]:
    """Let a reader read again and again beside writers that log at a steady rate."""
    print(".", end="", flush=True)
    beside = f"beside {WRITERS} processes that log {POINTS_PER_SECOND:,} points/s each"
    read = f"`ct.runs().df()` {beside}"
    parts = {
        "p50": _row("watch-p50", f"{read}: p50"),
        "high": _row("watch-p95", f"{read}: p95", target=0.3),
        "max": _row("watch-max", f"{read}: longest"),
    }
    wait = "`log()` of such a process"
    waits = {
        "p50": _row("wait-p50", f"{wait}: p50"),
        "high": _row("wait-p99", f"{wait}: p99", target=1.0),
        "max": _row("wait-max", f"{wait}: longest"),
    }
    losses, lost = _row("paced-lost", f"lost, doubled {beside}", "")
    store = new_store(US, "paced")
    asked = {
        "metrics": METRICS,
        "points_per_second": POINTS_PER_SECOND,
        "seconds": sizes.paced,
    }
    names = [f"writer {number}" for number in range(WRITERS)]
    writers = [begin(US, "paced_writer", store, name=name, **asked) for name in names]
    reader = begin(US, "paced_reader", store, every=0.1)
    start_together(store, [*writers, reader])
    wrote = [answer(process) for process in writers]
    (store / "stop").touch()
    seen = answer(reader)
    rows = [row for row, _ in (*parts.values(), *waits.values())] + [losses]
    if not all(good(lost, each) for each in (seen, *wrote)):
        return rows
    rate = statistics.median(each["rate"] for each in wrote)
    for part, (_, cell) in parts.items():
        cell.values.append(seen[part])
        cell.facts.append(seen)
    for part, (_, cell) in waits.items():
        cell.values.append(max(each[part] for each in wrote))  # of the process that waits most
        cell.facts.append({"points per second": rate})
    if rate < 0.9 * POINTS_PER_SECOND:
        lost.note(f"the machine kept up only {rate:,.0f} points/s for each process")
    for task in ("paced_writer", "paced_reader"):
        for said in complaints(store, task):
            lost.note(f"{said} of the processes ({task})")
    calls = {name: each["calls"] for name, each in zip(names, wrote, strict=True)}
    check = ask(US, "check", store, metrics=METRICS, calls=calls)
    if good(lost, check):
        lost.text = f"{check['lost']:,}, {check['doubled']:,} of {METRICS * sum(calls.values()):,}"
        for what in ("lost", "doubled", "other"):
            lost.say_wrong(what if check[what] else "")
    return rows


def background(sizes: Sizes) -> list[Row]:
    """See what merging in the background takes."""
    print(".", end="", flush=True)
    row, cell = _row(
        "background", "merging in the background at 1,000 points/s: share of a core", "%"
    )
    for number in range(2):
        store = new_store(US, f"background-{number}")
        found = ask(US, "background", store, points_per_second=1000, seconds=sizes.background)
        if good(cell, found):
            cell.values.append(found["share"])
            cell.facts.append(found)
    return [row]


def size(sizes: Sizes) -> list[Row]:
    """Measure the file of a store with many points."""
    print(".", end="", flush=True)
    many = f"size of a store of {sizes.points:,} points, a point"
    before, raw = _row("size", f"{many}, as it was written", "B")
    after, shrunk = _row("vacuumed", f"{many}, after a vacuum", "B", target=12.0)
    store = new_store(US, "size")
    made = ask(US, "big", store, points=sizes.points)
    if not good(raw, made):
        shrunk.text = raw.text
        return [before, after]
    raw.values.append(_bytes(store) / made["points"])
    raw.say_wrong(_miscounted(store, made["points"]))
    if good(shrunk, found := ask(US, "vacuum", store)):
        shrunk.values.append(_bytes(store) / made["points"])
        shrunk.say_wrong(_miscounted(store, made["points"]))
        shrunk.facts.append(found)
    return [before, after]


def cells(sizes: Sizes) -> list[Row]:
    """Measure what ``%%track --quiet`` adds to a cell, with and without a pause before it."""
    cost = "`%%track --quiet` on a cell among 1,000 names"
    parts = {
        "p50": _row("cell-p50", f"{cost}: p50", target=2e-3),
        "high": _row("cell-p95", f"{cost}: p95", target=5e-3),
    }
    hurried = _row("cell-hurried", f"{cost}, cells without a pause between them: p50")
    for number in range(sizes.read_rounds):
        for pause, measured in ((PAUSE, parts), (0.0, {"p50": hurried})):
            print(".", end="", flush=True)
            store = new_store(US, f"cells-{number}-{pause}")
            found = ask(US, "cells", store, cells=sizes.cells, pause=pause)
            for part, (_, cell) in measured.items():
                if good(cell, found):
                    cell.values.append(found[part])
                    cell.facts.append(found)
                    right = found["runs"] == found["wanted"]
                    cell.say_wrong("" if right else f"{found['runs']} of {found['wanted']} runs")
    return [*(row for row, _ in parts.values()), hurried[0]]


def _bytes(store: Path) -> int:
    return sum(path.stat().st_size for path in store.glob("celltrail.duckdb*") if path.is_file())


def _miscounted(store: Path, points: int) -> str:
    found: dict[str, Any] = ask(US, "count_points", store)
    return "" if found.get("points") == points else f"{found} instead of {points:,} points"


OWN: dict[str, Callable[[Sizes], list[Row]]] = {
    "paced": paced,
    "background": background,
    "size": size,
    "cells": cells,
}
