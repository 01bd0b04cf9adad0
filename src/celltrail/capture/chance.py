"""Whether a cell's results depend on the random numbers of the session."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from celltrail.capture.calls import found_at, functions_used, is_defined_in, words_of
from celltrail.capture.classes import package_of
from celltrail.capture.estimators import is_chancy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from celltrail.capture.usage import CallSite

__all__ = ["depends_on_chance"]

#: Modules and functions that draw, by their names.
_DRAW = frozenset(
    {
        "bernoulli", "beta", "binomial", "bootstrap", "choice", "choices", "dirichlet",
        "exponential", "gamma", "gauss", "multinomial", "multivariate_normal", "normal",
        "permutation", "poisson", "rand", "randint", "randn", "random", "random_sample",
        "random_split", "resample", "rvs", "sample", "shuffle", "standard_normal", "uniform",
    }
)  # fmt: skip
#: Functions that draw unless they are given a generator or a seed.
_TRAIN = frozenset(
    {
        "backward", "cross_val_predict", "cross_val_score", "cross_validate", "fit", "fit_predict",
        "fit_transform", "learn", "learning_curve", "optimize", "partial_fit", "train",
        "train_test_split", "validation_curve",
    }
)  # fmt: skip
_MAY = _DRAW | _TRAIN
#: Those of them that draw only where the model, their first argument, does.
_BY_MODEL = frozenset(
    {"cross_val_predict", "cross_val_score", "cross_validate", "learning_curve", "validation_curve"}
)
_GIVEN = frozenset({"generator", "key", "random_seed", "random_state", "rng", "seed"})


def depends_on_chance(calls: Iterable[CallSite], namespace: Mapping[str, object]) -> bool:
    """Say whether calls look as if they drew random numbers of the session's own generators.

    Where a call is given a seed, those that train are taken to be determined by it.

    Parameters
    ----------
    calls
        The calls of a cell.
    namespace
        The notebook's names after the cell. Functions defined there may draw where their
        code names something that does; estimators, where they take a ``random_state``.

    Examples
    --------
    >>> import ast
    >>> from celltrail.capture.usage import usage_of
    >>> def calls(code): return usage_of(ast.parse(code).body).calls
    >>> depends_on_chance(calls("x = np.random.rand(3)"), {})
    True
    >>> depends_on_chance(calls("SVC(random_state=1).fit(x, y)"), {})
    False
    """
    seeded = trains = False
    for call in calls:
        if call.draws:
            continue
        parts = {*call.path, *call.receiver}
        if parts & _DRAW:
            return True
        seeded |= not _GIVEN.isdisjoint({*call.keywords, *call.named})
        if not parts.isdisjoint(_TRAIN):
            trains |= not _is_determined(call, namespace)
        else:
            trains |= _names_chance(call.path[0], namespace)
    return trains and not seeded


def _names_chance(name: str, namespace: Mapping[str, object]) -> bool:
    """Say whether a function of the notebook, or one that it uses, names what draws."""
    if not is_defined_in(namespace, namespace.get(name)):
        return False
    used = functions_used([name], namespace)
    return any(not _MAY.isdisjoint(words_of(function.__code__)) for _, function in used)


def _is_determined(call: CallSite, namespace: Mapping[str, object]) -> bool:
    """Say whether what trains is known to take no random numbers but those of its own seed."""
    found, is_method = found_at(call.receiver or call.path, namespace)
    if not (is_method or call.receiver):  # a function: cross_val_score(model, x, y)
        if call.name not in _BY_MODEL or not call.args:
            return False
        model = call.args[0]
        found = namespace.get(model.id) if isinstance(model, ast.Name) else None
    kind = found if issubclass(type(found), type) else type(found)
    package = package_of(kind)  # type: ignore[arg-type]
    return package == "statsmodels" or (package == "sklearn" and not is_chancy(found))
