"""How Trackio is used: ``init``, ``log``, ``finish``, https://huggingface.co/docs/trackio."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bench_tasks

os.environ.update(HF_HUB_OFFLINE="1", TRACKIO_STORAGE_MODE="sqlite")
if len(sys.argv) > 2:  # it reads the folder when it is imported
    import json

    os.environ["TRACKIO_DIR"] = json.loads(sys.argv[2])["store"]

import orjson
import trackio
from trackio.sqlite_storage import SQLiteStorage

PROJECT = "bench"

_store = Path()


def setup(store: Path) -> None:
    global _store
    _store = store
    SQLiteStorage.init_db(PROJECT)


def start(name: str, params: Mapping[str, float]) -> trackio.Run:
    return trackio.init(
        project=PROJECT,
        name=name,
        config=dict(params),
        embed=False,
        auto_log_gpu=False,
        auto_log_cpu=False,
    )


def log(run: trackio.Run, metrics: Mapping[str, float], step: int) -> None:
    trackio.log(dict(metrics), step=step)


def settle(run: trackio.Run) -> None:
    """Only the end of a run waits for the thread that writes."""
    trackio.finish()


def finish(run: trackio.Run) -> None:
    if trackio.context_vars.current_run.get() is not None:
        trackio.finish()


def fill(name: str, params: Mapping[str, float], metrics: Mapping[str, float]) -> None:
    SQLiteStorage.bulk_log(PROJECT, name, [dict(metrics)], [0], config=dict(params))


def _rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    path = SQLiteStorage.get_project_db_path(PROJECT)
    database = sqlite3.connect(path)
    try:
        return database.execute(query, values).fetchall()
    finally:
        database.close()


def names() -> list[str]:
    return [run.name for run in trackio.Api().runs(PROJECT)]


def read(name: str) -> tuple[dict[str, Any], dict[str, list[tuple[int, float]]]]:
    config = SQLiteStorage.get_run_config(PROJECT, name) or {}
    points: dict[str, list[tuple[int, float]]] = {}
    for row in SQLiteStorage.get_logs(PROJECT, name):
        for key, value in row.items():
            if key not in ("step", "timestamp"):
                points.setdefault(key, []).append((row["step"], value))
    return {key: value for key, value in config.items() if not key.startswith("_")}, points


def last(name: str) -> dict[str, float]:
    return {key: pairs[-1][1] for key, pairs in read(name)[1].items()}


def table() -> Any:
    """Read its tables with plain SQL, as its docs show, which is faster than its own readers."""
    import pandas as pd

    rows: dict[str, dict[str, Any]] = {}
    for name, config in _rows("SELECT run_name, config FROM configs"):
        rows[name] = {"name": name} | {f"params.{k}": v for k, v in orjson.loads(config).items()}
    for name, metrics in _rows("SELECT run_name, metrics FROM metrics ORDER BY id"):
        row = rows.setdefault(name, {"name": name})
        row.update((f"metrics.{k}", v) for k, v in orjson.loads(metrics).items())
    return pd.DataFrame(list(rows.values()))


def curve(name: str, metric: str) -> tuple[list[int], list[float]]:
    points = SQLiteStorage.get_metric_values(PROJECT, name, metric)
    return [point["step"] for point in points], [point["value"] for point in points]


def thinned(name: str, metric: str) -> list[dict[str, Any]]:
    return SQLiteStorage.get_metric_values(PROJECT, name, metric, max_points=1000)


if __name__ == "__main__":
    bench_tasks.main(sys.modules["__main__"])
