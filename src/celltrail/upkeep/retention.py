"""Rules by which runs go, applied when somebody asks for it and never else."""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections import defaultdict
from typing import TYPE_CHECKING, SupportsIndex

from celltrail.errors import UsageError
from celltrail.model import Status
from celltrail.query import Runs, find_runs
from celltrail.store.upkeep import Pruned, delete_runs, purge_runs
from celltrail.upkeep.references import chosen_store

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["prune"]

_AGE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def prune(
    older_than: str | dt.timedelta | None = None,
    *,
    keep_last: int | None = None,
    experiment: str | None = None,
    status: str | Iterable[str] | None = None,
    where: str | None = None,
    keep_tags: Iterable[str] = (),
    keep_noted: bool = False,
    purge: bool = False,
    dry_run: bool = False,
) -> Pruned:
    """Delete the runs that a rule no longer keeps. Nothing does this unasked.

    A run goes when everything that is given holds for it; one that is still recorded stays.

    Parameters
    ----------
    older_than
        Only runs that ended (or, where that is not known, began) so long ago: ``"90d"``,
        with s, m, h, d or w, or a `datetime.timedelta`.
    keep_last
        The newest so many runs of each experiment stay.
    experiment
        Only runs of this experiment.
    status
        Only runs with this status, or one of these, such as ``"failed"``.
    where
        Only runs that this filter holds for, as in `celltrail.runs`.
    keep_tags
        Runs with one of these tags stay.
    keep_noted
        Whether runs with a note stay.
    purge
        Whether they are removed for good, and not only deleted.
    dry_run
        Whether nothing is done, but said what would be.

    Returns
    -------
    Pruned
        Which runs.

    Raises
    ------
    UsageError
        When nothing says which runs, as also a blank filter says nothing, or something
        cannot be understood.

    Examples
    --------
    >>> import celltrail as ct
    >>> ct.prune("90d", keep_last=20, keep_tags=["paper"], dry_run=True)
    <would prune 0 runs>
    """
    if all(rule is None for rule in (older_than, keep_last, experiment, status, where)):
        message = (
            "say which runs go: older_than, keep_last, experiment, status or where. "
            "Everything that is given must hold for a run that goes."
        )
        raise UsageError(message)
    _require_filter(where)
    limit = None if older_than is None else _moment(older_than)
    statuses = _statuses(status)
    tags = {keep_tags} if isinstance(keep_tags, str) else set(keep_tags)
    store = chosen_store()
    kept = set() if keep_last is None else _newest(find_runs(store), _count(keep_last))
    found = find_runs(store, where, experiment=experiment)
    tagged = found.table().columns["tags"].values
    ids = [
        run.id
        for run, own in zip(found, tagged, strict=True)
        if run.status in statuses
        and run.id not in kept
        and (limit is None or (run.ended or run.started) < limit)
        and tags.isdisjoint(own or ())
        and not (keep_noted and run.note)
    ][::-1]
    if dry_run or not ids:
        return Pruned(tuple(ids), dry_run)
    if purge:
        return Pruned(tuple(ids), purged=purge_runs(store.access, ids))
    delete_runs(store.access, ids)
    return Pruned(tuple(ids))


def _require_filter(where: object) -> None:
    """Raise for a filter that says nothing: every run would go."""
    if where is not None and not (isinstance(where, str) and where.strip()):
        message = f"where must be a filter such as 'metrics.acc < 0.5', not {where!r}."
        raise UsageError(message)


def _moment(age: str | dt.timedelta) -> dt.datetime:
    """Say before when a run must have ended to be so old."""
    try:
        return dt.datetime.now(dt.UTC) - _age(age)
    except OverflowError:
        message = f"{age!r} is longer ago than there are dates; no run can be so old."
        raise UsageError(message) from None


def _age(age: str | dt.timedelta) -> dt.timedelta:
    match = _AGE.fullmatch(age) if isinstance(age, str) else None
    if match is not None:
        return dt.timedelta(seconds=float(match[1]) * _SECONDS[match[2]])
    if isinstance(age, dt.timedelta) and age >= dt.timedelta(0):
        return age
    message = f"an age is a number with s, m, h, d or w, such as '90d', not {age!r}."
    raise UsageError(message)


def _statuses(status: str | Iterable[str] | None) -> set[Status]:
    """Give the statuses that runs may have to go: what is still recorded never goes."""
    ended = set(Status) - {Status.RUNNING}
    if status is None:
        return ended
    names = [status] if isinstance(status, str) else list(status)
    unknown = [name for name in names if name not in {str(each) for each in ended}]
    if unknown:
        message = f"no such status: {unknown[0]!r}. There are {', '.join(sorted(ended))}."
        raise UsageError(message)
    return {Status(name) for name in names}


def _count(keep_last: int) -> int:
    if isinstance(keep_last, bool) or not isinstance(keep_last, SupportsIndex):
        message = f"keep_last must be a whole number, not {keep_last!r}."
        raise UsageError(message)
    count = operator.index(keep_last)
    if count < 0:
        message = f"keep_last must not be negative, it is {count}."
        raise UsageError(message)
    return count


def _newest(runs: Runs, count: int) -> set[str]:
    """Give the ids of the newest runs of each experiment."""
    by_experiment: defaultdict[str, list[str]] = defaultdict(list)
    for run in runs:  # the newest first
        by_experiment[run.experiment].append(run.id)
    return {run_id for ids in by_experiment.values() for run_id in ids[:count]}
