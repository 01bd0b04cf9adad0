"""Measure what celltrail adds to a cell: ``make overhead``, some five minutes.

Cells of 5, 50 and 500 lines among 10, 1,000 and 10,000 names, in a real IPython, each mode in a
process of its own: without celltrail; loaded, when cells are only noted; under ``%%track
--quiet``; under ``%track --auto``. Then what each part of a tracked cell takes, and what
``%load_ext celltrail`` does. It measures and never fails.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES = (10, 1_000, 10_000)
LINES = (5, 50, 500)
MODES = ("none", "noted", "tracked", "auto")
#: Seconds between two cells of somebody who is quick.
PAUSE = 0.1
WARM = 5
#: What is timed as a part, by where it is called from.
PARTS = {
    "names of the code": ("celltrail.ipython.recorder", "analyse"),
    "values before": ("celltrail.ipython.recorder", "look_before"),
    "begin the run": ("celltrail.ipython.recorder", "begin"),
    "secrets of the source": ("celltrail.record.journal", "redact_text"),
    "infer params and metrics": ("celltrail.ipython.recorder", "infer"),
    "write what was inferred": ("celltrail.record.active", "write_inferred"),
    "note the execution": ("celltrail.ipython.hooks", "record_cell"),
    "outputs (worker)": ("celltrail.record.active", "write_outputs"),
    "git (worker)": ("celltrail.record.context", "describe_git"),
    "environment (worker)": ("celltrail.record.context", "describe_environment"),
    "text above the cell (worker)": ("celltrail.record.context", "markdown_above"),
}


def body(lines: int, names: int, number: int) -> str:
    """Write a cell that computes a little, different each time."""
    rows = [f"rate = {number} / 8", "model_settings = {'depth': 3, 'rate': rate}"]
    for i in range(lines - 3):
        rows.append(f"part_{i} = name_{(number + i) % names} if rate > {i} else round(rate, 3)")
    return "\n".join([*rows, "loss = rate * 2 + len(model_settings)"]) + "\n"


def namespace(count: int) -> dict[str, Any]:
    """Make names as a notebook has them: most of them small, some frames and arrays."""
    import numpy as np
    import pandas as pd

    kinds = [1.5, 3, "text", [1, 2], {"a": 1}, None, (1, 2), True, np.zeros((100, 10))]
    kinds.append(pd.DataFrame({"a": np.arange(1000), "b": np.arange(1000.0)}))
    return {f"name_{i}": kinds[i % len(kinds)] for i in range(count)}


def work(mode: str, names: int, lines: int, cells: int) -> dict[str, Any]:
    """Run cells in this process and give the seconds of each."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.user_ns.update(namespace(names))
    loading = 0.0
    parts: dict[str, list[float]] = defaultdict(list)
    if mode != "none":
        began = time.perf_counter()
        shell.run_line_magic("load_ext", "celltrail")
        loading = time.perf_counter() - began
    if mode == "parts":
        watch_parts(parts)
    if mode == "auto":
        shell.run_line_magic("track", "--auto")
    head = "%%track --quiet\n" if mode in ("tracked", "parts") else ""
    seconds = []
    for number in range(cells + WARM):
        source = head + body(lines, names, number)
        time.sleep(PAUSE)
        began = time.perf_counter()
        shell.run_cell(source, store_history=True).raise_error()
        if number >= WARM:
            seconds.append(time.perf_counter() - began)
        elif number == WARM - 1:
            parts.clear()
    time.sleep(0.5)
    runs = 0
    if mode != "none":
        import celltrail as ct

        runs = len(ct.runs())
    return {"seconds": seconds, "loading": loading, "parts": parts, "runs": runs}


def watch_parts(parts: dict[str, list[float]]) -> None:
    """Let each part say what it takes."""

    def timed(label: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inner(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                parts[label].append(time.perf_counter() - began)

        return inner

    for label, (place, name) in PARTS.items():
        module = importlib.import_module(place)
        setattr(module, name, timed(label, getattr(module, name)))


def ask(mode: str, names: int, lines: int, cells: int) -> dict[str, Any]:
    """Do the work in a new process, in a folder of its own."""
    print(".", end="", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "IPYTHONDIR": folder, "CELLTRAIL_STORE": f"{folder}/s.duckdb"}
        words = ["--mode", mode, "--names", names, "--lines", lines, "--cells", cells]
        done = subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), *map(str, words)],
            cwd=folder, env=env, capture_output=True, text=True, check=True,
        )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def report(cells: int) -> str:
    """Measure all and write the tables."""
    rows = [
        "| names | lines | mode | added, p50 | added, p95 |",
        "| ---: | ---: | --- | ---: | ---: |",
    ]
    for names in NAMES:
        for lines in LINES:
            base = ask("none", names, lines, cells)["seconds"]
            for mode in MODES[1:]:
                found = ask(mode, names, lines, cells)
                if mode != "noted" and found["runs"] != cells + WARM:
                    rows.append(f"only {found['runs']} of {cells + WARM} runs are there")
                more = [at(found["seconds"], q) - at(base, q) for q in (0.5, 0.95)]
                costs = " | ".join(f"{1e3 * each:.2f} ms" for each in more)
                rows.append(f"| {names:,} | {lines} | {mode} | {costs} |")
    rows += ["", "| part of a tracked cell, 50 lines, 1,000 names | p50 | p95 | a cell |"]
    rows.append("| --- | ---: | ---: | ---: |")
    parts = ask("parts", 1000, 50, cells)["parts"]
    for label in PARTS:
        found = parts.get(label, [])
        costs = " | ".join(f"{1e3 * at(found, q):.3f} ms" for q in (0.5, 0.95))
        rows.append(f"| {label} | {costs} | {len(found) / cells:.1f} times |")
    loads = [ask("noted", 10, 5, 1)["loading"] for _ in range(7)]
    rows += ["", f"`%load_ext celltrail`: {1e3 * statistics.median(loads):.0f} ms"]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what celltrail adds to a cell.")
    parser.add_argument("--cells", type=int, default=40)
    parser.add_argument("--mode", help=argparse.SUPPRESS)
    parser.add_argument("--names", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--lines", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.mode:
        print(json.dumps(work(asked.mode, asked.names, asked.lines, asked.cells)))
    else:
        print("\n" + report(asked.cells))


if __name__ == "__main__":
    main()
