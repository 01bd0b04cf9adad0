"""What charts read of runs: columns by the names that people use, one row a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from celltrail.errors import UnknownNameError
from celltrail.model import Status
from celltrail.views.chart_text import axis_title
from celltrail.views.curve_data import run_labels
from celltrail.views.format import format_value, plural
from celltrail.views.theme import RAMP, run_colors

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from celltrail.query import Runs
    from celltrail.query.table import Column

__all__ = [
    "Values",
    "caption_of",
    "color_of",
    "find_column",
    "own_colors",
    "runs_frame",
    "shape_of_status",
]

_NUMBERS = ("number", "integer", "duration")
_SHAPES = {
    Status.FINISHED: "circle",
    Status.RUNNING: "triangle-right",
    Status.FAILED: "cross",
    Status.INTERRUPTED: "diamond",
    Status.LOST: "square",
}


@dataclass(frozen=True, slots=True)
class Values:
    """A column of runs as a chart draws it.

    Parameters
    ----------
    name
        As the user named it, without ``params.`` or ``metrics.``.
    type
        ``quantitative``, ``temporal`` or ``nominal``, as in Vega-Lite.
    values
        float64 with NaN for what cannot be drawn; texts, or None, when nominal.
    missing
        True where a run has no such thing; NaN and the infinities are not missing.
    unit, format
        Of a metric, as `celltrail.metric` said.
    """

    name: str
    type: str
    values: npt.NDArray[Any]
    missing: npt.NDArray[np.bool_]
    unit: str = ""
    format: str = ""

    @property
    def title(self) -> str:
        """The name with the unit, for an axis."""
        return axis_title(self.name, 80, self.unit)

    @property
    def drawn(self) -> npt.NDArray[np.bool_]:
        """True where there is something to draw."""
        if self.type == "nominal":
            return ~self.missing
        found: npt.NDArray[np.bool_] = ~self.missing & np.isfinite(self.values.astype(np.float64))
        return found

    @property
    def series(self) -> pd.Series[Any]:
        """The values for a data frame; moments in UTC."""
        if self.type == "temporal":
            return pd.Series(pd.to_datetime(self.values, unit="us", utc=True))
        if self.type == "nominal":
            return pd.Series(self.values, dtype=object)
        return pd.Series(np.where(self.drawn, self.values, np.nan))


def find_column(runs: Runs, name: str) -> Values:
    """Find a param, a metric or another column of runs.

    Parameters
    ----------
    runs
        The runs.
    name
        ``"params.lr"`` and ``"metrics.acc"`` are exact; ``"lr"`` is a metric, else a param,
        else a column such as ``"duration"`` or ``"started"``.

    Raises
    ------
    UnknownNameError
        When none of the runs has such a thing.
    """
    columns = runs.table().columns
    for key in (name, f"metrics.{name}", f"params.{name}"):
        prefixed = key.startswith(("metrics.", "params."))
        if key in columns and (key == name or prefixed):
            short = key.partition(".")[2] if prefixed else key
            found = _values(short, columns[key])
            if key.startswith("metrics."):
                meaning = runs.meaning(short)
                found = replace(found, unit=meaning.unit, format=meaning.format)
            return found
    known = [key.partition(".")[2] if "." in key else key for key in columns]
    raise UnknownNameError("param, metric or column", name, known)


def _values(name: str, column: Column) -> Values:
    if column.kind in _NUMBERS:
        return Values(name, "quantitative", column.values.astype(np.float64), column.missing)
    if column.kind == "time":
        return Values(name, "temporal", column.values, column.missing)
    texts = np.empty(len(column.values), object)
    for place, value in enumerate(column.values):
        plain = value.item() if isinstance(value, np.generic) else value
        texts[place] = None if column.missing[place] else format_value(plain, limit=400)
    return Values(name, "nominal", texts, column.missing)


def runs_frame(runs: Runs, **columns: Values) -> pd.DataFrame:
    """Give one row a run: what each chart's tooltip says of it, and the given columns."""
    listed = list(runs)
    frame = pd.DataFrame(
        {
            "run": pd.Series(run_labels(listed), dtype=object),
            "run_id": pd.Series(runs.ids, dtype=object),
            "status": pd.Series([Status(run.status).value for run in listed], dtype=object),
        }
    )
    return frame.assign(**{name: found.series for name, found in columns.items()})


def own_colors(runs: Runs) -> list[str]:
    """Give each run its own colour, or all of many the same one."""
    return run_colors([(run.number, run.experiment) for run in runs])


def color_of(shade: Values | None) -> alt.Color:
    """Give the colour of runs by a value, or each its own.

    Where a run has no such value it is grey, when the mark says ``invalid="show"``.
    """
    if shade is None:
        return alt.Color("color:N", scale=None)
    title = axis_title(shade.name, 40, shade.unit)
    if shade.type == "nominal":
        return alt.Color("color:N", title=title, legend=alt.Legend(labelLimit=180))
    legend = alt.Legend(type="gradient", gradientLength=140)
    return alt.Color(
        f"color:{shade.type[0].upper()}",
        title=title,
        scale=alt.Scale(range=list(RAMP), interpolate="lab"),
        legend=legend,
    )


def shape_of_status(statuses: Sequence[str]) -> alt.Shape:
    """Give the shape of points: another one for each status, told in a legend if there are any."""
    there = [status for status in _SHAPES if status.value in set(statuses)]
    legend = alt.Legend(title="status") if there not in ([], [Status.FINISHED]) else None
    return alt.Shape(
        "status:N",
        scale=alt.Scale(
            domain=[status.value for status in there], range=[_SHAPES[s] for s in there]
        ),
        legend=legend,
    )


def caption_of(runs: Runs, shown: npt.NDArray[np.bool_], *columns: Values) -> str:
    """Say how many runs a chart shows of how many, and why not the others.

    Parameters
    ----------
    runs
        The runs.
    shown
        Which of them are drawn.
    columns
        What a run needs to be drawn.
    """
    if not len(runs):
        return "there are no runs to draw"
    parts = [f"{int(shown.sum()):,} of {plural(len(runs), 'run')} shown"]
    for column in columns:
        name = format_value(column.name, limit=40)
        without = int(column.missing.sum())
        if without:
            parts.append(f"{without:,} without {name}")
        odd = int((~column.missing & ~column.drawn).sum())
        if odd:
            parts.append(f"{odd:,} where {name} is not finite")
    statuses = Counter(run.status for run, there in zip(runs, shown, strict=True) if there)
    parts += [
        f"{statuses[status]:,} {status.value}"
        for status in (Status.FAILED, Status.INTERRUPTED, Status.LOST)
        if statuses[status]
    ]
    return " \N{MIDDLE DOT} ".join(dict.fromkeys(parts))
