"""A line chart as SVG, drawn without any library: the still form of a chart.

It goes into the notebook as an image (``<img src="data:image/svg+xml;base64,…">``), since
the sanitizer of notebooks that are not trusted lets no inline SVG through. An image does
not know the page's theme, so all its greys read on white and on black.
"""

from __future__ import annotations

import base64
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from celltrail.views.format import escape, format_as, format_number, shorten
from celltrail.views.theme import series_color

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Series", "image_html", "line_chart_svg", "nice_ticks"]

_GREY = "#7b7b7b"
_GRID = "#808080"
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_LEGEND_ROWS = 12
_LEGEND_WIDTH = 150
_LARGEST = sys.float_info.max
#: Characters of a number beside an axis, at most.
_LABEL = 14
# A range this small beside its values is rounding: no ticks could tell it from a constant.
_CONSTANT = 1e-9
_TINY = 1e-290


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name in the legend, and its points in the order of x.

    Values that are not finite make gaps. Without a colour it has that of its place.
    """

    label: str
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    color: str = ""


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        # Quarters: the difference of two floats can be more than a float holds.
        low = self.low / 4
        share = (value / 4 - low) / (self.high / 4 - low)
        return self.start + share * (self.end - self.start)


def image_html(svg: str, alt: str) -> str:
    """Wrap an SVG as an ``<img>`` that holds it whole."""
    data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(alt)}" '
        f'style="max-width:100%;height:auto;display:inline-block;vertical-align:top">'
    )


def line_chart_svg(
    series: Sequence[Series],
    *,
    title: str,
    x_title: str,
    width: int = 620,
    height: int = 300,
    legend: bool = True,
    whole_x: bool = False,
    log_x: bool = False,
    log_y: bool = False,
    y_format: str = "",
) -> str:
    """Draw lines with axes and a legend.

    Parameters
    ----------
    series
        The lines.
    title, x_title
        Above the chart, and below its x axis.
    width, height
        In pixels, legend and titles included.
    legend
        Whether to name the lines at the right.
    whole_x
        Whether x counts something, so that its ticks are integers.
    log_x, log_y
        Whether an axis is logarithmic; what is not above 0 is a gap.
    y_format
        How the numbers of the y axis are written, as `celltrail.metric` takes it.

    Returns
    -------
    str
        An SVG document without scripts or references.
    """
    series = [_on_axes(s, i, log_x, log_y) for i, s in enumerate(series)]
    finite = [(s.x[ok], s.y[ok]) for s in series for ok in [np.isfinite(s.x) & np.isfinite(s.y)]]
    x_low, x_high = _extent([x for x, _ in finite])
    y_ticks = nice_ticks(*_extent([y for _, y in finite]), 5)
    labels = _tick_texts(y_ticks, y_format, log=log_y)
    left = 16 + 6.4 * max(map(len, labels))
    right = width - (_LEGEND_WIDTH if legend else 14)
    x_scale = _Scale(x_low, x_high, left, right)
    y_scale = _Scale(y_ticks[0], y_ticks[-1], height - 44, 34)
    parts = [
        f'<text x="{left:.0f}" y="18" font-size="13" font-weight="600" fill="{_GREY}">'
        f"{escape(shorten(title, 90))}</text>",
        *_y_axis(y_ticks, labels, y_scale, left, right),
        *_x_axis(
            nice_ticks(x_low, x_high, 7, whole=whole_x and not log_x), x_scale, height - 44, log_x
        ),
        f'<text x="{(left + right) / 2:.0f}" y="{height - 10}" text-anchor="middle" '
        f'font-size="11" fill="{_GREY}">{escape(x_title)}</text>',
        *(_line(s, x_scale, y_scale) for s in series),
        *(_legend(series, right + 16) if legend else ()),
    ]
    if not any(len(x) for x, _ in finite):
        parts.append(
            f'<text x="{(left + right) / 2:.0f}" y="{height / 2:.0f}" text-anchor="middle" '
            f'font-size="12" fill="{_GREY}">no points</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONT}">{"".join(parts)}</svg>'
    )


def _on_axes(series: Series, index: int, log_x: bool, log_y: bool) -> Series:
    """Give a line its colour, and its logarithms where an axis has them."""
    x, y = (
        np.log10(np.where(values > 0, values, np.nan)) if log else values
        for values, log in ((series.x, log_x), (series.y, log_y))
    )
    return Series(series.label, x, y, series.color or series_color(index))


def _extent(arrays: Sequence[npt.NDArray[np.float64]]) -> tuple[float, float]:
    filled = [a for a in arrays if len(a)]
    if not filled:
        return 0.0, 1.0
    low = min(float(a.min()) for a in filled)
    high = max(float(a.max()) for a in filled)
    size = max(abs(low), abs(high))
    if high - low > max(_CONSTANT * size, _TINY):
        return low, high
    pad = size * 0.5 if size > _TINY else 0.5
    return max(low - pad, -_LARGEST), min(high + pad, _LARGEST)


def nice_ticks(low: float, high: float, count: int, *, whole: bool = False) -> list[float]:
    """Give round numbers from at or below ``low`` to at or above ``high``.

    Parameters
    ----------
    low, high
        The range, ``low < high``.
    count
        About how many intervals.
    whole
        Whether only integers will do.

    Returns
    -------
    list of float
        At least two, ascending and evenly spaced.

    Examples
    --------
    >>> nice_ticks(0.12, 0.97, 5)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    raw = high / count - low / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * min((1, 2, 5, 10), key=lambda m: abs(math.log(m * power / raw)))
    step = max(step, 1.0) if whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    # Through the decimal text: 3 * 0.1 must not become 0.30000000000000004.
    ticks = (float(f"{n * step:.12g}") for n in range(first, last + 1))
    return [min(max(tick, -_LARGEST), _LARGEST) for tick in ticks]


