"""``celltrail run``: a script or a notebook, tracked without a line in it."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celltrail.cli.given import parse_given
from celltrail.cli.notebook import execute_notebook
from celltrail.config import resolve_store
from celltrail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["add_parser"]

#: Options that are of a script's one run.
_OF_SCRIPTS = ("name", "tag", "note", "experiment")
#: Options that are of notebooks alone.
_OF_NOTEBOOKS = ("output", "kernel", "auto")


def add_parser(commands: Any) -> None:
    """Add the subcommand to what ``ArgumentParser.add_subparsers()`` gave."""
    run = commands.add_parser(
        "run",
        help="execute a script or a notebook and record it",
        description="Execute a script or a notebook under celltrail. A script is one run: what "
        "it assigns at its top level are its params and metrics, what it prints its outputs; "
        "runs that it begins itself are inside of that one. Of a notebook each cell with %%track "
        "is a run; of one that has none, each cell that computes something.",
        epilog="What stands behind the script are its own arguments. The exit code is the "
        "script's own; 1 for a notebook with a cell that failed.",
    )
    run.add_argument(
        "-p",
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a value for what the script assigns to that name at its top level, or for a cell "
        "behind the notebook's cell with the tag 'parameters' (else before the first); repeatable. "
        "Processes that multiprocessing spawns, not forks, read the script anew, without it",
    )
    run.add_argument("--name", help="what the script's run is called; by default as its file")
    run.add_argument(
        "-t", "--tag", action="append", default=[], help="a tag of the script's run; repeatable"
    )
    run.add_argument("--note", help="why the script is run")
    run.add_argument("--experiment", help="what the script's run belongs to")
    run.add_argument(
        "-o", "--output", metavar="PATH", help="where the executed notebook is written"
    )
    run.add_argument("--kernel", metavar="NAME", help="the notebook's kernel, if not its own")
    run.add_argument(
        "--auto", action="store_true", help="record each cell of a notebook that computes something"
    )
    run.add_argument("-q", "--quiet", action="store_true", help="say nothing of the runs")
    run.add_argument("file", metavar="FILE", help="a script (.py) or a notebook (.ipynb)")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help=argparse.SUPPRESS)
    run.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    path = Path(arguments.file)
    if not path.is_file():
        message = f"there is no file {path}; give a script (.py) or a notebook (.ipynb)."
        raise UsageError(message)
    given = parse_given(arguments.param)  # what cannot be read is said before anything is done
    if path.suffix.lower() == ".ipynb":
        _refuse(arguments, _OF_SCRIPTS, "a script's; a notebook's cells say them in %%track")
        if arguments.arguments:
            said = " ".join(arguments.arguments)
            message = f"a notebook takes no arguments ({said}): options stand before it."
            raise UsageError(message)
        return execute_notebook(
            path,
            given,
            output=None if arguments.output is None else Path(arguments.output),
            kernel=arguments.kernel,
            auto=arguments.auto,
            quiet=arguments.quiet,
        )
    _refuse(arguments, _OF_NOTEBOOKS, "for notebooks")
    request = {
        "store": str(resolve_store()) if arguments.chosen is not None else None,
        "given": arguments.param,
        "name": arguments.name,
        "tags": arguments.tag,
        "note": arguments.note,
        "experiment": arguments.experiment,
        "quiet": arguments.quiet,
    }
    # "--" ends celltrail's own options; a script would not know what it is for
    own = arguments.arguments[arguments.arguments[:1] == ["--"] :]
    # the script is to run under the flags that celltrail was started with
    flags = [*subprocess._args_from_interpreter_flags(), "-P"]  # type: ignore[attr-defined]
    script = ["-m", "celltrail.cli.script", json.dumps(request), arguments.file]
    return _become([sys.executable, *flags, *script, *own])


def _refuse(arguments: argparse.Namespace, names: Sequence[str], what: str) -> None:
    for name in names:
        if getattr(arguments, name):
            message = f"--{name} is {what}."
            raise UsageError(message)


def _become(command: list[str]) -> int:
    """Let this process be another program: signals and the exit code are its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":  # there execv starts another process, and does not wait for it
        with subprocess.Popen(command) as process:
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:
                    continue  # the script got it too
    os.execv(command[0], command)
