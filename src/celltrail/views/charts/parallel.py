"""Params and metrics of runs as parallel axes, a line a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from celltrail.errors import OptionError
from celltrail.query.given import as_runs
from celltrail.views.chart import Chart
from celltrail.views.chart_text import axis_title, tooltip_title
from celltrail.views.charts.run_frame import (
    Values,
    caption_of,
    color_of,
    find_column,
    own_colors,
    runs_frame,
)
from celltrail.views.charts.still import Numbers
from celltrail.views.curve_panels import caption_title
from celltrail.views.format import format_as, format_number, format_time, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from celltrail.query import Runs
    from celltrail.query.given import GivenRuns

__all__ = ["parallel"]

_RUNS_SHOWN = 500
_AXES = 8
_CATEGORIES = 12
#: Where what a run does not have stands, below the axis.
_NOWHERE = -0.14


def parallel(
    runs: GivenRuns,
    columns: Sequence[str] | None = None,
    *,
    color: str | None = None,
    width: int = 640,
    height: int = 280,
) -> Chart:
    """Draw params and metrics of runs as parallel axes, a line a run.

    Parameters
    ----------
    runs
        The runs. At most 500 are drawn, and the chart says so.
    columns
        Params, metrics (their last values) and other columns, an axis each. Without them:
        the params that differ between the runs, and then the metrics, eight in all.
    color
        What the lines' colour shows; without it the last of the columns when that is a
        number, which is where lines are followed to.
    width, height
        In pixels.

    Returns
    -------
    Chart
        A view; its ``chart`` is the Altair chart. An axis of positive numbers that span more
        than a factor of 100 is logarithmic, and says so. A run that lacks a value passes
        below the axis, at «none», so that no run is dropped.

    Raises
    ------
    UnknownNameError
        When none of the runs has such a thing.
    OptionError
        When fewer than two columns are left.

    Examples
    --------
    >>> ct.plot.parallel(ct.runs(), ["lr", "depth", "accuracy"])  # doctest: +SKIP
    """
    runs = as_runs(runs)
    total = len(runs)
    shown = runs.select(runs.ids[:_RUNS_SHOWN])
    names = list(columns) if columns is not None else _usual(shown)
    if total and len(names) < 2:
        raise OptionError(
            "parallel needs two columns or more, and these runs differ in fewer: name some."
        )
    axes = [_axis_of(find_column(shown, name)) for name in names] if total else []
    shade = _shade(shown, color, axes)
    caption = caption_of(shown, np.ones(len(shown), bool))
    if total > len(shown):
        caption = caption.replace(f"of {len(shown):,} runs", f"of {total:,} runs", 1)
    chart = _chart(shown, axes, shade, width, height)
    numbers = _numbers(shown, axes, caption)
    return Chart(
        chart.properties(title=caption_title(caption)),
        still_html=numbers.html(),
        still_text=numbers.text(),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis: its values, where each run stands on it from 0 to 1, and its marks."""

    values: Values
    title: str
    place: npt.NDArray[np.float64]
    texts: list[str]
    marks: list[tuple[float, str]]


