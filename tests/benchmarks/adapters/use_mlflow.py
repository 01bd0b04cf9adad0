"""How MLflow is used: the fluent API on SQLite, https://mlflow.org/docs/latest/ml/tracking."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"

import bench_tasks
import mlflow
from mlflow.entities import Metric, Param
from mlflow.tracking import MlflowClient

EXPERIMENT = "bench"
#: What one call of ``log_batch`` takes, by its documentation.
MOST_METRICS, MOST_PARAMS = 1000, 100


def setup(store: Path) -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    mlflow.set_tracking_uri(f"sqlite:///{store}/mlflow.db")
    mlflow.set_experiment(EXPERIMENT)


def start(name: str, params: Mapping[str, float]) -> mlflow.ActiveRun:
    run = mlflow.start_run(run_name=name)
    if params:
        mlflow.log_params(dict(params))
    return run


def log(run: mlflow.ActiveRun, metrics: Mapping[str, float], step: int) -> None:
    mlflow.log_metrics(metrics, step=step)


def settle(run: mlflow.ActiveRun) -> None:
    """Nothing is left to do: each call commits."""


def finish(run: mlflow.ActiveRun) -> None:
    mlflow.end_run()


def fill(name: str, params: Mapping[str, float], metrics: Mapping[str, float]) -> None:
    client = MlflowClient()
    experiment = client.get_experiment_by_name(EXPERIMENT)
    run = client.create_run(experiment.experiment_id, run_name=name)
    now = int(time.time() * 1000)
    given = [Param(key, str(value)) for key, value in params.items()]
    logged = [Metric(key, value, now, 0) for key, value in metrics.items()]
    run_id = run.info.run_id
    client.log_batch(run_id, logged[:900], given[:MOST_PARAMS])
    for begin in range(MOST_PARAMS, len(given), MOST_PARAMS):
        client.log_batch(run_id, params=given[begin : begin + MOST_PARAMS])
    for begin in range(900, len(logged), MOST_METRICS):
        client.log_batch(run_id, logged[begin : begin + MOST_METRICS])
    client.set_terminated(run_id)


def log_many(run: mlflow.ActiveRun, metric: str, points: Sequence[tuple[int, float]]) -> None:
    now = int(time.time() * 1000)
    MlflowClient().log_batch(run.info.run_id, [Metric(metric, v, now, s) for s, v in points])


def _runs(where: str = "") -> list[Any]:
    client = MlflowClient()
    experiment = client.get_experiment_by_name(EXPERIMENT)
    found: list[Any] = []
    token = None
    while True:
        page = client.search_runs(
            [experiment.experiment_id], where, max_results=1000, page_token=token
        )
        found += page
        token = page.token
        if not token:
            return found


def _run(name: str) -> Any:
    found = _runs(f"attributes.run_name = '{name}'")
    return found[0] if found else None


def names() -> list[str]:
    return [run.info.run_name for run in _runs()]


def read(name: str) -> tuple[dict[str, Any], dict[str, list[tuple[int, float]]]]:
    run = _run(name)
    client = MlflowClient()
    points = {}
    for metric in run.data.metrics:
        history = client.get_metric_history(run.info.run_id, metric)
        points[metric] = [(point.step, point.value) for point in history]
    return dict(run.data.params), points


def last(name: str) -> dict[str, float]:
    run = _run(name)
    return {} if run is None else dict(run.data.metrics)


def warm() -> None:
    """Open the database, which takes a while and is done once in a process."""
    MlflowClient().get_experiment_by_name(EXPERIMENT)


def table() -> Any:
    frame = mlflow.search_runs(experiment_names=[EXPERIMENT], max_results=50_000)
    return frame.rename(columns={"tags.mlflow.runName": "name"})


def curve(name: str, metric: str) -> tuple[list[int], list[float]]:
    history = MlflowClient().get_metric_history(_run(name).info.run_id, metric)
    return [point.step for point in history], [point.value for point in history]


if __name__ == "__main__":
    bench_tasks.main(sys.modules["__main__"])
