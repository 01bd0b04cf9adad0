"""Literal arguments of the calls that matter: constructors of models, splits, fits, seeds."""

from __future__ import annotations

import ast
from types import BuiltinFunctionType, BuiltinMethodType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from celltrail.capture.calls import found_at, is_defined_in
from celltrail.capture.classes import class_dict, mro_of
from celltrail.capture.literals import NOT_LITERAL, literal_value
from celltrail.capture.plots import is_appearance, is_plot_name
from celltrail.capture.usage import is_technical
from celltrail.capture.values import flat
from celltrail.model import Inferred

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from celltrail.capture.usage import CallSite
    from celltrail.model import ParamValue

__all__ = ["keyword_params", "seed_params"]

#: Libraries whose calls steer what comes out.
_PACKAGES = frozenset(
    {
        "accelerate", "bayes_opt", "catboost", "causalml", "cuml", "darts", "datasets",
        "deap", "econml", "fastai", "flax", "gensim", "GPy", "gpytorch", "gymnasium", "hdbscan",
        "hmmlearn", "hyperopt", "imblearn", "implicit", "jax", "keras", "lifelines", "lightgbm",
        "lightning", "linearmodels", "lmfit", "mlxtend", "ngboost", "nltk", "optax", "optuna",
        "peft", "pgmpy", "pingouin", "pmdarima", "prophet", "pymc", "pyod", "pytorch_lightning",
        "pytorch_tabnet", "ray", "scikitplot", "sentence_transformers", "shap", "skopt", "sklearn",
        "sklearnex", "sksurv", "sktime", "spacy", "stable_baselines3", "statsmodels", "surprise",
        "tensorflow", "tf_keras", "timm", "tokenizers", "torch", "torchvision", "transformers",
        "trl", "tsfresh", "tslearn", "umap", "xgboost", "category_encoders", "feature_engine",
    }
)  # fmt: skip
#: Of these only some parts do; others make and shape data.
_PARTS = {
    "scipy": ("stats", "optimize", "cluster", "integrate", "signal", "interpolate"),
    "torch": ("nn", "optim", "utils"),
    "jax": ("example_libraries",),
}
#: Methods of frames, in which results often come.
_OF_FRAMES = frozenset(
    {
        "agg", "apply", "astype", "corr", "describe", "drop", "dropna", "fillna", "filter",
        "groupby", "join", "merge", "pivot", "pivot_table", "quantile", "query", "rename",
        "reset_index", "round", "sort_index", "sort_values", "to_csv", "to_excel", "to_html",
        "to_latex", "to_parquet", "to_string",
    }
)  # fmt: skip
#: Where functions set the seed of random numbers, and what they are called.
_SEEDS = frozenset(
    {
        "seed", "manual_seed", "manual_seed_all", "set_seed", "set_random_seed", "default_rng",
        "RandomState", "seed_everything", "PRNGKey",
    }
)  # fmt: skip
_FUNCTIONS = (FunctionType, BuiltinFunctionType, BuiltinMethodType)


def keyword_params(
    calls: Iterable[CallSite], namespace: Mapping[str, object]
) -> dict[str, Inferred]:
    """Give the literal arguments of calls that matter, as ``Callee.keyword``.

    Arguments without a keyword count where the notebook itself defines what is called.

    Parameters
    ----------
    calls
        The calls of a cell.
    namespace
        The notebook's names; what is called is looked up in it and in modules, and nothing
        is asked of any object.

    Returns
    -------
    dict
        What is called several times with different values has them all, in a list.

    Examples
    --------
    >>> import ast
    >>> from celltrail.capture.usage import usage_of
    >>> code = "def fit(depth): pass"
    >>> space = {"__name__": "__main__"}
    >>> exec(code, space)
    >>> keyword_params(usage_of(ast.parse("fit(depth=3)").body).calls, space)["fit.depth"].value
    3
    """
    found: dict[str, list[ParamValue]] = {}
    lines: dict[str, int] = {}
    for call in calls:
        if call.draws or not (call.keywords or call.args) or not _matters(call, namespace):
            continue
        for keyword, given in {**_by_place(call, namespace), **call.keywords}.items():
            for key, value in flat(f"{call.name}.{keyword}", given).items():
                found.setdefault(key, []).append(value)
                lines.setdefault(key, call.line)
    return {
        key: Inferred(
            values[0] if all(_same(values[0], v) for v in values) else values,
            f"given to {key.partition('.')[0]}() on line {lines[key]}",
        )
        for key, values in found.items()
    }


