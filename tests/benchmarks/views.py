"""Measure how a table of runs opens and moves in a real JupyterLab: ``make views``, some minutes.

For each size, from the moment at which the cell is run, reading the store included: until the
first rows are painted; what went over the wire for that; frames while scrolling; and for
celltrail sorting, filtering and grouping. Beside it the same runs as pandas' HTML and, where
``--quak FOLDER`` names one that it is installed in, as quak's table. It measures and never fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
from playwright.sync_api import Page, sync_playwright

import celltrail as ct
from celltrail.record.session import close_sessions

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "browser"))

from lab_page import Lab, LabNotebook  # noqa: E402
from lab_server import LabServer  # noqa: E402

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
PARAMS, METRICS = 20, 10
#: Seconds after which a table that shows no row is given up.
PATIENCE = 180
#: Larger tables than this are not asked of pandas: the page would be tens of thousands of rows.
PANDAS_UP_TO = 10_000

#: It takes the dot in a name for that of a table, and knows no column without a value.
QUAK = """df = ct.runs().df().dropna(axis=1, how="all")
quak.Widget(df.rename(columns=lambda name: name.replace(".", "_")))"""

FILL = f"""
CREATE TEMP TABLE r AS SELECT range::BIGINT + 1000 AS run FROM range($1);
INSERT INTO runs BY NAME SELECT run, 'R' || lpad(run::VARCHAR, 25, '0') AS id, run AS number,
    'run ' || run AS name, 'grid' AS experiment,
    CASE WHEN run % 17 = 0 THEN 'failed' ELSE 'finished' END AS status,
    make_timestamp(1764000000000000 + run * 60000000) AS started,
    make_timestamp(1764000000000000 + run * 60000000 + 1000000 + (hash(run) % 90000000)::BIGINT)
        AS ended, '' AS note FROM r;
INSERT INTO params BY NAME SELECT run, 'p' || p AS key,
    CASE p % 4 WHEN 0 THEN 'text' WHEN 1 THEN 'int' ELSE 'float' END AS kind,
    CASE WHEN p % 4 = 0 THEN NULL WHEN p % 4 = 1 THEN (hash(run, p) % 200)::DOUBLE
        ELSE ((hash(run, p) % 3) + 1) * 0.01 END AS number,
    CASE WHEN p % 4 = 0 THEN ['adam', 'sgd', 'lion'][1 + (hash(run, p) % 3)::INT] END AS text
    FROM r, range({PARAMS}) t(p);
INSERT INTO metric_keys SELECT 100 + range, 'm' || range FROM range({METRICS});
INSERT INTO summaries BY NAME SELECT run, 100 + m AS key, v AS last, 0::BIGINT AS last_step,
    make_timestamp(1764000000000000 + run * 60000000) AS last_time, v AS min, v AS max, v AS sum,
    1::BIGINT AS count, 0::BIGINT AS nans
    FROM (SELECT run, m, (hash(run, m, 7) % 1000000) / 1000000.0 AS v
          FROM r, range({METRICS}) t(m));
