"""Which runs of which store are meant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import SupportsIndex, TypeAlias

from celltrail.config import resolve_store
from celltrail.errors import AmbiguousRunError, RunNotFoundError
from celltrail.query import Run, Runs
from celltrail.record import ActiveRun
from celltrail.store import Store, open_store
from celltrail.store.upkeep import DeletedRun, FoundRun, look_up

__all__ = ["RunRefs", "chosen_store", "find_meant", "meant_runs"]

#: What says which runs are meant.
RunRefs: TypeAlias = (
    "Runs | Run | ActiveRun | DeletedRun | str | SupportsIndex "
    "| Iterable[Run | ActiveRun | DeletedRun | str | SupportsIndex]"
)


def chosen_store() -> Store:
    """Give the store that this process uses."""
    return open_store(resolve_store())


def find_meant(runs: RunRefs) -> list[FoundRun]:
    """Say which runs `delete` and `purge` would take, and do nothing.

    Parameters
    ----------
    runs
        As in `delete`.

    Returns
    -------
    list of FoundRun
        Each run once.

    Raises
    ------
    RunNotFoundError
        When there is no such run.
    AmbiguousRunError
        When a name or a number is that of a run and of a deleted one, or a part of an id
        that of several.

    Examples
    --------
    >>> import celltrail as ct
    >>> from celltrail.upkeep import find_meant
    >>> with ct.track("fit"):
    ...     pass
    >>> [run.name for run in find_meant("fit")]
    ['fit']
    """
    return meant_runs(chosen_store(), runs)


def meant_runs(store: Store, runs: RunRefs, *, deleted_first: bool = False) -> list[FoundRun]:
    """Find the runs that are meant in a store, each once.

    Parameters
    ----------
    store
        The store.
    runs
        What says which.
    deleted_first
        Whether runs that are not deleted are meant only where no deleted one is.

    Raises
    ------
    RunNotFoundError, AmbiguousRunError
        As `find_meant`.
    """
    given = list(_flat(runs))
    found: dict[str, FoundRun] = {}
    candidates = look_up(store.access, [wanted for _, wanted in given])
    for (reference, _), several in zip(given, candidates, strict=True):
        if deleted_first:
            several = [run for run in several if run.is_deleted] or several
        if not several:
            raise RunNotFoundError(reference, store.path)
        if len(several) > 1:
            raise AmbiguousRunError(reference, store.path, [_told(run) for run in several])
        found[several[0].id] = several[0]
    return list(found.values())


def _flat(runs: RunRefs) -> Iterator[tuple[object, str | SupportsIndex]]:
    """Give each reference, and what is to be looked for: of a run that is given its id."""
    if isinstance(runs, Runs):
        yield from ((run_id, run_id) for run_id in runs.ids)
    elif isinstance(runs, (Run, ActiveRun, DeletedRun)):
        if runs.id:  # there is none where celltrail is switched off
            yield runs, runs.id
    elif isinstance(runs, Iterable) and not isinstance(runs, str):
        for each in runs:
            yield from _flat(each)
    else:
        yield runs, runs


def _told(run: FoundRun) -> str:
    started = dt.datetime.fromtimestamp(run.started / 1e6, dt.UTC).astimezone()
    label = run.name or f"run {run.number}"
    fate = ", deleted" if run.is_deleted else ""
    return f"{run.id} ({label!r} of {run.experiment!r}, {started:%Y-%m-%d %H:%M:%S}{fate})"
