"""``celltrail ui`` and ``celltrail completion``."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from celltrail.cli.output import say
from celltrail.config import resolve_store
from celltrail.errors import StoreMissingError, UsageError

if TYPE_CHECKING:
    import argparse

__all__ = ["add_parsers", "comparison_notebook"]

#: Seconds for JupyterLab to end its kernels.
_PATIENCE = 20.0
#: Seconds between two looks whether it has begun to listen.
_LOOK = 0.1
_SHELLS = ("bash", "zsh", "tcsh")
_CELLS = (
    ("markdown", "# Runs of {name}\n\nSelect runs in the table, then compare them below."),
    ("code", "import celltrail as ct\n\nct.use({path!r})\ntable = ct.table(ct.runs())\ntable"),
    (
        "code",
        "chosen = table.selected\nct.compare(chosen if len(chosen) > 1 else ct.runs(limit=2))",
    ),
)


def add_parsers(commands: Any, parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of a parser to what its ``add_subparsers()`` gave."""
    ui = commands.add_parser(
        "ui",
        help="open the runs in JupyterLab",
        description="Open JupyterLab with a notebook that shows and compares the runs of a "
        "store. It listens on this machine only, with a token of its own, until Ctrl+C.",
    )
    ui.add_argument("path", metavar="STORE", nargs="?", help="the store; else --store")
    ui.add_argument("--no-browser", action="store_true", help="only say the address")
    ui.set_defaults(run=_ui)

    completion = commands.add_parser(
        "completion",
        help="print what makes a shell complete the command",
        description='For bash: eval "$(celltrail completion bash)", in .bashrc.',
    )
    completion.add_argument("shell", choices=_SHELLS, help="the shell")
    completion.set_defaults(run=_completion, parser=parser)


def comparison_notebook(store: Path) -> dict[str, Any]:
    """Give a notebook that shows and compares the runs of a store.

    Parameters
    ----------
    store
        The store.

    Returns
    -------
    dict
        As nbformat 4.5 has it.
    """
    cells = []
    for place, (kind, text) in enumerate(_CELLS):
        source = text.format(name=store.name, path=str(store))
        cell: dict[str, Any] = {
            "cell_type": kind,
            "id": f"cell-{place}",
            "metadata": {},
            "source": source,
        }
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        cells.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _ui(arguments: argparse.Namespace) -> int:
    store = resolve_store(arguments.path or None)
    if not store.exists():
        raise StoreMissingError(store)
    if importlib.util.find_spec("jupyterlab") is None:
        message = "celltrail ui opens JupyterLab, which is not installed: pip install jupyterlab."
        raise UsageError(message)
    with tempfile.TemporaryDirectory(prefix="celltrail-") as folder:
        shown, runtime = Path(folder) / "runs", Path(folder) / "runtime"
        for each in (shown, runtime):
            each.mkdir()
        notebook = shown / f"{store.stem}.ipynb"
        notebook.write_text(json.dumps(comparison_notebook(store), indent=1), "utf-8")
        command = [sys.executable, "-m", "jupyterlab", str(notebook), "--ServerApp.ip=127.0.0.1"]
        # a port that we found free could be anybody's by the time that JupyterLab takes it
        command += ["--ServerApp.port=0"]
        # The token stands in no argument, which others on this machine could read; and a token
        # that it was given JupyterLab does not say.
        token = secrets.token_urlsafe(24)
        env = {**os.environ, "JUPYTER_TOKEN": token, "JUPYTER_RUNTIME_DIR": str(runtime)}
        if arguments.no_browser:
            command.append("--no-browser")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        # In a session of its own it does not get Ctrl+C as well, after which it would ask.
        with subprocess.Popen(command, env=env, cwd=shown, start_new_session=True) as lab:
            try:
                server = _server(lab, runtime)
                if server is not None:
                    address = f"{server}lab/tree/{quote(notebook.name)}?token={token}"
                    say(f"The runs of {store} in JupyterLab, until Ctrl+C: {address}")
                    sys.stdout.flush()
                return lab.wait()
            except KeyboardInterrupt:
                _end(lab)
                return 0


def _end(lab: subprocess.Popen[bytes]) -> None:
    lab.terminate()
    try:
        lab.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        lab.kill()


def _server(lab: subprocess.Popen[bytes], runtime: Path) -> str | None:
    """Wait until JupyterLab says where it listens; None when it ends before."""
    while lab.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            with suppress(OSError, ValueError, KeyError):  # half written
                return str(json.loads(file.read_text("utf-8"))["url"])
        time.sleep(_LOOK)
    return None


def _completion(arguments: argparse.Namespace) -> int:
    import shtab

    sys.stdout.write(shtab.complete(arguments.parser, shell=arguments.shell) + "\n")
    return 0