"""

# Looks into shadow roots too, in which quak draws.
WATCH = """(selector) => {
  const find = (root) => {
    const own = root.querySelector(selector);
    if (own && own.getBoundingClientRect().height > 0) return own;
    for (const each of root.querySelectorAll("*")) {
      const inner = each.shadowRoot && find(each.shadowRoot);
      if (inner) return inner;
    }
    return null;
  };
  window.painted = 0;
  const look = () => {
    const outputs = document.querySelectorAll(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell");
    const row = outputs.length && find(outputs[outputs.length - 1]);
    if (row) requestAnimationFrame(() => setTimeout(() => { window.painted = performance.now(); }));
    else requestAnimationFrame(look);
  };
  window.began = performance.now();
  look();
}"""

SCROLL = """async () => {
  const wait = () => new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
  const boxes = [];
  const collect = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.scrollHeight > each.clientHeight + 200 && each.clientHeight > 100) {
        if (/auto|scroll/.test(getComputedStyle(each).overflowY)) boxes.push(each);
      }
      if (each.shadowRoot) collect(each.shadowRoot);
    }
  };
  collect(document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden)"));
  const box = boxes.sort((a, b) => b.scrollHeight - a.scrollHeight)[0];
  if (!box) return {};
  const frames = { wheel: [], jump: [] };
  const to = async (name, place) => {
    const start = performance.now();
    box.scrollTop = place;
    await wait();
    frames[name].push(performance.now() - start);
  };
  for (let i = 0; i < 60; i++) await to("wheel", i * 100);
  for (let i = 0; i < 60; i++) await to("jump", (i * 7919) % Math.max(1, box.scrollHeight - 400));
  return frames;
}"""

#: What a user does: each value is the time until the frame after it is painted.
ACT = """async () => {
  const wait = () => new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
  const table = [...document.querySelectorAll(".celltrail-table")].at(-1);
  const times = { sort: [], filter: [] };
  const time = async (name, act) => {
    const start = performance.now();
    act();
    await wait();
    times[name].push(performance.now() - start);
  };
  const heads = [...table.querySelectorAll(".ct-heading .ct-label")];
  for (const head of [...heads, ...heads]) await time("sort", () => head.click());
  const box = table.querySelector(".ct-filter input");
  for (let i = 0; i < 12; i++) {
    await time("filter", () => {
      box.value = i % 2 ? `metrics.m${i % 10} > 0.${i % 10}` : `name like '%${i}1%'`;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
  return times;
}"""


def filled(path: Path, runs: int) -> Path:
    """Make a store of so many runs, as merges would have left it."""
    ct.use(path)
    with ct.track("first"):
        pass
    close_sessions()  # so that nothing of ours has the file open
    with duckdb.connect(path) as con:
        for statement in FILL.split(";\n"):
            if statement.strip():
                con.execute(statement, [runs] if "$1" in statement else None)
    return path


def percentiles(times: list[float]) -> str:
    if not times:
        return "–"
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"{statistics.median(ordered):.0f} / {p95:.0f}"


class Wire:
    """Counts what the page is sent."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._take))

    def _take(self, payload: str | bytes) -> None:
        self.bytes += len(payload)


def measured(lab: Lab, wire: Wire, setup: str, cell: str, selector: str) -> dict[str, Any]:
    notebook: LabNotebook = lab.open(lab.write([setup, cell], f"n{time.time_ns()}.ipynb"))
    notebook.run(0)
    before = wire.bytes
    page = lab.page
    page.evaluate(WATCH, selector)
    page.evaluate(
        "() => { const p = window.celltrailPanel; p.content.activeCellIndex = 1; "
        "window.jupyterapp.commands.execute('notebook:run-cell'); }"
    )
    try:
        page.wait_for_function("window.painted > 0", timeout=PATIENCE * 1000)
    except Exception:  # noqa: BLE001  # given up: that is a finding too
        return {"painted": None}
    painted = page.evaluate("window.painted - window.began")
    notebook.wait_idle()
    found = {"painted": painted, "MB": (wire.bytes - before) / 1e6}
    found.update(page.evaluate(SCROLL))
    if page.locator(".celltrail-table").count():
        found.update(page.evaluate(ACT))
    return found


def kinds_of(path: Path, runs: int, quak: Path | None) -> dict[str, tuple[str, str, str]]:
    """Give each kind of table: what comes before, the cell that shows it, and a row of it."""
    start = f"import celltrail as ct\nct.use({str(path)!r})\n"
    kinds = {"celltrail": (start, "ct.runs()", ".ct-body-row")}
    if runs <= PANDAS_UP_TO:
        before = "import pandas as pd\nfrom IPython.display import HTML\n"
        cell = "HTML(ct.runs().df().to_html(max_rows=None))"
        kinds["pandas"] = (before + start, cell, "tbody tr td")
    if quak is not None:
        before = f"import sys\nsys.path.append({str(quak)!r})\nimport quak\n"
        kinds["quak"] = (before + start, QUAK, "tbody tr td:nth-child(2)")
    return kinds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 10_000, 100_000])
    parser.add_argument("--quak", type=Path, help="a folder with quak and pyarrow in it")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        stores = {n: filled(Path(folder) / f"s{n}.duckdb", n) for n in options.sizes}
        server = LabServer(Path(folder) / "lab", os.environ)
        server.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        try:
            for n, path in stores.items():
                for kind, asked in kinds_of(path, n, options.quak).items():
                    context = browser.new_context(viewport={"width": 1280, "height": 900})
                    room = server.root / f"{kind}{n}"
                    room.mkdir()
                    lab = Lab(server, context, room)
                    wire = Wire(lab.page)
                    lab.load()
                    print(f"{kind}, {n:,} runs: {said(measured(lab, wire, *asked))}", flush=True)
                    context.close()
        finally:
            browser.close()
            server.stop()


def said(found: dict[str, Any]) -> str:
    if found["painted"] is None:
        return f"no row in {PATIENCE} s"
    times = [
        f"{name} p50/p95 {percentiles(found[name])} ms"
        for name in ("wheel", "jump", "sort", "filter")
        if name in found
    ]
    return ", ".join([f"first rows {found['painted']:.0f} ms", f"{found['MB']:.2f} MB", *times])


if __name__ == "__main__":
    main()
