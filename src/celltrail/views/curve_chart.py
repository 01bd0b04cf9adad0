"""Metrics over steps or time, one line a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from celltrail.errors import OptionError
from celltrail.model import Status
from celltrail.query.given import as_runs
from celltrail.views.band_chart import band_drawing
from celltrail.views.chart import NAME_KEY, Chart
from celltrail.views.chart_text import ZOOM_HINT, axis_title, tooltip_title
from celltrail.views.curve_data import (
    Axis,
    Curve,
    CurveOptions,
    Curves,
    drawn_curve,
    read_curve,
    read_curves,
)
from celltrail.views.curve_panels import (
    Frames,
    color_of_runs,
    in_panels,
    panel_size,
    x_encoding,
    y_axis,
    y_scale,
    zoom_of,
)
from celltrail.views.curve_still import still_html, still_text
from celltrail.views.drawing import Drawing, Growth
from celltrail.views.growing_curves import GrowingCurves
from celltrail.views.smoothing import require_smooth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from celltrail.query import Runs
    from celltrail.query.given import GivenRuns

__all__ = ["DOTS_UP_TO", "curves"]

DOTS_UP_TO = 25
_SCALES = ("linear", "log")


def curves(
    runs: GivenRuns,
    metric: str | Sequence[str],
    *,
    x: Axis = "step",
    smooth: float = 0.0,
    x_scale: Literal["linear", "log"] = "linear",
    y_scale: Literal["linear", "log"] = "linear",
    together: bool = False,
    group_by: str | Sequence[str] | None = None,
    band: Literal["range", "sd"] = "range",
    width: int | None = None,
    height: int | None = None,
) -> Chart:
    """Draw metrics over steps or time, one line a run.

    Long curves are thinned by the store to the lowest and the highest point of each pixel.
    Zoom in with Ctrl or ⌘ and the wheel, drag to move, double-click to see all again: what
    is shown of the range is read anew from the store, while the kernel is there.

    Lines of runs that go on grow while the chart is shown, and runs that begin join them where
    ``runs`` is a question, such as ``ct.runs("tags has 'sweep'")``. Bands are drawn anew when a
    run of theirs begins or ends. A chart whose ``chart`` was set stays as it is.

    Parameters
    ----------
    runs
        The runs. At most 50 are drawn, and the chart says how many of how many it shows; of
        none, the chart is empty and says that.
    metric
        One metric, or several for one panel each.
    x
        ``"step"``; ``"time"`` for seconds since the start of each run; ``"wall"`` for the
        time of day.
    smooth
        From 0 (none) to below 1: a time-weighted exponential moving average of the curve,
        with the curve itself faint behind it; `celltrail.views.smoothing.smoothed` has the
        formula.
    x_scale, y_scale
        ``"log"`` for a logarithmic axis. What it cannot show is left out, and counted.
    together
        Draw several metrics in one panel, told apart by dashes.
    group_by
        A param, or several: runs that are equal in them, mostly seeds, become one line, the
        mean at each step, with a band around it.
    band
        What the band shows: ``"range"``, from the lowest to the highest run at each step; or
        ``"sd"``, one sample standard deviation on each side of the mean.
    width, height
        Of a panel, in pixels.

    Returns
    -------
    Chart
        A view that draws without a network; its ``chart`` is the Altair chart.

    Raises
    ------
    OptionError
        When an option is not one of these, or no metric is named.
    UnknownNameError
        When there are runs, and none of them has such a metric or param.

    Examples
    --------
    >>> ct.plot.curves(ct.runs(), "loss", smooth=0.8)  # doctest: +SKIP
    >>> ct.plot.curves(ct.runs(), "loss", group_by="lr", band="sd")  # doctest: +SKIP
    """
    runs = as_runs(runs)
    metrics = [metric] if isinstance(metric, str) else list(dict.fromkeys(metric))
    _require(metrics, x, x_scale, y_scale)
    one_panel = together or len(metrics) == 1
    wide, high = panel_size(one_panel, width, height)
    options = CurveOptions(x, require_smooth(smooth), x_scale == "log", y_scale == "log", wide)
    names = [group_by] if isinstance(group_by, str) else list(group_by or [])

    def draw(runs: Runs) -> Drawing:
        if group_by is not None:
            return band_drawing(runs, metrics, names, band, options, high, lambda: draw(runs.now()))
        return _drawing(runs, metrics, options, high, one_panel, lambda: draw(runs.now()))

    return Chart.of(draw(runs))


def _drawing(
    runs: Runs,
    metrics: Sequence[str],
    options: CurveOptions,
    height: int,
    one_panel: bool,
    again: Callable[[], Drawing],
) -> Drawing:
    data = read_curves(runs, metrics, options)
    panels = [metrics] if one_panel else [[name] for name in metrics]
    frames = _Frames(data, panels, options)
    caption = data.caption + (ZOOM_HINT if data.thinned else "")
    chart = in_panels([_panel(frames, place, height) for place in range(len(panels))], caption)
    return Drawing(
        chart,
        still_html(data, options),
        still_text(data, options),
        zoom_of(frames, options.x),
        frames.growth(again),
    )


def _require(metrics: Sequence[str], x: str, x_scale: str, y_scale: str) -> None:
    if x not in ("step", "time", "wall"):
        message = f'x is {x!r}: choose "step" or "time" or "wall".'
        raise OptionError(message)
    for scale in (x_scale, y_scale):
        if scale not in _SCALES:
            message = f'a scale is {scale!r}: choose "linear" or "log".'
            raise OptionError(message)
    if not metrics:
        raise OptionError("curves needs at least one metric.")


class _Frames(Frames):
    """The data of each panel, whole or of a range."""

    def __init__(
        self, data: Curves, panels: Sequence[Sequence[str]], options: CurveOptions
    ) -> None:
        self.data, self.panels, self.options = data, panels, options

    def frame(self, panel: int, between: tuple[float, float] | None = None) -> pd.DataFrame:
        metrics = self.panels[panel]
        if between is None:
            found = [curve for curve in self.data.curves if curve.metric in metrics]
        else:
            found = self._read(self.data.runs.ids, metrics, between)
        frame = _frame(found, self.options)
        frame.attrs[NAME_KEY] = f"curves_{panel}"
        return frame

    def growth(self, again: Callable[[], Drawing]) -> Growth:
        """Give how the chart follows its runs."""
        data, options = self.data, self.options
        kept = None
        # An average counts all points before, and parts that grow are even on a linear axis only.
        if not (options.smooth or options.log_x):
            kept = GrowingCurves(options.query(len(data.runs) * len(data.metrics)))

        def draw(ids: Sequence[str]) -> dict[str, pd.DataFrame]:
            return {
                f"curves_{place}": _frame(
                    self._read(ids, metrics) if kept is None else self._kept(kept, ids, metrics),
                    options,
                )
                for place, metrics in enumerate(self.panels)
            }

        return Growth(
            data.runs.store_path,
            run_ids=frozenset(data.runs.ids),
            open_ids=frozenset(run.id for run in data.runs if run.status == Status.RUNNING),
            metrics=frozenset(data.metrics),
            again=again,
            legend=data.labels,
            draw=draw,
            curves=kept,
        )

    def _kept(self, kept: GrowingCurves, ids: Sequence[str], metrics: Sequence[str]) -> list[Curve]:
        label_of = dict(zip(self.data.runs.ids, self.data.labels, strict=True))
        return [
            drawn_curve(run_id, label_of[run_id], metric, curve.points(), self.options)
            for metric in metrics
            for run_id, curve in zip(ids, kept.get(self.data.runs, metric, ids), strict=True)
            if curve.count
        ]

    def _read(
        self,
        ids: Sequence[str],
        metrics: Sequence[str],
        between: tuple[float, float] | None = None,
    ) -> list[Curve]:
        data = self.data
        label_of = dict(zip(data.runs.ids, data.labels, strict=True))
        runs, labels = data.runs.select(ids), [label_of[run_id] for run_id in ids]
        count = len(data.metrics) * len(data.runs) / max(1, len(ids))
        return [
            curve
            for metric in metrics
            for curve in read_curve(runs, labels, metric, self.options, round(count), between)[0]
        ]


def _frame(curves: Sequence[Curve], options: CurveOptions) -> pd.DataFrame:
    empty = Curve("", "", "", *(np.zeros(0, kind) for kind in (np.int64, float, float, float)))
    parts = []
    for curve in curves or [empty]:
        columns: dict[str, Any] = {
            "run": curve.label,
            "run_id": curve.run_id,
            "metric": curve.metric,
            "step": curve.step,
            "value": curve.value,
            "dot": _dots(curve),
        }
        if options.x == "time":
            columns["time"] = np.round(curve.x, 6)
        elif options.x == "wall":
            columns["wall"] = pd.to_datetime(
                np.round(curve.x * 1e3).astype("int64"), unit="us", utc=True
            )
        if curve.smooth is not None and options.smooth:
            columns["smooth"] = curve.smooth
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _dots(curve: Curve) -> npt.NDArray[np.int8]:
    """Say which points are seen as dots: all of few, and those that no line reaches."""
    if len(curve.value) <= DOTS_UP_TO:
        return np.ones(len(curve.value), np.int8)
    gap = ~np.isfinite(np.concatenate([[np.nan], curve.value, [np.nan]]))
    alone: npt.NDArray[np.int8] = (gap[:-2] & gap[2:]).astype(np.int8)
    return alone


def _panel(frames: _Frames, place: int, height: int) -> Any:
    data, options, metrics = frames.data, frames.options, frames.panels[place]
    pick = alt.selection_point(name=f"run_{place}", fields=["run"], bind="legend")
    color, dash = color_of_runs(data.runs, data.labels, dashed=len(metrics) == 1)
    meanings = [data.runs.meaning(name) for name in metrics]
    title = ", ".join(axis_title(m.name, 60, m.unit) for m in meanings)
    formats = {m.format for m in meanings}
    spec = formats.pop() if len(formats) == 1 else ""
    frame = frames.frame(place)
    seen = bool(frame["dot"].any())
    base = alt.Chart().encode(
        x=x_encoding(options, dots=seen),
        y=alt.Y(
            "value:Q",
            title=title,
            scale=y_scale(options, dots=seen),
            axis=y_axis(options, height, spec),
        ),
        color=color,
        opacity=alt.condition(pick, alt.value(1), alt.value(0.12)),
    )
    if len(metrics) > 1:
        dash = alt.StrokeDash(
            "metric:N", scale=alt.Scale(domain=list(metrics)), legend=alt.Legend(title=None)
        )
    lined = base if dash is None else base.encode(strokeDash=dash)
    line = lined.mark_line(strokeWidth=1.7, strokeJoin="round", clip=True)
    layers = [line]
    if options.smooth:
        faint = lined.mark_line(strokeWidth=1, strokeOpacity=0.28, clip=True)
        layers = [faint, line.encode(y=alt.Y("smooth:Q", title=title))]
    # Dots that cannot be seen still take the pointer, and with it the tooltip. A layer of
    # their own: a field for their opacity would make the line go on across its gaps.
    dots = base.mark_point(size=30, filled=True, strokeOpacity=0, clip=True).encode(
        fillOpacity=alt.FillOpacity("dot:Q", scale=None, legend=None),
        tooltip=_tooltip(metrics, options, spec),
    )
    zoom = frames.selection(place)
    layers[0] = layers[0].add_params(pick, zoom)
    return alt.layer(*layers, dots, data=frame).properties(width=options.width, height=height)


def _tooltip(metrics: Sequence[str], options: CurveOptions, spec: str) -> list[alt.Tooltip]:
    value = tooltip_title(metrics[0]) if len(metrics) == 1 else "value"
    tips = [alt.Tooltip("run:N")]
    if len(metrics) > 1:
        tips.append(alt.Tooltip("metric:N"))
    tips.append(alt.Tooltip("step:Q", format=",d"))
    if options.x == "time":
        tips.append(alt.Tooltip("time:Q", title="seconds", format=".3~f"))
    elif options.x == "wall":
        tips.append(alt.Tooltip("wall:T", title="time", format="%Y-%m-%d %H:%M:%S"))
    tips.append(alt.Tooltip("value:Q", title=value, format=spec or ".6~g"))
    if options.smooth:
        tips.append(alt.Tooltip("smooth:Q", title="smoothed", format=spec or ".6~g"))
    return tips
