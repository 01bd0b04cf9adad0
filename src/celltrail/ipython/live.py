"""The live cards of a shell: while a tracked cell runs, how it is doing stands below it.

A cell that runs longer than two seconds gets one. It is an output of that cell, sent for the
request that runs the cell, whatever other cells do meanwhile; at its end the still card takes
its place. One thread serves all cards, some times a second, and waits while there are none.
"""

from __future__ import annotations

import sys
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from celltrail import views
from celltrail.ipython.cards import LiveSource
from celltrail.store.notices import defer
from celltrail.store.system import importing, interrupt_main
from celltrail.store.ticker import Ticker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from celltrail.record import ActiveRun
    from celltrail.views import LiveCard

__all__ = ["LiveCards", "LivePlace", "is_notebook"]

#: Seconds after which a cell gets a live card.
AFTER = 2.0
#: Seconds between two updates, which take at most this share of a processor.
INTERVAL, _SHARE = 0.25, 0.02
#: Seconds between two looks whether a card is due, while none is shown.
_IDLE = 0.5
#: A card that the cell cleared away comes again, though not more often than this.
_AGAIN = 1.0
#: When the store does not know the run yet, it is looked for again after so many seconds.
_LATER = 2.0
#: A card whose cell has ended without saying so goes after so many seconds.
_LEFT = 10.0
#: So many cards of cells that have ended can still be asked something.
_KEPT = 2
#: Outputs before which what `clear_output(wait=True)` is to clear is cleared.
_OUTPUTS = frozenset({"stream", "display_data", "execute_result", "error"})


