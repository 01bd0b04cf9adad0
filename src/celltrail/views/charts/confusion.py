"""Which classes are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from celltrail.errors import OptionError
from celltrail.views.chart import Chart
from celltrail.views.charts.learn import sklearn
from celltrail.views.charts.predictions import Given, left_out, read_predictions
from celltrail.views.charts.still import Numbers
from celltrail.views.curve_panels import caption_title
from celltrail.views.format import format_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from celltrail.query import Run

__all__ = ["confusion"]

_MOST = 60
_WRITTEN = 15


def confusion(
    y_true: Given,
    y_pred: Given,
    *,
    run: Run | None = None,
    table: str | None = None,
    labels: Sequence[Any] | None = None,
) -> Chart:
    """Draw a confusion matrix: how many rows of each class were taken for which.

    Parameters
    ----------
    y_true, y_pred
        The classes; with ``run`` the names of columns of a table, or of arrays, that were
        logged to it.
    run, table
        The run, and the name of the table where several have such columns.
    labels
        Which classes, in which order; without it all that occur, sorted.

    Returns
    -------
    Chart
        A view; its ``chart`` is the Altair chart. The numbers are counts, as
        ``sklearn.metrics.confusion_matrix`` gives them; the shade is the share of the row,
        so that a rare class is as visible as a frequent one.

    Raises
    ------
    OptionError
        When there are more than 60 classes, or scikit-learn is missing.
    UnknownNameError
        When the run has logged no such column.

    Examples
    --------
    >>> ct.plot.confusion("truth", "predicted", run=ct.last_run())  # doctest: +SKIP
    """
    metrics = sklearn("metrics", "confusion")
    (found,) = read_predictions(y_true, y_pred, run, table)
    truth, guess = _classes(found.truth), _classes(found.guess)
    kinds = [str(kind) for kind in labels] if labels is not None else _sorted(found)
    if not len(truth) or len(kinds) > _MOST:
        message = f"confusion draws 1 to {_MOST} classes, and here are {len(kinds)}: give labels=."
        raise OptionError(message)
    if not set(kinds) & set(truth):
        raise OptionError("none of the labels is among the true values.")
    matrix = metrics.confusion_matrix(truth, guess, labels=kinds)
    inside = int(matrix.sum())
    right = int(np.trace(matrix))
    caption = f"{left_out([found])} \N{MIDDLE DOT} {right:,} right ({_percent(right, inside)})"
    if inside < len(truth):
        caption += f" of {inside:,} in these classes"
    frame = _frame(kinds, matrix)
    rows = [
        [kind, *(f"{count:,}" for count in line)]
        for kind, line in zip(kinds, matrix.tolist(), strict=True)
    ]
    numbers = Numbers("true classes, and what they were taken for", caption, ["", *kinds], rows)
    return Chart(
        _chart(frame, kinds).properties(title=caption_title(caption)),
        still_html=numbers.html(),
        still_text=numbers.text(),
    )


def _classes(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give classes as texts: a whole number is the same class as integer and as float."""
    if values.ndim != 1:
        raise OptionError("confusion needs one class for each row, not scores.")
    if values.dtype.kind == "f" and (values == np.floor(values)).all():
        values = values.astype(np.int64)
    return np.array([str(value) for value in values.tolist()], dtype=object)


def _sorted(found: Any) -> list[str]:
    """Sort classes as what they are: 2 comes before 10."""
    kinds = [*dict.fromkeys([*_classes(found.truth), *_classes(found.guess)])]
    try:
        return sorted(kinds, key=float)
    except ValueError:
        return sorted(kinds)


def _percent(part: int, whole: int) -> str:
    return f"{format_number(100 * part / whole, digits=4)} %" if whole else "none"


def _frame(kinds: Sequence[str], matrix: npt.NDArray[np.int64]) -> pd.DataFrame:
    count = len(kinds)
    totals = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.maximum(totals, 1)
    return pd.DataFrame(
        {
            "truth": np.repeat(np.array(kinds, object), count),
            "guess": np.tile(np.array(kinds, object), count),
            "count": matrix.ravel(),
            "share": shares.ravel(),
        }
    )


def _chart(frame: pd.DataFrame, kinds: Sequence[str]) -> Any:
    cell = 44 if len(kinds) <= _WRITTEN else 16
    order = alt.Scale(domain=list(kinds))
    angle = 0 if max(map(len, kinds)) <= 5 else -45
    x = alt.X("guess:N", scale=order, title="predicted", axis=alt.Axis(labelAngle=angle))
    y = alt.Y("truth:N", scale=order, title="true", axis=alt.Axis(labelLimit=160))
    base = alt.Chart(frame).encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip("truth:N", title="true"),
            alt.Tooltip("guess:N", title="predicted"),
            alt.Tooltip("count:Q", format=",d"),
            alt.Tooltip("share:Q", title="share of the true class", format=".1%"),
        ],
    )
    # The shade is the strength of one hue, so that it reads on white and on black.
    cells = base.mark_rect(color="#3b82d6", stroke="rgba(128,128,128,0.25)").encode(
        fillOpacity=alt.FillOpacity(
            "share:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None
        )
    )
    layers = [cells]
    if len(kinds) <= _WRITTEN:
        faint, strong = alt.value("#7f8792"), alt.value("white")
        color = alt.condition("datum.share > 0.45", strong, faint)
        layers.append(base.mark_text(fontSize=11).encode(text="count:Q", color=color))
    return alt.layer(*layers).properties(width=alt.Step(cell), height=alt.Step(cell))
