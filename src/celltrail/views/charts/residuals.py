"""How far predictions of numbers are off, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from celltrail.views.chart import Chart
from celltrail.views.charts.learn import sklearn
from celltrail.views.charts.predictions import Given, finite_rows, left_out, read_predictions
from celltrail.views.charts.still import Numbers
from celltrail.views.curve_panels import caption_title, number_axis
from celltrail.views.format import format_number

if TYPE_CHECKING:
    import numpy.typing as npt

    from celltrail.query import Run

__all__ = ["residuals"]

_POINTS = 4_000
_LARGEST = 1_000


def residuals(
    y_true: Given,
    y_pred: Given,
    *,
    run: Run | None = None,
    table: str | None = None,
    width: int = 460,
    height: int = 280,
) -> Chart:
    """Draw the residuals, true minus predicted, over the predictions.

    Parameters
    ----------
    y_true, y_pred
        Numbers; with ``run`` the names of columns of a table, or of arrays, that were logged
        to it.
    run, table
        The run, and the name of the table where several have such columns.
    width, height
        In pixels.

    Returns
    -------
    Chart
        A view; its ``chart`` is the Altair chart. R², MAE and RMSE are those of
        ``sklearn.metrics``, over all rows. Of more than 4,000 rows the 1,000 largest
        residuals and an even sample of the others are drawn, and the chart says so.

    Raises
    ------
    OptionError
        When the values are no numbers, or scikit-learn is missing.
    UnknownNameError
        When the run has logged no such column.

    Examples
    --------
    >>> ct.plot.residuals("price", "predicted", run=ct.last_run())  # doctest: +SKIP
    """
    metrics = sklearn("metrics", "residuals")
    (given,) = read_predictions(y_true, y_pred, run, table)
    found = finite_rows(given, "residuals")
    truth, guess = found.truth, found.guess
    # Divided first: squares of very large values are more than a float holds.
    scale = max(float(np.abs(truth).max()), float(np.abs(guess).max())) or 1.0
    mae = float(metrics.mean_absolute_error(truth / scale, guess / scale)) * scale
    rmse = float(metrics.root_mean_squared_error(truth / scale, guess / scale)) * scale
    scores = [("MAE", mae), ("RMSE", rmse)]
    if len(truth) > 1:
        scores.insert(0, ("R²", float(metrics.r2_score(truth / scale, guess / scale))))
    off = truth - guess
    kept = _kept(off)
    parts = [left_out([found])]
    if len(kept) < len(off):
        parts.append(f"{len(kept):,} drawn: the largest residuals and a sample of the others")
    parts += [f"{name} {format_number(value, digits=4)}" for name, value in scores]
    caption = " \N{MIDDLE DOT} ".join(parts)
    frame = pd.DataFrame(
        {"row": kept, "truth": truth[kept], "guess": guess[kept], "residual": off[kept]}
    )
    largest = np.argsort(-np.abs(off), kind="stable")[:12]
    rows = [
        [f"{i:,}", *(format_number(float(v)) for v in (truth[i], guess[i], off[i]))]
        for i in largest.tolist()
    ]
    heads = ["row", "true", "predicted", "residual"]
    numbers = Numbers("the largest residuals", caption, heads, rows)
    return Chart(
        _chart(frame, found.color, width, height).properties(title=caption_title(caption)),
        still_html=numbers.html(),
        still_text=numbers.text(),
    )


def _kept(off: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    if len(off) <= _POINTS:
        return np.arange(len(off), dtype=np.int64)
    order = np.argsort(-np.abs(off), kind="stable")
    rest = order[_LARGEST:]
    sample = rest[np.linspace(0, len(rest) - 1, _POINTS - _LARGEST).round().astype(np.int64)]
    return np.sort(np.concatenate([order[:_LARGEST], sample])).astype(np.int64)


def _chart(frame: pd.DataFrame, color: str, width: int, height: int) -> Any:
    scale = alt.Scale(zero=False, padding=8)
    points = (
        alt.Chart(frame)
        .mark_point(filled=True, size=26, opacity=0.55 if len(frame) < 1000 else 0.3, color=color)
        .encode(
            x=alt.X("guess:Q", title="predicted", scale=scale, axis=number_axis()),
            y=alt.Y("residual:Q", title="true − predicted", axis=number_axis()),
            tooltip=[
                alt.Tooltip("row:Q", format=",d"),
                alt.Tooltip("truth:Q", title="true", format=".6~g"),
                alt.Tooltip("guess:Q", title="predicted", format=".6~g"),
                alt.Tooltip("residual:Q", format=".6~g"),
            ],
        )
    )
    zero = alt.Chart(pd.DataFrame({"residual": [0.0]})).mark_rule(
        strokeDash=[4, 4], color="#7f8792"
    )
    return alt.layer(zero.encode(y="residual:Q"), points).properties(width=width, height=height)
