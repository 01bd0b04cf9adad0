"""How the best value went from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from celltrail.errors import UnknownNameError
from celltrail.model import is_system_metric
from celltrail.query.given import as_runs
from celltrail.views.chart import Chart
from celltrail.views.chart_text import tooltip_title
from celltrail.views.charts.run_frame import (
    Values,
    caption_of,
    own_colors,
    runs_frame,
    shape_of_status,
)
from celltrail.views.charts.still import Numbers
from celltrail.views.curve_panels import caption_title, number_axis
from celltrail.views.format import format_as

if TYPE_CHECKING:
    from celltrail.query import Runs
    from celltrail.query.given import GivenRuns

__all__ = ["metric_of", "progress"]

_LINE = "#7f8792"


def progress(
    runs: GivenRuns,
    metric: str,
    *,
    minimize: bool | None = None,
    width: int = 520,
    height: int = 260,
) -> Chart:
    """Draw each run's value in the order in which they began, and the best so far.

    Parameters
    ----------
    runs
        The runs, in any order. Those without the metric are ticks below the chart.
    metric
        The metric; its last value counts, as in `celltrail.Runs.best`, and NaN never is best.
    minimize
        Whether less is better; by default as `celltrail.metric` said, else as its
        name says.
    width, height
        In pixels.

    Returns
    -------
    Chart
        A view; its ``chart`` is the Altair chart.

    Raises
    ------
    UnknownNameError
        When there are runs, and none of them has such a metric.

    Notes
    -----
    The line says what the best value was, not that a later run is better than an earlier
    one: with several seeds, see `celltrail.plot.bars` for what is certain.

    Examples
    --------
    >>> ct.plot.progress(ct.runs(), "accuracy")  # doctest: +SKIP
    """
    runs = as_runs(runs)
    if minimize is None:
        minimize = runs.meaning(metric).minimize is True
    values = metric_of(runs, metric)
    frame = runs_frame(runs, value=values)
    frame["color"] = own_colors(runs)
    frame["began"] = pd.to_datetime([run.started for run in runs], utc=True)
    order = sorted(range(len(runs)), key=lambda i: (runs[i].started, runs.ids[i]))
    frame = frame.iloc[order].reset_index(drop=True)
    frame["place"] = np.arange(1, len(frame) + 1)
    known = frame["value"].to_numpy(np.float64)
    best = np.fmin.accumulate(known) if minimize else np.fmax.accumulate(known)
    frame["best"] = best
    caption = caption_of(runs, values.drawn, values)
    chart = _chart(frame, values, minimize, width, height)
    numbers = _numbers(frame, values, minimize, caption)
    return Chart(
        chart.properties(title=caption_title(caption)),
        still_html=numbers.html(),
        still_text=numbers.text(),
    )


def metric_of(runs: Runs, metric: str) -> Values:
    """Give the last values of a metric; UnknownNameError when no run has it."""
    if not len(runs):
        return Values(metric, "quantitative", np.zeros(0), np.zeros(0, bool))
    column = runs.table().columns.get(f"metrics.{metric}")
    if column is None and is_system_metric(metric):
        column = runs.table(system=True).columns.get(f"metrics.{metric}")
    if column is None:
        raise UnknownNameError("metric", metric, runs.metric_names())
    values, meaning = column.values.astype(np.float64), runs.meaning(metric)
    return Values(metric, "quantitative", values, column.missing, meaning.unit, meaning.format)


def _chart(frame: pd.DataFrame, values: Values, minimize: bool, width: int, height: int) -> Any:
    name, spec = values.title, values.format or ".6~g"
    x = alt.X(
        "place:Q",
        title="runs, in the order of their start",
        axis=alt.Axis(tickMinStep=1, format=",d"),
        scale=alt.Scale(zero=False, nice=False, padding=14),
    )
    axis = number_axis(values.format, titleLimit=height)
    scale = alt.Scale(zero=False)
    y = alt.Y("value:Q", title=name, scale=scale, axis=axis)
    word = "lowest" if minimize else "highest"
    tips = [
        alt.Tooltip("run:N"),
        alt.Tooltip("status:N"),
        alt.Tooltip("began:T", format="%Y-%m-%d %H:%M:%S"),
        alt.Tooltip("value:Q", title=tooltip_title(values.name), format=spec),
        alt.Tooltip("best:Q", title=f"{word} so far", format=spec),
    ]
    base = alt.Chart().encode(x=x)
    line = base.mark_line(interpolate="step-after", color=_LINE, strokeWidth=1.5).encode(
        y=alt.Y("best:Q", title=name, scale=scale, axis=axis)
    )
    points = base.mark_point(filled=True, size=56, opacity=0.9).encode(
        y=y,
        color=alt.Color("color:N", scale=None),
        shape=shape_of_status(frame["status"].tolist()),
        tooltip=tips,
    )
    without = (
        base.transform_filter("!isValid(datum.value)")
        .mark_tick(orient="vertical", thickness=1.5, size=9, color=_LINE)
        .encode(y=alt.value(height - 5), tooltip=tips[:3])
    )
    return alt.layer(line, points, without, data=frame).properties(width=width, height=height)


def _numbers(frame: pd.DataFrame, values: Values, minimize: bool, caption: str) -> Numbers:
    """Give the runs that were the best when they ended."""
    word = "lowest" if minimize else "highest"
    better = frame["best"].notna() & (frame["best"] != frame["best"].shift())
    rows = [
        [f"{place:,}", str(run), format_as(float(best), values.format)]
        for place, run, best in zip(
            frame["place"][better], frame["run"][better], frame["best"][better], strict=True
        )
    ]
    heads = ["run of all", "name", f"{word} {values.title}"]
    return Numbers(f"{word} {values.name} so far", caption, heads, rows)
