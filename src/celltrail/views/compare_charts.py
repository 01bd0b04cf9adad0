"""The charts of a comparison that are drawn when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from celltrail.errors import OptionError
from celltrail.views.chart_section import ChartSection, Choice, Shown
from celltrail.views.charts.importance import LEAST_RUNS, METHOD, draw_importance
from celltrail.views.charts.run_frame import find_column
from celltrail.views.charts.scatter import draw_scatter
from celltrail.views.format import plural

if TYPE_CHECKING:
    from celltrail.query import Runs
    from celltrail.query.table import Column

__all__ = ["importance_section", "scatter_section"]

#: With fewer runs there is nothing that two columns could have to do with each other.
_LEAST_POINTS = 3
#: A longer list is no choice any more.
_OPTIONS = 500
#: From least to greatest, where a logarithmic axis says more.
_FAR = 100
_NUMBERS = ("number", "integer", "duration")


def scatter_section(runs: Runs) -> ChartSection | None:
    """Offer a scatter of any two columns of runs.

    Parameters
    ----------
    runs
        The runs.

    Returns
    -------
    ChartSection or None
        None of fewer than three runs, and where there are no two columns. To begin with, the
        number among the params that has the most different values, and the first metric.
    """
    if len(runs) < _LEAST_POINTS:
        return None
    columns = runs.table().columns
    params = _ranked(columns, "params.")
    metrics = [f"metrics.{name}" for name in runs.metric_names()]
    others = [name for name in ("duration", "started") if name in columns]
    named = [*params[:_OPTIONS], *metrics[:_OPTIONS]]
    if len(named) + len(others) < 2 or not named:
        return None
    x, y = (params[:1] or metrics[1:2] or others[:1])[0], (metrics or params[1:2] or others)[0]
    options = [*sorted(params[:_OPTIONS]), *metrics[:_OPTIONS], *others]

    def draw(x: str, y: str) -> Shown:
        x_scale, y_scale = _scale_of(runs, x), _scale_of(runs, y)
        return Shown(draw_scatter(runs, x, y, x_scale=x_scale, y_scale=y_scale))

    choices = [Choice("x", "x", options, x, True), Choice("y", "y", options, y, True)]
    return ChartSection("scatter", choices, draw)


def _scale_of(runs: Runs, name: str) -> str:
    """Give learning rates and the like room: as the parallel axes do."""
    values = find_column(runs, name)
    if values.type != "quantitative" or not values.drawn.any():
        return "linear"
    numbers = values.values[values.drawn]
    low, high = float(numbers.min()), float(numbers.max())
    return "log" if low > 0 and high / low > _FAR else "linear"


def _ranked(columns: dict[str, Column], prefix: str) -> list[str]:
    """Give the names of columns: numbers first, and of these the most different ones."""

    def rank(name: str) -> tuple[bool, int, str]:
        column = columns[name]
        values = column.values[~column.missing].tolist()
        return (column.kind not in _NUMBERS, -len({repr(value) for value in values}), name)

    return sorted((name for name in columns if name.startswith(prefix)), key=rank)


def importance_section(runs: Runs) -> ChartSection | None:
    """Offer the importance of the params for a metric, as far as runs can tell.

    Parameters
    ----------
    runs
        The runs.

    Returns
    -------
    ChartSection or None
        None of fewer than three runs, and where there are no params or no metrics. Where
        there are too few runs it says so, and draws nothing.
    """
    if len(runs) < _LEAST_POINTS or not runs.metric_names() or not runs.param_names():
        return None
    counts = {name: _finite(runs, name) for name in runs.metric_names()}
    options = [name for name, count in counts.items() if count >= LEAST_RUNS][:_OPTIONS]
    if not options:
        said = (
            f"It takes {LEAST_RUNS} runs with a finite value of one metric; of these "
            f"{plural(len(runs), 'run')}, at most {max(counts.values()):,} have one."
        )

        def refuse() -> Shown:
            message = f"importance: {said}"
            raise OptionError(message)

        return ChartSection("importance of params", [], refuse, said=said)

    def draw(metric: str) -> Shown:
        note = f"{METHOD} It stands on {plural(counts[metric], 'run')}."
        return Shown(draw_importance(runs, metric, width=480), note)

    choice = Choice("metric", "for", options, options[0])
    return ChartSection("importance of params", [choice], draw, is_slow=True)


def _finite(runs: Runs, metric: str) -> int:
    return int(np.sum(find_column(runs, f"metrics.{metric}").drawn))