def seed_params(
    calls: Iterable[CallSite], namespace: Mapping[str, object], *, by_name: bool = False
) -> dict[str, Inferred]:
    """Give the seeds that a cell sets by literals, by the function that takes them.

    Parameters
    ----------
    calls, namespace
        As for `keyword_params`.
    by_name
        Whether also those that are set by a name, ``random.seed(SEED)``; in the cell itself
        that name is the param.

    Examples
    --------
    >>> import ast, random
    >>> from celltrail.capture.usage import usage_of
    >>> calls = usage_of(ast.parse("random.seed(3)").body).calls
    >>> seed_params(calls, {"random": random})
    {'random.seed': Inferred(value=3, reason='seed set on line 1')}
    """
    found = {}
    for call in calls:
        if call.name not in _SEEDS or call.receiver:
            continue
        value = call.keywords.get("seed", NOT_LITERAL)
        if call.args:
            value = literal_value(call.args[0])
            if by_name and isinstance(call.args[0], ast.Name):
                value = namespace.get(call.args[0].id, NOT_LITERAL)
        if type(value) is int:
            found[_full_name(call, namespace)] = Inferred(value, f"seed set on line {call.line}")
    return found


def _full_name(call: CallSite, namespace: Mapping[str, object]) -> str:
    """Give a call's name with the module's own in the place of what it is imported as."""
    root = namespace.get(call.path[0])
    if type(root) is ModuleType and len(call.path) > 1:
        return ".".join([_module_name(root), *call.path[1:]])
    if len(call.path) == 1 and call.name == "default_rng":
        return "numpy.random.default_rng"
    return ".".join(call.path)


def _matters(call: CallSite, namespace: Mapping[str, object]) -> bool:
    if "Display" in call.name or "summary" in call.name or is_plot_name(call.name):
        return False
    found, is_method = found_at(call.receiver or call.path, namespace)
    if found is None or (call.receiver and call.name in _OF_FRAMES):
        return False
    if is_method and not call.receiver:
        return _is_ours(type(found), namespace) or _is_package(type(found))
    return _is_function_that_matters(found, namespace)


def _by_place(call: CallSite, namespace: Mapping[str, object]) -> dict[str, Any]:
    """Give the literal arguments without a keyword, by the names in the notebook's own code."""
    if call.receiver or not call.args:
        return {}
    found, is_method = found_at(call.path, namespace)
    if is_method and len(call.path) > 2:
        return {}  # of something within it
    kind = found if issubclass(type(found), type) else type(found)
    function = found
    if type(found) is not FunctionType:
        name = call.name if is_method else "__init__"
        if not _is_ours(kind, namespace):  # type: ignore[arg-type]
            return {}
        ways = (class_dict(base).get(name) for base in mro_of(kind))  # type: ignore[arg-type]
        function = next((way for way in ways if way is not None), None)
    elif not (is_defined_in(namespace, found) or _was_made_here(found, namespace)):
        return {}
    if type(function) is not FunctionType:
        return {}
    code = function.__code__
    names = code.co_varnames[function is not found : code.co_argcount]
    given = {}
    for name, item in zip(names, call.args, strict=False):
        if isinstance(item, ast.Starred):
            break
        value = literal_value(item)
        if value is not NOT_LITERAL and not (is_technical(name) or _says_who(name)):
            given[name] = value
    return given


def _says_who(name: str) -> bool:
    """Say whether an argument takes a text for people to read."""
    return is_appearance(name) or name in {"name", "label", "message", "msg", "text"}


def _is_function_that_matters(found: object, namespace: Mapping[str, object]) -> bool:
    kind = type(found)
    if issubclass(kind, type):
        if any("__dataclass_fields__" in class_dict(base) for base in mro_of(found)):  # type: ignore[arg-type]
            return False  # its fields are taken from the instance
        return _is_ours(found, namespace) or _is_package(found)  # type: ignore[arg-type]
    if kind is FunctionType:
        function: Any = found
        if is_defined_in(namespace, found) or _was_made_here(function, namespace):
            return True
        return _counts(function.__globals__.get("__name__", ""))
    if any(kind is function for function in _FUNCTIONS):
        return False
    # an object that can be called: of a library, or of the notebook's own class
    return _is_ours(kind, namespace) or _is_package(kind)


def _was_made_here(function: Any, namespace: Mapping[str, object]) -> bool:
    name = function.__globals__.get("__name__")
    return type(name) is str and name == "__main__" and namespace.get("__name__") == "__main__"


def _is_ours(kind: type, namespace: Mapping[str, object]) -> bool:
    """Say whether a class is defined in the notebook."""
    module = type.__dict__["__module__"].__get__(kind)
    return type(module) is str and module in ("__main__", namespace.get("__name__"))


def _is_package(kind: type) -> bool:
    return _counts(type.__dict__["__module__"].__get__(kind))


def _counts(module: object) -> bool:
    """Say whether what is in a module steers what comes out."""
    if type(module) is not str:
        return False
    package, _, rest = module.partition(".")
    if package in _PARTS:
        return rest.partition(".")[0] in _PARTS[package]
    return package in _PACKAGES


def _module_name(module: ModuleType) -> str:
    name = ModuleType.__getattribute__(module, "__dict__").get("__name__")
    return name if type(name) is str else ""


def _same(first: object, second: object) -> bool:
    same = first == second or (first != first and second != second)  # NaN is itself
    return type(first) is type(second) and same
