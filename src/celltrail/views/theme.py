"""The look of everything static: colours and inline styles that read on white and on black.

A saved notebook does not know in which theme it will be read, and JupyterLab's sanitizer
takes ``<style>`` and CSS variables out of notebooks that are not trusted. So texts take
the page's own colour, what is secondary is fainter, and lines are translucent grey.
"""

from __future__ import annotations

from typing import Final

from celltrail.model import Status
from celltrail.views.format import escape

__all__ = [
    "CHANGED",
    "FAINT",
    "FONT",
    "LINE",
    "PALETTE",
    "STATUS_COLORS",
    "TABULAR",
    "series_color",
    "status_html",
]

FONT: Final = (
    "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;"
    "font-size:13px;line-height:1.5"
)
TABULAR: Final = "font-variant-numeric:tabular-nums"
FAINT: Final = "opacity:0.62"
LINE: Final = "1px solid rgba(128,128,128,0.28)"
#: Behind what changed against the run before.
CHANGED: Final = "background-color:rgba(217,154,32,0.22);border-radius:3px;padding:1px 5px"

STATUS_COLORS: Final[dict[str, str]] = {
    Status.RUNNING: "#3b82d6",
    Status.FINISHED: "#3a9d5d",
    Status.FAILED: "#d64545",
    Status.INTERRUPTED: "#d08a1d",
    Status.LOST: "#8a8f98",
}

#: Ten hues of like lightness, told apart also with the common colour blindnesses.
PALETTE: Final = (
    "#3b82d6",
    "#e08a1e",
    "#2fa37a",
    "#d1557b",
    "#8668d1",
    "#8a9a2b",
    "#27a3b8",
    "#b5703c",
    "#d45d4c",
    "#7f8792",
)


def series_color(index: int) -> str:
    """Give the colour of the series with this place in its chart."""
    return PALETTE[index % len(PALETTE)]


def status_html(status: str) -> str:
    """Write a status as a small coloured dot and its word."""
    color = STATUS_COLORS.get(status, STATUS_COLORS[Status.LOST])
    return (
        f'<span style="color:{color};font-size:10px;vertical-align:1px">\N{BLACK CIRCLE}</span>'
        f"&nbsp;{escape(status)}"
    )
