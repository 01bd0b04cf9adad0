"""Run the demo notebook headless, save what it shows, and read its store with plain duckdb.

Called by ``make demo``. Everything is written to ``build/demo/``, which git ignores, or to
the folder that is given as the only argument:
the executed notebook, the same as an HTML page, and the store. The store is read here
without celltrail, since any DuckDB client can.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import duckdb
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "demo.ipynb"
FOLDER = ROOT / "build" / "demo"

CELL_LIMIT = 600  # seconds for one cell, so that a hanging one ends

RUNS = """
SELECT r.number, coalesce(r.name, 'run ' || r.number) AS run, r.status, r.seconds,
    (SELECT count(*) FROM v_params p WHERE p.id = r.id) AS params,
    (SELECT count(*) FROM v_metrics m WHERE m.id = r.id) AS metrics,
    (SELECT count(*) FROM v_history h WHERE h.id = r.id) AS points
FROM v_runs r ORDER BY r.started
"""

# The metrics that most runs share, each with the run where it is greatest.
EXTREMES = """
SELECT m.key, count(*) AS runs, min(m.value) AS least, max(m.value) AS greatest,
    arg_max(coalesce(m.name, 'run ' || m.number), m.value) AS greatest_in
FROM v_metrics m WHERE NOT isnan(m.value)
GROUP BY m.key ORDER BY runs DESC, m.key LIMIT 6
"""


def execute(source: Path, target: Path) -> nbformat.NotebookNode:
    """Execute a notebook from beside its target, and save it there even when a cell raises."""
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    done = 0

    def progress(cell: nbformat.NotebookNode, **_: object) -> None:
        nonlocal done
        done += 1
        head = next((line for line in cell.source.splitlines() if line.strip()), "")
        print(f"  [{done}/{total}] {head[:80]}", flush=True)

    client = NotebookClient(
        notebook,
        timeout=CELL_LIMIT,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],  # what is printed is about the demo
        resources={"metadata": {"path": str(target.parent)}},
        on_cell_execute=progress,
    )
    try:
        client.execute()
    finally:
        nbformat.write(notebook, target)
    return notebook


def write_page(notebook: nbformat.NotebookNode, target: Path) -> None:
    """Write the notebook as one HTML page that needs no network."""
    exporter = HTMLExporter(embed_images=True)
    # Without these the page would ask other machines for what it does not use.
    exporter.mathjax_url = exporter.require_js_url = exporter.jquery_url = ""
    exporter.mermaid_js_url = exporter.mermaid_layout_elk_js_url = "data:text/javascript,"
    exporter.widget_renderer_url = "data:text/javascript,"
    page, _ = exporter.from_notebook_node(notebook)
    target.write_text(page, "utf-8")


def report(store: Path) -> int:
    """Print what the store holds, and give the number of its runs."""
    with duckdb.connect(store, read_only=True) as database:
        runs = database.execute(RUNS).fetchall()
        extremes = database.execute(EXTREMES).fetchall()
    print(f"\n{len(runs)} runs, read with plain duckdb:\n")
    print(f"  {'run':<28}{'status':<13}{'seconds':>8}{'params':>8}{'metrics':>9}{'points':>8}")
    for _, name, status, seconds, params, metrics, points in runs:
        took = "" if seconds is None else f"{seconds:.2f}"
        print(f"  {name[:27]:<28}{status:<13}{took:>8}{params:>8}{metrics:>9}{points:>8}")
    print(f"\n  {'metric':<28}{'runs':>5}{'least':>12}{'greatest':>12}  greatest in")
    for key, count, least, greatest, name in extremes:
        print(f"  {key[:27]:<28}{count:>5}{least:>12.5g}{greatest:>12.5g}  {name}")
    return len(runs)


def main(folder: Path = FOLDER) -> int:
    """Run the demo; 0 when it ran and its store holds runs."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    store, executed, page = folder / "celltrail.duckdb", folder / "demo.ipynb", folder / "demo.html"
    os.environ["CELLTRAIL_STORE"] = str(store)
    began = time.perf_counter()
    print(f"Running {NOTEBOOK.relative_to(ROOT)}", flush=True)
    try:
        write_page(execute(NOTEBOOK, executed), page)
    except CellExecutionError as error:
        print(f"\nA cell of the demo raised; {executed} shows where.\n{error}")
        return 1
    count = report(store)
    print(f"\nIt took {time.perf_counter() - began:.0f} s. Look at")
    for what, path in (("the page", page), ("the notebook", executed), ("the store", store)):
        print(f"  {what:<14}{os.path.relpath(path)}")
    if count == 0:
        print("The demo left no runs in its store.")
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main(*(Path(argument).resolve() for argument in sys.argv[1:2])))
