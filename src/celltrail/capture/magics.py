"""The code inside of magics that run Python in the notebook's own namespace."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celltrail.capture.parse import parse_quietly
from celltrail.capture.scopes import free_names

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MagicCode", "is_ipython_call", "magic_code"]

#: ``%%timeit`` runs its body in a function, so it reads names but binds none.
_RUNS_PYTHON = {"capture", "prun", "time", "timeit", "track"}
_MEASURING = {"prun", "timeit"}
_FLAGS = re.compile(r"\A(?:\s*--[a-z-]+(?=\s|\Z))+")
_WORD = re.compile(r"\s*\S+")


@dataclass(frozen=True, slots=True)
class MagicCode:
    """The statements that a magic runs.

    Parameters
    ----------
    statements
        The parsed code.
    line_count
        How many lines the code has.
    whole_cell
        Whether it is the body of a cell magic, else the rest of a line.
    measures
        Whether the code is only run to see how long it takes.
    """

    statements: Sequence[ast.stmt]
    line_count: int
    whole_cell: bool
    measures: bool = False


def magic_code(call: ast.Call) -> MagicCode | None:
    """Give the code that a call into IPython runs, or None when it is another call.

    Parameters
    ----------
    call
        A call in a transformed cell; magics stand there as
        ``get_ipython().run_cell_magic('time', '', 'x = 1')``.

    Examples
    --------
    >>> call = ast.parse("get_ipython().run_line_magic('time', 'x = 1')").body[0].value
    >>> [type(s).__name__ for s in magic_code(call).statements]
    ['Assign']
    """
    match call:
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Name(id="get_ipython")),
                attr="run_cell_magic" | "run_line_magic" as kind,
            ),
            args=[ast.Constant(value=str(name)), ast.Constant(value=str(line)), *rest],
        ):
            pass
        case _:
            return None
    if kind == "run_line_magic":
        line = _FLAGS.sub("", line)  # which can be read as arithmetic
        statements = _parse_line(line) if name in _RUNS_PYTHON else []
        return MagicCode(statements, 1, whole_cell=False, measures=name in _MEASURING)
    if rest and isinstance(rest[0], ast.Constant) and isinstance(rest[0].value, str):
        code = rest[0].value
    else:
        return None
    statements = _parse(code) if name in _RUNS_PYTHON else []
    if name == "timeit":  # wrapped, so that what it binds stays within
        statements = [ast.Expr(_as_lambda(statements))] if statements else []
    measures = name in _MEASURING
    return MagicCode(statements, len(code.splitlines()), whole_cell=True, measures=measures)


def is_ipython_call(call: ast.Call) -> bool:
    """Say whether a call is what IPython makes of a magic or a shell line.

    Examples
    --------
    >>> is_ipython_call(ast.parse("get_ipython().system('ls')", mode="eval").body)
    True
    """
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")))):
            return True
        case _:
            return False


def _parse(code: str) -> Sequence[ast.stmt]:
    try:
        return parse_quietly(code).body
    except (SyntaxError, ValueError):
        pass
    # magics within magics are transformed only when the outer one runs
    from IPython.core.inputtransformer2 import TransformerManager

    manager: Any = TransformerManager
    try:
        return parse_quietly(str(manager().transform_cell(code))).body
    except (SyntaxError, ValueError):
        return []


def _parse_line(line: str) -> Sequence[ast.stmt]:
    """Parse what stands behind a line magic's options: from the first word on that can be."""
    position = 0
    while line[position:].strip():
        try:
            return parse_quietly(line[position:].strip()).body
        except (SyntaxError, ValueError):
            word = _WORD.match(line, position)
            position = word.end() if word else len(line)
    return []


def _as_lambda(statements: Sequence[ast.stmt]) -> ast.expr:
    """Give one expression that reads what the statements read, and binds nothing."""
    function = ast.FunctionDef(
        name="timeit",
        args=ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]),
        body=list(statements),
        decorator_list=[],
    )
    names = sorted(free_names(function))
    loads: list[ast.expr] = [ast.Name(n, ast.Load(), lineno=1, col_offset=0) for n in names]
    return ast.Tuple(loads, ast.Load(), lineno=1, col_offset=0)
