"""Settings of estimators of scikit-learn's kind, read from what their instances hold."""

from __future__ import annotations

from inspect import CO_VARKEYWORDS
from types import FunctionType
from typing import TYPE_CHECKING, Any

from celltrail.capture.classes import class_dict, instance_dict, is_a, mro_of
from celltrail.capture.values import NOTHING, Nothing, plain
from celltrail.model import Inferred

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from celltrail.model import ParamValue

__all__ = ["estimator_params", "is_chancy", "is_estimator"]

#: Settings that say how much is told or how fast it goes, not what comes out.
_TECHNICAL = frozenset(
    {"copy_X", "n_jobs", "verbose", "verbosity", "memory", "copy", "nthread", "missing", "silent"}
)
#: Estimators, and the lists that hold them, such as a pipeline's steps.
_MAX_ESTIMATORS = 100
_MAX_WRAPPED = 5
#: What a class takes that may draw, itself or by estimators that it holds.
_HOLDING = frozenset(
    {
        "base_estimator", "classifier", "estimator", "estimators", "kernel_approximation",
        "random_state", "regressor", "steps", "transformer_list", "transformers",
    }
)  # fmt: skip


def is_estimator(value: object) -> bool:
    """Say whether an object is an estimator or transformer of scikit-learn's kind.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> is_estimator(SVC()), is_estimator(SVC)
    (True, False)
    """
    return is_a(value, "sklearn.base", "BaseEstimator")


def is_chancy(value: object) -> bool:
    """Say whether an estimator, or one within it, would draw random numbers nobody gave a seed.

    Parameters
    ----------
    value
        An estimator or a class of them, of which it is asked whether they take a
        ``random_state`` at all; of a class that holds others it is not known, so it may.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression, SGDRegressor
    >>> is_chancy(LinearRegression()), is_chancy(SGDRegressor()), is_chancy(SGDRegressor)
    (False, True, True)
    >>> is_chancy(SGDRegressor(random_state=1))
    False
    """
    if issubclass(type(value), type):
        return not _HOLDING.isdisjoint(_defaults(value))  # type: ignore[arg-type]
    return any(
        "random_state" in _defaults(kind) and own.get("random_state") is None
        for kind, own in _estimators(value)
    )


def estimator_params(name: str, value: object, known: Container[int] = ()) -> dict[str, Inferred]:
    """Give the settings of an estimator that differ from the defaults, as ``Class.setting``.

    Parameters
    ----------
    name
        The variable's name, for the reasons.
    value
        The estimator. Those within it, such as a pipeline's steps, are looked into too.
    known
        Ids of containers that are settings under names of their own.

    Returns
    -------
    dict
        Empty for anything that is no estimator.

    Notes
    -----
    ``get_params()`` would run the class's own code, and give every default. Instead, by the
    convention of scikit-learn ("Developing scikit-learn estimators"), every argument of
    ``__init__`` is an attribute of the same name: it is taken from the instance's dict, and
    its default from the function itself.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> {key: found.value for key, found in estimator_params("model", SVC(C=2.0)).items()}
    {'SVC.C': 2.0}
    """
    found: dict[str, list[ParamValue]] = {}
    for kind, own in _estimators(value):
        for setting, default in _defaults(kind).items():
            if setting in _TECHNICAL or setting not in own or id(own[setting]) in known:
                continue
            given = plain(own[setting])
            if isinstance(given, Nothing) or _same(given, plain(default)):
                continue
            found.setdefault(f"{kind.__qualname__}.{setting}", []).append(given)
    return {
        key: Inferred(values[0] if len(values) == 1 else _distinct(values), f"set in {name}")
        for key, values in found.items()
    }


def _distinct(values: list[ParamValue]) -> ParamValue:
    return values[0] if all(_same(values[0], v) for v in values) else values


def _estimators(value: object) -> Iterator[tuple[type, dict[str, Any]]]:
    """Walk through an estimator and those within it."""
    todo: list[object] = [value]
    seen: set[int] = set()
    while todo and len(seen) < _MAX_ESTIMATORS:
        one = todo.pop(0)
        if id(one) in seen:
            continue
        if type(one) is list or type(one) is tuple:
            seen.add(id(one))
            if len(one) <= _MAX_ESTIMATORS:  # steps, transformers, estimators of an ensemble
                todo.extend(one)
            continue
        if not is_estimator(one):
            continue
        seen.add(id(one))
        own = instance_dict(one)
        if own is None:
            continue
        kind = type(one)
        yield kind, own
        settings = _defaults(kind)
        todo.extend(own[name] for name in settings if name in own)


def _defaults(kind: type) -> Mapping[str, Any]:
    """Give the arguments that a class is made with, and their defaults.

    Those of its bases count only where it takes any keyword, to hand it on to them.
    """
    found: dict[str, Any] = {}
    for base in mro_of(kind):
        function = class_dict(base).get("__init__")
        for _ in range(_MAX_WRAPPED):
            if type(function) is FunctionType and "__wrapped__" in function.__dict__:
                function = function.__dict__["__wrapped__"]
        if type(function) is not FunctionType:
            continue
        code = function.__code__
        count, only = code.co_argcount, code.co_kwonlyargcount
        names = code.co_varnames[1 : count + only]
        defaults = function.__defaults__ or ()
        positional = code.co_varnames[count - len(defaults) : count]
        values = {**dict(zip(positional, defaults, strict=True)), **(function.__kwdefaults__ or {})}
        for name in names:
            found.setdefault(name, values.get(name, NOTHING))
        if not code.co_flags & CO_VARKEYWORDS:
            break
    return found


def _same(first: object, second: object) -> bool:
    """Compare two plain values."""
    same = first == second or (first != first and second != second)  # NaN is itself
    return type(first) is type(second) and same
