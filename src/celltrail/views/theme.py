"""The look of everything static: colours and inline styles that read on white and on black.

A saved notebook does not know in which theme it will be read, and JupyterLab's sanitizer
takes ``<style>`` and CSS variables out of notebooks that are not trusted. So texts take
the page's own colour, what is secondary is fainter, and lines are translucent grey.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

from celltrail.model import Status
from celltrail.views.format import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CHANGED",
    "FAINT",
    "FONT",
    "LINE",
    "PALETTE",
    "RAMP",
    "STATUS_COLORS",
    "TABULAR",
    "run_color",
    "run_colors",
    "series_color",
    "status_html",
    "vega_config",
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


#: Colours of a scale, the least first. Each has a contrast of 3 and more on white and on
#: JupyterLab's dark grey, where the ends of viridis are lost; and they go from blue to yellow,
#: which those who confuse red and green tell apart too.
RAMP: Final = ("#3465d9", "#7a62c9", "#a86aa8", "#c07a70", "#c78618")


#: Of more runs than this colours are noise, and all have the first.
_OWN_COLORS: Final = 27


def series_color(index: int) -> str:
    """Give the colour of the series with this place in its chart."""
    return PALETTE[index % len(PALETTE)]


def run_colors(runs: Sequence[tuple[int | None, str]]) -> list[str]:
    """Give each of some runs its own colour, or all of many the same one.

    Parameters
    ----------
    runs
        Number and experiment of each.
    """
    if len(runs) > _OWN_COLORS:
        return [PALETTE[0]] * len(runs)
    return [run_color(number or 0, experiment) for number, experiment in runs]


def status_html(status: str) -> str:
    """Write a status as a small coloured dot and its word."""
    color = STATUS_COLORS.get(status, STATUS_COLORS[Status.LOST])
    return (
        f'<span style="color:{color};font-size:10px;vertical-align:1px">\N{BLACK CIRCLE}</span>'
        f"&nbsp;{escape(status)}"
    )


def run_color(number: int, experiment: str = "") -> str:
    """Give the colour of a run, the same in every view.

    Parameters
    ----------
    number
        The run's number within its experiment: neighbours differ most.
    experiment
        Its experiment, so that the first runs of two are mostly told apart.

    Returns
    -------
    str
        One of 27: the nine hues of `PALETTE`, then darker and then lighter ones. Charts dash
        the lines of those that still have a colour in common.

    Examples
    --------
    >>> run_color(1) == run_color(28), run_color(1) == run_color(2)
    (True, False)
    """
    hues = PALETTE[:-1]  # grey is what axes are
    turn = zlib.crc32(experiment.encode("utf-8", "replace"))
    shade = (number - 1) // len(hues) % len(_SHADES)
    return _mixed(hues[(2 * (number - 1) + turn) % len(hues)], *_SHADES[shade])


#: What is mixed into a hue, and how much of it; both read on white and on black.
_SHADES: Final = (("#000000", 0.0), ("#1d1f26", 0.3), ("#ffffff", 0.35))


def _mixed(color: str, other: str, share: float) -> str:
    parts = [
        round(int(color[i : i + 2], 16) * (1 - share) + int(other[i : i + 2], 16) * share)
        for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)


def vega_config(*, dark: bool = False) -> dict[str, Any]:
    """Give the Vega-Lite config of all charts; the twin of ``configFor`` in chart_spec.ts.

    Parameters
    ----------
    dark
        Whether it stands on a dark background.
    """
    text, faint = ("#e8e8e8", "#a8a8a8") if dark else ("#212121", "#757575")
    line = "rgba(128,128,128,0.22)"
    return {
        "font": "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif",
        "view": {"stroke": None},
        "range": {"category": list(PALETTE)},
        "scale": {"invalid": {"color": {"value": PALETTE[-1]}}},
        "axis": {
            "labelColor": faint,
            "titleColor": faint,
            "titleFontWeight": "normal",
            "titleFontSize": 11,
            "labelFontSize": 11,
            "titlePadding": 8,
            "labelPadding": 6,
            "gridColor": line,
            "domain": False,
            "ticks": False,
        },
        "axisX": {
            "grid": False,
            "ticks": True,
            "tickColor": line,
            "tickSize": 4,
            "domain": True,
            "domainColor": line,
            "labelFlush": False,
        },
        "legend": {
            "labelColor": text,
            "titleColor": faint,
            "titleFontWeight": "normal",
            "titleFontSize": 11,
            "labelFontSize": 12,
            "rowPadding": 4,
            "symbolStrokeWidth": 2.5,
            "offset": 20,
        },
        "title": {
            "color": text,
            "subtitleColor": faint,
            "fontSize": 13,
            "subtitleFontSize": 11,
            "fontWeight": 600,
            "anchor": "start",
            "frame": "group",
            "offset": 12,
        },
        "header": {
            "labelColor": text,
            "titleColor": faint,
            "labelFontSize": 12,
            "labelFontWeight": 600,
            "labelAnchor": "start",
        },
        "mark": {"color": PALETTE[0]},
    }
