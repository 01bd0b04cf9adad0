"""Predictions beside the truth: given as arrays, or by the names that they were logged under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from celltrail.errors import OptionError, UnknownNameError
from celltrail.views.curve_data import run_labels
from celltrail.views.format import plural
from celltrail.views.theme import PALETTE, run_color

if TYPE_CHECKING:
    import numpy.typing as npt

    from celltrail.query import Run

__all__ = ["Given", "Predictions", "binary_truth", "finite_rows", "left_out", "read_predictions"]

#: The name of a column or artifact of a run, or the values themselves.
Given: TypeAlias = "str | Sequence[Any] | npt.NDArray[Any]"


@dataclass(frozen=True, slots=True)
class Predictions:
    """The truth and the predictions of one run, or of arrays.

    Parameters
    ----------
    label, run_id, color
        What it is called in a chart; of arrays the id is empty.
    truth, guess
        Equally long.
    dropped
        How many rows were left out, since a value was missing or not finite.
    """

    label: str
    run_id: str
    color: str
    truth: npt.NDArray[Any]
    guess: npt.NDArray[Any]
    dropped: int


def read_predictions(
    truth: Given, guess: Given, run: Run | Sequence[Run] | None, table: str | None
) -> list[Predictions]:
    """Read predictions.

    Parameters
    ----------
    truth, guess
        Values; or with ``run`` the names of columns of a table that was logged to it, or of
        arrays that were.
    run
        A run, or several.
    table
        The name of the table, where several have such columns.

    Returns
    -------
    list of Predictions
        One for each run; rows with missing values are left out, and counted.

    Raises
    ------
    UnknownNameError
        When a run has logged no such column.
    OptionError
        When names are given without a run, or the two are not equally long.
    """
    if run is None:
        if isinstance(truth, str) or isinstance(guess, str):
            raise OptionError("a name of a column needs run=, the run that it was logged to.")
        return [_rows("predictions", "", PALETTE[0], truth, guess)]
    runs = list(run) if isinstance(run, Sequence) else [run]
    found = []
    for each, label in zip(runs, run_labels(runs), strict=True):
        columns = [_column(each, given, table) for given in (truth, guess)]
        color = run_color(each.number or 0, each.experiment)
        found.append(_rows(label, each.id, color, *columns))
    if not found:
        raise OptionError("there are no runs to draw.")
    return found


def _column(run: Run, given: Given, table: str | None) -> Any:
    """Find a column in the tables of a run, or else an array of that name; the newest first."""
    if not isinstance(given, str):
        return given
    known: list[str] = []
    for artifact in reversed(run.artifacts):
        if artifact.kind == "table" and table in (None, artifact.name):
            frame = artifact.load()
            if given in getattr(frame, "columns", ()):
                return frame[given]
            known += [str(column) for column in getattr(frame, "columns", ())]
        elif artifact.kind == "array" and table is None:
            if given in (artifact.name, artifact.name.removesuffix(".npy")):
                return artifact.load()
            known.append(artifact.name)
    raise UnknownNameError("column or array", given, dict.fromkeys(known))


def _rows(label: str, run_id: str, color: str, truth: Any, guess: Any) -> Predictions:
    first, second = _array(truth), _array(guess)
    if len(first) != len(second):
        message = f"{label}: {len(first):,} true values and {len(second):,} predictions."
        raise OptionError(message)
    good = _there(first) & _there(second)
    dropped = int((~good).sum())
    return Predictions(label, run_id, color, first[good], second[good], dropped)


def _array(values: Any) -> npt.NDArray[Any]:
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    elif hasattr(values, "detach"):  # a tensor of PyTorch
        values = values.detach().cpu().numpy()
    found = np.asarray(values)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    return found if found.ndim else found.reshape(1)


def _there(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Say which rows have values: not missing, and no NaN or infinity among them."""
    if values.dtype.kind in "biu":
        good = np.ones(values.shape, bool)
    elif values.dtype.kind == "f":
        good = np.isfinite(values)
    else:
        import pandas as pd

        good = ~np.asarray(pd.isna(values))
    return np.asarray(good.all(axis=tuple(range(1, good.ndim))), bool)


def finite_rows(found: Predictions, chart: str) -> Predictions:
    """Give predictions back as numbers; OptionError when they are none."""
    try:
        truth, guess = found.truth.astype(np.float64), found.guess.astype(np.float64)
    except (TypeError, ValueError):
        message = f"{chart} needs numbers, and {found.label} has others."
        raise OptionError(message) from None
    if truth.ndim != 1 or guess.ndim != 1:
        message = f"{chart} needs one value for each row."
        raise OptionError(message)
    if not len(truth):
        message = f"{chart} has no rows to draw of {found.label}."
        raise OptionError(message)
    return Predictions(found.label, found.run_id, found.color, truth, guess, found.dropped)


def binary_truth(
    found: Predictions, positive: Any, chart: str
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64], Any]:
    """Give which rows are positive, their scores, and what positive is.

    Parameters
    ----------
    found
        The truth with two classes, and a score for each row, higher for the positive one.
    positive
        The positive class; without it the larger of the two: 1, True, or the later text.
    chart
        What is drawn.
    """
    classes = sorted(set(found.truth.tolist()), key=lambda value: (str(type(value)), value))
    if positive is None and len(classes) != 2:
        message = (
            f"{chart} needs two classes, and {found.label} has {len(classes)}: name the "
            "positive one with positive=, and the others are its negative."
        )
        raise OptionError(message)
    chosen = classes[-1] if positive is None else positive
    truth = found.truth == chosen
    if not truth.any() or truth.all():
        message = f"{chart} of {found.label}: all rows or none are {chosen!r}."
        raise OptionError(message)
    guess = found.guess
    if guess.ndim == 2 and guess.shape[1] == 2 and len(classes) == 2:
        guess = guess[:, classes.index(chosen)]  # as predict_proba gives them
    scores = finite_rows(
        Predictions(found.label, "", "", truth.astype(np.float64), guess, 0), chart
    ).guess
    return truth, scores, chosen


def left_out(found: Sequence[Predictions]) -> str:
    """Say how many rows are drawn, and how many are left out."""
    rows = plural(sum(len(each.truth) for each in found), "row")
    dropped = sum(each.dropped for each in found)
    if not dropped:
        return rows
    return f"{rows} \N{MIDDLE DOT} {dropped:,} left out, missing or not finite"
