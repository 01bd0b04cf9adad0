"""Say which runs were recorded, once a script or a notebook has run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.cli.printable import printable
from celltrail.cli.streams import complain
from celltrail.errors import StoreError
from celltrail.query import load_run
from celltrail.store import open_store
from celltrail.views import run_card
from celltrail.views.format import format_duration, format_metric

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from celltrail.query import Run

__all__ = ["say_recorded"]

#: Seconds that the answer may take: the runs are safe without it.
_WAIT = 2.0
#: Metrics that stand in a run's line.
_METRICS = 3


def say_recorded(store_path: Path, run_ids: Sequence[str]) -> None:
    """Write to standard error what came of runs: of one its card, of several a line each.

    Parameters
    ----------
    store_path
        Their store.
    run_ids
        The runs, in the order in which they are told.
    """
    try:
        store = open_store(store_path)
        merged = store.merge(wait=_WAIT)
        runs = [load_run(store, run_id) for run_id in run_ids] if merged else []
        found = [run for run in runs if run is not None]
        if len(found) == 1:
            complain(printable(run_card(found[0], found[0].previous).text))
            return
        for run in found:
            complain(printable(f"celltrail: {_line(run)}"))
    except StoreError as error:
        complain(f"celltrail: {printable(error)}")


def _line(run: Run) -> str:
    duration = "" if run.duration is None else f" in {format_duration(run.duration)}"
    metrics = [
        f"{name} {format_metric(value, run.meaning(name))}" for name, value in run.metrics.items()
    ]
    said = f": {', '.join(metrics[:_METRICS])}" if metrics else ""
    return f"{run.label} {run.status.value}{duration}{said}"
