"""What celltrail alone is asked to do."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import bench_tasks
import use_celltrail

import celltrail as ct

BURST = 0.01  # seconds; in each so many calls that the rate comes out


def paced_writer(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Log at a steady rate, and time each call."""
    rows = [bench_tasks.metrics_of(ask["metrics"], step) for step in range(1000)]
    run = tracker.start(ask["name"], {})
    bench_tasks._wait_for_start(store)
    waits: list[float] = []
    calls = round(ask["points_per_second"] / ask["metrics"] * BURST)
    clock, step = time.perf_counter, 0
    began = clock()
    due = began
    while due < began + ask["seconds"]:
        for _ in range(calls):
            before = clock()
            run.log(rows[step % 1000], step=step)
            waits.append(clock() - before)
            step += 1
        due += BURST
        time.sleep(max(0.0, due - clock()))
    took = clock() - began
    run.finish()
    return {"calls": step, "rate": step * ask["metrics"] / took, **_spread(waits, 0.99)}


def paced_reader(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Read all runs as a widget that refreshes does, until told to stop."""
    tracker.warm()
    ct.runs().df()
    bench_tasks._wait_for_start(store)
    waits: list[float] = []
    while not (store / "stop").exists():
        before = time.perf_counter()
        ct.runs().df()
        waits.append(time.perf_counter() - before)
        time.sleep(ask["every"])
    return _spread(waits, 0.95)


def background(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Log at a steady rate, and see what share of a core the other threads take."""
    run = tracker.start("background", {})
    calls = round(ask["points_per_second"] * BURST)
    run.log({"m0": 0.0}, step=0)
    time.sleep(1)
    all_before, ours_before = time.process_time(), time.thread_time()
    began, step = time.perf_counter(), 1
    due = began
    while due < began + ask["seconds"]:
        for _ in range(calls):
            run.log({"m0": bench_tasks.point(0, step % 1000)}, step=step)
            step += 1
        due += BURST
        time.sleep(max(0.0, due - time.perf_counter()))
    took = time.perf_counter() - began
    others = (time.process_time() - all_before) - (time.thread_time() - ours_before)
    threads = threading.active_count()
    run.finish()
    return {"share": others / took, "rate": step / took, "threads": threads}


def big(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Make many points in many runs, some at a time, as they come in life."""
    rows = [bench_tasks.metrics_of(3, step) for step in range(1000)]
    each = 10_000
    for number in range(max(1, ask["points"] // (3 * each))):
        run = tracker.start(f"run {number}", {})
        for step in range(each):
            run.log(rows[step % 1000], step=step)
        run.finish()
    return {"points": 3 * each * (number + 1)}


def vacuum(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Shrink the store."""
    shrink = getattr(ct, "vacuum", None)
    if shrink is None:
        return {"cannot": "there is no `celltrail.vacuum` yet"}
    began = time.perf_counter()
    shrink()
    return {"seconds": time.perf_counter() - began}


def count_points(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Count the points of a store, without those that are sampled of the machine."""
    counted = "SELECT count(*) AS n FROM v_history WHERE NOT starts_with(key, 'system/')"
    return {"points": int(ct.sql(counted)["n"][0])}


def cells(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Run cells in a real IPython, tracked and not in turn, among a thousand names.

    A pause before each pair lets what the last one left to other threads come to its end.
    """
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "celltrail")
    kinds = [1.5, 3, "text", [1, 2], {"a": 1}, None, (1, 2), True]
    shell.user_ns.update({f"name_{i}": kinds[i % len(kinds)] for i in range(1000)})

    def seconds(source: str) -> tuple[float, float]:
        before, busy = time.perf_counter(), time.thread_time()
        shell.run_cell(source, store_history=True).raise_error()
        return time.perf_counter() - before, time.thread_time() - busy

    costs, busy, warm = [], [], 10
    for number in range(ask["cells"] + warm):
        body = f"rate = {number} / 8\nloss = rate * name_0 + name_1\n"
        time.sleep(ask["pause"])
        plain = seconds(body)
        tracked = seconds("%%track --quiet\n" + body)
        if number >= warm:
            costs.append(tracked[0] - plain[0])
            busy.append(tracked[1] - plain[1])
        if not number % 50:
            gc.collect()
    ours = [run for run in ct.runs() if "loss" in run.metrics]
    counts = {"runs": len(ours), "wanted": ask["cells"] + warm}
    return {**counts, "cpu": _spread(busy, 0.95), **_spread(costs, 0.95)}


def _spread(values: list[float], high: float) -> dict[str, Any]:
    ordered = sorted(values)
    place = min(len(ordered) - 1, int(high * len(ordered)))
    return {
        "count": len(ordered),
        "p50": ordered[len(ordered) // 2],
        "high": ordered[place],
        "max": ordered[-1],
    }


if __name__ == "__main__":
    for task in (paced_writer, paced_reader, background, big, vacuum, count_points, cells):
        bench_tasks.TASKS[task.__name__] = task
    bench_tasks.main(use_celltrail)
