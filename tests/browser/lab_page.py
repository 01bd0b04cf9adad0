"""A page of Chromium that shows JupyterLab, and the notebooks that are open in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import nbformat
from lab_server import LabServer
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Route,
    WebSocket,
)

Theme = Literal["light", "dark"]

LIMIT = 120_000.0  # milliseconds; how long to wait for a condition before the test fails
LOCAL = {"127.0.0.1", "localhost", "[::1]", ""}
ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"

# What JupyterLab itself complains of, in any notebook and without celltrail; the last is the
# manager of ipywidgets in a notebook that was opened without a kernel.
KNOWN_NOISE = re.compile(
    r"ResizeObserver loop|Autoplay|favicon|preload"
    r"|reading 'kernel'\)\s+at \w+ \(\S+/@jupyter-widgets/jupyterlab-manager/"
)

OPEN = """async ([path, start]) => {
  const app = window.jupyterapp;
  const panel = await app.commands.execute("docmanager:open", {
    path, factory: "Notebook",
    kernelPreference: start ? undefined : { shouldStart: false, autoStartDefault: false },
  });
  await panel.context.ready;
  await panel.revealed;
  if (start) {
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
  }
  app.shell.activateById(panel.id);
  window.celltrailPanel = panel;
}"""

RUN_ALL = """async () => {
  window.jupyterapp.shell.activateById(window.celltrailPanel.id);
  return await window.jupyterapp.commands.execute("notebook:run-all-cells");
}"""

RUN_CELL = """async (index) => {
  const panel = window.celltrailPanel;
  window.jupyterapp.shell.activateById(panel.id);
  panel.content.deselectAll();
  panel.content.activeCellIndex = index;
  return await window.jupyterapp.commands.execute("notebook:run-cell");
}"""

# Without the question whether to save; what is closed asks nothing of its kernel any more.
CLOSE_ALL = """async () => {
  const app = window.jupyterapp;
  for (const widget of [...app.shell.widgets("main")]) widget.dispose();
  await app.serviceManager.sessions.shutdownAll();
}"""

IS_IDLE = """() => {
  const kernel = window.celltrailPanel.sessionContext.session?.kernel;
  return kernel?.status === "idle" && kernel?.hasPendingInput !== true;
}"""

OUTPUTS = "() => window.celltrailPanel.context.model.toJSON().cells.map(c => c.outputs ?? [])"


@dataclass
class LabNotebook:
    """A notebook that is open in JupyterLab; its kernel runs unless it was opened without."""

    page: Page
    path: Path

    @property
    def panel(self) -> Locator:
        """The visible notebook."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def cell(self, index: int) -> Locator:
        """Give the cell at an index from 0, markdown cells counted too."""
        return self.panel.locator(".jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int) -> Locator:
        """Give everything that the cell at an index shows below itself."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def run_all(self, *, check: bool = True) -> None:
        """Run all cells by JupyterLab's command and wait until the kernel is idle.

        Parameters
        ----------
        check
            Whether a cell that raises fails the test, with its traceback.
        """
        self.page.evaluate(RUN_ALL)
        self.wait_idle()
        if check:
            self.assert_no_error()

    def run(self, index: int, *, check: bool = True) -> None:
        """Run one cell and wait until the kernel is idle."""
        self.page.evaluate(RUN_CELL, index)
        self.wait_idle()
        if check:
            self.assert_no_error()

    def wait_idle(self) -> None:
        """Wait until the kernel has nothing more to do."""
        self.page.wait_for_function(IS_IDLE, timeout=LIMIT)

    def outputs(self) -> list[list[dict[str, Any]]]:
        """Give the outputs of each cell as the notebook's file would hold them."""
        result: list[list[dict[str, Any]]] = self.page.evaluate(OUTPUTS)
        return result

    def text(self, index: int) -> str:
        """Give what the cell at an index printed, its last value as plain text included."""
        parts: list[str] = []
        for output in self.outputs()[index]:
            value = output.get("text") or output.get("data", {}).get("text/plain", "")
            parts.append(value if isinstance(value, str) else "".join(value))
        return "".join(parts)

    def assert_no_error(self) -> None:
        """Fail with the traceback of the first cell that raised."""
        for index, outputs in enumerate(self.outputs()):
            for output in outputs:
                if output["output_type"] == "error":
                    traceback = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output["traceback"]))
                    message = f"cell {index} raised {output['ename']}:\n{traceback}"
                    raise AssertionError(message)

    def add_cell(self, source: str) -> int:
        """Put a code cell at the end and give its index."""
        code = """(source) => {
          const model = window.celltrailPanel.content.model.sharedModel;
          model.addCell({ cell_type: "code", source });
          return model.cells.length - 1;
        }"""
        return int(self.page.evaluate(code, source))

    def evaluate(self, source: str) -> str:
        """Run Python code in a new last cell and give what it printed or came to."""
        index = self.add_cell(source)
        self.run(index)
        return self.text(index)

    def expect_value(self, source: str, value: str) -> None:
        """Wait until Python prints something that was chosen in the page.

        A widget keeps its next change back until the kernel is done with the last one, and a
        cell that is run meanwhile goes first.
        """
        deadline = time.monotonic() + 30
        while (found := self.evaluate(source).strip()) != value:
            assert time.monotonic() < deadline, found

    def trusted(self) -> bool:
        """Say whether JupyterLab trusts every code cell."""
        code = """() => [...window.celltrailPanel.content.model.cells]
          .every(cell => cell.type !== "code" || cell.trusted)"""
        return bool(self.page.evaluate(code))

    def save(self) -> None:
        """Save the notebook, which also signs it."""
        self.page.evaluate("() => window.celltrailPanel.context.save()")

    def shut_down(self) -> None:
        """End the kernel and close the notebook without saving."""
        self.page.evaluate("""async () => {
          await window.celltrailPanel.sessionContext.shutdown();
          window.celltrailPanel.context.model.dirty = false;
          window.celltrailPanel.dispose();
        }""")


