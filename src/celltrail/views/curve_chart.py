"""Metrics over steps or time, one line a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from celltrail.errors import OptionError
from celltrail.views.chart import Chart
from celltrail.views.curve_data import Curve, Curves, read_curves
from celltrail.views.format import escape, format_number, plural
from celltrail.views.svg_chart import Series, image_html, line_chart_svg
from celltrail.views.theme import FAINT, FONT, PALETTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.query import Runs

__all__ = ["curves"]

_X_TITLES = {"step": "step", "time": "seconds since the start of the run"}
_DOTS_UP_TO = 25
_FIELDS = ("run", "run_id", "metric", "step", "time", "value", "dot")


def curves(
    runs: Runs, metric: str | Sequence[str], *, x: Literal["step", "time"] = "step"
) -> Chart:
    """Draw metrics over steps or time, one line a run.

    Parameters
    ----------
    runs
        The runs. At most 50 are drawn, and the chart says so when there are more; of none,
        the chart is empty and says that.
    metric
        One metric, or several for one panel each.
    x
        ``"step"``, or ``"time"`` for seconds since the start of each run.

    Returns
    -------
    Chart
        A view that draws without a network; its ``chart`` is the Altair chart.

    Raises
    ------
    OptionError
        When ``x`` is something else, or no metric is named.
    UnknownNameError
        When there are runs, and none of them has such a metric.

    Examples
    --------
    >>> curves(ct.runs(), "loss")  # doctest: +SKIP
    """
    if x not in _X_TITLES:
        message = f'x is {x!r}: choose "step" or "time".'
        raise OptionError(message)
    metrics = [metric] if isinstance(metric, str) else list(dict.fromkeys(metric))
    if not metrics:
        raise OptionError("curves needs at least one metric.")
    data = read_curves(runs, metrics, by_time=x == "time")
    return Chart(_altair(data, x), still_html=_still_html(data, x), still_text=_still_text(data, x))


def _frame(data: Curves) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "run": curve.label,
                "run_id": curve.run_id,
                "metric": curve.metric,
                "step": curve.step,
                "time": np.round(curve.seconds, 6),
                "value": curve.value,
                "dot": _dots(curve),
            }
        )
        for curve in data.curves
    ]
    if parts:
        return pd.concat(parts, ignore_index=True)
    return pd.DataFrame({name: [] for name in _FIELDS})


def _altair(data: Curves, x: str) -> Any:
    single = len(data.metrics) == 1
    pick = alt.selection_point(name="run", fields=["run"], bind="legend")
    base = alt.Chart().encode(
        x=alt.X(x, type="quantitative", title=_X_TITLES[x], axis=_x_axis(x)),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False)),
        color=alt.Color(
            "run:N",
            scale=alt.Scale(domain=data.labels, range=_colors(len(data.labels))),
            legend=alt.Legend(title=None, symbolType="stroke", symbolLimit=25, labelLimit=180),
        ),
        opacity=alt.condition(pick, alt.value(1), alt.value(0.12)),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("step:Q", format=",d"),
            alt.Tooltip("time:Q", title="seconds", format=".3~f"),
            alt.Tooltip("value:Q", title=_value_title(data.metrics), format=".6~g"),
        ],
    )
    line = base.mark_line(strokeWidth=1.7, strokeJoin="round").add_params(pick)
    # Dots that cannot be seen still take the pointer, and with it the tooltip. A layer of
    # their own: a field for their opacity would make the line go on across its gaps.
    dots = base.mark_point(size=30, filled=True, strokeOpacity=0).encode(
        fillOpacity=alt.FillOpacity("dot:Q", scale=None, legend=None)
    )
    width, height = (520, 260) if single else (320, 190)
    chart = alt.layer(line, dots, data=_frame(data)).properties(width=width, height=height)
    if single:
        title = alt.TitleParams(_title(data), subtitle=data.caption or alt.Undefined)
        return chart.properties(title=title)
    caption = alt.TitleParams(data.caption, fontSize=11, fontWeight="normal")
    facet = alt.Facet("metric:N", title=None, sort=data.metrics)
    panels = chart.facet(facet, columns=2).resolve_scale(y="independent", x="independent")
    return panels.properties(title=caption) if data.caption else panels


def _dots(curve: Curve) -> npt.NDArray[np.int8]:
    """Say which points are seen as dots: all of few, and those that no line reaches."""
    if len(curve.value) <= _DOTS_UP_TO:
        return np.ones(len(curve.value), np.int8)
    gap = ~np.isfinite(np.concatenate([[np.nan], curve.value, [np.nan]]))
    alone: npt.NDArray[np.int8] = (gap[:-2] & gap[2:]).astype(np.int8)
    return alone


def _x_axis(x: str) -> alt.Axis:
    if x != "step":
        return alt.Axis(tickCount=8)
    # An axis's own format goes by the distance of its ends, which is none for one step alone.
    return alt.Axis(tickMinStep=1, labelExpr="format(datum.value, '.12~s')", tickCount=8)


def _value_title(metrics: Sequence[str]) -> str:
    """Name the value in a tooltip: the title becomes part of an expression, unescaped."""
    if len(metrics) > 1:
        return "value"
    name = " ".join(re.sub(r"[\x00-\x1f\x7f\u2028\u2029\\]", " ", metrics[0]).split())
    return "value" if name in ("", "run", "step", "seconds") else name


def _colors(count: int) -> list[str]:
    return [PALETTE[i % len(PALETTE)] for i in range(max(1, count))]


def _title(data: Curves) -> str:
    return ", ".join(data.metrics)


def _still_html(data: Curves, x: str) -> str:
    images = []
    for metric in data.metrics:
        lines = {curve.label: curve for curve in data.curves if curve.metric == metric}
        images.append(_picture(metric, lines, data.labels, x))
    caption = f'<div style="{FAINT};font-size:12px">{escape(data.caption)}</div>'
    return f'<div style="{FONT}">{"".join(images)}{caption if data.caption else ""}</div>'


def _picture(metric: str, lines: dict[str, Curve], labels: Sequence[str], x: str) -> str:
    """Draw one metric; should the drawing fail, its text stands in for it."""
    text = f"{metric} over {x} of {plural(len(lines), 'run')}: {_last_values(lines)}"
    series = [_series(label, lines.get(label), x) for label in labels]
    try:
        svg = line_chart_svg(series, title=metric, x_title=_X_TITLES[x], whole_x=x == "step")
    except Exception:  # noqa: BLE001 - any values were logged; the reader gets them as text
        return f"<div>{escape(text)}</div>"
    return image_html(svg, text)


def _series(label: str, curve: Curve | None, x: str) -> Series:
    if curve is None:
        return Series(label, np.zeros(0), np.zeros(0))
    return Series(
        label, curve.step.astype(np.float64) if x == "step" else curve.seconds, curve.value
    )


def _last_values(lines: dict[str, Curve]) -> str:
    """Describe a chart to those who do not see it."""
    cells = [f"{label} ends at {format_number(float(c.value[-1]))}" for label, c in lines.items()]
    return ", ".join(cells[:10]) + (" and more" if len(cells) > 10 else "")


def _still_text(data: Curves, x: str) -> str:
    lines = [f"{_title(data)} over {x}" + (f" ({data.caption})" if data.caption else "")]
    for curve in data.curves[:20]:
        last = format_number(float(curve.value[-1]))
        lines.append(f"  {curve.label}: {curve.metric} {last} at step {int(curve.step[-1]):,}")
    if len(data.curves) > 20:
        lines.append(f"  and {plural(len(data.curves) - 20, 'curve')} more")
    return "\n".join(lines) if data.curves else f"{lines[0]}: no points"
