"""The metrics in the value that a cell shows at its end."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from celltrail.capture.binds import is_size
from celltrail.capture.looks import is_look
from celltrail.capture.measures import is_measure
from celltrail.capture.values import Nothing, is_check, known_class, number
from celltrail.model import Inferred

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["name_of", "result_metrics", "unwrapped"]

_MAX_METRICS = 200
_REASON = "value of the last line"
#: Calls that say nothing of what their number is.
_WRAPPERS = {"abs", "float", "int", "item", "print", "display", "round", "squeeze"}
#: Methods of which it matters of what they were called.
_STATISTICS = {
    "count", "kurt", "max", "mean", "median", "min", "mode", "prod", "quantile", "sem", "skew",
    "std", "sum", "var",
}  # fmt: skip
#: Whose functions are named after what they are given.
_MODULES = {"np", "numpy", "math", "statistics", "torch", "jnp"}


def result_metrics(expression: ast.expr, value: object) -> dict[str, Inferred]:
    """Give the metrics of a cell's last expression.

    Parameters
    ----------
    expression
        The expression, which gives the metric its name.
    value
        Its value: a number; a tuple, of which those that are called as measures are taken; a
        dict of numbers, which may be nested; a pandas frame of one row, whose columns of
        numbers are taken.

    Returns
    -------
    dict
        Name to value with reason; empty for anything else, for checks, and for a bare name,
        which is a metric where it is computed.

    Examples
    --------
    >>> node = ast.parse("model.score(X, y)", mode="eval").body
    >>> result_metrics(node, 0.9)
    {'score': Inferred(value=0.9, reason='value of the last line')}
    """
    if type(value) is dict:
        found = _mapping_metrics("", value) or {}
        return {} if _are_settings(name_of(expression), found) else found
    if type(value) is known_class("pandas", "DataFrame"):
        found = _row_metrics(value)
        if is_look(expression):  # a row of the data, but for what is called a measure
            return {name: metric for name, metric in found.items() if is_measure(name)}
        return found
    if isinstance(expression, ast.Tuple) and type(value) is tuple:
        return _tuple_metrics(expression.elts, value)
    if isinstance(expression, (ast.Name, ast.Compare, ast.BoolOp)) or is_size(expression):
        return {}
    if isinstance(expression, ast.Subscript) and not is_measure(name_of(expression)):
        return {}  # an item of the data
    measured = number(value)
    if isinstance(measured, Nothing) or is_check(value):
        return {}
    return {name_of(expression): Inferred(measured, _REASON)}


def _tuple_metrics(parts: list[ast.expr], values: tuple[Any, ...]) -> dict[str, Inferred]:
    """Give the metrics in a tuple; of those with the same name each gets a number."""
    if len(parts) != len(values) or any(isinstance(part, ast.Starred) for part in parts):
        return {}
    found: list[tuple[str, Inferred]] = []
    for part, value in zip(parts, values, strict=True):
        name = name_of(part)
        if not isinstance(part, ast.Name) and is_measure(name):
            found += [(name, metric) for metric in result_metrics(part, value).values()]
    names = [name for name, _ in found]
    numbered = {}
    for place, (name, metric) in enumerate(found):
        count = names[: place + 1].count(name)
        numbered[name if names.count(name) == 1 else f"{name}_{count}"] = metric
    return numbered


def _are_settings(name: str, found: Mapping[str, Inferred]) -> bool:
    """Say whether a mapping of numbers holds settings or indices, not what was measured."""
    if re.search(r"(?:^|_)(?:params?|parameters|settings|config|args|options)_?$", name):
        return True
    whole = all(type(metric.value) is int for metric in found.values())
    return whole and not any(map(is_measure, (name, *found)))


def _row_metrics(frame: Any) -> dict[str, Inferred]:
    """Give the numbers of a frame of one row, by the names of its columns."""
    if frame.shape[0] != 1 or frame.shape[1] > _MAX_METRICS:
        return {}
    found = {}
    for place, column in enumerate(list(frame.columns)):
        measured = number(frame.iat[0, place])
        if type(column) is str and not isinstance(measured, Nothing):
            found[column] = Inferred(measured, _REASON)
    return found


def name_of(expression: ast.expr) -> str:
    """Name a number as its expression does; ``result`` where that says nothing.

    Parameters
    ----------
    expression
        What gives the number.

    Examples
    --------
    >>> name_of(ast.parse("round(df.age.mean(), 2)", mode="eval").body)
    'age.mean'
    >>> name_of(ast.parse("np.mean(cross_val_score(m, X, y))", mode="eval").body)
    'cross_val_score.mean'
    """
    match expression:
        case ast.Call() if (wrapped := unwrapped(expression)) is not None:
            return name_of(wrapped)
        case ast.Call() if (name := _function(expression)) in _STATISTICS:
            inner = _subject(expression)
            owner = None if inner is None else _owner(inner)
            return f"{owner}.{name}" if owner else name
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            pass
        case ast.Attribute(attr=name) | ast.Name(id=name):
            pass
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            pass
        case ast.Subscript(value=inner):
            return name_of(inner)
        case _:
            return "result"
    return "result" if name.startswith("_") else name


def unwrapped(call: ast.Call) -> ast.expr | None:
    """Give what a call like ``round(x, 2)``, ``np.round(x)`` or ``x.item()`` only wraps.

    Examples
    --------
    >>> ast.unparse(unwrapped(ast.parse("loss.round(4)", mode="eval").body))
    'loss'
    >>> unwrapped(ast.parse("fit(x)", mode="eval").body) is None
    True
    """
    return _subject(call) if _function(call) in _WRAPPERS else None


def _function(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _subject(call: ast.Call) -> ast.expr | None:
    """Give of what a function of a module, or a method, is asked."""
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module)), args=[inner, *_]) if (
            module in _MODULES
        ):
            return inner
        case ast.Call(func=ast.Attribute(value=inner)):
            return inner
        case ast.Call(func=ast.Name(id=name), args=[inner, *others]):
            return inner if name in _WRAPPERS or not others else None
        case _:
            return None


def _owner(inner: ast.expr) -> str | None:
    """Give of what a statistic is; modules, as in ``np.mean(x)``, are nobody's."""
    match inner:
        case ast.Call() if (wrapped := unwrapped(inner)) is not None:
            return _owner(wrapped)
        case ast.Name(id=name):
            return None if name in _MODULES else name
        case ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Call():
            name = _function(inner)
            if name not in _STATISTICS:
                return name
            deeper = _subject(inner)
            return None if deeper is None else _owner(deeper)
        case _:
            return None


def _mapping_metrics(prefix: str, value: dict[Any, Any]) -> dict[str, Inferred] | None:
    """Give a dict's numbers under dotted names, or None when it holds anything else."""
    if not value or len(value) > _MAX_METRICS:
        return None
    found: dict[str, Inferred] = {}
    for key, inner in value.copy().items():
        if type(key) is not str:
            return None
        name = f"{prefix}.{key}" if prefix else key
        if type(inner) is dict and prefix.count(".") < 3:
            nested = _mapping_metrics(name, inner)
            if nested is None:
                return None
            found.update(nested)
            continue
        measured = number(inner)
        if isinstance(measured, Nothing):
            return None
        found[name] = Inferred(measured, _REASON)
    return found if len(found) <= _MAX_METRICS else None