def _usual(runs: Runs) -> list[str]:
    columns = runs.table().columns
    params = [
        name
        for name, column in columns.items()
        if name.startswith("params.") and len({repr(v) for v in column.values.tolist()}) > 1
    ]
    metrics = [name for name in columns if name.startswith("metrics.")]
    kept = max(_AXES - len(metrics), _AXES // 2)
    params = params[:kept]
    return params + metrics[: _AXES - len(params)]


def _axis_of(values: Values) -> _Axis:
    return _categories(values) if values.type == "nominal" else _numbers_axis(values)


def _numbers_axis(values: Values) -> _Axis:
    drawn = values.drawn
    raw = np.where(drawn, values.values, np.nan).astype(np.float64)
    finite = raw[drawn]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    write = _moment if values.type == "temporal" else partial(_number, spec=values.format)
    texts = [
        write(value) if ok else ("none" if gone else format_number(float(v)))
        for value, ok, gone, v in zip(raw, drawn, values.missing, values.values, strict=True)
    ]
    log = low > 0 and high / low > 100
    title = axis_title(values.name, 40, values.unit) + (" (log)" if log else "")
    if not len(finite):
        return _Axis(values, title, np.full(len(raw), _NOWHERE), texts, [])
    if low == high:
        place = np.where(drawn, 0.5, _NOWHERE)
        return _Axis(values, title, place, texts, [(0.5, write(low))])
    scaled = np.log(raw / low) / np.log(high / low) if log else _share(raw, low, high)
    marks = [(0.0, write(low)), (1.0, write(high))]
    if log:
        marks.insert(1, (0.5, write(float(np.sqrt(low) * np.sqrt(high)))))
    else:
        marks.insert(1, (0.5, write(low / 2 + high / 2)))
    return _Axis(values, title, np.where(drawn, scaled, _NOWHERE), texts, marks)


def _share(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.float64]:
    # Halves: the difference of two floats can be more than a float holds.
    return (values / 2 - low / 2) / (high / 2 - low / 2)


def _categories(values: Values) -> _Axis:
    kinds = sorted({value for value in values.values if value is not None})
    at = {kind: (i / (len(kinds) - 1) if len(kinds) > 1 else 0.5) for i, kind in enumerate(kinds)}
    place = np.array([_NOWHERE if v is None else at[v] for v in values.values], np.float64)
    texts = ["none" if value is None else str(value) for value in values.values]
    every = max(1, -(-len(kinds) // _CATEGORIES))
    marks = [(at[kind], shorten(kind, 24)) for kind in kinds[::every]]
    return _Axis(values, axis_title(values.name, 40), place, texts, marks)


def _number(value: float, spec: str) -> str:
    return format_as(value, spec) if spec else format_number(value, digits=3)


def _moment(value: float) -> str:
    return format_time(int(value))


def _shade(runs: Runs, color: str | None, axes: Sequence[_Axis]) -> Values | None:
    if not len(runs):
        return None
    if color is not None:
        return find_column(runs, color)
    last = axes[-1].values
    return last if last.type == "quantitative" else None


def _chart(runs: Runs, axes: Sequence[_Axis], shade: Values | None, width: int, height: int) -> Any:
    titles = _different([axis.title for axis in axes])
    # What stands at one axis ends before the next one.
    room = max(24, width // max(1, len(axes)) - 8)
    x = alt.X(
        "axis:N",
        title=None,
        scale=alt.Scale(domain=titles, padding=0.5),
        axis=alt.Axis(
            orient="top", labelAngle=0, labelLimit=room, labelPadding=14, domain=False, ticks=False
        ),
    )
    y = alt.Y("place:Q", axis=None, scale=alt.Scale(domain=[_NOWHERE - 0.02, 1.02], nice=False))
    lines = alt.Chart(_long(runs, axes, titles, shade)).encode(x=x, y=y, color=color_of(shade))
    near = alt.selection_point(
        name="near", fields=["run_id"], on="pointerover", clear="pointerout", empty=False
    )
    opacity = alt.condition(near, alt.value(1.0), alt.value(0.45))
    tips = [
        alt.Tooltip("run:N"),
        alt.Tooltip("status:N"),
        alt.Tooltip("axis:N", title="axis"),
        alt.Tooltip("text:N", title="value"),
    ]
    if shade is not None:
        tips.append(alt.Tooltip(f"color:{shade.type[0].upper()}", title=_shade_title(shade)))
    line = lines.mark_line(strokeWidth=1.4, invalid="show").encode(
        detail="run_id:N", opacity=opacity, order="order:Q", tooltip=tips[:2]
    )
    dots = lines.mark_point(size=8, strokeWidth=2.6, invalid="show").encode(
        opacity=opacity, tooltip=tips
    )
    marks = pd.DataFrame(
        [(t, at, text) for t, a in zip(titles, axes, strict=True) for at, text in _marks(a)],
        columns=["axis", "place", "text"],
    )
    scale = alt.Chart(marks).encode(x=x, y=y)
    rules = scale.mark_rule(strokeWidth=1, color="rgba(128,128,128,0.35)").encode(
        y=alt.YDatum(0, axis=None, title=None), y2=alt.Y2Datum(1)
    )
    texts = scale.mark_text(
        align="left", dx=5, dy=-7, fontSize=10, color="#7f8792", limit=room
    ).encode(text="text:N")
    return alt.layer(rules, line.add_params(near), dots, texts).properties(
        width=width, height=height
    )


def _marks(axis: _Axis) -> list[tuple[float, str]]:
    return [*axis.marks, *([(_NOWHERE, "none")] if (axis.place == _NOWHERE).any() else [])]


def _shade_title(shade: Values) -> str:
    return tooltip_title(shade.name, "color")


def _long(
    runs: Runs, axes: Sequence[_Axis], titles: Sequence[str], shade: Values | None
) -> pd.DataFrame:
    """Give a row for each run and axis."""
    base = runs_frame(runs)
    base["color"] = own_colors(runs) if shade is None else shade.series
    parts = [
        base.assign(axis=title, place=axis.place, text=axis.texts, order=order)
        for order, (title, axis) in enumerate(zip(titles, axes, strict=True))
    ]
    empty = base.assign(axis="", place=0.0, text="", order=0)
    return pd.concat(parts, ignore_index=True) if parts else empty


def _different(titles: Sequence[str]) -> list[str]:
    made: list[str] = []
    for title in titles:
        while title in made:
            title += "'"
        made.append(title)
    return made


def _numbers(runs: Runs, axes: Sequence[_Axis], caption: str) -> Numbers:
    names = runs_frame(runs)["run"].tolist() if len(runs) else []
    rows = [[str(name), *(axis.texts[i] for axis in axes)] for i, name in enumerate(names)]
    heads = ["run", *(axis.values.name for axis in axes)]
    return Numbers(", ".join(heads[1:]) or "no columns", caption, heads, rows)
