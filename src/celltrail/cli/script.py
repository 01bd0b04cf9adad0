"""The process of ``celltrail run SCRIPT``: runs a script as Python does, recorded as one run.

The script comes first: what it raises is shown as Python shows it and becomes the exit code, and
the run ends when the process does, after the script's threads and its own exit handlers. Whatever
goes wrong in recording it is a warning.
"""

from __future__ import annotations

import ast
import atexit
import builtins
import json
import os
import shlex
import signal
import sys
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from tokenize import open as open_source
from types import ModuleType
from typing import TYPE_CHECKING, Any

from celltrail.capture.redact import is_secret_name, redact_text
from celltrail.cli.given import assigned, parse_given
from celltrail.cli.script_run import ScriptRun
from celltrail.cli.streams import complain
from celltrail.config import use_store
from celltrail.errors import CelltrailError
from celltrail.store.instance import at_load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import CodeType, TracebackType

__all__ = ["main", "shown_arguments"]

_INTERRUPTED = 130
_REDACTED = "[redacted]"


def main(arguments: Sequence[str]) -> int:
    """Run a script.

    Parameters
    ----------
    arguments
        The request of ``celltrail run`` as JSON, the script's path, and its own arguments.

    Returns
    -------
    int
        The exit code. What the script raised was shown as Python shows it.
    """
    request, path, argv = json.loads(arguments[0]), Path(arguments[1]), arguments[1:]
    if request["store"] is not None:
        use_store(Path(request["store"]))
        os.environ["CELLTRAIL_STORE"] = request["store"]  # for the processes that it starts
    try:
        given = parse_given(request["given"])
        text, code = _read(path, given)
    except CelltrailError as error:
        complain(f"celltrail: {error}")
        return 1
    except (SyntaxError, ValueError, OSError) as error:
        _show(error.with_traceback(None))
        return 1
    space = _main_module(path, argv)
    params = {**given, "argv": shown_arguments(argv[1:])} if argv[1:] else given
    run = _begin(request, path, text, space, params)
    ended_by = _execute(code, space)
    if run is not None:
        run.error = ended_by
    return _ended_by(ended_by)


def shown_arguments(arguments: Sequence[str]) -> str:
    """Write a script's arguments as a shell takes them, without the secrets in them.

    Examples
    --------
    >>> shown_arguments(["--lr", "0.1", "--password", "hunter2", "--api-key=abc", "a b"])
    "--lr 0.1 --password '[redacted]' '--api-key=[redacted]' 'a b'"
    """
    shown, is_secret = [], False
    for argument in arguments:
        name, separator, _value = argument.partition("=")
        is_flag = name.startswith("-")
        is_named = is_flag and is_secret_name(name.lstrip("-").replace("-", "_"))
        if is_secret and not is_flag:
            shown.append(_REDACTED)
        elif is_named and separator:
            shown.append(f"{name}={_REDACTED}")
        else:
            shown.append(redact_text(argument)[0])
        is_secret = is_named and not separator
    return shlex.join(shown)


def _read(path: Path, given: Mapping[str, Any]) -> tuple[str, CodeType]:
    with open_source(str(path)) as file:
        text = file.read()
    name = str(path.absolute())
    tree = assigned(ast.parse(text, name), given, path.name)
    # nothing of this module's own __future__ holds for the script
    return text, compile(tree, name, "exec", dont_inherit=True)


def _main_module(path: Path, argv: Sequence[str]) -> dict[str, Any]:
    """Make what Python makes for a script that it is started with."""
    module = ModuleType("__main__")
    space = vars(module)
    space |= {
        "__file__": str(path.absolute()),
        "__builtins__": builtins,
        "__cached__": None,
        "__loader__": SourceFileLoader("__main__", str(path.absolute())),
    }
    sys.modules["__main__"] = module
    sys.argv[:] = argv
    sys.path.insert(0, str(path.resolve().parent))  # celltrail run is started without
    return space


def _begin(
    request: Mapping[str, Any],
    path: Path,
    text: str,
    space: dict[str, Any],
    params: Mapping[str, Any],
) -> ScriptRun | None:
    """Begin the run, which ends with the process; where that fails the script runs without."""
    try:
        run = ScriptRun.begin(
            text,
            space,
            path,
            name=request["name"],
            experiment=request["experiment"],
            params=params,
            tags=request["tags"],
            note=request["note"],
            quiet=request["quiet"],
        )
    except Exception as error:  # noqa: BLE001  # any: the script was what was asked for
        complain(f"celltrail: the script runs and is not recorded ({error}).")
        return None

    def at_exit() -> None:
        atexit.unregister(run.close)
        atexit.register(run.close)

    # It comes before those who end all runs that are open, and after what the script registers.
    at_exit()
    at_load(at_exit)
    return run


def _execute(code: CodeType, space: dict[str, Any]) -> BaseException | None:
    try:
        exec(code, space)  # it is what was asked for
    except BaseException as caught:  # noqa: BLE001  # any: it is shown and becomes the exit code
        return caught.with_traceback(_own_frames(caught.__traceback__))
    return None


def _own_frames(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _ended_by(error: BaseException | None) -> int:
    """Show what ended a script as Python does; give the exit code."""
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        complain(str(error.code))
        return 1
    # as Python leaves them, for exit handlers: runs that are open end as this says
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    _show(error)
    if not isinstance(error, KeyboardInterrupt):
        return 1
    if os.name != "nt":
        # Who started this process asks whether a signal ended it, and goes on if not.
        atexit.register(_end_by_interrupt)
    return _INTERRUPTED


def _end_by_interrupt() -> None:
    """Die of the interrupt, once all that was to be done at the exit is done."""
    atexit.unregister(_end_by_interrupt)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


def _show(error: BaseException) -> None:
    with suppress(AttributeError, OSError, ValueError):  # it is closed, or never was there
        sys.stdout.flush()
    sys.excepthook(type(error), error, error.__traceback__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
