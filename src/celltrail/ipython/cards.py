"""The cards of a shell's runs: the still one after a cell, and what the live one shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from celltrail import query, views  # they resolve heavy names at their first use
from celltrail.errors import StoreError
from celltrail.query import load_run
from celltrail.query.meaning import meaning_of
from celltrail.store import open_store
from celltrail.store.follow import Follower
from celltrail.store.notices import take_deferred, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from celltrail.record import ActiveRun
    from celltrail.views import Card, LiveCard

__all__ = ["LiveSource", "card_for"]

#: A card is drawn while somebody waits for it: after so long, in seconds, it is left out.
_CARD_WAIT = 2.0


def card_for(active: ActiveRun, notes: Sequence[str] = ()) -> Card | None:
    """Draw the card of a run that has just ended.

    Parameters
    ----------
    active
        The run.
    notes
        Sentences for the foot of the card.

    Returns
    -------
    Card or None
        None when the store cannot be read now, which a warning says.
    """
    store = open_store(active.store_path)
    try:
        stored = load_run(store, active.id) if store.merge(wait=_CARD_WAIT) else None
        if stored is None:
            return None
        count = active.redactions
        said = [f"{count} secret{'' if count == 1 else 's'} redacted"] if count else []
        earlier = store.tried_before(active.id)
        tried = load_run(store, earlier) if earlier is not None else None
        if tried is not None:
            said.insert(0, views.tried_note(stored, tried))
        return views.run_card(
            stored, stored.previous, [*query.fulfilled(stored.id), *notes, *said, *take_deferred()]
        )
    except StoreError as error:
        warn(str(error))
        return None


class LiveSource:
    """What the live card of a run shows, from what is logged to it.

    Parameters
    ----------
    active
        The run, which goes on.
    totals
        Gives the numbers that may say how many steps there will be.

    Notes
    -----
    The store is read once, for the run before; after that only what is new is read, from the
    spool. It is used by one thread.
    """

    def __init__(self, active: ActiveRun, totals: Callable[[], Mapping[str, int]]) -> None:
        path = active.store_path
        self._id = active.id
        self._follower = Follower(path, since_start=active.session_id)
        first = self._follower.look()  # what is read next may merge and remove it
        store = open_store(path)
        with store.access.at_once():
            self._run = load_run(store, active.id)
            self._previous = None
            if self._run is not None:
                self._run.params  # noqa: B018  # read here what its card asks for
                self._previous = self._run.previous
            meanings = store.meanings()
            started = time.time() if self._run is None else self._run.started.timestamp()
            self._live = views.LiveRun(
                started, self._previous, lambda name: meaning_of(name, meanings), totals
            )
            self._ghosts = {} if self._previous is None else views.ghosts_of(self._previous)
        self._live.add([each for each in first.points if each.run == self._id])

    def card(self, methods: Mapping[str, Callable[..., str]]) -> LiveCard | None:
        """Make the widget; None when the store does not know the run yet.

        Parameters
        ----------
        methods
            What the page may ask for: ``note``, and ``stop`` where that is possible.
        """
        if self._run is None:
            return None
        return views.LiveCard(self._run, self._previous, self._ghosts, methods)

    def state(self) -> dict[str, Any]:
        """Give what the card shows now."""
        points = [each for each in self._follower.look().points if each.run == self._id]
        self._live.add(points)
        state = self._live.state()
        return {**state, "alerts": [*query.fulfilled(self._id), *state["alerts"]]}

    def close(self) -> None:
        """Let go of the files."""
        self._follower.close()
