"""Evaluate literal expressions of source code, without running anything."""

from __future__ import annotations

import ast
import math
import operator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NOT_LITERAL", "NotLiteral", "literal_value"]

_MAX_ITEMS = 200
_MAX_POWER = 64
#: Powers of powers grow fast, and larger numbers are no settings.
_MAX_BITS = 10_000


class NotLiteral:
    """The type of :data:`NOT_LITERAL`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOT_LITERAL"


#: Stands where an expression is no literal: None is a literal, so it cannot say it.
NOT_LITERAL: Final = NotLiteral()

#: Constants of numpy and of math, under the names that these mostly go by.
_CONSTANTS = {name: getattr(math, name) for name in ("e", "inf", "nan", "pi", "tau")}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def literal_value(node: ast.expr) -> Any:
    """Give the value of an expression that consists of literals only.

    Parameters
    ----------
    node
        An expression of a parsed cell.

    Returns
    -------
    object
        A number, string, bool, None, list, tuple or dict of those; ``NOT_LITERAL`` for
        everything else. Arithmetic of numbers (``60 * 60``, ``2 * np.pi``) is literal too.

    Examples
    --------
    >>> literal_value(ast.parse("[-1, 2 * 3]", mode="eval").body)
    [-1, 6]
    >>> literal_value(ast.parse("f(1)", mode="eval").body)
    NOT_LITERAL
    """
    match node:
        case ast.Constant(value=value):
            plain = value is None or type(value) in (bool, int, float, str)
            return value if plain else NOT_LITERAL
        case ast.UnaryOp() | ast.BinOp():
            return _arithmetic(node)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            values = _all_literal(items)
            if isinstance(values, NotLiteral):
                return NOT_LITERAL
            return tuple(values) if isinstance(node, ast.Tuple) else values
        case ast.Dict(keys=keys, values=items):
            return _mapping(keys, items)
        case ast.Attribute(value=ast.Name(id="math" | "np" | "numpy"), attr=name):
            return _CONSTANTS.get(name, NOT_LITERAL)
        case _:
            return NOT_LITERAL


def _all_literal(items: list[ast.expr]) -> list[Any] | NotLiteral:
    if len(items) > _MAX_ITEMS:
        return NOT_LITERAL
    values = [literal_value(item) for item in items]
    return NOT_LITERAL if any(v is NOT_LITERAL for v in values) else values


def _mapping(keys: list[ast.expr | None], items: list[ast.expr]) -> Any:
    names = [k.value for k in keys if isinstance(k, ast.Constant) and type(k.value) is str]
    values = _all_literal(items)
    if isinstance(values, NotLiteral) or len(names) != len(values):
        return NOT_LITERAL
    return dict(zip(names, values, strict=True))


def _arithmetic(node: ast.UnaryOp | ast.BinOp) -> Any:
    if isinstance(node, ast.UnaryOp):
        operands = [literal_value(node.operand)]
        apply: Callable[..., Any] | None = _UNARY.get(type(node.op))
    else:
        operands = [literal_value(node.left), literal_value(node.right)]
        apply = _BINARY.get(type(node.op))
    if apply is None or any(type(v) not in (int, float) for v in operands):
        return NOT_LITERAL
    if (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow)
        and abs(operands[1]) > _MAX_POWER
    ):
        return NOT_LITERAL  # 9**9**9 would take for ever
    try:
        value = apply(*operands)
    except (ArithmeticError, ValueError):
        return NOT_LITERAL
    if type(value) is int and value.bit_length() > _MAX_BITS:
        return NOT_LITERAL
    return value if type(value) in (int, float) else NOT_LITERAL
