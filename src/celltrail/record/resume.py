"""Go on with a run that has ended, or whose process is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex

from celltrail.config import is_disabled, resolve_store, settings
from celltrail.errors import RunDeletedError, RunInUseError, RunNotFoundError
from celltrail.model import Status, is_system_metric
from celltrail.record.active import ActiveRun
from celltrail.record.current import activate, known_run, remember
from celltrail.record.disabled import DisabledRun
from celltrail.record.journal import Journal
from celltrail.record.sampling import watch
from celltrail.store import open_store
from celltrail.store.events import now_us
from celltrail.store.layout import Layout
from celltrail.store.lookup import look_up
from celltrail.store.resume import living_owner

if TYPE_CHECKING:
    from pathlib import Path

    from celltrail.store import RunRow, Store, TableData
    from celltrail.store.events import Event

__all__ = ["resume"]


def resume(reference: str | SupportsIndex | object) -> ActiveRun:
    """Go on with a run: after its kernel died, or after it has ended.

    Parameters
    ----------
    reference
        An id, or the first six or more characters of one; a name (the newest run of that
        name); a number (the newest run with it); a `Run`; or an `ActiveRun`.

    Returns
    -------
    ActiveRun
        The run, which is current and ``running`` again until its ``finish()`` or the end
        of the process, as one from `start`. One that is open in this process is given as
        it is.

    Raises
    ------
    RunInUseError
        When another process, which lives or may live, is recording it: a run belongs to
        one process at a time. `ActiveRun.handle` lets others log to it.
    RunNotFoundError
        When there is no such run; a `RunDeletedError` where it is deleted.
    StoreError
        When the store cannot be read.

    Notes
    -----
    Metrics count on after their last steps. A param that is logged with another value is
    a change, as ever. Git's state and the environment stay those of the first start, and
    the duration counts from there.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("training") as run:
    ...     run.log(loss=0.5)
    >>> run = ct.resume("training")
    >>> run.log(loss=0.4)
    >>> run.finish()
    >>> ct.run("training").history("loss")["step"].tolist()
    [0, 1]
    """
    if is_disabled():
        return DisabledRun(reference if isinstance(reference, str) else None)
    # Of a stored run, whose class is of a higher layer, no more is known than these two.
    named: Any = getattr(reference, "id", reference)
    store = open_store(getattr(reference, "store_path", None) or resolve_store())
    run_id = store.find_run(named)
    data = None if run_id is None else store.table_data([run_id])
    if run_id is None or data is None or not data.runs:
        raise _not_found(store, reference, named)
    known = known_run(run_id)
    if isinstance(known, ActiveRun) and known.is_open and known.is_ours:
        return known
    (row,) = data.runs
    _require_free(store.path, row)
    run = _take_over(store.path, row, data)
    activate(run, spanning=True)
    return run


def _not_found(store: Store, reference: object, named: Any) -> RunNotFoundError:
    """Say that there is no such run, or that it is deleted."""
    for found in look_up(store.access, [named])[0]:
        if found.is_deleted:
            label = found.name or f"run {found.number}"
            return RunDeletedError(label, found.id, store.path)
    return RunNotFoundError(reference, store.path)


def _require_free(store: Path, row: RunRow) -> None:
    """Raise when the run's process goes on recording it."""
    if row.status is Status.RUNNING:
        owner = living_owner(Layout(store), row.session)
        if owner is not None and not owner.is_this_process():
            raise RunInUseError(row.name or row.id, owner.place)


def _take_over(store: Path, row: RunRow, data: TableData) -> ActiveRun:
    journal = Journal(row.id, store)
    params, summaries = data.params, data.summaries
    names = params.names
    journal.params.update({names[params.key[i]]: params.value(i) for i in range(len(params))})
    session = journal.session
    at = max(now_us(), (row.resumed or 0) + 1)
    resumed = {"run": row.id, "session": session.id, "at": at}
    events: list[Event] = [("run", _identity(row, session.id)), ("resume", resumed)]
    session.writer.events(events)
    keys = (summaries.names[key] for key in summaries.key.tolist())
    last_steps = dict(zip(keys, summaries.last_step.tolist(), strict=True))
    run = ActiveRun(
        journal,
        experiment=row.experiment,
        name=row.name,
        note=row.note,
        owner=session.owner,
        is_ours=True,
        last_steps=last_steps,
    )
    remember(run, anew=True)
    if settings().system_metrics:
        sampled = [step for name, step in last_steps.items() if is_system_metric(name)]
        watch(run, journal, first_step=max(sampled, default=-1) + 1)
    return run


def _identity(row: RunRow, session: str) -> dict[str, Any]:
    """Say again what the run is, for when the store is removed while it goes on."""
    return {
        "id": row.id,
        "session": session,
        "experiment": row.experiment,
        "name": row.name,
        "started": row.started,
        "kind": row.kind,
        "source": row.source_sha,
        "source_name": row.source_name,
        "cell_id": row.cell_id,
        "execution_count": row.execution_count,
        "notebook": row.notebook,
        "parent": row.parent,
        "note": row.note,
        "git": None,
        "again": True,
    }
