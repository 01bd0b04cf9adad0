"""How far runs lie apart that differ in nothing but their seeds; the twin of ``table/seeds.ts``.

A seed is a param whose name ends in ``seed``, ``random_state`` or in the name of a function
that sets one. Runs of one experiment that have one and are equal in all other params are a
group; of runs with the same seeds the last one counts.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celltrail.query.evaluate import json_text
from celltrail.query.find import find_runs
from celltrail.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from celltrail.query.runs import Runs
    from celltrail.query.table import Column, RunTable

__all__ = ["SeedGroups", "has_seeds", "is_seed", "seed_groups", "seeds_of"]

_SEED = re.compile(
    r"(^|[^a-z])(seed(_all|_everything)?|random_?state|default_rng|PRNGKey)$", re.IGNORECASE
)
#: Of two single results: ISO 5725-6:1994, 4.1, the repeatability limit, 1.96 √2 rounded.
_LIMIT = 2.8


def is_seed(name: str) -> bool:
    """Say whether a param is a seed, as far as its name tells.

    Examples
    --------
    >>> is_seed("seed"), is_seed("model.random_state"), is_seed("seeded")
    (True, True, False)
    >>> is_seed("torch.manual_seed"), is_seed("np.random.default_rng")
    (True, True)
    """
    return _SEED.search(name) is not None


def has_seeds(table: RunTable) -> bool:
    """Say whether any of the runs has a seed."""
    return any(is_seed(name) for name in table.columns if name.startswith("params."))


@dataclass(frozen=True, slots=True)
class SeedGroups:
    """Runs that differ in their seeds only.

    Parameters
    ----------
    table
        The runs.
    group_of
        Run id to its group; only of runs that have a seed.
    members
        Group to the rows of its runs, one for each seed.
    """

    table: RunTable
    group_of: Mapping[str, int]
    members: Mapping[int, list[int]]

    def limit(self, metric: str, ids: Iterable[str]) -> float | None:
        """Give the difference of two single runs that their seeds alone explain.

        Parameters
        ----------
        metric
            The metric; its last values count, those that are finite.
        ids
            The runs that are compared: their groups are what is known of their seeds.

        Returns
        -------
        float or None
            2.8 times the pooled standard deviation within the groups; None when no group
            has two values.

        Notes
        -----
        The repeatability limit of ISO 5725-6:1994: 95 of 100 differences of two results
        obtained under the same conditions are below it, if they are normal.
        """
        column = self.table.columns.get(f"metrics.{metric}")
        if column is None or column.kind not in ("number", "integer"):
            return None
        groups = sorted({self.group_of[run_id] for run_id in ids if run_id in self.group_of})
        found = [_finite(column, self.members[group]) for group in groups]
        # As shares of the largest: neither a sum nor a square of these is more than a float
        # holds, nor nothing.
        largest = max((abs(value) for values in found for value in values), default=0.0) or 1.0
        squares, freedom = 0.0, 0
        for values in found:
            if len(values) > 1:
                shares = [value / largest for value in values]
                mean = math.fsum(shares) / len(shares)
                squares += math.fsum((share - mean) ** 2 for share in shares)
                freedom += len(values) - 1
        return _LIMIT * math.sqrt(squares / freedom) * largest if freedom else None


def _finite(column: Column, rows: Iterable[int]) -> list[float]:
    values = [float(column.values[row]) for row in rows if not column.missing[row]]
    return [value for value in values if math.isfinite(value)]


def seed_groups(table: RunTable) -> SeedGroups:
    """Put together the runs that differ in their seeds only.

    Parameters
    ----------
    table
        The runs; of those with the same seeds the one that began last counts.
    """
    params = [column for name, column in table.columns.items() if name.startswith("params.")]
    seeds = [column for column in params if is_seed(column.name)]
    others = [column for column in params if not is_seed(column.name)]
    experiment = table.columns["experiment"]
    began = table.columns["started"].values
    numbers: dict[str, int] = {}
    group_of: dict[str, int] = {}
    latest: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for row in sorted(range(len(table.ids)), key=lambda row: int(began[row])):
        if all(column.missing[row] for column in seeds):
            continue
        key = _key([experiment, *others], row)
        group = group_of[table.ids[row]] = numbers.setdefault(key, len(numbers))
        latest[group][_key(seeds, row)] = row
    members = {group: list(rows.values()) for group, rows in latest.items()}
    return SeedGroups(table, group_of, members)


def seeds_of(runs: Runs) -> SeedGroups | None:
    """Read what is known of the seeds of some runs: all runs of their experiments.

    Returns
    -------
    SeedGroups or None
        None when none of the runs has a seed.
    """
    table = runs.table()
    if not has_seeds(table):
        return None
    experiments = set(table.columns["experiment"].values.tolist())
    store = open_store(runs[0].store_path)
    found = find_runs(store, keep=lambda row: row.experiment in experiments)
    return seed_groups(found.table())


def _key(columns: Iterable[Column], row: int) -> str:
    return json.dumps([_text(column, row) for column in columns])


def _text(column: Column, row: int) -> Any:
    if column.missing[row]:
        return None
    value = column.values[row]
    return [type(value).__name__, json_text(value) if column.kind == "json" else str(value)]
