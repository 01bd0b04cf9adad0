"""The still forms of curves: a picture for each metric, and a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from celltrail.views.chart_text import axis_title
from celltrail.views.format import escape, format_metric, format_time, plural
from celltrail.views.svg_chart import Series, image_html, line_chart_svg
from celltrail.views.theme import FAINT, FONT, run_color

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celltrail.model import MetricMeaning
    from celltrail.query import Run
    from celltrail.views.curve_data import Curve, CurveOptions, Curves

__all__ = ["still_html", "still_text"]

_X_TITLES = {"step": "step", "time": "seconds since the start of the run"}
_TEXT_LINES = 20


def still_html(data: Curves, options: CurveOptions) -> str:
    """Give a picture for each metric, with the caption below them."""
    images = []
    for metric in data.metrics:
        lines = {curve.label: curve for curve in data.curves if curve.metric == metric}
        images.append(_picture(metric, lines, data, options))
    caption = f'<div style="{FAINT};font-size:12px">{escape(data.caption)}</div>'
    return f'<div style="{FONT}">{"".join(images)}{caption if data.caption else ""}</div>'


def still_text(data: Curves, options: CurveOptions) -> str:
    """Give the last point of each curve."""
    lines = [f"{', '.join(data.metrics)} over {options.x} ({data.caption})"]
    for curve in data.curves[:_TEXT_LINES]:
        last = format_metric(float(curve.value[-1]), data.runs.meaning(curve.metric))
        lines.append(f"  {curve.label}: {curve.metric} {last} at step {int(curve.step[-1]):,}")
    if len(data.curves) > _TEXT_LINES:
        lines.append(f"  and {plural(len(data.curves) - _TEXT_LINES, 'curve')} more")
    return "\n".join(lines) if data.curves else f"{lines[0]}: no points"


def _picture(metric: str, lines: Mapping[str, Curve], data: Curves, options: CurveOptions) -> str:
    """Draw one metric; should the drawing fail, its text stands in for it."""
    meaning = data.runs.meaning(metric)
    ends = _last_values(lines, meaning)
    text = f"{metric} over {options.x} of {plural(len(lines), 'run')}: {ends}"
    began = min((float(c.x[0]) for c in lines.values()), default=0.0)
    x_title = _X_TITLES.get(options.x) or f"seconds since {format_time(int(began * 1e3))}"
    series = [
        _series(run, label, lines.get(label), began if options.x == "wall" else None)
        for run, label in zip(data.runs, data.labels, strict=True)
    ]
    try:
        svg = line_chart_svg(
            series,
            title=axis_title(metric, unit=meaning.unit),
            x_title=x_title,
            whole_x=options.x == "step",
            log_x=options.log_x,
            log_y=options.log_y,
            y_format=meaning.format,
        )
    except Exception:  # noqa: BLE001 - any values were logged; the reader gets them as text
        return f"<div>{escape(text)}</div>"
    return image_html(svg, text)


def _series(run: Run, label: str, curve: Curve | None, began: float | None) -> Series:
    color = run_color(run.number or 0, run.experiment)
    if curve is None:
        return Series(label, np.zeros(0), np.zeros(0), color)
    x = curve.x if began is None else (curve.x - began) / 1e3
    return Series(label, x, curve.value if curve.smooth is None else curve.smooth, color)


def _last_values(lines: Mapping[str, Curve], meaning: MetricMeaning) -> str:
    """Describe a chart to those who do not see it."""
    cells = [
        f"{label} ends at {format_metric(float(curve.value[-1]), meaning)}"
        for label, curve in lines.items()
    ]
    return ", ".join(cells[:10]) + (" and more" if len(cells) > 10 else "")
