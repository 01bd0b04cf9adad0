"""Names, tags and notes of runs that are over: what people say of them afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.errors import UsageError
from celltrail.record.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from celltrail.store.events import Event

__all__ = ["edit_run"]


def edit_run(
    store: Path,
    run_id: str,
    *,
    name: str | None = None,
    note: str | None = None,
    add_tags: Iterable[str] = (),
    remove_tags: Iterable[str] = (),
) -> dict[str, str]:
    """Change what is said of a run; safe from ``kill -9`` when it returns.

    Parameters
    ----------
    store
        The store.
    run_id
        The run.
    name, note
        Another name or note; None leaves it.
    add_tags, remove_tags
        Tags to put on it and to take off it.

    Returns
    -------
    dict
        ``name`` and ``note`` as they are stored, without secrets, where they were given.

    Raises
    ------
    UsageError
        When the name is empty, or a tag is.
    """
    journal = Journal(run_id, store)
    events: list[Event] = []
    stored: dict[str, str] = {}
    if name is not None:
        if not name.strip():
            message = "a run's name must not be empty."
            raise UsageError(message)
        stored["name"] = journal.clean_name(name.strip())
        events.append(("name", {"name": stored["name"]}))
    if note is not None:
        stored["note"] = journal.clean(note)
        events.append(("note", {"text": stored["note"]}))
    events += journal.tag_events(_tags(add_tags))
    events += journal.tag_events(_tags(remove_tags), on=False)
    journal.events(events)
    return stored


def _tags(tags: Iterable[str]) -> Sequence[str]:
    found = [str(tag).strip() for tag in tags]
    if not all(found):
        message = "a tag must not be empty."
        raise UsageError(message)
    return found
