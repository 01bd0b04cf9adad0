"""Which params a metric depends on, as far as the runs can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from celltrail.errors import OptionError
from celltrail.query.given import as_runs
from celltrail.views.chart import Chart
from celltrail.views.chart_text import axis_title
from celltrail.views.charts.learn import sklearn
from celltrail.views.charts.progress import metric_of
from celltrail.views.charts.run_frame import Values, caption_of, find_column
from celltrail.views.charts.still import Numbers
from celltrail.views.curve_panels import caption_title, number_axis
from celltrail.views.drawing import Drawing
from celltrail.views.format import format_number
from celltrail.views.theme import PALETTE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from celltrail.query import Runs
    from celltrail.query.given import GivenRuns

__all__ = ["LEAST_RUNS", "METHOD", "draw_importance", "importance"]

#: Fewer runs say nothing.
LEAST_RUNS = 12
_FEW_RUNS = 40
_FOLDS = 5
_TREES = 100
_SHOWN = 20
#: What the bars are, for where they stand without the documentation.
METHOD = (
    "Permutation importance of a random forest of scikit-learn: by how much its R² on runs that "
    "it has not seen falls when a param is shuffled. Lines are one standard deviation over "
    "repetitions. It says what predicts the metric, not what causes it."
)


@dataclass(frozen=True, slots=True)
class _Found:
    """How far each param helps to predict the metric, and how well all of them do."""

    mean: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]
    r2: float


def importance(
    runs: GivenRuns,
    metric: str,
    *,
    params: Sequence[str] | None = None,
    repeats: int = 5,
    seed: int = 0,
    width: int = 420,
) -> Chart:
    """Draw how much each param matters for a metric, as far as the runs can tell.

    Parameters
    ----------
    runs
        The runs. Those with a finite value of the metric count, of which there must be 12.
    metric
        The metric; its last value counts.
    params
        Which params; without them all that differ between the runs.
    repeats
        How often the whole is repeated, with other folds and another forest.
    seed
        Of the random numbers, so that the same runs give the same chart.
    width
        In pixels.

    Returns
    -------
    Chart
        A view; its ``chart`` is the Altair chart. Bars are means over the repetitions, lines
        one standard deviation to each side. The caption has the R² of the prediction: when
        it is not well above 0, the params explain nothing, and no bar means anything.

    Raises
    ------
    UnknownNameError
        When none of the runs has such a metric or param.
    OptionError
        When there are fewer than 12 runs, no param differs, or scikit-learn is missing.

    Notes
    -----
    Permutation importance (Breiman, «Random Forests», *Machine Learning* 45, 2001) of a
    random forest of scikit-learn with 100 trees, on runs that the forest has not seen: in
    five-fold cross-validation each param of the left-out runs is shuffled in turn, and its
    importance is by how much the mean squared error grows, as a share of the variance of
    the metric: by how much R² falls. Texts are numbered in their order. Params that go
    together share their importance; it says what predicts the metric, not what causes it.

    Examples
    --------
    >>> ct.plot.importance(ct.runs(), "accuracy")  # doctest: +SKIP
    """
    runs = as_runs(runs)
    return Chart.of(
        draw_importance(runs, metric, params=params, repeats=repeats, seed=seed, width=width)
    )


def draw_importance(
    runs: Runs,
    metric: str,
    *,
    params: Sequence[str] | None = None,
    repeats: int = 5,
    seed: int = 0,
    width: int = 420,
) -> Drawing:
    """Draw what `importance` gives a view of."""
    sklearn("ensemble", "importance")
    values = metric_of(runs, metric)
    used = values.drawn
    count = int(used.sum())
    if count < LEAST_RUNS:
        message = (
            f"importance needs {LEAST_RUNS} runs with a finite {metric!r}, and there are "
            f"{count}: fewer say nothing. With few runs, look at them in ct.plot.parallel."
        )
        raise OptionError(message)
    columns = _columns(runs, params, used)
    table = np.column_stack([_numbered(column, used) for column in columns])
    found = _permuted(table, _scaled(values.values[used]), max(2, int(repeats)), int(seed))
    caption = _caption(caption_of(runs, used, values), found.r2, count)
    order = np.argsort(-found.mean, kind="stable")
    names = [columns[place].name for place in order]
    chart = _chart(names, found.mean[order], found.spread[order], metric, width)
    rows = [
        [name, format_number(float(mean), digits=3), format_number(float(spread), digits=2)]
        for name, mean, spread in zip(names, found.mean[order], found.spread[order], strict=True)
    ]
    numbers = Numbers(f"importance for {metric}", caption, ["param", "fall of R²", "±"], rows)
    titled = chart.properties(title=caption_title(caption))
    return Drawing(titled, numbers.html(), numbers.text())


def _columns(runs: Runs, params: Sequence[str] | None, used: npt.NDArray[np.bool_]) -> list[Values]:
    names = list(params) if params is not None else runs.param_names()
    found = [find_column(runs, f"params.{name}") for name in names]
    kept = [column for column in found if len(set(_numbered(column, used).tolist())) > 1]
    if not kept:
        raise OptionError("no param differs between these runs, so none can matter.")
    return kept


def _numbered(column: Values, used: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Give a param as numbers a tree can split by; what is missing is a number of its own."""
    values, missing = column.values[used], ~column.drawn[used]
    if column.type == "nominal":
        texts = ["" if gone else str(v) for v, gone in zip(values, missing, strict=True)]
        codes = np.unique(texts, return_inverse=True)[1].astype(np.float64)
        return np.where(missing, -1.0, codes)
    # Only their order matters to a tree, and so no value is too large for it.
    order = np.unique(values[~missing], return_inverse=True)[1].astype(np.float64)
    numbers = np.full(len(values), -1.0)
    numbers[~missing] = order
    return numbers


