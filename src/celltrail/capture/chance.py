"""Whether a cell's results depend on the random numbers of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.capture.calls import is_defined_in

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
_GIVEN = frozenset({"generator", "key", "random_seed", "random_state", "rng", "seed"})


def depends_on_chance(calls: Iterable[CallSite], namespace: Mapping[str, object]) -> bool:
    """Say whether calls look as if they drew random numbers of the session's own generators.

    Where a call is given a seed, those that train are taken to be determined by it.

    Parameters
    ----------
    calls
        The calls of a cell.
    namespace
        The notebook's names; what functions defined there do is not known, so they may draw.

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
        parts = {*call.path, *call.receiver}
        if parts & _DRAW:
            return True
        seeded |= not _GIVEN.isdisjoint({*call.keywords, *call.named})
        is_ours = is_defined_in(namespace, namespace.get(call.path[0]))
        trains |= is_ours or not parts.isdisjoint(_TRAIN)
    return trains and not seeded
