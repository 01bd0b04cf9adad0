"""A metric of runs as bars, with an interval where several runs make one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from celltrail.query.given import as_runs
from celltrail.views.band_data import group_runs
from celltrail.views.chart import Chart
from celltrail.views.chart_text import axis_title, tooltip_title
from celltrail.views.charts.intervals import IntervalKind, interval
from celltrail.views.charts.progress import metric_of
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
from celltrail.views.theme import PALETTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.query import Runs
    from celltrail.query.given import GivenRuns

__all__ = ["bars"]

_SHOWN = 40
_NAMES = {"sd": "± 1 standard deviation", "range": "from the lowest to the highest"}


@dataclass(frozen=True, slots=True)
class _Bar:
    """A group of runs: how many have the metric, and what it comes to."""

    label: str
    count: int
    mean: float
    low: float
    high: float
    color: str


def bars(
    runs: GivenRuns,
    metric: str,
    *,
    by: str | Sequence[str] | None = None,
    interval: IntervalKind = "t",
    confidence: float = 0.95,
    width: int = 460,
) -> Chart:
    """Draw a metric as bars: one a run, or the mean of each group of runs with an interval.

    Parameters
    ----------
    runs
        The runs. Each is a point on its bar; those that lack the metric are counted.
    metric
        The metric; its last value counts.
    by
        A param, or several: runs that are equal in them, mostly seeds, are one bar. Without
        it each run is a bar, and has no interval: of one value nothing more is known.
    interval
        ``"t"`` or ``"bootstrap"`` for where the mean may lie, ``"sd"`` or ``"range"`` for
        how far the runs lie apart; `celltrail.views.charts.intervals.interval` has formulas.
    confidence
        Of ``"t"`` and ``"bootstrap"``.
    width
        In pixels. The height is that of the bars, of which at most 40 are drawn.

    Returns
    -------
    Chart
        A view; its ``chart`` is the Altair chart. Bars begin at 0, so that their lengths can
        be compared, and stand in the order of the runs: groups whose intervals overlap are
        not ranked.

    Raises
    ------
    UnknownNameError
        When there are runs, and none of them has such a metric or param.
    OptionError
        When the interval is not one of these.

    Examples
    --------
    >>> ct.plot.bars(ct.runs(), "accuracy", by="model")  # doctest: +SKIP
    """
    runs = as_runs(runs)
    values = metric_of(runs, metric)
    names = [] if by is None else [by] if isinstance(by, str) else list(by)
    frame = runs_frame(runs, value=values)
    groups = group_runs(runs, names) if names and len(runs) else {}
    frame["group"] = frame["run"]
    for label, places in groups.items():
        frame.loc[places, "group"] = label
    found = _bars(frame, runs, interval, confidence, grouped=bool(names))
    caption = _caption(caption_of(runs, values.drawn, values), found, interval, confidence, names)
    chart = _chart(frame, found[:_SHOWN], values, names, width)
    rows = [
        [
            b.label,
            format_as(b.mean, values.format),
            _interval_text(b, values.format),
            f"{b.count:,}",
        ]
        for b in found
    ]
    numbers = Numbers(f"mean {values.title}", caption, ["", "mean", "interval", "runs"], rows)
    return Chart(
        chart.properties(title=caption_title(caption)),
        still_html=numbers.html(),
        still_text=numbers.text(),
    )


def _bars(
    frame: pd.DataFrame, runs: Runs, kind: IntervalKind, confidence: float, *, grouped: bool
) -> list[_Bar]:
    # Asked also when there is nothing to draw, so that a wrong option is always told.
    interval(np.zeros(0), kind, confidence)
    colors = dict(zip(frame["run"], own_colors(runs), strict=True))
    made = []
    for place, label in enumerate(dict.fromkeys(frame["group"] if len(frame) else [])):
        values = frame["value"][frame["group"] == label].dropna().to_numpy(np.float64)
        if not len(values):
            continue
        ends = interval(values, kind, confidence) or (np.nan, np.nan)
        mean = float(np.sum(values / len(values)))
        color = PALETTE[place % len(PALETTE)] if grouped else colors[label]
        made.append(_Bar(label, len(values), mean, *ends, color))
    return made


def _caption(
    shown: str, found: Sequence[_Bar], kind: str, confidence: float, names: Sequence[str]
) -> str:
    parts = [shown]
    if len(found) > _SHOWN:
        parts.append(f"the first {_SHOWN} of {len(found):,} bars")
    if names and found:
        share = f"{100 * confidence:g} %"
        parts.append(f"mean and {_NAMES.get(kind, f'{share} {kind} interval')}")
        spans = sorted((bar.low, bar.high) for bar in found if bar.count > 1)
        if any(high >= low for (_, high), (low, _) in pairwise(spans)):
            parts.append("where intervals overlap, no order is established")
        if any(bar.count == 1 for bar in found):
            parts.append("one run alone has no interval")
    return " \N{MIDDLE DOT} ".join(parts)


def _interval_text(bar: _Bar, spec: str) -> str:
    if np.isnan(bar.low):
        return "\N{EN DASH}"
    return f"{format_as(bar.low, spec)} to {format_as(bar.high, spec)}"


def _chart(
    frame: pd.DataFrame, found: Sequence[_Bar], values: Values, names: Sequence[str], width: int
) -> Any:
    table = pd.DataFrame(
        {
            "group": [bar.label for bar in found],
            "mean": [bar.mean for bar in found],
            "low": [bar.low for bar in found],
            "high": [bar.high for bar in found],
            "runs": [bar.count for bar in found],
            "color": [bar.color for bar in found],
        }
    )
    labels = [bar.label for bar in found]
    name, spec, metric = values.title, values.format or ".6~g", values.name
    title = axis_title(", ".join(names), 80) if names else None
    # Not sort=: Vega-Lite writes its names into an expression, and a line break ends that.
    order = alt.Scale(domain=labels)
    y = alt.Y("group:N", scale=order, title=title, axis=alt.Axis(labelLimit=220))
    scale = alt.Scale(zero=True)
    axis = number_axis(values.format, grid=True, domain=False)
    word = "mean " if names else ""
    tips = [
        alt.Tooltip("group:N"),
        alt.Tooltip("mean:Q", title=f"{word}{tooltip_title(metric)}", format=spec),
        alt.Tooltip("runs:Q", format=",d"),
    ]
    if names:
        tips += [
            alt.Tooltip("low:Q", title="interval from", format=spec),
            alt.Tooltip("high:Q", title="to", format=spec),
        ]
    base = alt.Chart(table).encode(y=y, tooltip=tips)
    x = alt.X("mean:Q", title=f"{word}{name}", scale=scale, axis=axis)
    layers = [
        base.mark_bar(opacity=0.55 if names else 0.85, height={"band": 0.62}).encode(
            x=x, color=alt.Color("color:N", scale=None)
        )
    ]
    if names:
        rule = base.mark_rule(strokeWidth=1.8, color="#7f8792").encode(
            x=alt.X("low:Q", title=f"{word}{name}", scale=scale), x2="high:Q"
        )
        own = frame[frame["group"].isin(labels) & frame["value"].notna()]
        points = (
            alt.Chart(own.reset_index(drop=True))
            .mark_point(filled=True, size=26, opacity=0.8, color="#7f8792")
            .encode(
                x=alt.X("value:Q", title=f"{word}{name}", scale=scale),
                y=y,
                shape=shape_of_status(own["status"].tolist()),
                tooltip=[
                    alt.Tooltip("run:N"),
                    alt.Tooltip("status:N"),
                    alt.Tooltip("value:Q", title=tooltip_title(metric), format=spec),
                ],
            )
        )
        layers += [rule, points]
    return alt.layer(*layers).properties(width=width, height=alt.Step(26))
