"""Deleting runs and bringing them back, for views; see `celltrail.delete` for what that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.errors import UnknownNameError
from celltrail.query.find import find_runs
from celltrail.store import open_store
from celltrail.store.upkeep import delete_runs, deleted_runs, restore_runs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from celltrail.query.runs import Runs
    from celltrail.store.upkeep import DeletedRun

__all__ = ["delete", "deleted", "restore", "with_restored"]


def delete(store: Path, ids: Sequence[str]) -> int:
    """Hide runs from everything that reads, and give how many were hidden.

    Raises
    ------
    RunIsRunningError
        When one of them is still recorded; nothing is hidden then.
    """
    return delete_runs(open_store(store).access, ids)


def restore(store: Path, ids: Sequence[str]) -> int:
    """Bring back runs that were deleted, and give how many are back."""
    return restore_runs(open_store(store).access, ids)


def deleted(store: Path) -> list[DeletedRun]:
    """List the runs that can be restored, the one deleted last first."""
    return deleted_runs(open_store(store).access)


def with_restored(runs: Runs, before: Sequence[str], restored: Sequence[str]) -> Runs:
    """Give the runs of a view once some were restored.

    Parameters
    ----------
    runs
        The runs that it shows.
    before
        All ids that it showed, in order, deleted ones too.
    restored
        The ids of the runs that are back.

    Returns
    -------
    Runs
        Those that it showed, each in its old place. When others are back, the answer to the
        view's question is read anew, for they may belong to it; where it has no question, for
        its runs were picked out, they do not.
    """
    asked = runs.asked
    if asked is None or set(restored) <= set(before):
        return runs.again(before)
    try:
        return find_runs(
            open_store(runs.store_path),
            asked.where,
            order=asked.order_by or None,
            experiment=asked.experiment,
            limit=asked.limit,
        )
    except UnknownNameError:  # no run has any more what it asks for
        return runs.again(before)
