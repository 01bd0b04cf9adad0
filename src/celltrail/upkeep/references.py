"""Which runs of which store are meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import SupportsIndex, TypeAlias

from celltrail.config import resolve_store
from celltrail.errors import RunNotFoundError
from celltrail.query import Run, Runs
from celltrail.record import ActiveRun
from celltrail.store import Store, open_store
from celltrail.store.upkeep import DeletedRun, find_deleted

__all__ = ["RunRefs", "chosen_store", "run_ids"]

#: What says which runs are meant.
RunRefs: TypeAlias = (
    "Runs | Run | ActiveRun | DeletedRun | str | SupportsIndex "
    "| Iterable[Run | ActiveRun | DeletedRun | str | SupportsIndex]"
)


def chosen_store() -> Store:
    """Give the store that this process uses."""
    return open_store(resolve_store())


def run_ids(store: Store, runs: RunRefs) -> list[str]:
    """Give the ids of the runs that are meant, each once."""
    if isinstance(runs, Runs):
        return runs.ids
    if isinstance(runs, (Run, ActiveRun, DeletedRun)):
        return [runs.id] if runs.id else []  # without one where celltrail is switched off
    if isinstance(runs, Iterable) and not isinstance(runs, str):
        return list(dict.fromkeys(run_id for each in runs for run_id in run_ids(store, each)))
    found = store.find_run(runs) or find_deleted(store.access, runs)
    if found is None:
        raise RunNotFoundError(runs, store.path)
    return [found]
