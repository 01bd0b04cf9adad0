"""What of a cell are params, metrics and datasets, and why."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from celltrail.capture.before import Before, add_param, for_itself
from celltrail.capture.binds import Bind, BindKind, resolved
from celltrail.capture.estimators import estimator_params
from celltrail.capture.files import files_read
from celltrail.capture.frameworks import Reported, reported
from celltrail.capture.keywords import keyword_params, seed_params
from celltrail.capture.measures import is_measure, is_size_name, is_span
from celltrail.capture.plots import is_appearance
from celltrail.capture.printed import printed_metrics
from celltrail.capture.results import name_of, result_metrics
from celltrail.capture.series import (
    Series,
    appended_series,
    folds,
    function_of,
    numbers_in,
)
from celltrail.capture.special import fields_of
from celltrail.capture.values import NOTHING, Nothing, is_check, number, numbers_of, plain
from celltrail.model import DatasetInfo, Inferred

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from celltrail.capture.names import CellNames
    from celltrail.capture.outputs import OutputRecord

__all__ = ["Inference", "infer"]

#: A longer array that is assigned at once is data, not what was measured in each round.
_MAX_MEASURED = 10_000


@dataclass(slots=True)
class Inference:
    """What was found; each value with its reason. ``series`` are metrics of several steps."""

    params: dict[str, Inferred] = field(default_factory=dict)
    metrics: dict[str, Inferred] = field(default_factory=dict)
    datasets: Sequence[DatasetInfo] = ()
    series: dict[str, Series] = field(default_factory=dict)


def infer(
    before: Before,
    namespace: dict[str, object],
    *,
    failed: bool = False,
    alone: bool = True,
    result: object = NOTHING,
    shown: Sequence[OutputRecord] = (),
) -> Inference:
    """Tell the params and metrics of a cell that has run.

    Parameters
    ----------
    before
        What :func:`look_before` gave.
    namespace
        The notebook's namespace now.
    failed
        Whether the cell stopped early, by an error or ``sys.exit(0)``, so that some of its
        assignments were not run.
    alone
        Whether nothing else ran at the same time; else only what the cell's source shows
        is taken.
    result
        The value of the cell's last expression, if it has one.
    shown
        What the cell has shown, where that is known.

    Returns
    -------
    Inference
        Literals that the cell assigns, what it reads, and literal arguments of calls that
        matter are params; numbers that it computes, alone or one for each round, are metrics.
        Loop targets, counters, sizes, imports, functions and names that start with an
        underscore are neither.
    """
    found = Inference(dict(before.params), {}, before.datasets)
    names = before.names
    for name, binds in names.binds.items():
        if name.startswith("_") or before.ignored(name):
            continue
        value = namespace.get(name, NOTHING)
        unchanged = name in before.numbers and before.numbers[name] is value
        if value is not NOTHING:
            with for_itself():
                _judge(found, before, name, binds, value, unchanged=unchanged, failed=failed)
    with for_itself():
        _add_calls(found, before, namespace)
    with for_itself():
        _add_collected(found, before, namespace)
    if alone and before.whole and not names.star_import:
        _add_unseen(found, before, namespace)
    if result is not NOTHING:
        with for_itself():
            _add_result(found, names, result, namespace)
    with for_itself():
        _add_printed(found, before, namespace, shown)
    return found


def _judge(
    found: Inference,
    before: Before,
    name: str,
    binds: Sequence[Bind],
    value: object,
    *,
    unchanged: bool,
    failed: bool,
) -> None:
    """Sort one name that the cell binds."""
    kinds = {resolved(bind, before.names.binds) for bind in binds}
    line = binds[-1].line
    if kinds == {BindKind.LITERAL}:
        drawn = name in before.names.usage.only_drawn or is_appearance(name)
        if not drawn and _is_literal(value, binds):
            add_param(found.params, name, value, f"assigned a literal on line {line}")
            return
    elif kinds == {BindKind.COPY}:
        add_param(found.params, name, value, f"copied from {binds[-1].source} on line {line}")
        return
    elif BindKind.COMPUTED not in kinds:
        return
    if unchanged and (failed or not any(bind.sure for bind in binds)):
        return  # the value of an earlier cell: the assignment was not run
    computed = [b for b in binds if resolved(b, before.names.binds) is BindKind.COMPUTED]
    if not _is_passing(name, binds, computed):
        _add_metric(found, name, value, f"computed on line {(computed or binds)[-1].line}")


def _is_passing(name: str, binds: Sequence[Bind], computed: Sequence[Bind]) -> bool:
    """Say whether a number is only what the last round of a loop has left behind.

    What is given a value before the loop, or is added to within it, is a result; else its
    name has to say that it is one, as ``loss`` does.
    """
    passing = (bind.looped or bind.kind is BindKind.LOOP for bind in binds)
    if not computed or not all(passing) or is_measure(name):
        return False
    return not any(bind.value is None for bind in computed)


def _only_loops(binds: Sequence[Bind]) -> bool:
    return bool(binds) and all(bind.kind is BindKind.LOOP for bind in binds)


def _is_literal(value: object, binds: Sequence[Bind]) -> bool:
    """Say whether the name still has one of the literals that the cell assigns."""
    now = plain(value)
    if isinstance(now, Nothing):
        return False
    literals = [plain(bind.literal) for bind in binds]
    return any(type(now) is type(literal) and now == literal for literal in literals)


def _add_metric(found: Inference, name: str, value: object, reason: str) -> None:
    measured = number(value)
    if isinstance(measured, Nothing) or is_check(value) or is_span(name):
        return
    if not (measured % 1 == 0 and is_size_name(name)):
        found.metrics[name] = Inferred(measured, reason)


def _add_calls(found: Inference, before: Before, namespace: Mapping[str, object]) -> None:
    """Add what calls were given: keywords, seeds, the settings of estimators, files."""
    usage, binds = before.names.usage, before.names.binds
    given: dict[str, Inferred] = {}
    values = (namespace.get(name) for name in {**before.names.reads, **binds})
    containers = {id(v) for v in values if type(v) is dict or type(v) is list or type(v) is tuple}
    named = {f"{call.name}.{keyword}" for call in usage.calls for keyword in call.named}
    for name in binds:
        value = namespace.get(name, NOTHING)
        if name.startswith("_") or value is NOTHING or before.ignored(name):
            continue
        if _only_loops(binds[name]):
            continue  # one of many, the last
        with for_itself():
            of_estimator = estimator_params(name, value, containers)
            given.update({k: v for k, v in of_estimator.items() if k not in named})
            fields = fields_of(value) if any(b.value is not None for b in binds[name]) else None
            if fields is not None:
                add_param(given, name, value, f"a field of {name}")
    with for_itself():
        given.update(keyword_params(usage.calls, namespace))
    with for_itself():
        given.update(seed_params(usage.calls, namespace))
    for key, inferred in given.items():
        found.params.setdefault(key, inferred)
    files = files_read(usage.calls, namespace)
    if files:
        found.datasets = [*found.datasets, *files]


def _add_collected(found: Inference, before: Before, namespace: Mapping[str, object]) -> None:
    """Add metrics of several steps: lists that loops filled, folds, histories of frameworks."""
    names = before.names
    usage = names.usage
    filled = appended_series(usage.appended, usage.looped, namespace)
    found.series.update({n: s for n, s in filled.items() if not before.ignored(n)})
    for name in {**names.binds, **dict.fromkeys(usage.mutated)}:
        value = namespace.get(name, NOTHING)
        if name.startswith("_") or value is NOTHING or before.ignored(name):
            continue
        binds = names.binds.get(name, ())
        if _only_loops(binds):
            continue
        computed = [bind for bind in binds if bind.kind is BindKind.COMPUTED]
        if computed and not computed[-1].looped:
            found.series.update(folds(name, computed[-1].value, value))
        is_listed = bool(computed) and isinstance(computed[-1].value, ast.ListComp)
        values = numbers_in(value) if is_listed and is_measure(name) else None
        if values and len(values) <= _MAX_MEASURED and any(type(v) is float for v in values):
            reason = f"computed on line {computed[-1].line}"
            found.series.setdefault(name, Series(values, reason))
        with for_itself():
            _add_reported(found, reported(name, value))
    for name in [name for name in found.series if is_span(name)]:
        del found.series[name]  # where the marks of an axis are
    for name in found.series:
        found.metrics.pop(name, None)


def _add_reported(found: Inference, said: Reported) -> None:
    """Add what an object of a framework reports, where nothing of that name is known."""
    for key, inferred in said.params.items():
        found.params.setdefault(key, inferred)
    for key, inferred in said.metrics.items():
        found.metrics.setdefault(key, inferred)
    for key, series in said.series.items():
        found.series.setdefault(key, series)


def _add_result(
    found: Inference, names: CellNames, result: object, namespace: Mapping[str, object]
) -> None:
    """Add what the last line gave, unless a name of the cell stands for it too."""
    if names.result is None:
        return
    of_folds = folds("", names.result, result)
    for key, series in of_folds.items():
        name = f"{function_of(names.result)}{key}"
        found.series[name] = series
    if of_folds:
        return
    listed = names.result.elt if isinstance(names.result, ast.ListComp) else None
    if listed is not None and is_measure(name_of(listed)) and (values := numbers_in(result)):
        found.series[name_of(listed)] = Series(values, "values of the last line")
        return
    name = name_of(names.result)
    for key, inferred in result_metrics(names.result, result).items():
        if f"{name}.{key}" not in found.params:  # the settings of the cell, shown at its end
            found.metrics[key] = inferred
    mine = (namespace.get(name) for name in {**names.binds, **names.usage.mutated})
    function = function_of(names.result)
    if function and not any(value is result for value in mine):
        with for_itself():
            _add_reported(found, reported(function, result))


def _add_printed(
    found: Inference,
    before: Before,
    namespace: Mapping[str, object],
    shown: Sequence[OutputRecord],
) -> None:
    """Add the metrics that the cell only prints, where nothing of that name is known."""
    names = before.names
    ended = {name for name, binds in names.binds.items() if not binds[-1].looped}
    said = printed_metrics(names.usage, namespace, shown, found.metrics, ended)
    for key, inferred in said.metrics.items():
        if key not in found.series and not before.ignored(key):
            found.metrics.setdefault(key, inferred)
    for key, series in said.series.items():
        if key not in found.series and not before.ignored(key):
            known = found.metrics.pop(key, None)
            found.series[key] = series
            if known is not None and key in ended:  # measured again, after the loop
                found.metrics[f"{key}.final"] = known


def _add_unseen(found: Inference, before: Before, namespace: dict[str, object]) -> None:
    """Add numbers that changed although no assignment in the cell's source shows it.

    ``exec``, ``%run`` and functions that declare a name global do that.
    """
    numbers, binds = before.numbers, before.names.binds
    for name, value in numbers_of(namespace.copy()).items():
        if numbers.get(name, NOTHING) is value or name in binds:
            continue
        if len(name) > 1 and not name.startswith("_") and not before.ignored(name):
            with for_itself():
                _add_metric(found, name, value, "changed while the cell ran")
