"""What frameworks report of a training, read from the objects in which they keep it.

Nothing is patched and no method is called: only dicts and lists that instances hold are read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from celltrail.capture.classes import instance_dict, is_a, known_class, package_of
from celltrail.capture.series import Series, numbers_in
from celltrail.capture.values import NOTHING, Nothing, number, plain
from celltrail.model import Inferred

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from celltrail.model import Number

__all__ = ["Reported", "reported"]

_MAX_ROUNDS = 100_000
_MAX_NAMES = 200
#: What a fitted search keeps of its best.
_SEARCHES = ("sklearn.model_selection._search", "BaseSearchCV")


@dataclass(slots=True)
class Reported:
    """What an object reports.

    Parameters
    ----------
    params, metrics
        By name, behind the variable's.
    series
        Metrics with steps.
    """

    params: dict[str, Inferred] = field(default_factory=dict)
    metrics: dict[str, Inferred] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.params or self.metrics or self.series)


def reported(name: str, value: object) -> Reported:
    """Read what an object of a framework that is known here reports.

    Parameters
    ----------
    name
        The variable's name.
    value
        Any object: histories of Keras, searches and iterative estimators of scikit-learn,
        boosters and estimators of XGBoost and LightGBM, mappings of evaluation results,
        results of statsmodels, as far as its summary was asked for, studies of Optuna,
        trainers of Lightning and of transformers.

    Examples
    --------
    >>> found = reported("results", {"train": {"rmse": [0.5, 0.4]}})
    >>> found.series["results.train.rmse"].values
    [0.5, 0.4]
    """
    found = Reported()
    if type(value) is dict:
        _evaluations(found, name, value)
        return found
    package = package_of(type(value))
    reader = _READERS.get(package)
    if reader is None and is_a(value, "sklearn.base", "BaseEstimator"):
        reader = _estimator
    if reader is not None:
        try:
            reader(found, name, value)
        except Exception:  # noqa: BLE001  # an object in no usual state, such as one not fitted: what was read stays
            return found
    return found


def _evaluations(found: Reported, name: str, value: Mapping[Any, Any]) -> None:
    """Read ``{"train": {"rmse": [...]}}``, as XGBoost and LightGBM fill it."""
    if not value or len(value) > _MAX_NAMES:
        return
    series: dict[str, Series] = {}
    for data, metrics in list(value.items()):
        if type(data) is not str or not _is_mapping(metrics) or not metrics:
            return
        for metric, values in list(metrics.items()):
            numbers = numbers_in(values) if type(metric) is str else None
            if numbers is None:
                return
            series[f"{name}.{data}.{metric}"] = Series(numbers, f"evaluated in each round: {name}")
    found.series.update(series)


def _is_mapping(value: object) -> bool:
    return type(value) is dict or type(value) is known_class("collections", "OrderedDict")


def _lists(found: Reported, name: str, lists: object, reason: str) -> None:
    """Take a mapping of lists of numbers."""
    if not _is_mapping(lists):
        return
    mapping: Any = lists
    for key, values in list(mapping.items())[:_MAX_NAMES]:
        numbers = numbers_in(values) if type(key) is str else None
        if numbers is not None:
            found.series[f"{name}.{key}"] = Series(numbers, reason)
        elif type(values) is list and len(values) == 1:
            _one(found, f"{name}.{key}", values[0], reason)


def _one(found: Reported, key: str, value: object, reason: str) -> None:
    measured = number(value)
    if not isinstance(measured, Nothing) and type(value) is not bool:
        found.metrics[key] = Inferred(measured, reason)


def _best(found: Reported, name: str, params: object, reason: str) -> None:
    if not _is_mapping(params):
        return
    mapping: Any = params
    for key, value in list(mapping.items())[:_MAX_NAMES]:
        setting = plain(value)
        if type(key) is str and not isinstance(setting, Nothing):
            found.params[f"{name}.best_params.{key}"] = Inferred(setting, reason)


def _keras(found: Reported, name: str, value: object) -> None:
    own = instance_dict(value) or {}
    _lists(found, name, own.get("history"), "reported by Keras for each epoch")


def _estimator(found: Reported, name: str, value: object) -> None:
    """Read a search, or an estimator that counts what it does."""
    own = instance_dict(value) or {}
    if is_a(value, *_SEARCHES):
        why = "found by the search"
        _one(found, f"{name}.best_score", own.get("best_score_", NOTHING), why)
        _best(found, name, own.get("best_params_"), why)
    for attribute in ("loss_curve_", "validation_scores_", "train_score_", "train_loss_"):
        values = numbers_in(own.get(attribute))
        if values is not None:
            key = f"{name}.{attribute.strip('_')}"
            found.series[key] = Series(values, f"reported in {name}.{attribute}")
    for attribute in ("evals_result_", "_evals_result"):
        evaluations = own.get(attribute)
        if _is_mapping(evaluations):
            _evaluations(found, name, evaluations)  # type: ignore[arg-type]


def _booster(found: Reported, name: str, value: object) -> None:
    _estimator(found, name, value)
    own = instance_dict(value) or {}
    best = own.get("best_score")
    if _is_mapping(best):
        for data, metrics in list(best.items()):  # type: ignore[union-attr]
            if type(data) is str and _is_mapping(metrics):
                for metric, score in list(metrics.items()):
                    if type(metric) is str:
                        _one(found, f"{name}.best.{data}.{metric}", score, "of the best round")
    iteration = own.get("best_iteration", own.get("_best_iteration"))
    if type(iteration) is int and iteration > 0:
        _one(found, f"{name}.best_iteration", iteration, "the best round")


def _study(found: Reported, name: str, value: Any) -> None:
    """Read the trials of a study of Optuna that keeps them in memory: no database is asked."""
    storage = (instance_dict(value) or {}).get("_storage")
    is_study = is_a(value, "optuna.study.study", "Study")
    if not is_study or not is_a(storage, "optuna.storages._in_memory", "InMemoryStorage"):
        return
    values: list[Number] = []
    for trial in value.get_trials(deepcopy=False)[:_MAX_ROUNDS]:
        trial_values = trial.values
        if trial_values and len(trial_values) == 1:
            values.append(float(trial_values[0]))
    why = "found by the study"
    if len(values) > 1:
        found.series[f"{name}.value"] = Series(values, f"one for each trial of {name}")
    if values:
        _one(found, f"{name}.best_value", value.best_value, why)
        _best(found, name, dict(value.best_params), why)


def _lightning(found: Reported, name: str, value: Any) -> None:
    if not any(is_a(value, m, "Trainer") for m in _LIGHTNING):
        return
    for key, item in list(dict(value.callback_metrics).items())[:_MAX_NAMES]:
        _one(found, f"{name}.{key}", item, "reported by Lightning")


_LIGHTNING = ("lightning.pytorch.trainer.trainer", "pytorch_lightning.trainer.trainer")


def _transformers(found: Reported, name: str, value: object) -> None:
    own = instance_dict(value) or {}
    state = instance_dict(own.get("state"))
    history = None if state is None else state.get("log_history")
    if type(history) is not list:
        return
    points: dict[str, tuple[list[int], list[Number]]] = {}
    for entry in history[:_MAX_ROUNDS]:
        step = entry.get("step") if type(entry) is dict else None
        if type(step) is not int:
            continue
        for key, item in entry.items():
            measured = number(item)
            if type(key) is str and key not in ("step", "epoch") and type(measured) is float:
                steps, values = points.setdefault(key, ([], []))
                steps.append(step)
                values.append(measured)
    for key, (steps, values) in list(points.items())[:_MAX_NAMES]:
        found.series[f"{name}.{key}"] = Series(values, "reported by the trainer", steps)


def _statsmodels(found: Reported, name: str, value: object) -> None:
    """Read how good a fit is, where ``summary()`` or the like has already computed it."""
    own = instance_dict(value) or {}
    inner = own.get("_results")
    kept = (own if inner is None else instance_dict(inner) or {}).get("_cache")
    if type(kept) is dict:
        for key in _GOODNESS & kept.keys():
            _one(found, f"{name}.{key}", kept[key], "computed by statsmodels")


#: How good a fit is, as results of statsmodels call it.
_GOODNESS = frozenset({"aic", "bic", "llf", "prsquared", "rsquared", "rsquared_adj"})
_READERS: dict[str, Callable[[Reported, str, Any], None]] = {
    "keras": _keras,
    "tensorflow": _keras,
    "tf_keras": _keras,
    "xgboost": _booster,
    "lightgbm": _booster,
    "optuna": _study,
    "statsmodels": _statsmodels,
    "lightning": _lightning,
    "pytorch_lightning": _lightning,
    "transformers": _transformers,
}
