"""How well scores tell two classes apart: ROC, precision and recall, calibration."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from celltrail.errors import OptionError
from celltrail.views.chart import Chart
from celltrail.views.charts.learn import sklearn
from celltrail.views.charts.predictions import (
    Given,
    Predictions,
    binary_truth,
    left_out,
    read_predictions,
)
from celltrail.views.charts.still import Numbers
from celltrail.views.curve_panels import caption_title
from celltrail.views.format import format_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.query import Run

__all__ = ["calibration", "pr", "roc"]

_POINTS = 1_500
_SIZE = 300
_GREY = "#7f8792"
_Z = 1.959963984540054


def roc(
    y_true: Given,
    y_score: Given,
    *,
    run: Run | Sequence[Run] | None = None,
    table: str | None = None,
    positive: Any = None,
) -> Chart:
    """Draw the ROC curve: the true positives that each share of false ones buys.

    Parameters
    ----------
    y_true, y_score
        The classes, and a score that is higher for the positive one; with ``run`` the names
        of columns of a table, or of arrays, that were logged to it.
    run, table
        A run or several, a curve each; and the name of the table where several have such
        columns.
    positive
        The positive class; without it the larger of the two.

    Returns
    -------
    Chart
        A view; its ``chart`` is the Altair chart. Curve and area are those of
        ``sklearn.metrics.roc_curve`` and ``roc_auc_score``, over all rows; the dashed line
        is what chance gives.

    Raises
    ------
    OptionError
        When there are not two classes, or scikit-learn is missing.
    UnknownNameError
        When a run has logged no such column.

    Examples
    --------
    >>> ct.plot.roc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])  # doctest: +SKIP
    """
    metrics = sklearn("metrics", "roc")
    found = read_predictions(y_true, y_score, run, table)
    parts, rows = [], []
    for each in found:
        truth, score, _ = binary_truth(each, positive, "roc")
        false, true, threshold = metrics.roc_curve(truth, score)
        area = float(metrics.roc_auc_score(truth, score))
        parts.append(_curve(each, area, "AUC", x=false, y=true, threshold=threshold))
        rows.append([each.label, format_number(area, digits=4), *_counts(truth)])
    titles = ("false positive rate", "true positive rate")
    chance = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]})
    return _finished(found, parts, chance, titles, ["run", "AUC", "positive", "negative"], rows)


def pr(
    y_true: Given,
    y_score: Given,
    *,
    run: Run | Sequence[Run] | None = None,
    table: str | None = None,
    positive: Any = None,
) -> Chart:
    """Draw precision over recall.

    Parameters
    ----------
    y_true, y_score, run, table, positive
        As in `roc`.

    Returns
    -------
    Chart
        A view; its ``chart`` is the Altair chart. The curve is that of
        ``sklearn.metrics.precision_recall_curve``, drawn in steps, since precision between
        two thresholds is not on a straight line; AP is ``average_precision_score``. The
        dashed line is what chance gives: the share of the positive class.

    Raises
    ------
    OptionError
        When there are not two classes, or scikit-learn is missing.
    UnknownNameError
        When a run has logged no such column.

    Examples
    --------
    >>> ct.plot.pr([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])  # doctest: +SKIP
    """
    metrics = sklearn("metrics", "pr")
    found = read_predictions(y_true, y_score, run, table)
    parts, rows, shares = [], [], []
    for each in found:
        truth, score, _ = binary_truth(each, positive, "pr")
        precision, recall, threshold = metrics.precision_recall_curve(truth, score)
        area = float(metrics.average_precision_score(truth, score))
        threshold = np.append(threshold, np.inf)
        parts.append(_curve(each, area, "AP", x=recall, y=precision, threshold=threshold))
        rows.append([each.label, format_number(area, digits=4), *_counts(truth)])
        shares.append(float(truth.mean()))
    share = float(np.mean(shares))
    chance = pd.DataFrame({"x": [0.0, 1.0], "y": [share, share]})
    heads = ["run", "AP", "positive", "negative"]
    return _finished(found, parts, chance, ("recall", "precision"), heads, rows, steps=True)


def calibration(
    y_true: Given,
    y_prob: Given,
    *,
    run: Run | Sequence[Run] | None = None,
    table: str | None = None,
    positive: Any = None,
    bins: int = 10,
    strategy: Literal["quantile", "uniform"] = "quantile",
) -> Chart:
    """Draw how often what is given a probability comes true.

    Parameters
    ----------
    y_true, y_prob, run, table, positive
        As in `roc`; the scores are probabilities of the positive class.
    bins
        Into how many bins the probabilities are put.
    strategy
        ``"quantile"``, bins of equally many rows; or ``"uniform"``, of equal width.

    Returns
    -------
    Chart
        A view; its ``chart`` is the Altair chart. The points are those of
        ``sklearn.calibration.calibration_curve``; the bars are Wilson's 95 % intervals of
        the shares (Wilson, *Journal of the American Statistical Association* 22, 1927), so
        that a bin of few rows does not look sure. The dashed line is perfect calibration.

    Raises
    ------
    OptionError
        When there are not two classes, a score is no probability, or scikit-learn is missing.
    UnknownNameError
        When a run has logged no such column.

    Examples
    --------
    >>> ct.plot.calibration("won", "probability", run=ct.last_run())  # doctest: +SKIP
    """
    curves = sklearn("calibration", "calibration")
    metrics = sklearn("metrics", "calibration")
    if strategy not in ("quantile", "uniform"):
        message = f'strategy is {strategy!r}: choose "quantile" or "uniform".'
        raise OptionError(message)
    found = read_predictions(y_true, y_prob, run, table)
    parts, rows = [], []
    for each in found:
        truth, score, _ = binary_truth(each, positive, "calibration")
        if score.min() < 0 or score.max() > 1:
            message = f"calibration needs probabilities from 0 to 1, and {each.label} has others."
            raise OptionError(message)
        share, mean = curves.calibration_curve(
            truth.astype(np.int64), score, n_bins=bins, strategy=strategy
        )
        brier = float(metrics.brier_score_loss(truth, score))
        counts = _bin_counts(score, bins, strategy)
        part = _curve(each, brier, "Brier", x=mean, y=share, threshold=mean)
        ends = [_wilson(p, n) for p, n in zip(share.tolist(), counts, strict=True)]
        part["rows"] = counts
        part["low"], part["high"] = [low for low, _ in ends], [high for _, high in ends]
        parts.append(part)
        rows.append([each.label, format_number(brier, digits=4), *_counts(truth)])
    titles = ("mean predicted probability", "share that came true")
    chance = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]})
    heads = ["run", "Brier score", "positive", "negative"]
    return _finished(found, parts, chance, titles, heads, rows)


def _bin_counts(score: Any, bins: int, strategy: str) -> list[int]:
    """Count the rows of each bin that has any, in the way calibration_curve makes them."""
    places = np.linspace(0, 1, bins + 1)
    edges = np.percentile(score, places * 100) if strategy == "quantile" else places
    counts = np.bincount(np.searchsorted(edges[1:-1], score), minlength=bins)
    return [int(count) for count in counts if count]


def _wilson(share: float, count: int) -> tuple[float, float]:
    middle = (share + _Z * _Z / (2 * count)) / (1 + _Z * _Z / count)
    half = _Z / (1 + _Z * _Z / count)
    half *= math.sqrt(share * (1 - share) / count + _Z * _Z / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def _counts(truth: Any) -> list[str]:
    return [f"{int(truth.sum()):,}", f"{int((~truth).sum()):,}"]


def _curve(each: Predictions, score: float, name: str, **columns: Any) -> pd.DataFrame:
    """Give the points of a curve, of very many only some; its score is that of all."""
    count = len(columns["x"])
    kept = np.arange(count)
    if count > _POINTS:
        kept = np.unique(np.linspace(0, count - 1, _POINTS).round().astype(np.int64))
    frame = pd.DataFrame({key: np.asarray(values)[kept] for key, values in columns.items()})
    frame["order"] = np.arange(len(frame))
    frame["run"] = each.label
    frame["run_id"] = each.run_id
    frame["name"] = f"{each.label} ({name} {format_number(score, digits=3)})"
    return frame


def _finished(
    found: Sequence[Predictions],
    parts: Sequence[pd.DataFrame],
    chance: pd.DataFrame,
    titles: tuple[str, str],
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    steps: bool = False,
) -> Chart:
    caption = left_out(found)
    frame = pd.concat(parts, ignore_index=True)
    chart = _chart(frame, chance, titles, [each.color for each in found], steps=steps)
    numbers = Numbers(f"{titles[1]} over {titles[0]}", caption, heads, rows)
    return Chart(
        chart.properties(title=caption_title(caption)),
        still_html=numbers.html(),
        still_text=numbers.text(),
    )


def _chart(
    frame: pd.DataFrame,
    chance: pd.DataFrame,
    titles: tuple[str, str],
    colors: Sequence[str],
    *,
    steps: bool,
) -> Any:
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = alt.Axis(tickCount=6, format=".1f")
    x = alt.X("x:Q", title=titles[0], scale=scale, axis=axis)
    y = alt.Y("y:Q", title=titles[1], scale=scale, axis=axis)
    dashed = alt.Chart(chance).mark_line(strokeDash=[4, 4], strokeWidth=1, color=_GREY)
    names = list(dict.fromkeys(frame["name"]))
    color = alt.Color(
        "name:N",
        scale=alt.Scale(domain=names, range=list(colors)),
        legend=alt.Legend(title=None, symbolType="stroke", labelLimit=260),
    )
    base = alt.Chart(frame).encode(x=x, y=y, color=color)
    line = base.mark_line(strokeWidth=1.9, interpolate="step-after" if steps else "linear")
    tips = [
        alt.Tooltip("run:N"),
        alt.Tooltip("x:Q", title=titles[0], format=".4~f"),
        alt.Tooltip("y:Q", title=titles[1], format=".4~f"),
    ]
    binned = "rows" in frame
    tips.append(
        alt.Tooltip("rows:Q", title="rows", format=",d")
        if binned
        else alt.Tooltip("threshold:Q", format=".4~g")
    )
    points = base.mark_point(size=36, filled=True, opacity=1 if binned else 0).encode(tooltip=tips)
    layers = [dashed.encode(x=x, y=y), line.encode(order="order:Q"), points]
    if binned:
        layers.append(
            base.mark_rule(strokeWidth=1.3, opacity=0.7).encode(
                y=alt.Y("low:Q", title=titles[1], scale=scale, axis=axis), y2="high:Q"
            )
        )
    return alt.layer(*layers).properties(width=_SIZE + 40, height=_SIZE)