def _tick_texts(ticks: Sequence[float], spec: str, *, log: bool) -> list[str]:
    if spec:
        asked = [format_as(10.0 ** min(tick, 308.0) if log else tick, spec) for tick in ticks]
        # A format that makes one text of several ticks, or very long ones, is for other places.
        if len(set(asked)) == len(asked) and max(map(len, asked)) <= _LABEL:
            return asked
    return [_tick_text(tick, ticks, log=log) for tick in ticks]


def _tick_text(tick: float, ticks: Sequence[float], *, log: bool = False) -> str:
    if log:
        return format_number(10.0 ** min(tick, 308.0), digits=2)
    step = ticks[1] - ticks[0]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if decimals > 4 or max(abs(ticks[0]), abs(ticks[-1])) >= 1e7:
        return format_number(tick, digits=4)
    return format_number(tick, decimals=decimals)


def _y_axis(
    ticks: Sequence[float], labels: Sequence[str], scale: _Scale, left: float, right: float
) -> list[str]:
    parts = []
    for tick, label in zip(ticks, labels, strict=True):
        y = scale(tick)
        parts.append(
            f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{_GRID}" stroke-opacity="0.22"/>'
            f'<text x="{left - 7:.1f}" y="{y + 3.8:.1f}" text-anchor="end" font-size="11" '
            f'fill="{_GREY}">{label}</text>'
        )
    return parts


def _x_axis(ticks: Sequence[float], scale: _Scale, y: float, log: bool) -> list[str]:
    inside = [t for t in ticks if scale.low - 1e-12 <= t <= scale.high * (1 + 1e-12) + 1e-12]
    return [
        f'<line x1="{scale(t):.1f}" x2="{scale(t):.1f}" y1="{y:.1f}" y2="{y + 4:.1f}" '
        f'stroke="{_GRID}" stroke-opacity="0.6"/>'
        f'<text x="{scale(t):.1f}" y="{y + 16:.1f}" text-anchor="middle" font-size="11" '
        f'fill="{_GREY}">{_tick_text(t, ticks, log=log)}</text>'
        for t in inside
    ]


def _line(series: Series, x_scale: _Scale, y_scale: _Scale) -> str:
    """Draw one line, broken at gaps; a point alone is drawn as a dot."""
    color = series.color
    path: list[str] = []
    dots: list[str] = []
    stretch: list[str] = []
    for x, y in [*zip(series.x.tolist(), series.y.tolist(), strict=True), (0.0, math.nan)]:
        if math.isfinite(x) and math.isfinite(y):
            stretch.append(f"{x_scale(x):.1f},{y_scale(y):.1f}")
            continue
        if len(stretch) > 1:
            path.append("M" + "L".join(stretch))
        elif stretch:
            cx, cy = stretch[0].split(",")
            dots.append(f'<circle cx="{cx}" cy="{cy}" r="3" fill="{color}"/>')
        stretch = []
    line = (
        f'<path d="{"".join(path)}" fill="none" stroke="{color}" stroke-width="1.7" '
        f'stroke-linejoin="round"/>'
        if path
        else ""
    )
    return line + "".join(dots)


def _legend(series: Sequence[Series], x: float) -> list[str]:
    parts = []
    shown = series if len(series) <= _LEGEND_ROWS else series[: _LEGEND_ROWS - 1]
    for row, line in enumerate(shown):
        y = 42 + 19 * row
        parts.append(
            f'<line x1="{x:.0f}" x2="{x + 14:.0f}" y1="{y - 4}" y2="{y - 4}" '
            f'stroke="{line.color}" stroke-width="2.5" stroke-linecap="round"/>'
            f'<text x="{x + 21:.0f}" y="{y}" font-size="11.5" fill="{_GREY}">'
            f"{escape(shorten(line.label, 17))}</text>"
        )
    if len(series) > len(shown):
        parts.append(
            f'<text x="{x + 21:.0f}" y="{42 + 19 * len(shown)}" font-size="11.5" fill="{_GREY}">'
            f"+{len(series) - len(shown)} more</text>"
        )
    return parts