def _scaled(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    small = values / (np.abs(values).max() or 1.0)
    deviation = float(small.std())
    if deviation == 0:
        raise OptionError("the metric is the same in all of these runs, so nothing matters to it.")
    scaled: npt.NDArray[np.float64] = (small - small.mean()) / deviation
    return scaled


def _permuted(
    table: npt.NDArray[np.float64], target: npt.NDArray[np.float64], repeats: int, seed: int
) -> _Found:
    """Repeat cross-validation; the target has mean 0 and variance 1."""
    forests, folds = sklearn("ensemble", "importance"), sklearn("model_selection", "importance")
    inspection = sklearn("inspection", "importance")
    count = len(target)
    falls = np.zeros((repeats, table.shape[1]))
    errors = np.zeros(repeats)
    for repeat in range(repeats):
        cut = folds.KFold(_FOLDS, shuffle=True, random_state=seed + repeat)
        for train, test in cut.split(table):
            forest = forests.RandomForestRegressor(
                _TREES, min_samples_leaf=2, random_state=seed + repeat
            )
            forest.fit(table[train], target[train])
            errors[repeat] += float(((forest.predict(table[test]) - target[test]) ** 2).sum())
            result = inspection.permutation_importance(
                forest,
                table[test],
                target[test],
                scoring="neg_mean_squared_error",
                n_repeats=5,
                random_state=seed + repeat,
            )
            falls[repeat] += result.importances_mean * len(test) / count
    return _Found(falls.mean(axis=0), falls.std(axis=0, ddof=1), float(1 - errors.mean() / count))


def _caption(shown: str, r2: float, count: int) -> str:
    parts = [shown, f"R² on runs not seen: {format_number(r2, digits=2)}"]
    if r2 < 0.1:
        parts.append("the params do not predict the metric, so these bars mean nothing")
    elif count < _FEW_RUNS:
        parts.append("of so few runs, a rough guess")
    return " \N{MIDDLE DOT} ".join(parts)


def _chart(
    names: Sequence[str],
    mean: npt.NDArray[np.float64],
    spread: npt.NDArray[np.float64],
    metric: str,
    width: int,
) -> Any:
    frame = pd.DataFrame(
        {
            "param": list(names)[:_SHOWN],
            "importance": mean[:_SHOWN],
            "low": (mean - spread)[:_SHOWN],
            "high": (mean + spread)[:_SHOWN],
            "spread": spread[:_SHOWN],
        }
    )
    title = f"fall of R² of {axis_title(metric, 60)} when the param is shuffled"
    order = alt.Scale(domain=list(names)[:_SHOWN])
    y = alt.Y("param:N", scale=order, title=None, axis=alt.Axis(labelLimit=220))
    base = alt.Chart(frame).encode(
        y=y,
        tooltip=[
            alt.Tooltip("param:N"),
            alt.Tooltip("importance:Q", title="fall of R²", format=".3~g"),
            alt.Tooltip("spread:Q", title="standard deviation", format=".2~g"),
        ],
    )
    axis = number_axis(grid=True, domain=False)
    bars = base.mark_bar(opacity=0.75, color=PALETTE[0], height={"band": 0.62}).encode(
        x=alt.X("importance:Q", title=title, axis=axis)
    )
    rules = base.mark_rule(strokeWidth=1.8, color="#7f8792").encode(
        x=alt.X("low:Q", title=title), x2="high:Q"
    )
    return alt.layer(bars, rules).properties(width=width, height=alt.Step(26))
