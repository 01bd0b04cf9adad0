"""The work that all trackers do, round by round in turn, so that noise hits all alike."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bench_figures import OURS, Cell, Row
from bench_processes import Conversation, ask, begin, made_store, new_store, stop
from bench_sizes import Sizes
from bench_trackers import Tracker

__all__ = ["SHARED", "good", "in_turn"]

#: A table of so many runs is made where the smaller one before it says that it can be.
MANY = 10_000
LIFE = {"params": 10, "metrics": 5}


def in_turn(trackers: Sequence[Tracker], rounds: int) -> Iterator[tuple[int, Tracker]]:
    """Give each tracker once a round, each round beginning with another one."""
    for number in range(rounds):
        shift = number % max(1, len(trackers))
        for tracker in [*trackers[shift:], *trackers[:shift]]:
            print(".", end="", flush=True)
            yield number, tracker


def imports(trackers: Sequence[Tracker], sizes: Sizes) -> list[Row]:
    """Measure what an import costs beyond a bare Python of the same environment."""
    row = Row("import", "`import`, beyond a bare Python", target=0.1)

    def seconds(tracker: Tracker, code: str) -> float:
        began = time.perf_counter()
        subprocess.run([tracker.python, "-c", code], check=True, capture_output=True)
        return time.perf_counter() - began

    for number, tracker in in_turn(trackers, sizes.rounds + 1):
        bare = seconds(tracker, "pass")
        full = seconds(tracker, f"import {tracker.module}")
        if number:  # the first round warms the disk's cache
            row.cell(tracker.key).values.append(full - bare)
    return [row]


def lives(trackers: Sequence[Tracker], sizes: Sizes) -> list[Row]:
    """Measure whole runs until they are safe."""
    title = "one run's life (10 params, 5 metrics), safe from `kill -9`"
    row = Row("life", title, target=1.1e-3, ahead=10)
    for number, tracker in in_turn(trackers, sizes.rounds):
        cell, store = row.cell(tracker.key), new_store(tracker, f"life-{number}")
        found = ask(tracker, "life", store, runs=sizes.lives, limit=sizes.life_limit, **LIFE)
        if not good(cell, found):
            continue
        cell.values.append(_median(found["seconds"]))
        cell.facts.append({"first": found["first"], "runs": found["runs"]})
        check = ask(tracker, "check_runs", store, runs=found["runs"], **LIFE)
        if good(cell, check):
            cell.say_wrong(check["wrong"])
    return [row]


def visible(trackers: Sequence[Tracker], sizes: Sizes) -> list[Row]:
    """Measure the time from a run's start until another process reads it to the end."""
    row = Row(
        "visible", "the same, until another process reads all of it (celltrail: plain duckdb)"
    )
    for number, tracker in in_turn(trackers, sizes.rounds):
        cell, store = row.cell(tracker.key), new_store(tracker, f"visible-{number}")
        reader = Conversation(
            begin(tracker, "watch_lives", store, talk=True, limit=20, metrics=LIFE["metrics"])
        )
        heard = reader.hear()
        writer = Conversation(begin(tracker, "serve_lives", store, talk=True, **LIFE))
        try:
            for life in range(sizes.visible + 1):
                if not good(cell, heard):
                    break
                reader.say(f"life {life}")
                writer.say(f"life {life}")
                wrote, heard = writer.hear(), reader.hear()
                if not good(cell, wrote) or not good(cell, heard):
                    break
                if heard["seen"] is None:
                    cell.note("not readable within 20 s")
                elif life:  # the first one warms up
                    cell.values.append(heard["seen"] - wrote["began"])
        finally:
            stop(reader.process)
            stop(writer.process)
    return [row]


def hot_loops(trackers: Sequence[Tracker], sizes: Sizes) -> list[Row]:
    """Measure calls in a loop that does nothing else."""
    call = Row("log", "`log()` of three values, a call in a hot loop", target=4e-6, ahead=8)
    steps = f"{sizes.steps:,} such calls, until all are safe from `kill -9`"
    durable = Row("durable", steps)
    for number, tracker in in_turn(trackers, sizes.rounds):
        store = new_store(tracker, f"hot-{number}")
        found = ask(tracker, "hot_loop", store, metrics=3, steps=sizes.steps, limit=sizes.hot_limit)
        cells = call.cell(tracker.key), durable.cell(tracker.key)
        if not [cell for cell in cells if good(cell, found)]:
            continue
        calls = found["calls"]
        call.cell(tracker.key).values.append(found["logged"] / calls)
        durable.cell(tracker.key).values.append(found["durable"] * sizes.steps / calls)
        if calls < sizes.steps:
            durable.cell(tracker.key).note(
                f"stopped after {calls:,} calls, reckoned for {sizes.steps:,}"
            )
        check = ask(tracker, "check", store, metrics=3, calls={"hot": calls})
        for cell in cells:
            if good(cell, check):
                cell.say_wrong(_what_is_wrong(check, exact=3 * calls))
    return [call, durable]


