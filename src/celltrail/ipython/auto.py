"""Which cells are recorded without being asked for, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

from celltrail.capture.binds import BindKind
from celltrail.capture.keywords import seed_params
from celltrail.capture.names import CellNames, analyse
from celltrail.capture.plots import PLOT_MODULES
from celltrail.capture.worth import Verdict, worth
from celltrail.model import Inferred

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celltrail.capture.infer import Inference

__all__ = ["Auto", "explanation"]

#: Names that a cell execution lists at most, of each kind.
MOST_NAMES = 200
#: What these seed is a generator with a name of its own, not the session's.
_OF_ONE_GENERATOR = {"default_rng", "RandomState", "PRNGKey"}
_HELPERS = {BindKind.COUNTER, BindKind.LOOP, BindKind.SIZE}


@dataclass(slots=True)
class Auto:
    """What is known of the cells of a session beside their runs.

    Attributes
    ----------
    is_on
        Whether every cell that computes something is recorded.
    last
        The verdict on the cell that was executed last.
    helpers
        Names that cells bound to counters, indices, sizes and loop targets: they are no
        settings of later cells.
    seeds
        Seeds of the session's random numbers that cells have set, by the function that takes
        them: later runs are drawn from what came of them.
    """

    is_on: bool = False
    last: tuple[int | None, Verdict] | None = None
    helpers: set[str] = field(default_factory=set)
    seeds: dict[str, Inferred] = field(default_factory=dict)

    def judge(
        self,
        code: str,
        namespace: Mapping[str, object],
        count: int | None,
        line_count: int = 0,
    ) -> Verdict:
        """Say whether a cell that is about to run is worth a run; ``line_count`` as `analyse`."""
        names = analyse(code, line_count)
        known = () if names is None else _plotting(names, namespace)
        verdict = worth(code, *known)
        if "run_line_magic('track'" not in code:
            self.last = count, verdict
        return verdict

    def learn(
        self, names: CellNames, namespace: Mapping[str, object], count: int | None = None
    ) -> None:
        """Take note of what a cell that has run bound to helpers, and of the seeds that it set."""
        cell = "an earlier cell" if count is None else f"cell [{count}]"
        for key, found in seed_params(names.usage.calls, namespace, by_name=True).items():
            if key.rpartition(".")[2] not in _OF_ONE_GENERATOR:
                self.seeds[key] = Inferred(found.value, f"seed set in {cell}")
        for name, binds in names.binds.items():
            if all(bind.kind in _HELPERS for bind in binds):
                self.helpers.add(name)
            else:
                self.helpers.discard(name)

    def explain(self) -> str:
        """Say why the cell before was recorded, or why not."""
        if self.last is None:
            return "%track --explain: no cell was executed yet under %track --auto"
        count, verdict = self.last
        where = "the cell before" if count is None else f"cell [{count}]"
        is_run = "is a run" if verdict.is_run else "is no run"
        return f"{where} {is_run}, because {verdict.because} (rule: {verdict.rule})"


def _plotting(
    names: CellNames, namespace: Mapping[str, object]
) -> tuple[frozenset[str], frozenset[str]]:
    """Give the names that a cell reads of modules that draw, and those that only look so."""
    found, others = set(), set()
    for name in names.reads:
        value = namespace.get(name)
        module = None
        if type(value) is ModuleType:
            module = ModuleType.__getattribute__(value, "__dict__").get("__name__")
        if type(module) is str and module.partition(".")[0] in PLOT_MODULES:
            found.add(name)
        elif name in PLOT_MODULES and name in namespace:
            is_made = type(value) is FunctionType or issubclass(type(value), type)
            others |= set() if is_made else {name}
    return frozenset(found), frozenset(others)


def explanation(verdict: Verdict, found: Inference) -> str:
    """Say what was recorded of a cell, each value with its reason."""
    is_run = "is a run" if verdict.is_run else "is no run"
    lines = [f"by itself this cell {is_run}, because {verdict.because} (rule: {verdict.rule})"]
    for what, values in (("param", found.params), ("metric", found.metrics)):
        lines += [f"{what} {key}: {inferred.reason}" for key, inferred in values.items()]
    lines += [
        f"metric {key}, {len(series.values):,} steps: {series.reason}"
        for key, series in found.series.items()
    ]
    lines += [f"dataset {dataset.name}: {dataset.kind}" for dataset in found.datasets]
    return "\n".join(lines)
