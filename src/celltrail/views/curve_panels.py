"""What all panels of curves have in common: axes, colours of runs, zoom and their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from celltrail.views.drawing import Zoom
from celltrail.views.theme import run_color

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from celltrail.query import Run
    from celltrail.views.curve_data import CurveOptions

__all__ = [
    "Frames",
    "caption_title",
    "color_of_runs",
    "in_panels",
    "number_axis",
    "panel_size",
    "x_encoding",
    "y_axis",
    "y_scale",
    "zoom_of",
]

X_TITLES = {
    "step": "step",
    "time": "time since the start of the run (s)",
    "wall": "time of day",
}
_DASHES = ([1, 0], [5, 3], [2, 2], [8, 3, 2, 3], [1, 4])
_DOT_ROOM = 5
_SIZES = {True: (520, 260), False: (320, 190)}


class Frames:
    """The data of the panels of a chart, whole or of a range of x."""

    panels: Sequence[Sequence[str]]

    def frame(self, panel: int, between: tuple[float, float] | None = None) -> pd.DataFrame:
        """Give the data of a panel."""
        raise NotImplementedError

    def selection(self, panel: int) -> Any:
        """Give what zooms a panel: with a key held, so that a notebook scrolls past it."""
        return alt.selection_interval(
            name=f"zoom_{panel}",
            bind="scales",
            encodings=["x"],
            zoom="wheel![event.ctrlKey || event.metaKey]",
        )


def zoom_of(frames: Frames, field: str) -> Zoom:
    """Give what a page needs to know to zoom all panels."""
    return Zoom(
        [
            {"signal": f"zoom_{place}", "field": field, "dataset": f"curves_{place}"}
            for place in range(len(frames.panels))
        ],
        lambda panel, low, high: frames.frame(panel, (low, high)),
    )


def panel_size(single: bool, width: int | None, height: int | None) -> tuple[int, int]:
    """Give width and height of a panel; one alone is larger."""
    usual = _SIZES[single]
    return int(width or usual[0]), int(height or usual[1])


def x_encoding(options: CurveOptions, *, dots: bool) -> alt.X:
    """Give the x axis, with room for dots at its ends."""
    room: dict[str, Any] = {"nice": False, "padding": _DOT_ROOM} if dots else {}
    scale = alt.Scale(**room)
    if options.log_x:
        scale = alt.Scale(**{"type": "log", "nice": False, **room})
    title = X_TITLES[options.x]
    if options.x == "wall":
        axis = alt.Axis(tickCount=6)
        return alt.X("wall", type="temporal", title=title, scale=alt.Scale(**room), axis=axis)
    if options.x == "time":
        axis = alt.Axis(tickCount=6 if options.log_x else 8)
        return alt.X("time", type="quantitative", title=title, scale=scale, axis=axis)
    if options.log_x:  # its own labels are of few ticks only
        axis = alt.Axis(format="~s", tickCount=6)
        return alt.X("step", type="quantitative", title=title, scale=scale, axis=axis)
    # An axis's own format goes by the distance of its ends, which is none for one step alone.
    axis = alt.Axis(tickMinStep=1, labelExpr="format(datum.value, '.12~s')", tickCount=8)
    return alt.X("step", type="quantitative", title=title, scale=scale, axis=axis)


def y_scale(options: CurveOptions, *, dots: bool) -> alt.Scale:
    """Give the scale of the y axis, with room for dots at its ends."""
    room: dict[str, Any] = {"padding": _DOT_ROOM} if dots else {}
    return alt.Scale(type="log", **room) if options.log_y else alt.Scale(zero=False, **room)


def number_axis(spec: str = "", **options: Any) -> alt.Axis:
    """Give an axis of numbers as people write them, or in a metric's own format.

    A format alone would be changed by the distance of the ticks: 10 becomes 1e+1.
    """
    if spec:
        return alt.Axis(format=spec, tickCount=6, **options)
    return alt.Axis(labelExpr="format(datum.value, '.6~g')", tickCount=6, **options)


def y_axis(options: CurveOptions, height: int, spec: str = "") -> alt.Axis:
    """Give the y axis; a logarithmic one has few lines, of which each says its value."""
    if options.log_y:
        return alt.Axis(titleLimit=height, tickCount=5, format=spec or "~g")
    if spec:
        return alt.Axis(titleLimit=height, format=spec)
    # Vega's own labels are of one length, which for 3e-300 is 300 places.
    label = "length(datum.label) > 7 ? format(datum.value, '.9~g') : datum.label"
    return alt.Axis(titleLimit=height, labelExpr=label)


def color_of_runs(
    runs: Sequence[Run], labels: Sequence[str], *, dashed: bool
) -> tuple[alt.Color, alt.StrokeDash | None]:
    """Give each run the colour that it has everywhere, and dashes where two have the same."""
    colors = [run_color(run.number or 0, run.experiment) for run in runs]
    dashes = [_DASHES[colors[:i].count(c) % len(_DASHES)] for i, c in enumerate(colors)]
    legend = alt.Legend(title=None, symbolType="stroke", symbolLimit=25, labelLimit=180)
    color = alt.Color(
        "run:N",
        scale=alt.Scale(domain=list(labels), range=colors or ["#7f8792"]),
        legend=legend,
    )
    if not dashed or len(set(colors)) == len(colors):
        return color, None
    dash = alt.StrokeDash(
        "run:N", scale=alt.Scale(domain=list(labels), range=dashes), legend=legend
    )
    return color, dash


def caption_title(caption: str) -> alt.TitleParams:
    """Give what a chart says about itself, above it."""
    return alt.TitleParams(caption, fontSize=11, fontWeight="normal", limit=900)


def in_panels(panels: Sequence[Any], caption: str) -> Any:
    """Put panels beside each other, with the caption above them.

    Where nobody asked for a width the page may take a smaller one, and put fewer side by side:
    the twin of ``fitted`` in ``js/src/chart_spec.ts``.
    """
    single = len(panels) == 1
    chart = panels[0] if single else alt.concat(*panels, columns=2)
    usual, _ = panel_size(single, None, None)
    fits = {"usermeta": {"celltrail": {"width": usual}}} if panels[0].width == usual else {}
    return chart.properties(title=caption_title(caption), **fits)
