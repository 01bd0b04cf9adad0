"""``%track STATEMENT`` within a cell: a run for one statement, run in place like ``%time``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from celltrail.capture.frontend import notebook_of
from celltrail.capture.values import NOTHING
from celltrail.ipython.guard import guarded
from celltrail.ipython.outcome import error_info
from celltrail.ipython.recorder import Recorder
from celltrail.model import SourceInfo, Status
from celltrail.record import status_of

if TYPE_CHECKING:
    from celltrail.ipython.options import TrackOptions

__all__ = ["run_statement"]


def run_statement(
    shell: Any,
    statement: str,
    options: TrackOptions | None,
    local_namespace: dict[str, object] | None,
) -> object:
    """Run a statement where it stands, and record it.

    Parameters
    ----------
    shell
        The shell.
    statement
        The code, which may hold IPython's own syntax.
    options
        What to record, or None to run only.
    local_namespace
        The local names of the place; None for the notebook's.

    Returns
    -------
    object
        The value of the last expression, or None.

    Notes
    -----
    As with ``%time``, there is no ``await``, and in a function a name that the statement
    binds is not seen by the function.
    """
    __tracebackhide__ = True
    code = shell.transform_cell(statement)
    space = shell.user_ns
    if local_namespace is not None and local_namespace is not space:
        space = {**space, **local_namespace}
    recorder = None if options is None else _open(shell, statement, code, options, space)
    try:
        value = _execute(shell, statement, code, local_namespace)
    except BaseException as error:  # recorded as the run's end, and raised on to the user
        _close(recorder, _names_now(shell, local_namespace), status_of(error), error, NOTHING)
        raise
    result = NOTHING if value is None else value
    _close(recorder, _names_now(shell, local_namespace), Status.FINISHED, None, result)
    return value


@guarded(before_cell=True)
def _open(
    shell: Any, statement: str, code: str, options: TrackOptions, space: dict[str, object]
) -> Recorder:
    source = SourceInfo(
        statement,
        kind="statement",
        execution_count=shell.execution_count - 1,
        notebook=notebook_of(shell.user_ns),
    )
    return Recorder.open(options, source, code, space, shell.user_ns, 1)


@guarded(before_cell=False)
def _close(
    recorder: Recorder | None,
    space: dict[str, object],
    status: Status,
    error: BaseException | None,
    result: object,
) -> None:
    if recorder is not None:
        info = None if error is None or status is Status.FINISHED else error_info(error)
        recorder.close(space, status, info, result, early=error is not None)


def _names_now(shell: Any, local_namespace: dict[str, object] | None) -> dict[str, object]:
    space: dict[str, object] = shell.user_ns
    if local_namespace is None or local_namespace is space:
        return space
    return {**space, **local_namespace}


def _execute(
    shell: Any, statement: str, code: str, local_namespace: dict[str, object] | None
) -> object:
    """Run the code in the notebook's globals, and give its last expression's value."""
    __tracebackhide__ = True
    tree = shell.transform_ast(shell.compile.ast_parse(code))
    # entered as a source, so that tracebacks and inspect find its lines
    name = shell.compile.cache(code, shell.execution_count - 1, raw_code=statement)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    if tree.body:
        exec(shell.compile(tree, name, "exec"), shell.user_ns, local_namespace)
    if last is None:
        return None
    return eval(shell.compile(last, name, "eval"), shell.user_ns, local_namespace)
