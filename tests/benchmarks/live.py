"""Measure what an open live view costs a training loop, and how soon it shows: ``make live``.

In a real JupyterLab in Chromium. The same loop of pure Python runs in a notebook without any view
and in one with a table, curves and the live card, in turn: the slowdown is that of the medians.
While it goes on the frames to the page are counted. Then values are logged ten times a second, in
the kernel of the table and in another process, and the page says when it shows them. And Stop is
pressed while a cell is busy in four ways.
It measures and never fails.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "browser"))

from lab_page import RUN_CELL, Lab, LabNotebook  # noqa: E402
from lab_server import LabServer  # noqa: E402
from test_live_in_lab import BUSY, running  # noqa: E402

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
#: Seconds that a step takes, and how many of them a loop has.
LOOPS = {"100 us": (100e-6, 240_000), "1 ms": (1e-3, 24_000), "100 ms": (0.1, 240)}

SETUP = '''\
import threading
import time
import celltrail as ct
%load_ext celltrail

def work(n):
    x = 0.0
    for i in range(n):
        x += i * 0.5
    return x

def calibrated(seconds):
    n, best = 1_000, 1e9
    for _ in range(200):
        began = time.perf_counter(); work(n); best = min(best, time.perf_counter() - began)
    return max(1, round(n * seconds / best))

def beside():
    """Processor time of all threads that there are but the main one, in seconds."""
    others = [t for t in threading.enumerate() if t is not threading.main_thread()]
    return {t: time.clock_gettime(time.pthread_getcpuclockid(t.ident)) for t in others}

def loop(steps, n):
    before, began = beside(), time.perf_counter()
    for step in range(steps):
        work(n)
        ct.log(loss=1 / (step + 1), accuracy=step / steps, rate=0.1)
    took = time.perf_counter() - began
    return took, sum(cpu - before.get(thread, 0.0) for thread, cpu in beside().items()) / took
'''
VIEWS = """\
with ct.track("before", tags=["live"]) as run:
    run.log(loss=1.0, accuracy=0.0, rate=0.1)
ct.table(ct.runs("tags has 'live'"))"""
CURVES = "ct.plot.curves(ct.runs(\"tags has 'live'\"), ['loss', 'accuracy'])"

TICKS = """\
import json, sys, time
import celltrail as ct
times = []
with ct.track("ticker", tags=["live"], experiment="ticks") as run:
    time.sleep(2)
    for tick in range(300):
        times.append(time.time() * 1e3)
        run.log(tick=tick)
        time.sleep(0.1)
