"""The metrics in the value that a cell shows at its end."""

from __future__ import annotations

import ast
from typing import Any

from celltrail.capture.binds import is_size
from celltrail.capture.values import Nothing, number
from celltrail.model import Inferred

__all__ = ["result_metrics"]

_MAX_METRICS = 200
_REASON = "value of the last line"
#: Calls that say nothing of what their number is.
_WRAPPERS = {
    "abs", "float", "int", "item", "max", "mean", "median", "min", "round", "std", "sum",
}  # fmt: skip


def result_metrics(expression: ast.expr, value: object) -> dict[str, Inferred]:
    """Give the metrics of a cell's last expression.

    Parameters
    ----------
    expression
        The expression, which gives the metric its name.
    value
        Its value: a number, or a dict of numbers, which may be nested.

    Returns
    -------
    dict
        Name to value with reason; empty for anything else, and for a bare name, which is
        a metric where it is computed.

    Examples
    --------
    >>> node = ast.parse("model.score(X, y)", mode="eval").body
    >>> result_metrics(node, 0.9)
    {'score': Inferred(value=0.9, reason='value of the last line')}
    """
    if type(value) is dict:
        return _mapping_metrics("", value) or {}
    if isinstance(expression, ast.Name) or is_size(expression):
        return {}
    measured = number(value)
    if isinstance(measured, Nothing):
        return {}
    return {_name_of(expression): Inferred(measured, _REASON)}


def _name_of(expression: ast.expr) -> str:
    match expression:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            pass
        case ast.Attribute(attr=name):
            pass
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            pass
        case _:
            return "result"
    if name in _WRAPPERS or name.startswith("_"):
        return "result"
    return name


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
