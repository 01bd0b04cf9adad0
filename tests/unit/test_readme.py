"""Every block of code in README.md runs, in its order, in one real kernel."""

from __future__ import annotations

import os
import re
from pathlib import Path

import duckdb
import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

README = Path(__file__).resolve().parents[2] / "README.md"
FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^```$", re.M | re.S)
RUN = {"python", "ipython"}


def cells(markdown: str) -> list[str]:
    """Give the cells that a reader would type in.

    A block is one cell, save that a line with ``%%`` begins another, as does ``%load_ext``'s end.
    """
    found: list[str] = []
    for match in FENCE.finditer(markdown):
        if match["language"] in RUN:
            parts = re.split(r"^(?=%%)|(?<=^%load_ext celltrail\n)", match["code"], flags=re.M)
            found += [part.strip("\n") for part in parts if part.strip()]
    return found


def test_blocks_become_cells() -> None:
    markdown = (
        "```ipython\n%load_ext celltrail\n\n%%track x\na = 1\n```\n"
        "```sh\nls\n```\n```python\nb = a\n\nc = b\n```\n"
    )
    assert cells(markdown) == ["%load_ext celltrail", "%%track x\na = 1", "b = a\n\nc = b"]


@pytest.mark.timeout(300)
def test_the_code_of_the_readme_runs(store_path: Path, tmp_path: Path) -> None:
    """No cell raises, nothing is written to stderr, and the store holds the runs afterwards."""
    sources = cells(README.read_text("utf-8"))
    assert sources, "README.md has no code"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    said = tmp_path / "kernel.log"
    client = NotebookClient(notebook, timeout=240, kernel_name="python3")
    with said.open("w") as stderr:
        try:
            client.execute(stderr=stderr, env={**os.environ, "PYTHONFAULTHANDLER": "1"})
        except DeadKernelError:
            pytest.fail(f"the kernel died:\n{said.read_text()}")
    complaints = [
        output["text"]
        for cell in notebook.cells
        for output in cell["outputs"]
        if output.get("name") == "stderr"
    ]
    assert complaints == []
    with duckdb.connect(store_path, read_only=True) as database:
        assert database.execute("SELECT count(*) > 0 FROM v_runs").fetchall() == [(True,)]


def test_the_readme_says_how_to_install_by_line_20() -> None:
    top = README.read_text("utf-8").splitlines()[:20]
    assert any("pip install" in line for line in top)


def test_the_pictures_and_files_that_the_readme_links_to_exist() -> None:
    text = README.read_text("utf-8")
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)\s]+)\)|src=\"(?!https?:)([^\"]+)\"", text)
    missing = [
        a or b for a, b in links if not (README.parent / (a or b).partition("#")[0]).exists()
    ]
    assert missing == []
