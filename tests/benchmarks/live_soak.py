"""Train for a quarter of an hour with live views open, and look whether memory grows.

``make live-soak``. In a real JupyterLab in Chromium one cell logs twenty metrics a step, five
million points in all, while its live card, a table with a curve in twenty cells and a chart of
curves are open. Each minute the memory of the page and of the kernel is taken, both after a
forced collection; at the end the slope of each is told. It measures and never fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent))

from live import RUN_CELL, opened_lab

METRICS = 20
POINTS = 5_000_000
NAMES = [f"m{i:02}" for i in range(METRICS)]

SETUP = f"""\
import gc, json, math, threading, time
import psutil
import celltrail as ct
%load_ext celltrail
NAMES = {NAMES!r}
with ct.track("before", tags=["live"]) as run:
    run.log(dict.fromkeys(NAMES, 1.0))

def watch():
    while True:
        gc.collect()
        info = psutil.Process().memory_full_info()
        with open("memory.jsonl", "a") as file:
            print(json.dumps([time.time(), info.uss / 2**20]), file=file)
        time.sleep(60)

threading.Thread(target=watch, daemon=True).start()
"""
TABLE = f"""\
ct.table(ct.runs("tags has 'live'"), hidden=["started", "duration", "tags", "status"],
         curves={{f"metrics.{{name}}": True for name in {NAMES!r}}})"""
CURVES = f"ct.plot.curves(ct.runs(\"tags has 'live'\"), {NAMES[:2]!r})"
TRAIN = """\
%%track long -t live
began, step = time.perf_counter(), 0
while (now := time.perf_counter() - began) < {seconds}:
    if step >= {rate} * now:
        time.sleep(0.001)
        continue
    ct.log({{name: math.exp(-step / 1e5) + math.sin(step * 0.01 + i) / 10
             for i, name in enumerate(NAMES)}}, step=step)
    step += 1
print(step)
"""


def slope(minutes: list[float], sizes: list[float]) -> str:
    """Say how a size went, without the first fifth, in which caches fill."""
    start = len(minutes) // 5
    per_minute, _ = np.polyfit(minutes[start:], sizes[start:], 1)
    return f"{per_minute:+.3f} MiB a minute"


def renderer() -> float:
    """Give the MiB of the largest process that draws pages: the one of this page."""
    children = psutil.Process().children(recursive=True)
    drawing = [child for child in children if "--type=renderer" in child.cmdline()]
    return max(child.memory_full_info().uss for child in drawing) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=16)
    options = parser.parse_args()
    seconds = 60 * options.minutes
    rate = POINTS / METRICS / seconds
    with opened_lab() as (lab, wire, _folder):
        train = TRAIN.format(seconds=seconds, rate=rate)
        path = lab.write([SETUP, TABLE, CURVES, train], "long.ipynb")
        notebook = lab.open(path)
        for index in (0, 1, 2):
            notebook.run(index)
        session: Any = lab.page.context.new_cdp_session(lab.page)
        lab.page.evaluate(f"(index) => {{ void ({RUN_CELL})(index); }}", 3)
        began = time.time()
        minutes: list[float] = []
        heaps: list[float] = []
        processes: list[float] = []
        print("minute  page MiB  process MiB  nodes  listeners  kB/s to the page", flush=True)
        while time.time() - began < seconds:
            lab.page.wait_for_timeout(1e3 * min(60.0, began + seconds - time.time() + 1))
            session.send("HeapProfiler.collectGarbage")
            usage = session.send("Runtime.getHeapUsage")
            used = (usage["usedSize"] + usage.get("backingStorageSize", 0)) / 2**20
            counts = session.send("Memory.getDOMCounters")
            minutes.append((time.time() - began) / 60)
            heaps.append(used)
            process = renderer()
            processes.append(process)
            sent, wire.bytes = wire.bytes / 60e3, 0
            print(
                f"{minutes[-1]:6.1f} {used:9.1f} {process:12.1f} {counts['nodes']:6}"
                f" {counts['jsEventListeners']:10} {sent:17.1f}",
                flush=True,
            )
        notebook.wait_idle()
        lines = Path(path).with_name("memory.jsonl").read_text("utf-8").splitlines()
        kernel = [json.loads(line) for line in lines]
        times = [(moment - began) / 60 for moment, _ in kernel]
        sizes = [size for _, size in kernel]
        print("kernel MiB, each minute:", " ".join(f"{size:.1f}" for size in sizes))
        slopes = (slope(minutes, heaps), slope(minutes, processes), slope(times, sizes))
        print("page {}, its process {}, kernel {}".format(*slopes))
        steps = int(notebook.evaluate("print(step)"))
        print(f"{steps:,} steps, {METRICS * steps:,} points")


if __name__ == "__main__":
    main()
