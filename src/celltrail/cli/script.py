"""The process of ``celltrail run SCRIPT``: runs a script as Python does, recorded as one run."""

from __future__ import annotations

import ast
import builtins
import json
import sys
import threading
from importlib.machinery import SourceFileLoader
from pathlib import Path
from tokenize import open as open_source
from types import ModuleType
from typing import TYPE_CHECKING, Any

from celltrail.capture.before import look_before
from celltrail.capture.ignoring import ignored_names
from celltrail.capture.infer import infer
from celltrail.capture.names import CellNames, analyse
from celltrail.capture.outputs import OutputLog
from celltrail.capture.resources import ResourceClock
from celltrail.cli.given import assigned
from celltrail.cli.recorded import say_recorded
from celltrail.cli.streams import complain
from celltrail.config import settings, use_store
from celltrail.errors import CelltrailError
from celltrail.model import SourceInfo, Status
from celltrail.record import activate, begin, deactivate, describe_error, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType, TracebackType

    from celltrail.record import ActiveRun

__all__ = ["main"]

_INTERRUPTED = 130


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
    request = json.loads(arguments[0])
    path = Path(arguments[1])
    if request["store"] is not None:
        use_store(Path(request["store"]))
    try:
        text, code = _read(path, request["given"])
    except CelltrailError as error:
        complain(f"celltrail: {error}")
        return 1
    except (SyntaxError, ValueError, OSError) as error:
        _show(error.with_traceback(None))
        return 1
    space = _main_module(path, arguments[1:])
    run = begin(
        name=request["name"] or path.stem,
        experiment=request["experiment"] or path.stem,
        params=request["given"] or None,
        tags=request["tags"],
        note=request["note"],
        source=SourceInfo(text, kind="script", notebook=str(path.resolve())),
    )
    if len(arguments) > 2:
        run.log_params({"argv": " ".join(arguments[2:])})
    exit_code = _ended_by(_record(run, text, code, space))
    if not request["quiet"]:
        say_recorded(run.store_path, [run.id])
    return exit_code


def _read(path: Path, given: dict[str, Any]) -> tuple[str, CodeType]:
    with open_source(str(path)) as file:
        text = file.read()
    name = str(path.absolute())
    tree = assigned(ast.parse(text, name), given, path.name)
    # nothing of this module's own __future__ holds for the script
    code = compile(tree, name, "exec", dont_inherit=True)
    return text, code


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


def _record(
    run: ActiveRun, text: str, code: CodeType, space: dict[str, Any]
) -> BaseException | None:
    """Execute a script within its run; give what ended it."""
    config = settings()
    names = (analyse(text) if config.infer else None) or CellNames({}, {}, {})
    before = look_before(names, space, origin="outside the script", ignored=ignored_names())
    log, error = OutputLog(), None
    restore = [_hear(stream, log) for stream in ("stdout", "stderr")]
    clock = ResourceClock()
    activate(run, spanning=True)
    try:
        try:
            exec(code, space)  # it is what was asked for
        finally:
            _wait_for_threads()
    except BaseException as caught:  # noqa: BLE001  # any: it is shown and becomes the exit code
        error = caught.with_traceback(_own_frames(caught.__traceback__))
    for back in restore:
        back()
    deactivate(run)
    if not run.is_ours:  # a forked child that came to the end of the script
        return error
    usage = clock.read()
    status = Status.FINISHED if error is None else status_of(error)
    shown = log.records() if config.capture == "full" else []
    run.add_outputs(shown)
    if config.infer:
        run.infer(infer(before, space, failed=error is not None, shown=shown))
    told = None if error is None or status is Status.FINISHED else describe_error(error)
    run.finish(status, told, cpu_seconds=usage.cpu_seconds, peak_memory=usage.peak_memory)
    return error


def _hear(name: str, log: OutputLog) -> Callable[[], None]:
    """Take what is written to a standard stream, which stays the object that it is."""
    stream = getattr(sys, name)
    original = getattr(stream, "write", None)
    if original is None:
        return lambda: None

    def write(text: str, /) -> Any:
        written = original(text)
        log.take("stream", {"name": name, "text": text})
        return written

    stream.write = write

    def restore() -> None:
        if vars(stream).get("write") is write:
            del stream.write

    return restore


def _wait_for_threads() -> None:
    """Wait as Python does at the end of a script: threads that are no daemons log still."""
    while waited := [*_threads()]:
        for thread in waited:
            thread.join()


def _threads() -> Iterator[threading.Thread]:
    here = threading.current_thread()
    return (t for t in threading.enumerate() if t is not here and not t.daemon and t.is_alive())


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
    _show(error)
    return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _show(error: BaseException) -> None:
    sys.stdout.flush()
    sys.excepthook(type(error), error, error.__traceback__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
