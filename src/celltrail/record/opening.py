"""Begin a run: everything that is known of it at its start, written by one write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.capture.level import recorded_source
from celltrail.config import settings
from celltrail.ids import new_id
from celltrail.model import SourceInfo
from celltrail.record.active import ActiveRun
from celltrail.record.current import remember
from celltrail.record.journal import Journal
from celltrail.record.sampling import watch
from celltrail.record.session import source_address
from celltrail.store.events import now_us

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from celltrail.store.events import Event

__all__ = ["open_run"]


def open_run(
    store: Path,
    *,
    experiment: str,
    name: str | None = None,
    params: object = None,
    tags: Iterable[object] = (),
    note: str = "",
    source: SourceInfo | None = None,
    parent: str | None = None,
) -> ActiveRun:
    """Begin a run in a store.

    Parameters
    ----------
    store
        The store's absolute path.
    experiment, name, params, tags, note
        As for `track`.
    source
        The code that it runs.
    parent
        The id of the run that it is part of.
    """
    source = source or SourceInfo("", kind="block")
    journal = Journal(new_id(), store)
    session = journal.session
    experiment = journal.clean(experiment)
    name = None if name is None else journal.clean(name)
    note = journal.clean(note)
    level = settings().capture
    text = recorded_source(source.text, level) if level == "values" else journal.clean(source.text)
    begun = {
        "id": journal.run_id,
        "session": session.id,
        "experiment": experiment,
        "name": name,
        "started": now_us(),
        "kind": source.kind,
        "source": source_address(text),
        "source_name": source.name,
        "cell_id": source.cell_id,
        "execution_count": source.execution_count,
        "notebook": source.notebook,
        "parent": parent,
        "note": note,
        "git": None,
        "markdown": None if source.markdown is None else journal.clean(source.markdown),
        "auto": source.auto,
    }
    more: list[Event] = [*journal.params_events(params, {}), *journal.tag_events(tags)]
    of_run = [(kind, {"run": journal.run_id, **fields}) for kind, fields in more]
    session.write([("run", begun), *of_run], text)
    run = ActiveRun(
        journal, experiment=experiment, name=name, note=note, owner=session.owner, is_ours=True
    )
    remember(run)
    if settings().system_metrics:
        watch(run, journal)
    return run
