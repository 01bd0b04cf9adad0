"""Runs as people give them to views: a selection, one run, or a list of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from celltrail.errors import UsageError
from celltrail.query.find import find_runs
from celltrail.query.run import Run
from celltrail.record import ActiveRun
from celltrail.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from celltrail.query.runs import Runs

__all__ = ["GivenRuns", "as_runs"]

_One: TypeAlias = Run | ActiveRun
GivenRuns: TypeAlias = "Runs | _One | Iterable[_One]"


def as_runs(given: GivenRuns) -> Runs:
    """Give runs as a selection.

    Parameters
    ----------
    given
        A selection, which is given back; a run, which may go on; or runs of one store.

    Raises
    ------
    UsageError
        When it is none of these.
    RunNotFoundError
        When one of the runs is not in the store of the first, or not any more.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("one") as run:
    ...     pass
    >>> as_runs(ct.run("one")).ids == [ct.run("one").id]
    True
    """
    if hasattr(given, "with_metric"):  # what views ask of a selection
        return cast("Runs", given)
    runs = [given] if isinstance(given, _One) else list(given) if hasattr(given, "__iter__") else []
    if not runs or not all(isinstance(run, _One) for run in runs):
        kind = type(given).__name__
        message = f"these are no runs, but {kind}: give those of ct.runs(…), or those of ct.run(…)."
        raise UsageError(message)
    ids = list(dict.fromkeys(run.id for run in runs))
    wanted = set(ids)
    return find_runs(open_store(runs[0].store_path), keep=lambda row: row.id in wanted).select(ids)
