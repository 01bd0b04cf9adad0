"""What several runs have in common and what tells them apart, as rows of texts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celltrail.query.meaning import primary_first
from celltrail.views.format import (
    format_as,
    format_duration,
    format_number,
    format_shape,
    format_time,
    format_value,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.model import DatasetInfo
    from celltrail.query import Run
    from celltrail.query.seeds import SeedGroups

__all__ = ["ComparedRow", "ComparedRuns", "compare_runs"]

_TEXT = 20_000
_VALUE = 200
#: Of the environment, what is compared before the packages.
_PLACES = ("python", "platform")


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One thing that was compared.

    Parameters
    ----------
    group
        ``"params"``, ``"metrics"``, ``"data"`` or ``"environment"``.
    name
        Its name.
    texts
        What it is in each run; None where a run has no such thing.
    differs
        Whether the runs differ in it.
    best
        Places of the runs that are best in it, where that is known and not all are.
    change
        How each run differs from the first one, of numbers; an empty text for the same.
    seeds
        How far runs lie apart that differ in their seeds only, where that is known.
    is_unsure
        Whether the runs differ by no more than that: none of them is better.
    unit
        Of a metric.
    """

    group: str
    name: str
    texts: tuple[str | None, ...]
    differs: bool
    best: tuple[int, ...] = ()
    change: tuple[str, ...] = ()
    seeds: str = ""
    is_unsure: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ComparedRuns:
    """Runs side by side.

    Parameters
    ----------
    heads
        For each run ``id``, ``label``, ``status``, ``started``, ``duration``.
    rows
        What was compared: first what differs.
    sources
        The code of each run.
    notes
        What a reader has to know before he believes in a difference.
    """

    heads: tuple[dict[str, str], ...]
    rows: tuple[ComparedRow, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...]


def compare_runs(runs: Sequence[Run], seeds: SeedGroups | None = None) -> ComparedRuns:
    """Put runs side by side.

    Parameters
    ----------
    runs
        The runs; all others are compared with the first.
    seeds
        Runs that differ in their seeds only, among them these: of runs that lie no further
        apart than those, none is called the best.

    Returns
    -------
    ComparedRuns
        In each group the rows that differ come first, both parts sorted by name.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("a", params={"lr": 0.1}), ct.track("b", params={"lr": 0.2}):
    ...     pass
    >>> compared = compare_runs([ct.run("a"), ct.run("b")])
    >>> [(row.name, row.texts) for row in compared.rows if row.group == "params"]
    [('lr', ('0.1', '0.2'))]
    """
    rows = [
        *_rows("params", [run.params for run in runs]),
        *_metric_rows(runs, seeds),
        *_rows("data", [{data.name: _data(data) for data in run.datasets} for run in runs]),
        *_rows("environment", [_environment(run) for run in runs]),
    ]
    rows.sort(key=lambda row: not row.differs)
    groups = ("params", "metrics", "data", "environment")
    rows.sort(key=lambda row: groups.index(row.group))
    return ComparedRuns(
        tuple(_head(run) for run in runs),
        tuple(rows),
        tuple(run.source[:_TEXT] for run in runs),
        tuple(_notes(runs, rows)),
    )


def _head(run: Run) -> dict[str, str]:
    return {
        "id": run.id,
        "label": run.label,
        "status": run.status.value,
        "started": format_time(int(run.started.timestamp() * 1e6)),
        "duration": "" if run.duration is None else format_duration(run.duration),
        "error": "" if run.error is None else f"{run.error.type}: {run.error.message}"[:_VALUE],
    }


def _same(a: object, b: object) -> bool:
    """Compare as people do: NaN is NaN, and True is not 1."""
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    return a == b or (a != a and b != b)


def _rows(group: str, tables: Sequence[dict[str, Any]]) -> list[ComparedRow]:
    names = sorted({name for table in tables for name in table})
    rows = []
    for name in names:
        values = [table.get(name, _ABSENT) for table in tables]
        texts = tuple(
            None if value is _ABSENT else format_value(value, limit=_VALUE) for value in values
        )
        differs = any(not _same(value, values[0]) for value in values[1:])
        rows.append(ComparedRow(group, name, texts, differs))
    return rows


_ABSENT = object()


def _metric_rows(runs: Sequence[Run], seeds: SeedGroups | None) -> list[ComparedRow]:
    tables = [run.metrics for run in runs]
    meanings = {name: run.meaning(name) for run in runs for name in run.metrics}
    rows = []
    for name in primary_first(sorted(meanings), meanings):
        meaning = meanings[name]
        values = [table.get(name) for table in tables]
        texts = tuple(
            None if value is None else format_as(value, meaning.format) for value in values
        )
        differs = any(not _same(value, values[0]) for value in values[1:])
        limit = None if seeds is None else seeds.limit(name, [run.id for run in runs])
        row = ComparedRow(
            "metrics",
            name,
            texts,
            differs,
            _best(meaning.minimize, values, limit or 0.0),
            tuple(_change(value, values[0]) for value in values),
            "" if limit is None else format_number(limit, digits=3),
            differs and limit is not None and _is_within(values, limit),
            meaning.unit,
        )
        rows.append(row)
    return rows


def _change(value: float | None, first: float | None) -> str:
    if value is None or first is None or value == first:
        return ""
    difference = value - first
    finite = difference == difference and abs(difference) != float("inf")
    return format_number(difference, digits=3, sign=True) if finite else ""


def _finite(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def _is_within(values: Sequence[float | None], limit: float) -> bool:
    """Say whether all values lie within a limit; NaN and the infinities are never unsure."""
    known = _finite(values)
    return len(known) == len([v for v in values if v is not None]) and (
        not known or max(known) - min(known) <= limit
    )


def _best(minimize: bool | None, values: Sequence[float | None], limit: float) -> tuple[int, ...]:
    """Find the best runs of a metric, and those that seeds alone keep from being the best.

    Nobody is best when nothing is known of the direction, or all lie within the limit.
    """
    known = [value for value in values if value is not None and value == value]
    if minimize is None or len(known) < 2:
        return ()
    if max(known) == min(known) or max(known) - min(known) <= limit:
        return ()
    goal = min(known) if minimize else max(known)
    return tuple(
        i
        for i, value in enumerate(values)
        if value is not None and (value == goal or abs(value - goal) <= limit)
    )


def _data(data: DatasetInfo) -> str:
    return f"{data.kind.rpartition('.')[2]} {format_shape(data.shape)}".strip()


def _environment(run: Run) -> dict[str, Any]:
    found = run.environment
    packages = found.get("packages")
    names = packages if isinstance(packages, dict) else {}
    git = run.git
    return {
        **{name: found[name] for name in _PLACES if found.get(name)},
        **({} if git is None else {"git commit": str(git["commit"])[:10]}),
        **{f"{name} (package)": version for name, version in names.items()},
    }


def _notes(runs: Sequence[Run], rows: Sequence[ComparedRow]) -> list[str]:
    notes = []
    if any(row.group == "data" and row.differs for row in rows):
        notes.append("These runs did not read the same data: their metrics may not compare.")
    unfinished = [run.label for run in runs if run.status.value != "finished"]
    if unfinished:
        notes.append(f"Not finished: {_listed(unfinished)}.")
    unsure = [row.name for row in rows if row.is_unsure]
    if unsure:
        notes.append(f"No further apart than seeds alone take them: {_listed(unsure)}.")
    return notes


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")
