"""Deleting runs, bringing them back, and removing them for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.store.upkeep import DeletedRun, Purged, delete_runs, purge_runs, restore_runs
from celltrail.store.upkeep import deleted_runs as read_deleted
from celltrail.upkeep.references import chosen_store, meant_runs

if TYPE_CHECKING:
    from celltrail.upkeep.references import RunRefs

__all__ = ["delete", "deleted_runs", "purge", "restore"]


def delete(runs: RunRefs) -> int:
    """Hide runs from everything that reads; `restore` brings them back.

    Parameters
    ----------
    runs
        From `celltrail.runs`, one run, an id, a name (the newest run of that name) or a
        number, or several of these.

    Returns
    -------
    int
        How many runs were hidden.

    Raises
    ------
    RunNotFoundError
        When there is no such run in this store.
    AmbiguousRunError
        When a name or a number is that of a run and of one that is deleted already, or a
        part of an id that of several.
    RunIsRunningError
        When one of them is still recorded; nothing is hidden then.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("a mistake"):
    ...     pass
    >>> ct.delete("a mistake")
    1
    >>> ct.deleted_runs()
    [<deleted run 'a mistake' of ..., 0 points>]
    """
    store = chosen_store()
    return delete_runs(store.access, [run.id for run in meant_runs(store, runs)])


def restore(runs: RunRefs) -> int:
    """Bring back runs that were deleted and not purged.

    Parameters
    ----------
    runs
        As in `delete`, but of a name or a number the deleted run that is the newest; also
        what `deleted_runs` gives.

    Returns
    -------
    int
        How many runs are back; one that is not deleted is passed over.

    Raises
    ------
    RunNotFoundError
        When there is no such run in this store.
    AmbiguousRunError
        When a part of an id is that of several deleted runs.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("kept after all"):
    ...     pass
    >>> ct.delete("kept after all"), ct.restore("kept after all")
    (1, 1)
    """
    store = chosen_store()
    ids = [run.id for run in meant_runs(store, runs, deleted_first=True)]
    return restore_runs(store.access, ids)


def deleted_runs() -> list[DeletedRun]:
    """List the runs that are deleted and can be restored, the one deleted last first.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("to be hidden"):
    ...     pass
    >>> ct.delete("to be hidden")
    1
    >>> ct.deleted_runs()[0].name
    'to be hidden'
    """
    return read_deleted(chosen_store().access)


def purge(runs: RunRefs | None = None) -> Purged:
    """Remove runs for good, and the texts, contents and files that nobody else uses.

    Parameters
    ----------
    runs
        As in `delete`, whether they are deleted or not; by default all deleted ones.

    Returns
    -------
    Purged
        What was removed. The file itself becomes smaller by `vacuum`.

    Raises
    ------
    RunNotFoundError
        When there is no such run in this store.
    AmbiguousRunError
        When a name or a number is that of a run and of a deleted one, or a part of an id
        that of several.
    RunIsRunningError
        When one of them is still recorded; nothing is removed then.

    Notes
    -----
    Runs that came after a purged one, or were part of it, refer to the next one that stays.
    The ids of purged runs are kept: what still comes of them, from a spool or by `merge`, is
    left out. While a process records, large files of the last two minutes stay until the
    next purge or vacuum, for it may just be storing the same content.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("a secret"):
    ...     ct.log(loss=0.5)
    >>> ct.purge("a secret")
    <purged 1 run with 1 point and 0 artifacts (0 B)>
    """
    store = chosen_store()
    found = deleted_runs() if runs is None else meant_runs(store, runs)
    ids = [run.id for run in found]
    return purge_runs(store.access, ids) if ids else Purged()
