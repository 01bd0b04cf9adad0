"""Curves of groups of runs: the mean as a line, and the spread of the seeds as a band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from celltrail.errors import OptionError
from celltrail.views.band_data import Band, BandKind, Bands, read_bands
from celltrail.views.chart import NAME_KEY
from celltrail.views.chart_text import axis_title, tooltip_title
from celltrail.views.curve_panels import Frames, in_panels, x_encoding, y_axis, y_scale, zoom_of
from celltrail.views.drawing import Drawing, Growth
from celltrail.views.format import escape, format_metric, plural
from celltrail.views.svg_chart import Series, image_html, line_chart_svg
from celltrail.views.theme import FAINT, FONT, PALETTE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from celltrail.query import Runs
    from celltrail.views.curve_data import CurveOptions

__all__ = ["band_drawing"]

_DOTS_UP_TO = 25


def band_drawing(
    runs: Runs,
    metrics: Sequence[str],
    names: Sequence[str],
    kind: BandKind,
    options: CurveOptions,
    height: int,
    again: Callable[[], Drawing],
) -> Drawing:
    """Draw groups of runs; `celltrail.views.curve_chart.curves` has what may be asked for."""
    if kind not in ("range", "sd"):
        message = f'band is {kind!r}: choose "range" or "sd".'
        raise OptionError(message)
    if options.x != "step" or options.smooth:
        raise OptionError(
            "group_by takes the mean of the runs at each step: it needs x='step' and no smooth."
        )
    data = read_bands(runs, metrics, names, kind)
    frames = _BandFrames(data, options)
    panels = [_panel(frames, place, height) for place in range(len(metrics))]
    chart = in_panels(panels, data.caption)
    growth = Growth(
        runs.store_path,
        run_ids=frozenset(runs.ids),
        open_ids=frozenset(),
        metrics=frozenset(metrics),
        again=again,
    )
    zoom = zoom_of(frames, "step")
    return Drawing(chart, _still_html(data, options), _still_text(data), zoom, growth)


class _BandFrames(Frames):
    """The data of each panel; the whole is in memory, and a range is cut out of it."""

    def __init__(self, data: Bands, options: CurveOptions) -> None:
        self.data, self.options = data, options
        self.panels = [[metric] for metric in data.metrics]

    def frame(self, panel: int, between: tuple[float, float] | None = None) -> pd.DataFrame:
        metric = self.data.metrics[panel]
        parts = [
            _frame(self._cut(band, between)) for band in self.data.bands if band.metric == metric
        ]
        frame = pd.concat(parts, ignore_index=True) if parts else _frame(None)
        frame.attrs[NAME_KEY] = f"curves_{panel}"
        return frame

    def _cut(self, band: Band, between: tuple[float, float] | None) -> Band:
        if self.options.log_x:
            band = band.take(band.step > 0)
        if self.options.log_y:
            band = band.take((band.low > 0) & (band.mean > 0))
        if between is not None:
            low = band.step.searchsorted(between[0], "left")
            high = band.step.searchsorted(between[1], "right")
            band = band.take(slice(max(0, low - 1), high + 1))
        return band.thinned(self.data.limit)


def _frame(band: Band | None) -> pd.DataFrame:
    if band is None:
        columns = ["group", "metric", "step", "value", "low", "high", "runs", "of", "dot"]
        return pd.DataFrame({name: [] for name in columns})
    return pd.DataFrame(
        {
            "group": band.label,
            "metric": band.metric,
            "step": band.step,
            "value": band.mean,
            "low": band.low,
            "high": band.high,
            "runs": band.count,
            "of": band.runs,
            "dot": int(len(band.step) <= _DOTS_UP_TO),
        }
    )


def _panel(frames: _BandFrames, place: int, height: int) -> Any:
    data, options = frames.data, frames.options
    metric = data.metrics[place]
    pick = alt.selection_point(name=f"group_{place}", fields=["group"], bind="legend")
    meaning = data.meanings[metric]
    title, spec = axis_title(metric, unit=meaning.unit), meaning.format
    frame = frames.frame(place)
    seen = bool(frame["dot"].any())
    base = alt.Chart().encode(
        x=x_encoding(options, dots=seen),
        color=alt.Color(
            "group:N",
            scale=alt.Scale(domain=data.labels, range=_colors(data)),
            legend=alt.Legend(title=None, symbolType="stroke", symbolLimit=25, labelLimit=220),
        ),
        opacity=alt.condition(pick, alt.value(1), alt.value(0.1)),
    )
    axis = y_axis(options, height, spec)
    y = alt.Y("value:Q", title=title, scale=y_scale(options, dots=seen), axis=axis)
    area = base.mark_area(fillOpacity=0.16, strokeOpacity=0, clip=True).encode(
        y=alt.Y("low:Q", title=title, scale=y_scale(options, dots=seen), axis=axis), y2="high:Q"
    )
    line = base.mark_line(strokeWidth=1.9, strokeJoin="round", clip=True).encode(y=y)
    dots = base.mark_point(size=30, filled=True, strokeOpacity=0, clip=True).encode(
        y=y,
        fillOpacity=alt.FillOpacity("dot:Q", scale=None, legend=None),
        tooltip=[
            alt.Tooltip("group:N"),
            alt.Tooltip("step:Q", format=",d"),
            alt.Tooltip(
                "value:Q", title=f"mean {tooltip_title(metric, '')}".strip(), format=spec or ".6~g"
            ),
            alt.Tooltip("low:Q", title="band from", format=spec or ".6~g"),
            alt.Tooltip("high:Q", title="to", format=spec or ".6~g"),
            alt.Tooltip("runs:Q", title="runs here", format=",d"),
            alt.Tooltip("of:Q", title="of", format=",d"),
        ],
    )
    area = area.add_params(pick, frames.selection(place))
    return alt.layer(area, line, dots, data=frame).properties(width=options.width, height=height)


def _colors(data: Bands) -> list[str]:
    return [PALETTE[i % len(PALETTE)] for i in range(max(1, len(data.labels)))]


def _still_html(data: Bands, options: CurveOptions) -> str:
    images = []
    for metric in data.metrics:
        bands = [band.thinned(600) for band in data.bands if band.metric == metric]
        series = [Series(b.label, b.step.astype(float), b.mean) for b in bands]
        meaning = data.meanings[metric]
        text = f"mean {metric} over step of {plural(len(bands), 'group')}"
        try:
            svg = line_chart_svg(
                series,
                title=f"{axis_title(metric, unit=meaning.unit)}, mean of each group",
                x_title="step",
                whole_x=True,
                log_x=options.log_x,
                log_y=options.log_y,
                y_format=meaning.format,
            )
            images.append(image_html(svg, text))
        except Exception:  # noqa: BLE001 - any values were logged; the reader gets them as text
            images.append(f"<div>{escape(text)}</div>")
    caption = f'<div style="{FAINT};font-size:12px">{escape(data.caption)}</div>'
    return f'<div style="{FONT}">{"".join(images)}{caption}</div>'


def _still_text(data: Bands) -> str:
    lines = [f"{', '.join(data.metrics)} over step ({data.caption})"]
    for band in data.bands:
        if len(band.step):
            mean, low, high = (
                format_metric(float(x[-1]), data.meanings[band.metric])
                for x in (band.mean, band.low, band.high)
            )
            count = f"{int(band.count[-1])} of {plural(band.runs, 'run')}"
            lines.append(
                f"  {band.label}: {band.metric} {mean} ({low} to {high}) "
                f"at step {int(band.step[-1]):,}, {count}"
            )
    return "\n".join(lines)
