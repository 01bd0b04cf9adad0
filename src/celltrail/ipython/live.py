"""The live cards of a shell: while a tracked cell runs, how it is doing stands below it.

A cell that runs longer than two seconds gets one. It is an output of that cell, sent for the
request that runs the cell, whatever other cells do meanwhile; at its end the still card takes
its place. One thread serves all cards, some times a second, and waits while there are none.
"""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from celltrail.ipython.cards import LiveSource
from celltrail.store.notices import defer
from celltrail.store.system import importing, interrupt_main, may_start_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from celltrail.record import ActiveRun
    from celltrail.views import LiveCard

__all__ = ["LiveCards", "LivePlace"]

#: Seconds after which a cell gets a live card.
AFTER = 2.0
#: Seconds between two updates.
INTERVAL = 0.25
#: Seconds between two looks whether a card is due, while none is shown.
_IDLE = 0.5
#: Without any tracked cell the thread waits so many seconds for another before it ends.
_LINGER = 60.0
#: A card that the cell cleared away comes again, though not more often than this.
_AGAIN = 1.0


@dataclass(slots=True, eq=False)
class LivePlace:
    """Where the live card of one cell stands, or will.

    Parameters
    ----------
    run
        The run.
    parent
        The request within which the cell runs.
    totals
        Gives the numbers that may say how many steps there will be.
    """

    run: ActiveRun
    parent: dict[str, Any]
    totals: Callable[[], Mapping[str, int]]
    due: float = field(default_factory=lambda: time.monotonic() + AFTER)
    display_id: str = field(default_factory=lambda: f"celltrail-{uuid.uuid4().hex[:12]}")
    #: Held while the card is shown, updated or let go: the cell may end at any moment.
    lock: threading.Lock = field(default_factory=threading.Lock)
    source: LiveSource | None = None
    card: LiveCard | None = None
    is_over: bool = False
    #: Whether it stands among the cell's outputs just now.
    is_there: bool = False
    _will_clear: bool = False
    _shown: float = 0.0

    def note_output(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take note of an output of the cell, which may clear the card away."""
        if kind == "clear_output":
            if content.get("wait"):
                self._will_clear = True
            else:
                self.is_there = False
        elif self._will_clear:
            self._will_clear = self.is_there = False


class LiveCards:
    """Shows the live cards of one shell.

    Parameters
    ----------
    send
        ``send(kind, content, parent)`` sends an output to the front end, for a request.
    """

    def __init__(self, send: Callable[[str, dict[str, Any], dict[str, Any]], None]) -> None:
        self._send = send
        self._places: list[LivePlace] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(
        self,
        run: ActiveRun,
        parent: dict[str, Any],
        totals: Callable[[], Mapping[str, int]],
    ) -> LivePlace | None:
        """Show a card for a run once it has run for a while.

        Costs some microseconds, or the start of a thread for the first run of a while.

        Returns
        -------
        LivePlace or None
            What `end` takes; None where there can be no thread.
        """
        if not may_start_threads():
            return None
        place = LivePlace(run, parent, totals)
        with self._lock:  # so that the thread does not end in between
            self._places.append(place)
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._work, name="celltrail-live", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # out of threads, or the interpreter is ending
                    self._places.clear()
                    return None
                self._thread = thread
        return place

    def end(self, place: LivePlace, bundle: Mapping[str, str] | None) -> bool:
        """Let a live card go, and put the still card in its place.

        Parameters
        ----------
        place
            From `watch`.
        bundle
            The still card as a MIME bundle; None where there is none.

        Returns
        -------
        bool
            Whether the still card is shown now; else it is still to be.
        """
        place.is_over = True
        with place.lock:
            card, place.card = place.card, None
            if place.source is not None:
                place.source.close()
        if card is None:
            return False
        is_there = place.is_there
        if is_there:
            content = _content(bundle or {"text/plain": ""}, place.display_id)
            self._send("update_display_data", content, place.parent)
        card.dismiss()
        return is_there and bundle is not None

    # -- in the thread ------------------------------------------------------------------
    def _work(self) -> None:
        last_seen = time.monotonic()
        while True:
            places = list(self._places)
            for place in places:
                if place.is_over:
                    self._places.remove(place)
                    continue
                last_seen = time.monotonic()
                try:
                    self._serve(place)
                except Exception as error:  # noqa: BLE001  # any: the cell goes on without a card
                    place.is_over = True
                    defer(f"the live card could not be shown: {error!r}")
            if not places and time.monotonic() - last_seen > _LINGER:
                with self._lock:
                    if not self._places:
                        self._thread = None
                        return
            shown = any(place.card is not None for place in places)
            time.sleep(INTERVAL if shown else _IDLE)

    def _serve(self, place: LivePlace) -> None:
        if place.card is None:
            if time.monotonic() >= place.due and place.run.is_open:
                self._open(place)
            return
        with place.lock:
            if place.is_over or place.source is None or place.card is None:
                return
            place.card.show(place.source.state())
            if not place.is_there and time.monotonic() - place._shown > _AGAIN:
                self._display(place)

    def _open(self, place: LivePlace) -> None:
        """Make the card: reads the store, and imports what widgets need."""
        methods: dict[str, Callable[..., str]] = {
            "stop": lambda: _stop(place),
            "note": lambda text: _note(place, text),
        }
        with importing():
            source = LiveSource(place.run, place.totals)
            card = source.card(methods)
            state = source.state()
        with place.lock:
            if card is None or place.is_over:
                source.close()
            else:
                place.source, place.card = source, card
                card.show(state)
                self._display(place)
                return
        if card is not None:
            card.dismiss()

    def _display(self, place: LivePlace) -> None:
        assert place.card is not None
        view = {"version_major": 2, "version_minor": 0, "model_id": place.card.model_id}
        bundle = {
            "application/vnd.jupyter.widget-view+json": view,
            "text/plain": f"{place.run.label} is running",
        }
        place.is_there, place._shown = True, time.monotonic()
        self._send("display_data", _content(bundle, place.display_id), place.parent)


def _content(bundle: Mapping[str, Any], display_id: str) -> dict[str, Any]:
    return {"data": dict(bundle), "metadata": {}, "transient": {"display_id": display_id}}


def _stop(place: LivePlace) -> str:
    """End the cell as an interrupt does, which frameworks let through."""
    if place.is_over or not place.run.is_open:
        return "The run has ended."
    interrupt_main()
    return "Stopped: the code ends at its next step in Python."


def _note(place: LivePlace, text: object) -> str:
    place.run.note = str(text)
    return f"Noted: {place.run.note}"
