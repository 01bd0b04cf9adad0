"""``make demo``: the notebook runs headless, and its store tells the story without celltrail."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pytest
from environments import run

pytestmark = pytest.mark.heavy  # the same notebook is run with all others, and compared


@pytest.fixture(scope="module")
def demo(
    root: Path, outer_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    command = [sys.executable, str(root / "notebooks" / "run_demo.py"), str(folder)]
    (folder.parent / "printed.txt").write_text(run(command, env=outer_environment), "utf-8")
    return folder


def test_the_store_holds_runs_params_points_code_and_status(demo: Path) -> None:
    with duckdb.connect(demo / "celltrail.duckdb", read_only=True) as database:

        def ask(query: str) -> list[tuple[Any, ...]]:
            return database.execute(query).fetchall()

        runs = ask("SELECT name, status, source FROM v_runs")
        assert len(runs) >= 5
        assert {status for _, status, _ in runs} == {"finished"}
        assert all(name and source for name, _, source in runs)
        assert ask("SELECT id FROM v_runs WHERE id NOT IN (SELECT id FROM v_metrics)") == []
        assert ask("SELECT count(DISTINCT key) >= 3 FROM v_params") == [(True,)]
        curves = "(SELECT count(DISTINCT step) AS steps FROM v_history GROUP BY id, key)"
        assert ask(f"SELECT max(steps) >= 10 FROM {curves}") == [(True,)]


def test_the_spool_is_gone_when_the_kernel_has_ended(demo: Path) -> None:
    assert sorted(p.name for p in demo.iterdir()) == ["celltrail.duckdb", "demo.html", "demo.ipynb"]


def test_the_executed_notebook_shows_what_it_did(demo: Path) -> None:
    notebook = nbformat.read(demo / "demo.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert all(c.execution_count for c in notebook.cells if c.cell_type == "code" and c.source)


def test_the_page_asks_no_other_machine_for_anything(demo: Path) -> None:
    page = (demo / "demo.html").read_text("utf-8")
    assert re.findall(r"(?:src=|import\(|url\()[\"']?https?://[^\"')\s]+", page) == []
    assert re.findall(r"<link[^>]+href=[\"']https?://[^\"']+", page) == []


def test_it_says_what_it_found_and_where_it_is(demo: Path) -> None:
    printed = (demo.parent / "printed.txt").read_text("utf-8")
    for word in ("finished", "demo.html", "demo.ipynb", "celltrail.duckdb"):
        assert word in printed