print(json.dumps(times))"""

# When the page first shows each number in the row of the run that ticks: [number, moment].
WATCH = """() => {
  window.seen = [];
  let last = -1;
  const look = () => {
    for (const row of document.querySelectorAll(".ct-body-row")) {
      if (!row.textContent.includes("ticker")) continue;
      const text = row.querySelector(".ct-rest").lastElementChild?.textContent ?? "";
      const shown = text === "" ? -1 : Number(text.replace(/[^0-9]/g, ""));
      if (shown > last) {
        last = shown;
        const channel = new MessageChannel(); // runs after the frame is painted
        channel.port1.onmessage = () => window.seen.push([shown, Date.now()]);
        channel.port2.postMessage(null);
      }
    }
    window.watching = requestAnimationFrame(look);
  };
  look();
}"""


class Wire:
    """Counts the frames to the page."""

    def __init__(self, page: Page) -> None:
        self.bytes = self.frames = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._take))

    def _take(self, payload: str | bytes) -> None:
        self.bytes += len(payload)
        self.frames += 1


def run_loop(
    notebook: LabNotebook, seconds: float, steps: int, *, quiet: bool
) -> tuple[float, float]:
    """Run the loop in a new cell; gives its seconds, and the share of a core of other threads."""
    head = "%%track --quiet -t live" if quiet else "%%track -t live"
    index = notebook.add_cell(f"{head}\ntook, share = loop({steps}, steps_of[{seconds}])")
    notebook.page.evaluate(f"(index) => {{ void ({RUN_CELL})(index); }}", index)
    notebook.page.wait_for_timeout(500)
    notebook.wait_idle()
    notebook.assert_no_error()
    took, share = notebook.evaluate("print(took, share)").split()
    return float(took), float(share)


def costs(lab: Lab, wire: Wire, rounds: int) -> None:
    """Print what the views cost each of the loops."""
    seconds = [each for each, _ in LOOPS.values()]
    prepare = f"{SETUP}\nsteps_of = {{each: calibrated(each) for each in {seconds}}}"
    watched = lab.open(lab.write([prepare, VIEWS, CURVES], "watched.ipynb"))
    watched.run_all()
    for name, (each, steps) in LOOPS.items():
        times: dict[bool, list[float]] = {True: [], False: []}
        shares: dict[bool, list[float]] = {True: [], False: []}
        sent = []
        for _ in range(rounds):
            for quiet in (True, False):
                set_views(watched, shown=not quiet)
                before = wire.bytes, wire.frames
                took, share = run_loop(watched, each, steps, quiet=quiet)
                times[quiet].append(took)
                shares[quiet].append(share)
                if not quiet:
                    sent.append((wire.bytes - before[0], wire.frames - before[1]))
        plain, viewed = statistics.median(times[True]), statistics.median(times[False])
        size, frames = (statistics.median(column) for column in zip(*sent, strict=True))
        print(
            f"steps of {name}: {plain:.2f} s without, {viewed:.2f} s with all views "
            f"({100 * (viewed / plain - 1):+.2f} %; without {said(times[True])}, with "
            f"{said(times[False])}), celltrail's and the kernel's other threads take "
            f"{100 * statistics.median(shares[True]):.1f} % and "
            f"{100 * statistics.median(shares[False]):.1f} % of a core, "
            f"{size / frames:,.0f} bytes a frame, {size / viewed / 1e3:.1f} kB/s",
            flush=True,
        )


def set_views(notebook: LabNotebook, *, shown: bool) -> None:
    """Show the table and the curves, or take them away."""
    for index in (1, 2):
        if shown:
            notebook.run(index)
    if not shown:
        notebook.page.evaluate("""() => {
          const cells = window.celltrailPanel.content.model.sharedModel.cells;
          for (const index of [1, 2]) cells[index].setOutputs([]);
        }""")
        notebook.page.wait_for_timeout(1_500)  # until Python has heard that they are hidden


def said(times: list[float]) -> str:
    return "/".join(f"{each:.2f}" for each in times)


def delays(lab: Lab, folder: Path) -> None:
    """Print how long it takes from log() to the screen, of this kernel and of another process."""
    table = "ct.table(ct.runs(), hidden=['started', 'duration', 'tags'])"
    for where in ("this kernel", "another process"):
        store = folder / f"{where.replace(' ', '_')}.duckdb"
        start = f"import celltrail as ct\nct.use({str(store)!r})\n"
        begin = f"{start}with ct.track('old') as run:\n    run.log(tick=0)"
        cells = [begin, table, TICKS]
        notebook = lab.open(lab.write(cells, f"ticks{len(where)}.ipynb"))
        for index in (0, 1):
            notebook.run(index)
        lab.page.evaluate(WATCH)
        if where == "this kernel":
            notebook.run(2)
            times = json.loads(notebook.text(2))
        else:
            done = subprocess.run(
                [sys.executable, "-c", f"{start}{TICKS}"],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                capture_output=True,
                text=True,
                check=True,
            )
            times = json.loads(done.stdout.splitlines()[-1])
        lab.page.wait_for_timeout(3_000)
        seen = lab.page.evaluate("() => { cancelAnimationFrame(window.watching); return seen; }")
        waits = sorted(first_shown(tick, seen) - logged for tick, logged in enumerate(times))
        print(
            f"from log() to the screen, {where}: p50 {waits[len(waits) // 2]:.0f} ms, "
            f"p95 {waits[int(0.95 * len(waits))]:.0f} ms, max {waits[-1]:.0f} ms",
            flush=True,
        )
        notebook.shut_down()


def stops(lab: Lab) -> None:
    """Print how long it takes from a press of Stop until the page shows the interrupt."""
    for name, code in BUSY.items():
        notebook = running(lab, f"%%track stopped\n{code}")
        lab.page.wait_for_timeout(1_000)
        button = notebook.output(1).get_by_role("button", name="Stop")
        button.wait_for()
        began = time.perf_counter()
        button.click()
        # not when the kernel is idle: a subshell says so while the cell goes on
        notebook.output(1).get_by_text("KeyboardInterrupt").first.wait_for()
        took = time.perf_counter() - began
        notebook.wait_idle()
        asked = notebook.add_cell("print(ct.runs(limit=1)[0].status.value)")
        notebook.run(asked, check=False)  # the cell that was stopped raised
        status = notebook.output(asked).locator("pre").first.inner_text().strip()
        print(f"Stop in {name}: interrupted after {took:.2f} s, the run is {status}", flush=True)
        notebook.shut_down()


def first_shown(tick: int, seen: list[list[float]]) -> float:
    return next((moment for shown, moment in seen if shown >= tick), float("inf"))


@contextmanager
def opened_lab() -> Iterator[tuple[Lab, Wire, Path]]:
    """Give JupyterLab in a browser, what counts its frames, and a folder for stores."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = LabServer(Path(folder) / "lab", os.environ)
        server.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        try:
            context: Any = browser.new_context(viewport={"width": 1280, "height": 900})
            room = server.root / f"live{time.time_ns()}"
            room.mkdir()
            lab = Lab(server, context, room)
            wire = Wire(lab.page)
            lab.load()
            yield lab, wire, Path(folder)
            context.close()
        finally:
            browser.close()
            server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["delays", "stops", "costs"])
    options = parser.parse_args()
    with opened_lab() as (lab, wire, folder):
        if options.only in (None, "delays"):
            delays(lab, folder)
        if options.only in (None, "stops"):
            stops(lab)
        if options.only in (None, "costs"):
            costs(lab, wire, options.rounds)


if __name__ == "__main__":
    main()
