"""Numbers that a cell collects: one for each epoch, fold or trial."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celltrail.capture.classes import known_class
from celltrail.capture.measures import is_measure
from celltrail.capture.values import NOTHING, Nothing, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from celltrail.model import Number

__all__ = ["Series", "appended_series", "folds", "function_of", "numbers_in"]

_MAX_POINTS = 100_000
_MIN_POINTS = 2
#: Functions that give one number for each fold.
_BY_FOLD = frozenset({"cross_val_score", "cross_validate", "permutation_test_score"})


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers in the order in which they came.

    Parameters
    ----------
    values
        One for each step.
    reason
        Why they were recorded.
    steps
        The steps, which count from 0 where they are not given.
    """

    values: Sequence[Number]
    reason: str
    steps: Sequence[int] | None = None

    def __iter__(self) -> Iterator[tuple[int, Number]]:
        steps = range(len(self.values)) if self.steps is None else self.steps
        return zip(steps, self.values, strict=True)


def numbers_in(value: object) -> list[Number] | None:
    """Give the numbers of a list or of a short one-dimensional array, or None.

    Examples
    --------
    >>> numbers_in([0.5, 1]), numbers_in([0.5, "x"]), numbers_in(3)
    ([0.5, 1], None, None)
    """
    if type(value) is known_class("numpy", "ndarray"):
        array: Any = value
        if array.ndim != 1 or array.dtype.kind not in "iuf" or len(array) > _MAX_POINTS:
            return None
        found: list[Any] = array.tolist()
    elif type(value) is list or type(value) is tuple:
        if len(value) > _MAX_POINTS:
            return None
        found = []
        for one in list(value):
            measured = number(one)
            if isinstance(measured, Nothing) or type(one) is bool:
                return None
            found.append(measured)
    else:
        return None
    return found if len(found) >= _MIN_POINTS else None


def appended_series(
    appended: Mapping[str, ast.expr], looped: set[str], namespace: Mapping[str, object]
) -> dict[str, Series]:
    """Give the lists of numbers that loops of a cell filled, one number a round.

    Parameters
    ----------
    appended
        List (or ``mapping.key``) to what is appended.
    looped
        Targets of the loops: a list of those is a list of settings or indices.
    namespace
        The names after the cell.
    """
    found = {}
    for name, item in appended.items():
        if not name or name.startswith("_"):
            continue
        if isinstance(item, ast.Name) and item.id in looped:
            continue
        root, _, key = name.partition(".")
        value = namespace.get(root, NOTHING)
        if key:
            value = value.get(key, NOTHING) if type(value) is dict else NOTHING
        values = numbers_in(value)
        if values is None:
            continue
        if all(type(v) is int for v in values) and not is_measure(name):
            continue  # indices, sizes, labels
        found[name] = Series(values, "filled by a loop of the cell")
    return found


def folds(name: str, call: ast.expr | None, value: object) -> dict[str, Series]:
    """Give the scores of folds that scikit-learn's cross-validation returned.

    Parameters
    ----------
    name
        What they are assigned to.
    call
        The expression that they are assigned.
    value
        What it gave: an array, or for ``cross_validate`` a mapping of arrays.
    """
    function = function_of(call)
    if function not in _BY_FOLD:
        return {}
    reason = f"one for each fold of {function}()"
    values = numbers_in(value)
    if values is not None:
        return {name: Series(values, reason)}
    if type(value) is not dict:
        return {}
    parts = {key: numbers_in(part) for key, part in value.items() if type(key) is str}
    return {f"{name}.{key}": Series(v, reason) for key, v in parts.items() if v is not None}


def function_of(expression: ast.expr | None) -> str:
    """Give the name of the function that an expression calls, empty where it calls none."""
    match expression:
        case ast.Call(func=ast.Name(id=function) | ast.Attribute(attr=function)):
            return function
        case ast.UnaryOp(op=ast.USub(), operand=inner):  # of scores that are negative errors
            return function_of(inner)
        case _:
            return ""
