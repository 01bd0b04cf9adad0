"""Processes that are killed, and processes that write one store at once."""

from __future__ import annotations

import mmap
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench_figures import Cell, Row
from bench_processes import answer, ask, begin, complaints, new_store, stop
from bench_sizes import Sizes
from bench_trackers import Tracker
from bench_work import in_turn

__all__ = ["crowds", "kills", "start_together"]

#: What runs beside a killed process, such as a service, has so long to write what it has.
GRACE = 2.0


def kills(trackers: Sequence[Tracker], sizes: Sizes) -> list[Row]:
    """Kill processes in a hot loop, and count what `log` had returned for and is gone."""
    row = Row("kill", "`kill -9` in a hot loop: points that `log()` returned for and are lost", "")
    totals = {tracker.key: Counter[str]() for tracker in trackers}
    moments = random.Random(11)  # the same moments each time
    for number, tracker in in_turn(trackers, sizes.kills):
        cell, store = row.cell(tracker.key), new_store(tracker, f"kill-{number}")
        calls = _kill(tracker, store, moments.uniform(0.5, 2.5))
        if calls is None:
            cell.text = "failed"
            cell.note("the process did not begin to log")
            continue
        check = ask(tracker, "check", store, metrics=3, calls={"hot": calls})
        if "failed" in check:
            totals[tracker.key] += Counter(acknowledged=3 * calls, lost=3 * calls, unreadable=1)
            cell.note(f"not readable after a kill: {check['failed']}")
            continue
        counts = {what: check[what] for what in ("lost", "doubled", "other")}
        totals[tracker.key] += Counter(acknowledged=3 * calls, **counts)
        cell.facts.append({"acknowledged": 3 * calls, **counts})
    for key, total in totals.items():
        _say_losses(row.cell(key), total)
    return [row]


def _say_losses(cell: Cell, total: Counter[str]) -> None:
    if not total["acknowledged"]:
        return
    cell.text = f"{total['lost']:,} of {total['acknowledged']:,}"
    for what in ("doubled", "other"):
        if total[what]:
            cell.say_wrong(f"{total[what]:,} {what}{' values' if what == 'other' else ''}")
    if total["lost"]:
        cell.say_wrong("lost")


def _kill(tracker: Tracker, store: Path, after: float) -> int | None:
    """Kill a process some time after its first call, and give the calls that had returned."""
    counter = store / "counter"
    counter.write_bytes(bytes(8))
    with counter.open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared:
        process = begin(tracker, "until_killed", store, metrics=3, counter=str(counter))
        try:
            end = time.monotonic() + 60
            while not any(shared[:]) and process.poll() is None and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(after)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            time.sleep(GRACE)
            return int.from_bytes(shared[:], "little") or None
        finally:
            stop(process)


def crowds(trackers: Sequence[Tracker], sizes: Sizes) -> list[Row]:
    """Let several processes write one store at once."""
    rows = []
    for count in sizes.writers:
        speed = Row(
            f"crowd-{count}",
            f"{count} processes write one store, in all",
            "points/s",
            more_is_better=True,
        )
        losses = Row(
            f"crowd-{count}-lost", f"{count} processes write one store: lost, doubled, errors", ""
        )
        rows += [speed, losses]
        totals = {tracker.key: Counter[str]() for tracker in trackers}
        for number, tracker in in_turn(trackers, sizes.crowd_rounds):
            store = new_store(tracker, f"crowd-{count}-{number}")
            _crowd(tracker, store, count, sizes, speed, losses, totals[tracker.key])
        for tracker in trackers:
            total, cell = totals[tracker.key], losses.cell(tracker.key)
            if total["acknowledged"]:
                parts = [f"{total[what]:,}" for what in ("lost", "doubled", "errors")]
                cell.text = f"{', '.join(parts)} of {total['acknowledged']:,} points"
                for what in ("lost", "doubled", "errors"):
                    cell.say_wrong(what if total[what] else "")
                cell.say_wrong(f"{total['other']:,} other values" if total["other"] else "")
    return rows


def _crowd(
    tracker: Tracker,
    store: Path,
    count: int,
    sizes: Sizes,
    speed: Row,
    losses: Row,
    total: Counter[str],
) -> None:
    asked = {"metrics": 3, "steps": sizes.writer_steps, "limit": sizes.writer_limit}
    names = [f"writer {number}" for number in range(count)]
    processes = [begin(tracker, "writer", store, name=name, **asked) for name in names]
    start_together(store, processes)
    found = [answer(process) for process in processes]
    cells = speed.cell(tracker.key), losses.cell(tracker.key)
    failed = [each["failed"] for each in found if "failed" in each]
    if failed:
        total["errors"] += len(failed)
        cells[1].note(failed[0])
    found = [dict(each, name=n) for n, each in zip(names, found, strict=True) if "calls" in each]
    if not found:
        cells[0].text = cells[1].text = "failed"
        return
    for each in found:
        total["errors"] += sum(each["errors"].values())
        for error in each["errors"]:
            cells[1].note(error)
    for said in complaints(store, "writer"):
        cells[1].note(f"{said} of {count} processes")
    calls = {each["name"]: each["calls"] for each in found}
    acknowledged = 3 * sum(calls.values())
    if acknowledged < 3 * count * sizes.writer_steps and not failed:
        cells[0].note(f"stopped after {sizes.writer_limit:g} s")
    check = ask(tracker, "check", store, metrics=3, calls=calls)
    if "failed" in check:
        cells[1].note(check["failed"])
        cells[0].say_wrong("not readable")
        return
    total += Counter({what: check[what] for what in ("lost", "doubled", "other")})
    total["acknowledged"] += acknowledged
    wall = max(each["ended"] for each in found) - min(each["began"] for each in found)
    cells[0].values.append((acknowledged - check["lost"]) / wall)
    facts: dict[str, Any] = {"wall": wall, "acknowledged": acknowledged, **check}
    cells[0].facts.append(facts)


def start_together(store: Path, processes: Sequence[Any]) -> None:
    """Wait until all are ready, and let them go."""
    end = time.monotonic() + 120
    while (
        len(list(store.glob("ready-*"))) < len(processes)
        and all(process.poll() is None for process in processes)
        and time.monotonic() < end
    ):
        time.sleep(0.01)
    (store / "start").touch()