@dataclass
class Lab:
    """JupyterLab in a page of its own, where nothing outside this machine is reached."""

    server: LabServer
    context: BrowserContext
    folder: Path
    page: Page = field(init=False)
    external: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Cut the network off, and listen to what the page complains of."""
        self.context.set_default_timeout(LIMIT)
        self.context.route(lambda url: urlsplit(url).hostname not in LOCAL, self._refuse)
        self.page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._complain(error.stack or str(error)))
        self.page.on("request", self._count)
        self.page.on("websocket", self._count)

    @staticmethod
    def _refuse(route: Route) -> None:
        route.abort("blockedbyclient")

    def _count(self, request: Request | WebSocket) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in LOCAL:
            self.external.append(request.url)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complain(f"{message.text} ({message.location.get('url', '')})")

    def _complain(self, text: str) -> None:
        if not KNOWN_NOISE.search(text):
            self.errors.append(text)

    def load(self) -> None:
        """Load JupyterLab into the page, with a workspace of its own."""
        server = self.server
        workspace = f"lab/workspaces/{self.folder.name}"
        self.page.goto(f"{server.url}{workspace}?token={server.token}&reset")
        self.page.wait_for_function("() => window.jupyterapp !== undefined", timeout=LIMIT)
        self.page.evaluate("async () => { await window.jupyterapp.restored; }")
        self.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        self.set_theme("light")

    def set_theme(self, theme: Theme) -> None:
        """Change JupyterLab's theme and wait until the page has it."""
        name = "JupyterLab Dark" if theme == "dark" else "JupyterLab Light"
        self.page.evaluate(
            "async (theme) => { await window.jupyterapp.commands.execute("
            "'apputils:change-theme', { theme }); }",
            name,
        )
        self.page.wait_for_function(
            "(name) => document.body.dataset.jpThemeName === name", arg=name, timeout=LIMIT
        )

    def write(self, cells: Sequence[str | Mapping[str, Any]], name: str = "notebook.ipynb") -> Path:
        """Write a notebook of code cells (or ready-made cells) into this test's folder."""
        made = [
            nbformat.v4.new_code_cell(cell) if isinstance(cell, str) else nbformat.from_dict(cell)
            for cell in cells
        ]
        notebook = nbformat.v4.new_notebook(cells=made)
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
        }
        path = self.folder / name
        nbformat.write(notebook, path)
        return path

    def open(
        self, cells: Sequence[str | Mapping[str, Any]] | Path, *, kernel: bool = True
    ) -> LabNotebook:
        """Open a notebook: of these cells, or a file in this test's folder.

        Parameters
        ----------
        cells
            The source of each code cell, or the path of a notebook.
        kernel
            Whether to start a kernel and wait for it.
        """
        path = cells if isinstance(cells, Path) else self.write(cells)
        relative = path.relative_to(self.server.root).as_posix()
        self.page.evaluate(OPEN, [relative, kernel])
        return LabNotebook(self.page, path)

    def execute(self, path: Path) -> Path:
        """Execute a notebook outside JupyterLab and save it, outputs and widgets' state included.

        It carries no signature then, as a notebook that came by mail: JupyterLab opens it
        untrusted.
        """
        code = (
            "import sys, nbformat; from nbclient import NotebookClient; "
            "n = nbformat.read(sys.argv[1], 4); NotebookClient(n, timeout=300).execute(); "
            "nbformat.write(n, sys.argv[1])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            cwd=path.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return path

    def open_untrusted(self, cells: Sequence[str | Mapping[str, Any]] | Path) -> LabNotebook:
        """Execute these cells elsewhere, and open the result as a stranger's notebook."""
        path = cells if isinstance(cells, Path) else self.write(cells)
        notebook = self.open(self.execute(path), kernel=False)
        assert not notebook.trusted()
        return notebook

    def screenshot(self, name: str, locator: Locator | None = None) -> Path:
        """Save a picture of the page, or of a part of it, to look at.

        Returns
        -------
        Path
            ``build/screenshots/<name>.png``, which git ignores.
        """
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        (locator or self.page).screenshot(path=path, animations="disabled")
        return path

    def enter(self, folder: Path) -> None:
        """Begin a test in an empty JupyterLab, with its notebooks and store in this folder."""
        self.folder = folder
        self.page.evaluate(CLOSE_ALL)
        self.set_theme("light")
        self.external.clear()
        self.errors.clear()

    def assert_quiet(self) -> None:
        """Fail when the page asked for something outside, or complained."""
        assert self.external == [], f"asked for {json.dumps(self.external, indent=1)}"
        assert self.errors == [], "the console says:\n" + "\n".join(self.errors)
