"""How a cell binds a name: by a literal, by computing, by counting, as a loop target."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from celltrail.capture.literals import NOT_LITERAL, literal_value
from celltrail.capture.measures import is_measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Bind", "BindKind", "bind_pairs", "is_size", "resolved"]

#: Calls whose number says something about sizes, clocks or identities, not about a result.
_CLOCKS = {
    "clock", "clock_gettime", "default_timer", "monotonic", "monotonic_ns", "now", "perf_counter",
    "perf_counter_ns", "process_time", "time", "time_ns", "timer", "today", "utcnow",
}  # fmt: skip
_BOOKKEEPING = _CLOCKS | {
    "argmax", "argmin", "bisect", "bisect_left", "cpu_count", "device_count", "find", "get_loc",
    "getpid", "hash", "id", "idxmax", "idxmin", "index", "input", "len", "nunique", "ord",
    "randint", "searchsorted",
}  # fmt: skip
_SIZES = {"ndim", "nbytes", "shape", "size", "n_features_in_", "n_iter_", "n_clusters"}
_ROUNDING = {"abs", "ceil", "floor", "int", "max", "min", "round"}


class BindKind(Enum):
    """The ways in which a cell gives a name its value."""

    LITERAL = "literal"
    COPY = "copy"  # x = y
    COMPUTED = "computed"
    COUNTER = "counter"  # i += 1
    SIZE = "size"  # len(x), x.shape, a clock
    LOOP = "loop"
    OTHER = "other"  # import, def, class, with, except


@dataclass(frozen=True, slots=True)
class Bind:
    """One place where a cell binds a name.

    Parameters
    ----------
    kind
        By what.
    line
        Line in the cell, from 1.
    sure
        False inside of ``if``, loops and ``try``, where it may not come to it.
    literal
        The literal's value, else ``NOT_LITERAL``.
    source
        The copied name, for ``COPY``.
    value
        The expression that is assigned, where it is one name's alone.
    looped
        Whether it stands in a loop.
    """

    kind: BindKind
    line: int
    sure: bool = True
    literal: Any = NOT_LITERAL
    source: str = ""
    value: ast.expr | None = None
    looped: bool = False


def bind_pairs(target: ast.expr, value: ast.expr, sure: bool) -> list[tuple[str, Bind]]:
    """Give the names that ``target = value`` binds, each with how.

    Parameters
    ----------
    target, value
        The two sides of an assignment.
    sure
        Whether the assignment is certainly run.

    Returns
    -------
    list of (str, Bind)
        Tuples are taken apart pairwise where both sides have the same length; stores
        into attributes and items bind no name.
    """
    if isinstance(target, ast.Name):
        return [(target.id, _classify(target.id, value, target.lineno, sure))]
    if isinstance(target, ast.Starred):
        return bind_pairs(target.value, value, sure)
    if not isinstance(target, (ast.Tuple, ast.List)):
        return []
    parts: list[ast.expr] = [value] * len(target.elts)
    if (
        isinstance(value, (ast.Tuple, ast.List))
        and len(value.elts) == len(target.elts)
        and not any(isinstance(e, ast.Starred) for e in [*target.elts, *value.elts])
    ):
        parts = value.elts
    return [
        pair for t, v in zip(target.elts, parts, strict=True) for pair in bind_pairs(t, v, sure)
    ]


def _classify(name: str, value: ast.expr, line: int, sure: bool) -> Bind:
    literal = literal_value(value)
    if literal is not NOT_LITERAL:
        return Bind(BindKind.LITERAL, line, sure, literal)
    if isinstance(value, ast.Name):
        return Bind(BindKind.COPY, line, sure, source=value.id)
    if _counts(name, value):
        return Bind(BindKind.COUNTER, line, sure)
    kind = BindKind.SIZE if is_size(value) else BindKind.COMPUTED
    return Bind(kind, line, sure, value=value)


def _counts(name: str, value: ast.expr) -> bool:
    """Say whether the value is ``name + 1`` or the like."""
    return (
        isinstance(value, ast.BinOp)
        and isinstance(value.op, (ast.Add, ast.Sub))
        and isinstance(value.left, ast.Name)
        and value.left.id == name
        and isinstance(value.right, ast.Constant)
        and type(value.right.value) is int
    )


def is_size(value: ast.expr) -> bool:
    """Say whether an expression gives a size, a clock or an identity, not a result."""
    match value:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments):
            if name in _BOOKKEEPING:
                return True
            # not `is_size` of each too: both would ask of all that is within
            rounded = name in _ROUNDING and not all(isinstance(a, ast.Constant) for a in arguments)
            return rounded and all(map(_is_extent, arguments))
        case ast.BinOp(left=left, op=operator, right=right):
            # len(x) // batch, int(0.8 * len(x)): but not correct / len(x), nor time() - start
            if isinstance(operator, ast.FloorDiv) and _is_extent(left):
                return True
            both = _is_extent(left) and _is_extent(right)
            return both and (is_size(left) or is_size(right))
        case ast.Attribute(attr=name) | ast.Subscript(value=ast.Attribute(attr=name)):
            return name in _SIZES
        case _:
            return False


def _is_extent(value: ast.expr) -> bool:
    """Say whether an expression is made of sizes and literals alone."""
    if isinstance(value, ast.Constant):
        return True
    match value:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _CLOCKS:
            return False
        case ast.BinOp(left=left, right=right):
            return _is_extent(left) and _is_extent(right)
        case _:
            return is_size(value)


def resolved(bind: Bind, binds: Mapping[str, Sequence[Bind]]) -> BindKind:
    """Say what a binding is, with a copy of a computed value being computed.

    Parameters
    ----------
    bind
        One binding of a name.
    binds
        All that the cell binds.
    """
    if bind.kind is not BindKind.COPY:
        return bind.kind
    source = binds.get(bind.source)
    if source is None:
        return BindKind.COPY
    if all(b.kind is BindKind.LITERAL for b in source):
        return BindKind.COPY
    if all(b.kind in (BindKind.LOOP, BindKind.COUNTER, BindKind.SIZE) for b in source):
        return BindKind.COMPUTED if is_measure(bind.source) else BindKind.SIZE
    return BindKind.COMPUTED
