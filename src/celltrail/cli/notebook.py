"""``celltrail run NOTEBOOK``: executes a notebook in a kernel of its own that records it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from contextlib import chdir, contextmanager
from typing import TYPE_CHECKING, Any

from celltrail.capture.redact import redact_text
from celltrail.cli.given import assignments
from celltrail.cli.printable import printable
from celltrail.cli.recorded import say_recorded
from celltrail.cli.streams import complain
from celltrail.config import resolve_store
from celltrail.errors import StoreError, UsageError
from celltrail.query import find_runs
from celltrail.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["execute_notebook", "with_params"]

_LOADS = re.compile(r"^\s*%(?:re)?load_ext\s+celltrail\b", re.MULTILINE)
_TRACKS = re.compile(
    r"^\s*%%?track\b|^[^#\n]*\b(?:ct|celltrail)\.(?:start\(|track\b)", re.MULTILINE
)
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_INTERRUPTED = 130


def execute_notebook(
    path: Path,
    given: Mapping[str, Any],
    *,
    output: Path | None = None,
    kernel: str | None = None,
    auto: bool = False,
    quiet: bool = False,
) -> int:
    """Execute a notebook, in its folder, with celltrail loaded.

    Parameters
    ----------
    path
        The notebook, which is only read.
    given
        Values for a cell that is put behind the one with the tag ``parameters``.
    output
        Where the executed notebook is written, also when a cell fails.
    kernel
        The kernel's name; by default the notebook's own.
    auto
        Whether each cell that computes something is recorded. It is also done when nothing
        in the notebook is tracked.
    quiet
        Whether nothing is said of cells and runs.

    Returns
    -------
    int
        0, 1 when a cell failed, 130 when it was interrupted.

    Raises
    ------
    UsageError
        When it is no notebook, its kernel is not there, or nbclient is not installed.
    """
    notebook = _read(path)
    if given:
        notebook = with_params(notebook, given)
    path = path.resolve()
    store = _store_of(path.parent)
    output = None if output is None else output.resolve()
    sources = [str(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    is_auto = auto or not any(_TRACKS.search(source) for source in sources)
    is_loaded = any(_LOADS.search(source) for source in sources)
    lines = ["%load_ext celltrail"] if is_auto or not is_loaded else []
    lines += ["%track --auto"] if is_auto else []
    client = _client(notebook, path.parent, kernel, lines)
    environment = {
        **os.environ,
        "CELLTRAIL_STORE": str(store),
        "JPY_SESSION_NAME": str(path),  # what tells a kernel which notebook it runs
    }
    began = int(time.time() * 1e6)
    if output is not None:
        _write(notebook, output)  # that it cannot be written is better known now
    try:
        code = _execute(client, environment, output, say=not quiet)
    finally:
        if output is not None:
            _write(notebook, output)
    if not quiet:
        _say_runs(store, path, began)
    return code


def with_params(notebook: Any, given: Mapping[str, Any]) -> Any:
    """Add a cell that assigns the values, behind the one with the tag ``parameters``.

    Parameters
    ----------
    notebook
        As nbformat has it; it is changed.
    given
        The values.

    Returns
    -------
    nbformat.NotebookNode
        The notebook. A cell that was added so before is taken away, as papermill does; without
        a tagged cell the new one comes first.
    """
    import nbformat

    new_cell: Any = nbformat.v4.new_code_cell  # it has no types
    cell = new_cell(assignments(given), metadata={"tags": ["injected-parameters"]})
    kept = [c for c in notebook.cells if "injected-parameters" not in c.metadata.get("tags", ())]
    tagged = [i for i, c in enumerate(kept) if "parameters" in c.metadata.get("tags", ())]
    at = tagged[0] + 1 if tagged else 0
    notebook.cells = [*kept[:at], cell, *kept[at:]]
    if notebook.nbformat_minor < 5:
        del cell["id"]
    return notebook


def _say_runs(store: Path, path: Path, began: int) -> None:
    """Say which runs a notebook has recorded since a moment."""
    try:
        recorded = find_runs(
            open_store(store),
            order="started",
            keep=lambda row: row.started >= began and row.notebook == str(path),
        )
    except StoreError as error:  # the notebook has run all the same
        complain(f"celltrail: {printable(error)}")
        return
    if not len(recorded):
        complain("celltrail: no run was recorded; is celltrail installed where its kernel runs?")
    say_recorded(store, [run.id for run in recorded])


def _store_of(folder: Path) -> Path:
    """Give the store that a kernel in this folder records to."""
    if os.environ.get("CELLTRAIL_STORE"):  # it may be relative to where we are now
        return resolve_store()
    with chdir(folder):
        return resolve_store()


def _read(path: Path) -> Any:
    try:
        import nbclient  # noqa: F401  # asked for now, before anything was done
        import nbformat
    except ImportError as error:
        message = (
            "celltrail run executes notebooks with nbclient, which is not installed: "
            'pip install "celltrail[run]".'
        )
        raise UsageError(message) from error
    try:
        read: Any = nbformat.read  # it has no types
        notebook = read(path, as_version=4)
    except (ValueError, KeyError, AttributeError, nbformat.ValidationError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        message = f"{path} cannot be read as a notebook ({reason})."
        raise UsageError(message) from error
    return notebook


def _client(notebook: Any, folder: Path, kernel: str | None, lines: list[str]) -> Any:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    from nbclient import NotebookClient

    name = kernel or notebook.metadata.get("kernelspec", {}).get("name") or "python3"
    try:
        spec = KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel as error:
        known = ", ".join(sorted(KernelSpecManager().find_kernel_specs())) or "none"
        message = f"there is no kernel {name!r} here, only {known}; choose one with --kernel."
        raise UsageError(message) from error
    if spec.language.lower() != "python":
        message = f"the kernel {name!r} runs {spec.language}; celltrail records Python."
        raise UsageError(message)
    return NotebookClient(
        notebook,
        kernel_name=name,
        timeout=None,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=[
            "--IPKernelApp.log_level=ERROR",  # of how it is connected there is nothing to say
            *(f"--IPKernelApp.exec_lines={line}" for line in lines),
        ],
    )


def _execute(client: Any, environment: Mapping[str, str], output: Path | None, *, say: bool) -> int:
    """Execute all cells; the notebook is written after each of them."""
    with client.setup_kernel(env=dict(environment)), _interrupts_for(client) as interrupts:
        try:
            told = client.wait_for_reply(client.kc.kernel_info())
            client.nb.metadata["language_info"] = told["content"]["language_info"]
            return _execute_cells(client, interrupts, output, say=say)
        finally:
            client.set_widgets_metadata()


def _execute_cells(client: Any, interrupts: list[int], output: Path | None, *, say: bool) -> int:
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    cells = [(i, c) for i, c in enumerate(client.nb.cells) if c.cell_type == "code" and c.source]
    for count, (at, cell) in enumerate(cells, 1):
        if say:
            first = redact_text((cell.source.strip() or " ").splitlines()[0])[0]
            complain(printable(f"celltrail: cell {count} of {len(cells)}: {first[:60]}"))
        try:
            client.execute_cell(cell, at, execution_count=count)
        except CellExecutionError as error:
            if not interrupts:
                text = str(error)
                complain(text if sys.stderr.isatty() else _COLOR.sub("", text))
                return 1
        except DeadKernelError:
            complain(f"celltrail: the kernel died in cell {count} of {len(cells)}.")
            return 1
        except KeyboardInterrupt:  # a second one: the kernel is shut down
            pass
        if interrupts:
            complain("celltrail: interrupted")
            return _INTERRUPTED
        if output is not None:
            _write(client.nb, output)
    return 0


@contextmanager
def _interrupts_for(client: Any) -> Iterator[list[int]]:
    """Hand Ctrl+C and SIGTERM on to the kernel, so that its cell ends and its run is recorded.

    A second one is for this process. Gives the signals that came.
    """
    came: list[int] = []

    def interrupt_kernel() -> None:
        asyncio.ensure_future(client.km.interrupt_kernel())  # noqa: RUF006  # it ends at once

    def hand_on(number: int, _frame: object) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # between two cells
            raise KeyboardInterrupt from None
        loop.call_soon_threadsafe(interrupt_kernel)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write(notebook: Any, output: Path) -> None:
    import nbformat

    output.parent.mkdir(parents=True, exist_ok=True)
    write: Any = nbformat.write  # it has no types
    write(notebook, output)
