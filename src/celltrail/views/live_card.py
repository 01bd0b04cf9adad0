"""The card of a run that goes on, as a widget; the twin of ``js/src/live_card.ts``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from celltrail.query import as_runs
from celltrail.store import CurveQuery
from celltrail.views.bundles import bundle_text
from celltrail.views.card import shown_params
from celltrail.views.format import shorten
from celltrail.views.growing import GrowingCurve, Points
from celltrail.views.rpc import answer_questions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from celltrail.query import Run

__all__ = ["LiveCard", "ghosts_of"]

_PARAMS_SHOWN = 8
#: Of so many metrics of the run before the curves are shown behind those of this one.
_GHOSTS = 12
_GHOST_PARTS = 48


class LiveCard(anywidget.AnyWidget):
    """A run that goes on: numbers and curves as they come, and buttons to stop it and to note.

    Parameters
    ----------
    run
        The run as it is stored now.
    previous
        The run to compare with.
    ghosts
        The curves of that one, by their metrics, from `ghosts_of`.
    methods
        What the page may ask for, by name: ``stop`` and ``note``, which give a sentence.
    """

    _head = traitlets.Unicode("{}").tag(sync=True)
    _now = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        run: Run,
        previous: Run | None,
        ghosts: Mapping[str, Any],
        methods: Mapping[str, Callable[..., str]],
    ) -> None:
        self._esm = bundle_text("live_card.js")
        self._css = bundle_text("live_card.css")
        params = shown_params(run, previous)
        facts = [run.experiment]
        if run.name and run.number:
            facts.append(f"run {run.number}")
        head = {
            "label": shorten(run.label, 80),
            "facts": [shorten(fact, 60) for fact in facts],
            "started": int(run.started.timestamp() * 1000),
            "params": [[shorten(p.key, 40), p.now, p.before] for p in params[:_PARAMS_SHOWN]],
            "more": max(0, len(params) - _PARAMS_SHOWN),
            "ghosts": dict(ghosts),
            "stop": "stop" in methods,
            "ghost": shorten(previous.label, 60) if previous is not None and ghosts else "",
        }
        super().__init__(_head=json.dumps(head))
        answer_questions(self, methods)
        _answer_at_once(self)

    def show(self, state: Mapping[str, Any]) -> int:
        """Show how the run is now, from any thread; give the bytes that this takes."""
        text = json.dumps(state, allow_nan=False, separators=(",", ":"))
        if text == self._now:
            return 0
        self._now = text
        return len(text)

    def dismiss(self) -> None:
        """Make the widget as small as can be: its still card stands there now.

        It is not closed yet: what the page asked while the kernel was busy is still to be
        heard. Whoever saves the states of all widgets that there ever were is left with a few
        bytes.
        """
        with self.hold_sync():
            self._esm, self._css, self._head, self._now = "export default {}", "", "{}", ""


def ghosts_of(previous: Run) -> dict[str, Any]:
    """Give the curves of a run in the form in which they travel."""
    found: dict[str, Any] = {}
    runs = as_runs([previous])
    for metric in list(previous.metrics)[:_GHOSTS]:
        thinned = runs.curves(metric, CurveQuery(buckets=_GHOST_PARTS))
        curve = GrowingCurve(2 * _GHOST_PARTS)
        curve.add(Points(thinned.x, thinned.step, thinned.time, thinned.value))
        drawn = curve.drawn()
        if drawn:
            found[metric] = drawn
    return found


def _answer_at_once(widget: Any) -> None:
    """Let the page's questions come by a subshell, while the cell runs.

    ipykernel has a comm's messages from the page handled where it was last written to, which is
    the busy main thread. A kernel without subshells has not got this, and hears of the questions
    when the cell has ended.
    """
    comm: Any = getattr(widget, "comm", None)
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default
