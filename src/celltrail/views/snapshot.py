"""Two outputs for each widget: a still picture that stays, and the live widget over it.

One output with both forms does not do: a notebook that is opened again tries the widget,
finds no model, and hides the HTML beside it. So the picture is an output of its own. The
widget's script hides it while the widget lives; when the notebook is read without a
kernel nothing hides it, and a style in it hides what is left of the dead widget.
"""

from __future__ import annotations

import json
import sys
import uuid
from typing import TYPE_CHECKING, Any

import ipywidgets
from IPython import display as ipython_display
from IPython.core.getipython import get_ipython

from celltrail.config import settings
from celltrail.views.format import escape
from celltrail.views.kept import Choices, next_place
from celltrail.views.redrawing import redraw_soon, request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "STILL_BYTES",
    "WIDGET_MIME",
    "Snapshot",
    "size",
    "snapshot_html",
    "view_bundle",
    "view_metadata",
]

#: Of how many bytes a still picture is where nobody says otherwise.
STILL_BYTES = 1_000_000
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"

# Where a dead widget was, JupyterLab says «Loading widget…», then «model not found»: bare text,
# while a live widget and any other output have an element in there. The rule reaches only the
# output right after the picture.
_HIDE_DEAD = (
    ".jp-OutputArea-child:has(>.jp-OutputArea-output>.{mark})"
    "+.jp-OutputArea-child:not(:has(>.jp-OutputArea-output>*)){{display:none}}"
)


def snapshot_html(body: str, mark: str) -> str:
    """Wrap a still picture so that the widget with this mark can find and hide it."""
    style = f"<style>{_HIDE_DEAD.format(mark=mark)}</style>"
    return f'<div class="celltrail-snapshot {mark}">{style}{body}</div>'


class Snapshot:
    """What a widget class takes to be shown as two outputs.

    The class gives ``_still_html`` and ``_still_text``, and has a synchronised trait
    ``_mark`` that its script reads.
    """

    _mark: str
    _displayed = False
    _choices: Choices | None = None
    #: How often what the picture shows was changed, and the picture that was drawn last of it.
    _version = 0
    _drawn: tuple[int, dict[str, str]] | None = None
    _request: dict[str, Any] | None = None

    def _still_html(self, most: int = STILL_BYTES) -> str:
        """Give the still picture as HTML that survives a sanitizer.

        It leaves out what it can do without while it is of more bytes than ``most``.
        """
        raise NotImplementedError

    def _still_text(self) -> str:
        """Give the text form."""
        raise NotImplementedError

    def _kept_parts(self) -> dict[str, tuple[ipywidgets.Widget, Sequence[str]]]:
        """Give the widgets of the view, each with the traits whose choices the notebook keeps."""
        return {}

    @staticmethod
    def _new_mark() -> str:
        return f"celltrail-{uuid.uuid4().hex[:12]}"

    def _known_ids(self) -> Sequence[str]:
        """Give the ids of the runs that can be selected."""
        return ()

    def _still_bundle(self) -> dict[str, str]:
        version = self._version
        if self._drawn is None or self._drawn[0] != version:
            html = snapshot_html(self._bounded_html(), self._mark)
            self._drawn = version, {"text/html": html, "text/plain": self._still_text()}
        return self._drawn[1]

    def _bounded_html(self) -> str:
        """Give the still picture within the bytes that a view may leave in the notebook."""
        most = settings().saved_kb * 1_000
        if most and size(html := self._still_html(most)) <= most:
            return html
        text = f"<pre>{escape(self._still_text())}</pre>"
        if size(text) <= most:
            return text
        return escape(f"{self!r}: run this cell to see it (saved_kb is {most // 1_000}).")

    def _ipython_display_(self, **_options: Any) -> None:
        self._request = request()
        place, parts = next_place(self._request), self._kept_parts()
        if place is not None and parts:
            if self._choices is None:
                self._choices = Choices(parts, self._known_ids, lambda: redraw_soon(self))
            self._choices.stand(place)
        self._version += 1
        _show(self._still_bundle(), self._metadata(), display_id=self._mark)
        self._displayed = True
        view = view_bundle(self)
        if view:
            _show(view, view_metadata())

    def refresh_snapshot(self, *, aside: bool = False) -> None:
        """Draw the still picture anew where it was shown.

        Parameters
        ----------
        aside
            Whether this comes from another thread, beside a cell whose outputs it is none of.
        """
        self._version += 1
        if aside:
            self.redraw()
        else:
            _show(self._still_bundle(), self._metadata(), display_id=self._mark, update=True)

    def redraw(self, parent: Mapping[str, Any] | None = None) -> None:
        """Send the picture and what is kept with it again, from any thread.

        Parameters
        ----------
        parent
            The request to which the output belongs; by default the one that showed the view.
        """
        _send_aside(
            self._still_bundle(), self._metadata(), self._mark, parent or self._request or {}
        )

    def _changed(self) -> None:
        """Say that the picture shows something else now."""
        self._version += 1
        if self._displayed:
            redraw_soon(self)

    def _metadata(self) -> dict[str, Any]:
        return {} if self._choices is None else self._choices.metadata()

    def _repr_mimebundle_(self, **_options: Any) -> Any:
        bundle = {**view_bundle(self), "text/plain": self._still_text()}
        return (bundle, metadata) if (metadata := view_metadata()) else bundle


def size(html: str) -> int:
    """Say how many bytes of the notebook a text takes."""
    return len(json.dumps(html, ensure_ascii=False).encode("utf-8", "replace"))


def _show(
    bundle: dict[str, Any],
    metadata: dict[str, Any] | None = None,
    *,
    display_id: str = "",
    update: bool = False,
) -> None:
    options = {"transient": {"display_id": display_id}} if display_id else {}
    publish: Any = ipython_display.publish_display_data  # IPython leaves it untyped
    publish(bundle, metadata, update=update, **options)


def _send_aside(
    bundle: dict[str, Any],
    metadata: dict[str, Any],
    display_id: str,
    parent: Mapping[str, Any],
) -> None:
    """Change an output that was shown, past what captures the outputs of cells.

    VS Code takes it only as one of the cell that showed it.
    """
    kernel: Any = getattr(get_ipython(), "kernel", None)
    session = getattr(kernel, "session", None)
    if session is None:
        return  # a terminal: what was shown there stays
    content = {"data": bundle, "metadata": metadata, "transient": {"display_id": display_id}}
    kind = "update_display_data"
    session.send(kernel.iopub_socket, kind, content, parent=parent, ident=kind.encode())


def view_metadata() -> dict[str, Any]:
    """Give the metadata with which Google Colab shows a widget that is not its own."""
    output: Any = sys.modules.get("google.colab.output")
    url = getattr(getattr(output, "_widgets", None), "_installed_url", None)
    return {WIDGET_MIME: {"colab": {"custom_widget_manager": {"url": url}}}} if url else {}


def view_bundle(widget: Any) -> dict[str, Any]:
    """Give the widget's own output.

    Its text is empty, so that no reader shows it twice: without any, VS Code says in a notebook
    that is opened again that it cannot show the widget.
    """
    if not isinstance(widget, ipywidgets.DOMWidget) or widget.comm is None:
        return {}
    return {
        WIDGET_MIME: {
            "version_major": 2,
            "version_minor": 0,
            "model_id": widget.model_id,
        },
        **({"text/plain": ""} if hasattr(get_ipython(), "kernel") else {}),
    }
