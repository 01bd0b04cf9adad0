"""Who a run belongs to, when one session after another goes on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail.store.owner import Life
from celltrail.store.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from celltrail.store.layout import Layout
    from celltrail.store.owner import SessionOwner

__all__ = ["living_owner", "settle"]

#: What a run that goes on has not got any more.
_GOING_ON = {
    "status": "running",
    **dict.fromkeys(
        ("ended", "error_type", "error_message", "error_traceback", "cpu_seconds", "peak_memory")
    ),
}


def settle(run: dict[str, Any], resumes: Iterable[tuple[int, str]]) -> None:
    """Give a run to the session that took it over last, in whatever order that is learnt.

    Whoever resumes a run takes a time after that of the resumption before, which it has
    read in the store, so that clocks of several machines do not matter. Of equal times the
    greater id of a session counts.

    Parameters
    ----------
    run
        Columns of ``runs``, which are changed.
    resumes
        (Time in microseconds, new session) of each time that the run was resumed.
    """
    known = (run["resumed"], run["session"]) if run["resumed"] else (0, "")
    for resumption in resumes:
        if resumption > known:
            known = resumption
            at, session = resumption
            run.update(_GOING_ON, session=session, resumed=at)


def living_owner(layout: Layout, session: str | None) -> SessionOwner | None:
    """Give the process of a session, if it may still be writing.

    Parameters
    ----------
    layout
        The store's paths.
    session
        The session's id.

    Returns
    -------
    SessionOwner or None
        None when it has ended, is gone, or has been silent for long on another machine.
    """
    for writer in Spool(layout).writers():
        if writer.session == session and not writer.ended and writer.owner is not None:
            silent = writer.readable and writer.owner.life() is not Life.ALIVE
            return None if silent else writer.owner
    return None