def is_notebook(parent: Mapping[str, Any]) -> bool:
    """Say whether a request comes from a page that shows widgets and can change an output.

    JupyterLab and Notebook 7 say which cell it is. Consoles, nbclient and papermill do not: there
    is nobody who looks.

    Parameters
    ----------
    parent
        The request.
    """
    metadata = parent.get("metadata") or {}
    return "cellId" in metadata or "google.colab" in sys.modules


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
    stoppable
        Whether the cell runs in the main thread, so that it can be interrupted.
    """

    run: ActiveRun
    parent: dict[str, Any]
    totals: Callable[[], Mapping[str, int]]
    stoppable: bool = True
    due: float = field(default_factory=lambda: time.monotonic() + AFTER)
    display_id: str = field(default_factory=lambda: f"celltrail-{uuid.uuid4().hex[:12]}")
    #: Held while the card is updated or let go: the cell may end at any moment.
    lock: threading.Lock = field(default_factory=threading.Lock)
    #: Held while outputs are noted, or the card becomes one.
    outputs: threading.Lock = field(default_factory=threading.Lock)
    source: LiveSource | None = None
    card: LiveCard | None = None
    is_over: bool = False
    #: Whether it stands among the cell's outputs just now.
    is_there: bool = False
    #: Whether the next output of the cell clears all before it.
    will_clear: bool = False
    shown: float = 0.0
    left: float | None = None  # since when its run has ended

    def note_output(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take note of an output of the cell, which may clear the card away."""
        with self.outputs:
            if kind == "clear_output":
                if content.get("wait"):
                    self.will_clear = True
                else:
                    self.is_there = False
            elif self.will_clear and kind in _OUTPUTS:
                self.will_clear = self.is_there = False


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
        self._dismissed: list[LiveCard] = []
        self._ticker = Ticker("celltrail-live", self._look)

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
        main = threading.current_thread() is threading.main_thread()
        _let_colab_show_widgets()
        place = LivePlace(run, parent, totals, main)
        self._places.append(place)
        if self._ticker.start():
            return place
        self._places.remove(place)
        return None

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
            source, place.source = place.source, None
            if source is not None:
                source.close()
        if card is None:
            return False
        is_there = place.is_there
        if is_there:
            content = _content(bundle or {"text/plain": ""}, place.display_id)
            self._send("update_display_data", content, place.parent)
        card.dismiss()
        self._dismissed.append(card)
        for old in self._dismissed[:-_KEPT]:
            old.close()
        del self._dismissed[:-_KEPT]
        return is_there and bundle is not None

    # -- in the thread ------------------------------------------------------------------
    def _look(self) -> float | None:
        """Serve all cards; give the seconds until the next time."""
        places = list(self._places)
        if not places:
            return None
        cost = 0.0
        for place in places:
            if place.is_over:
                self._places.remove(place)
                continue
            began, is_new = time.thread_time(), place.card is None
            try:
                self._serve(place)
            except Exception as error:  # noqa: BLE001  # any: the cell goes on without a card
                place.is_over = True
                defer(f"the live card could not be shown: {error!r}")
            # to open one costs most, and comes once
            cost += 0.0 if is_new else time.thread_time() - began
        shown = any(place.card is not None for place in places)
        return max(INTERVAL, cost / _SHARE) if shown else _IDLE

    def _serve(self, place: LivePlace) -> None:
        now = time.monotonic()
        if not place.run.is_open:
            place.left = place.left or now
            if now - place.left > _LEFT:  # nobody says that its cell is over
                self.end(place, None)
            return
        if place.card is None:
            if now >= place.due:
                self._open(place)
            return
        with place.lock:
            if place.is_over or place.source is None or place.card is None:
                return
            place.card.show(place.source.state())
            if not place.is_there and now - place.shown > _AGAIN:
                self._display(place, place.card)

    def _open(self, place: LivePlace) -> None:
        """Make the card: reads the store, and imports what widgets need."""
        with importing():
            views.LiveCard  # noqa: B018  # resolved at its first use, which imports what it needs
        methods: dict[str, Callable[..., str]] = {"note": lambda text: _note(place, text)}
        if place.stoppable:
            methods["stop"] = lambda: _stop(place)
        source = LiveSource(place.run, place.totals)
        card = source.card(methods)
        state = source.state()
        with place.lock:
            if card is not None and not place.is_over:
                place.source, place.card = source, card
                card.show(state)
                self._display(place, card)
                return
        source.close()
        place.due = time.monotonic() + _LATER
        if card is not None:
            card.close()

    def _display(self, place: LivePlace, card: LiveCard) -> None:
        bundle = {**views.view_bundle(card), "text/plain": f"{place.run.label} is running"}
        with place.outputs:
            if place.will_clear:
                return  # it would clear what the cell shows, before the cell shows anything else
            self._send("display_data", _content(bundle, place.display_id), place.parent)
            place.is_there, place.shown = True, time.monotonic()


def _content(bundle: Mapping[str, Any], display_id: str) -> dict[str, Any]:
    # What an output's own metadata say goes past the hooks, which only some threads have.
    has_widget = "application/vnd.jupyter.widget-view+json" in bundle
    metadata = views.view_metadata() if has_widget else {}
    return {"data": dict(bundle), "metadata": metadata, "transient": {"display_id": display_id}}


def _let_colab_show_widgets() -> None:
    """Let Google Colab show widgets that are not its own.

    anywidget does so when the first one is made, but what Colab puts in place then holds for
    that thread alone, and the first may be a live card's.
    """
    output: Any = sys.modules.get("google.colab.output")
    widgets: Any = getattr(output, "_widgets", None)
    if output is not None and getattr(widgets, "_installed_url", None) is None:
        with suppress(Exception):  # of Colab's; then there is no card
            output.enable_custom_widget_manager()


def _stop(place: LivePlace) -> str:
    """End the cell as an interrupt does, which frameworks let through."""
    if place.is_over or not place.run.is_open:
        return "The run has ended."
    if not interrupt_main():
        return "This process does not let itself be interrupted."
    return "Stopped: the code ends at its next step in Python."


def _note(place: LivePlace, text: object) -> str:
    place.run.note = str(text)
    return f"Noted: {place.run.note}"
