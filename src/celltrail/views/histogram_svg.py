"""A histogram as SVG, which reads on white and on black."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from celltrail.views.format import escape, format_number
from celltrail.views.theme import PALETTE

if TYPE_CHECKING:
    from celltrail.record.content.histogram import Histogram

__all__ = ["histogram_svg"]

_WIDTH, _HEIGHT = 320, 150
_SIDE, _TOP, _BOTTOM = 8, 20, 24
_GREY = "#7b7b7b"
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
#: More bars than this are thinner than a pixel: neighbours stand together.
_BARS = 128


def histogram_svg(histogram: Histogram) -> str:
    """Draw a histogram with the ends of its range and its highest count.

    Parameters
    ----------
    histogram
        Any: also one of no bins, or of counts that are no numbers.

    Returns
    -------
    str
        An SVG document without scripts or references.
    """
    counts = np.nan_to_num(np.asarray(histogram.counts, np.float64), posinf=0.0, neginf=0.0)
    if len(counts) > _BARS:
        starts = np.unique(np.linspace(0, len(counts), _BARS, endpoint=False).astype(np.intp))
        counts = np.add.reduceat(counts, starts)
    highest = float(counts.max()) if len(counts) else 0.0
    inner, base = _WIDTH - 2 * _SIDE, _HEIGHT - _BOTTOM
    width = inner / max(1, len(counts))
    bars = "".join(
        f'<rect x="{_SIDE + i * width:.2f}" y="{base - height:.2f}" '
        f'width="{max(0.5, width - (1 if width > 4 else 0)):.2f}" height="{height:.2f}"/>'
        for i, count in enumerate(counts.tolist())
        if (height := (base - _TOP) * max(0.0, count) / (highest or 1.0)) > 0
    )
    edges = [float(edge) for edge in np.asarray(histogram.edges, np.float64)[[0, -1]]]
    outside = f"{histogram.outside:,} outside" if histogram.outside else ""
    texts = (
        (_SIDE, _HEIGHT - 8, "start", format_number(edges[0], digits=3)),
        (_WIDTH - _SIDE, _HEIGHT - 8, "end", format_number(edges[1], digits=3)),
        (_WIDTH / 2, _HEIGHT - 8, "middle", outside),
        (_SIDE, 13, "start", f"at most {format_number(highest, digits=4)}"),
    )
    written = "".join(
        f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
        for x, y, anchor, text in texts
        if text
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}"><g fill="{PALETTE[0]}">{bars}</g>'
        f'<path d="M{_SIDE} {base}.5H{_WIDTH - _SIDE}" stroke="{_GREY}" stroke-opacity="0.5"/>'
        f'<g fill="{_GREY}" font-family="{_FONT}" font-size="11">{written}</g></svg>'
    )
