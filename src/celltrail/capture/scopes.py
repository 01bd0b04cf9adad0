"""Which names a function takes from outside of itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["free_names", "target_names"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def target_names(target: ast.expr) -> list[str]:
    """Give the names that an assignment or loop target binds.

    Examples
    --------
    >>> target_names(ast.parse("a, (b, *c), d.e = x").body[0].targets[0])
    ['a', 'b', 'c']
    """
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Starred):
        return target_names(target.value)
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for part in target.elts for name in target_names(part)]
    return []


def free_names(function: _Function) -> set[str]:
    """Give the names that a function's body reads and does not bind itself.

    Parameters
    ----------
    function
        A function or lambda of a parsed cell.

    Returns
    -------
    set of str
        Globals and builtins alike, those of functions within it included.

    Examples
    --------
    >>> sorted(free_names(ast.parse("def f(a): b = a * lr; return b").body[0]))
    ['lr']
    """
    reads: set[str] = set()
    own = _argument_names(function.args)
    outer: set[str] = set()
    for node in _own_nodes(function):
        if isinstance(node, ast.Name):
            (reads if isinstance(node.ctx, ast.Load) else own).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            reads |= free_names(node)
            own |= {node.name} if not isinstance(node, ast.Lambda) else set()
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            own |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            outer |= set(node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            own.add(node.name)
    return reads - (own - outer)


def _argument_names(arguments: ast.arguments) -> set[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return {a.arg for a in every}


def _own_nodes(function: _Function) -> Iterator[ast.AST]:
    """Walk a function's body, without the bodies of the functions within it."""
    todo: list[ast.AST] = (
        [function.body] if isinstance(function, ast.Lambda) else list(function.body)
    )
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(node))