def tables(trackers: Sequence[Tracker], sizes: Sizes) -> list[Row]:
    """Measure reading all runs as a DataFrame."""
    targets = {(10_000, 20, 10): 0.3, (500, 2_000, 10_000): 2.0}
    rows: list[Row] = []
    rates: dict[str, float] = {}
    for size in sizes.tables:
        runs, params, metrics = size
        title = f"{runs:,} runs × {params + metrics:,} columns → pandas"
        row = Row(f"table-{runs}-{params + metrics}", title, target=targets.get(size))
        smaller = rows[-1] if rows and runs >= MANY else None
        rows.append(row)
        shape = {"params": params, "metrics": metrics}
        filled: dict[str, int] = {}
        for _, tracker in in_turn(trackers, 1):
            minutes = rates.get(tracker.key, 0.0) * runs / 60
            if tracker.key != OURS and smaller is not None and minutes * 60 > 4 * sizes.fill_limit:
                row.cells[tracker.key] = _as_before(smaller.cell(tracker.key), runs, minutes)
                continue
            filled[tracker.key], rate = _fill(row, tracker, runs, shape, sizes.fill_limit)
            rates[tracker.key] = rate
        for _, tracker in in_turn([t for t in trackers if filled.get(t.key)], sizes.read_rounds):
            store, cell = made_store(tracker, row.key), row.cell(tracker.key)
            _read(cell, tracker, "table", store, runs=filled[tracker.key], **shape)
    return rows


def _as_before(smaller: Cell, runs: int, minutes: float) -> Cell:
    """Take what fewer runs cost, which is less than what so many would."""
    cell = Cell(list(smaller.values), smaller.text, wrong=list(smaller.wrong), at_least=True)
    cell.note(f"the runs of the row above: making {runs:,} would take {minutes:.0f} min")
    return cell


def _fill(
    row: Row, tracker: Tracker, runs: int, shape: dict[str, int], limit: float
) -> tuple[int, float]:
    """Make the runs of a table, fewer where a tracker is slow; give their number and rate."""
    cell, store = row.cell(tracker.key), new_store(tracker, row.key)
    wait = 4 * limit if runs >= MANY else limit
    wait *= 10 if tracker.key == OURS else 1  # what the others are compared with is whole
    found = ask(tracker, "fill", store, runs=runs, limit=wait, **shape)
    if not good(cell, found):
        return 0, 0.0
    if found["runs"] < runs:
        cell.at_least = True
        cell.note(f"{found['runs']:,} runs only, which took {found['seconds']:.0f} s to make")
    return found["runs"], found["seconds"] / found["runs"]


def curves(trackers: Sequence[Tracker], sizes: Sizes) -> list[Row]:
    """Measure reading one long curve, and what of it a chart draws."""
    points = f"{sizes.curve:,}"
    row = Row("curve", f"one curve of {points} points, all of them")
    thinned = Row("thinned", f"one curve of {points} points, thinned for a chart", target=0.05)
    filled = {}
    for _, tracker in in_turn(trackers, 1):
        cell, store = row.cell(tracker.key), new_store(tracker, row.key)
        limit = sizes.fill_limit * (10 if tracker.key == OURS else 1)
        found = ask(tracker, "fill_curve", store, points=sizes.curve, limit=limit)
        if not good(cell, found):
            thinned.cell(tracker.key).text = cell.text
        else:
            filled[tracker.key] = found["points"]
            if found["points"] < sizes.curve:
                cell.at_least = True
                cell.note(f"{found['points']:,} points only: making {points} takes too long")
                thinned.cell(tracker.key).at_least = True
    for _, tracker in in_turn([t for t in trackers if t.key in filled], sizes.read_rounds):
        store = made_store(tracker, row.key)
        found = _read(row.cell(tracker.key), tracker, "curve", store, points=filled[tracker.key])
        if found and "thinned" not in found:
            thinned.cell(tracker.key).text = "its client reads all points"
        elif found:
            thinned.cell(tracker.key).values.append(found["thinned"])
            thinned.cell(tracker.key).say_wrong("" if found["kept"] else "nothing kept")
    return [row, thinned]


def _read(cell: Cell, tracker: Tracker, task: str, store: Any, **asked: Any) -> dict[str, Any]:
    if cell.text:
        return {}  # it has failed at this, which took minutes: once is enough
    found = ask(tracker, task, store, **asked)
    if not good(cell, found):
        return {}
    cell.values.append(found["seconds"])
    cell.facts.append({"first": found["first"]})
    cell.say_wrong(found["wrong"])
    return found


def good(cell: Cell, found: dict[str, Any]) -> bool:
    """Say in the cell why there is no answer, if so."""
    if "cannot" in found:
        cell.text = found["cannot"]
    elif "failed" in found:
        cell.text = "failed"
        cell.note(found["failed"])
    return "cannot" not in found and "failed" not in found


def _what_is_wrong(check: dict[str, Any], exact: int) -> str:
    said = [f"{check[what]:,} {what}" for what in ("lost", "doubled", "other") if check[what]]
    if not said and check["stored"] != exact:
        said.append(f"{check['stored']:,} points, {exact:,} logged")
    return ", ".join(said)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


SHARED: dict[str, Callable[[Sequence[Tracker], Sizes], list[Row]]] = {
    "import": imports,
    "life": lives,
    "visible": visible,
    "log": hot_loops,
    "table": tables,
    "curve": curves,
}
