"""The points of metrics over steps, as a long DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from celltrail.store import RunRow, Store

__all__ = ["history_frame", "run_label"]


def run_label(row: RunRow) -> str:
    """Say what people call a run: its name, or ``run 12``."""
    return row.name or f"run {row.number}"


def history_frame(
    store: Store, rows: Sequence[RunRow], metric: str, *, since_step: int | None = None
) -> pd.DataFrame:
    """Give the points of a metric of some runs.

    Parameters
    ----------
    store
        Where they are.
    rows
        The runs, in the order in which they shall come.
    metric
        The metric's name.
    since_step
        Only points of greater steps.

    Returns
    -------
    pandas.DataFrame
        ``run_id``, ``name`` (the run's label), ``metric``, ``step`` (int64), ``time``
        (UTC, microseconds) and ``value`` (float64), by run, step and time.
    """
    import numpy as np
    import pandas as pd

    points = store.history([row.id for row in rows], metric, since_step=since_step)
    where = points.run
    ids = np.array([row.id for row in rows], dtype=object)
    labels = np.array([run_label(row) for row in rows], dtype=object)
    return pd.DataFrame(
        {
            "run_id": pd.Series(ids[where], dtype="str"),
            "name": pd.Series(labels[where], dtype="str"),
            "metric": pd.Series(np.full(len(where), metric, dtype=object), dtype="str"),
            "step": points.step,
            "time": pd.to_datetime(points.time, unit="us", utc=True).astype("datetime64[us, UTC]"),
            "value": points.value,
        }
    )
