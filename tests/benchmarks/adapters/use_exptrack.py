"""How exptrack is used: its ``Experiment`` in a project folder, with SQLite beneath."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bench_tasks
from exptrack import config
from exptrack.core import Experiment, get_db, queries

#: SQLite takes so many values in one query at least.
CHUNK = 900


def setup(store: Path) -> None:
    os.chdir(store)
    if not (store / ".exptrack").exists():
        config.init("bench", here=True)
    get_db()


def start(name: str, params: Mapping[str, float]) -> Experiment:
    return Experiment(name, params=dict(params), script="bench", auto_capture=False)


def log(run: Experiment, metrics: Mapping[str, float], step: int) -> None:
    run.log_metrics(metrics, step=step)


def settle(run: Experiment) -> None:
    run.flush_metrics()


def finish(run: Experiment) -> None:
    run.finish()


def fill(name: str, params: Mapping[str, float], metrics: Mapping[str, float]) -> None:
    run = start(name, params)
    run.log_metrics(metrics, step=0)
    run.finish()


def _ids() -> dict[str, str]:
    return dict(get_db().execute("SELECT id, name FROM experiments").fetchall())


def _id(name: str) -> str | None:
    row = get_db().execute("SELECT id FROM experiments WHERE name = ?", [name]).fetchone()
    return None if row is None else row[0]


def names() -> list[str]:
    return list(_ids().values())


def read(name: str) -> tuple[dict[str, Any], dict[str, list[tuple[int, float]]]]:
    found = _id(name)
    if found is None:
        return {}, {}
    params = queries.get_params_batch(get_db(), [found])[found]
    points: dict[str, list[tuple[int, float]]] = {}
    rows = get_db().execute("SELECT key, step, value FROM metrics WHERE exp_id = ?", [found])
    for key, step, value in rows:
        points.setdefault(key, []).append((step, value))
    return {key: value for key, value in params.items() if not key.startswith("_")}, points


def last(name: str) -> dict[str, float]:
    found = _id(name)
    return {} if found is None else queries.get_latest_metrics(get_db(), found)


def table() -> Any:
    import pandas as pd

    known = _ids()
    ids, rows = list(known), []
    for begin in range(0, len(ids), CHUNK):
        some = ids[begin : begin + CHUNK]
        params = queries.get_params_batch(get_db(), some)
        metrics = queries.get_latest_metrics_batch(get_db(), some)
        for each in some:
            row: dict[str, Any] = {"name": known[each]}
            row |= {f"params.{key}": value for key, value in params[each].items()}
            row |= {f"metrics.{key}": value for key, value in metrics[each].items()}
            rows.append(row)
    return pd.DataFrame(rows)


def curve(name: str, metric: str) -> tuple[list[int], list[float]]:
    """Read its table: its own reader of series thins them."""
    rows = get_db().execute(
        "SELECT step, value FROM metrics WHERE exp_id = ? AND key = ? ORDER BY step",
        [_id(name), metric],
    )
    steps, values = zip(*rows, strict=True)
    return list(steps), list(values)


def thinned(name: str, metric: str) -> list[dict[str, Any]]:
    return queries.get_metrics_series(get_db(), _id(name), max_points=1000)[metric]


if __name__ == "__main__":
    bench_tasks.main(sys.modules["__main__"])
