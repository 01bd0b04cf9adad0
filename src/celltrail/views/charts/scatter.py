"""One value of runs against another, a point a run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import altair as alt
import numpy as np

from celltrail.errors import OptionError
from celltrail.query.given import as_runs
from celltrail.views.chart import Chart
from celltrail.views.chart_text import tooltip_title
from celltrail.views.charts.run_frame import (
    Values,
    caption_of,
    color_of,
    find_column,
    own_colors,
    runs_frame,
    shape_of_status,
)
from celltrail.views.charts.still import Numbers
from celltrail.views.curve_panels import caption_title, number_axis
from celltrail.views.drawing import Drawing
from celltrail.views.format import format_as

if TYPE_CHECKING:
    import pandas as pd

    from celltrail.query import Runs
    from celltrail.query.given import GivenRuns

__all__ = ["draw_scatter", "scatter"]

_TOOLTIPS = {"quantitative": ".6~g", "temporal": "%Y-%m-%d %H:%M:%S"}


def scatter(
    runs: GivenRuns,
    x: str,
    y: str,
    *,
    color: str | None = None,
    x_scale: Literal["linear", "log"] = "linear",
    y_scale: Literal["linear", "log"] = "linear",
    width: int = 460,
    height: int = 300,
) -> Chart:
    """Draw one value of runs against another, a point a run.

    Parameters
    ----------
    runs
        The runs. Those that lack a value are counted above the chart; those that failed or
        were lost have shapes of their own.
    x, y
        Params, metrics (their last values) or columns such as ``"duration"``.
    color
        The same, for the colour; without it each run has the colour that it has in curves.
    x_scale, y_scale
        ``"log"`` for a logarithmic axis.
    width, height
        In pixels.

    Returns
    -------
    Chart
        A view; its ``chart`` is the Altair chart.

    Raises
    ------
    UnknownNameError
        When none of the runs has such a thing.

    Examples
    --------
    >>> ct.plot.scatter(ct.runs(), "lr", "accuracy", x_scale="log")  # doctest: +SKIP
    """
    runs = as_runs(runs)
    drawing = draw_scatter(
        runs, x, y, color=color, x_scale=x_scale, y_scale=y_scale, width=width, height=height
    )
    return Chart.of(drawing)


def draw_scatter(
    runs: Runs,
    x: str,
    y: str,
    *,
    color: str | None = None,
    x_scale: str = "linear",
    y_scale: str = "linear",
    width: int = 460,
    height: int = 300,
) -> Drawing:
    """Draw what `scatter` gives a view of."""
    found = [find_column(runs, name) for name in (x, y)] if len(runs) else _nothing(x, y)
    shade = find_column(runs, color) if color is not None and len(runs) else None
    scales = [_scale(name) for name in (x_scale, y_scale)]
    needed = [
        _positive(values) if scale == "log" else values
        for values, scale in zip(found, (x_scale, y_scale), strict=True)
    ]
    shown = needed[0].drawn & needed[1].drawn
    frame = runs_frame(runs, x=needed[0], y=needed[1])
    frame["color"] = own_colors(runs) if shade is None else shade.series
    caption = caption_of(runs, shown, *needed)
    frame = frame[shown].reset_index(drop=True)
    chart = (
        alt.Chart(frame)
        .mark_point(filled=True, size=64, opacity=0.85, invalid="show")
        .encode(
            x=_axis("x", needed[0], scales[0]),
            y=_axis("y", needed[1], scales[1]),
            color=color_of(shade),
            shape=shape_of_status(frame["status"].tolist()),
            tooltip=_tooltip(needed, shade),
        )
        .properties(width=width, height=height, title=caption_title(caption))
        .add_params(alt.selection_interval(name="brush"))
    )
    numbers = _numbers(frame, needed, caption)
    return Drawing(chart, numbers.html(), numbers.text())


def _nothing(*names: str) -> list[Values]:
    return [Values(name, "quantitative", np.zeros(0), np.zeros(0, bool)) for name in names]


def _scale(name: str) -> alt.Scale:
    if name not in ("linear", "log"):
        message = f'a scale is {name!r}: choose "linear" or "log".'
        raise OptionError(message)
    return alt.Scale(type="log") if name == "log" else alt.Scale(zero=False, padding=8)


def _positive(values: Values) -> Values:
    """Let values that a logarithmic axis cannot show be none."""
    if values.type != "quantitative":
        message = f"{values.name} has no numbers: a logarithmic axis needs them."
        raise OptionError(message)
    kept = np.where(values.values > 0, values.values, np.nan)
    return replace(values, values=kept)


def _axis(channel: str, values: Values, scale: alt.Scale) -> Any:
    kind = {"x": alt.X, "y": alt.Y}[channel]
    title = values.title
    if values.type == "nominal":
        axis = alt.Axis(labelLimit=160, labelAngle=0 if channel == "y" else -30)
        return kind(f"{channel}:N", title=title, axis=axis)
    if values.type == "temporal":
        return kind(f"{channel}:T", title=title)
    unit = " (s)" if values.name == "duration" else ""
    is_log = scale.to_dict().get("type") == "log"
    axis = number_axis(values.format or ("~g" if is_log else ""))
    return kind(f"{channel}:Q", title=title + unit, scale=scale, axis=axis)


def _tooltip(values: list[Values], shade: Values | None) -> list[alt.Tooltip]:
    tips = [alt.Tooltip("run:N"), alt.Tooltip("status:N")]
    named = [("x", values[0]), ("y", values[1]), *([("color", shade)] if shade else [])]
    for field, each in named:
        title = tooltip_title(each.name, field)
        tips.append(
            alt.Tooltip(
                f"{field}:{each.type[0].upper()}",
                title=title,
                format=each.format or _TOOLTIPS.get(each.type, alt.Undefined),
            )
        )
    return tips


def _numbers(frame: pd.DataFrame, values: list[Values], caption: str) -> Numbers:
    rows = [
        [str(run), _cell(x, values[0]), _cell(y, values[1])]
        for run, x, y in zip(frame["run"], frame["x"], frame["y"], strict=True)
    ]
    title = f"{values[1].name} over {values[0].name}"
    return Numbers(title, caption, ["run", *(each.title for each in values)], rows)


def _cell(value: Any, column: Values) -> str:
    return format_as(float(value), column.format) if isinstance(value, float) else str(value)
