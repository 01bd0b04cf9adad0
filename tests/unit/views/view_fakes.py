"""Runs without a store: the attributes that views read, and nothing behind them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from celltrail.errors import UnknownNameError
from celltrail.model import ErrorInfo, MetricMeaning, Status
from celltrail.query.asked import Asked
from celltrail.query.meaning import meaning_of
from celltrail.query.table import Column, ColumnKind, RunTable
from celltrail.store import CurveColumns, CurveQuery, HistoryColumns
from celltrail.views.downsample import downsample

START = dt.datetime(2026, 3, 2, 9, 30, 5, 250_000, tzinfo=dt.UTC)


@dataclass
class FakeRun:
    """One run."""

    id: str = "01J00000000000000000000001"
    number: int = 12
    name: str | None = None
    experiment: str = "digits"
    status: Status = Status.FINISHED
    started: dt.datetime = START
    duration: float | None = 4.21
    note: str = ""
    tags: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    error: ErrorInfo | None = None
    parent_id: str | None = None

    def meaning(self, metric: str) -> MetricMeaning:
        """Give what the name says."""
        return meaning_of(metric, {})

    @property
    def label(self) -> str:
        return self.name or f"run {self.number}"


class FakeRuns(Sequence[Any]):
    """Some runs, with the histories that are handed in: ``{metric: {run id: (steps, values)}}``."""

    store_path = Path("of nobody.duckdb")

    def __init__(self, runs: Sequence[FakeRun], histories: dict[str, Any] | None = None) -> None:
        self._runs = list(runs)
        self._histories = histories or {}

    def __len__(self) -> int:
        return len(self._runs)

    def __getitem__(self, index: Any) -> Any:
        return self._runs[index]

    @property
    def ids(self) -> list[str]:
        return [run.id for run in self._runs]

    @property
    def parent_ids(self) -> list[str | None]:
        return [run.parent_id for run in self._runs]

    @property
    def asked(self) -> Asked:
        return Asked()

    def meaning(self, metric: str) -> MetricMeaning:
        return meaning_of(metric, {})

    def select(self, ids: Iterable[str]) -> FakeRuns:
        by_id = {run.id: run for run in self._runs}
        return FakeRuns([by_id[id] for id in ids], self._histories)

    def metric_names(self) -> list[str]:
        mine = set(self.ids)
        return sorted(name for name, by_run in self._histories.items() if mine & set(by_run))

    def history(self, metric: str) -> pd.DataFrame:
        if metric not in self.metric_names():
            raise UnknownNameError("metric", metric, self.metric_names())
        parts = [
            pd.DataFrame(
                {
                    "run_id": run.id,
                    "name": run.label,
                    "metric": metric,
                    "step": np.asarray(steps, np.int64),
                    "time": pd.Timestamp(run.started)
                    + pd.to_timedelta(np.arange(len(steps)) * 0.5, unit="s"),
                    "value": np.asarray(values, np.float64),
                }
            )
            for run in self._runs
            for steps, values in [self._histories.get(metric, {}).get(run.id, ([], []))]
        ]
        columns = ["run_id", "name", "metric", "step", "time", "value"]
        filled = [part for part in parts if len(part)]
        return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)

    def points(self, metric: str) -> HistoryColumns:
        frame = self.history(metric)
        places = {run_id: place for place, run_id in enumerate(self.ids)}
        time = pd.to_datetime(frame["time"], utc=True).astype("datetime64[us, UTC]")
        size = len(frame)
        return HistoryColumns(
            run=frame["run_id"].map(places).to_numpy(np.int64),
            step=frame["step"].to_numpy(np.int64),
            time=time.astype("int64").to_numpy(),
            value=frame["value"].to_numpy(np.float64),
            exact=np.zeros(size, np.int64),
            is_exact=np.zeros(size, bool),
        )

    def with_metric(self, metric: str) -> list[int]:
        if metric not in self.metric_names():
            raise UnknownNameError("metric", metric, self.metric_names())
        return [i for i, run_id in enumerate(self.ids) if run_id in self._histories[metric]]

    def with_curves(self) -> list[str]:
        return [
            metric
            for metric, by_run in sorted(self._histories.items())
            if any(len(by_run[id][0]) > 1 for id in self.ids if id in by_run)
        ]

    def curves(
        self, metric: str, query: CurveQuery, ids: Sequence[str] | None = None
    ) -> CurveColumns:
        """Thin as the store does, over equal numbers of points instead of equal distances."""
        if ids is not None:
            return self.select(ids).curves(metric, query)
        points = self.points(metric)
        start = np.array([int(run.started.timestamp() * 1e6) for run in self._runs], np.int64)
        x = {"step": points.step, "time": points.time - start[points.run], "wall": points.time}
        at = x[query.x]
        inside = at > 0 if query.log_x else np.ones(len(at), bool)
        if query.between is not None:
            inside &= (at >= query.between[0]) & (at <= query.between[1])
        gaps = inside & ~np.isfinite(points.value)
        kept = [np.zeros(0, np.int64)]
        for place in range(len(self)):
            mine = np.flatnonzero(inside & (points.run == place))
            mine = mine[np.argsort(at[mine], kind="stable")]
            kept.append(mine[downsample(at[mine], points.value[mine], 2 * query.buckets + 5)])
        chosen = np.concatenate(kept)
        size = len(self)
        return CurveColumns(
            run=points.run[chosen],
            step=points.step[chosen],
            time=points.time[chosen],
            value=points.value[chosen],
            x=at[chosen],
            counts=np.bincount(points.run[inside], minlength=size),
            gaps=np.bincount(points.run[gaps], minlength=size),
            latest=np.array([points.time[points.run == i].max(initial=-1) for i in range(size)]),
        )

    def table(self) -> RunTable:
        runs = self._runs
        columns = [
            column("number", "integer", [run.number for run in runs]),
            column("name", "text", [run.label for run in runs]),
            column("status", "text", [str(run.status) for run in runs]),
            column("experiment", "text", [run.experiment for run in runs]),
            column("started", "time", [int(run.started.timestamp() * 1e6) for run in runs]),
            column("duration", "duration", [run.duration for run in runs]),
            column("tags", "json", [run.tags or None for run in runs]),
            column("note", "text", [run.note or None for run in runs]),
        ]
        for group in ("params", "metrics"):
            keys = sorted({key for run in runs for key in getattr(run, group)})
            for key in keys:
                values = [getattr(run, group).get(key) for run in runs]
                columns.append(column(f"{group}.{key}", kind_of(values), values))
        return RunTable([run.id for run in runs], {c.name: c for c in columns})


def kind_of(values: list[Any]) -> ColumnKind:
    types = {type(value) for value in values if value is not None}
    if types <= {int}:
        return "integer"
    if types <= {int, float}:
        return "number"
    if types == {bool}:
        return "bool"
    return "text" if types == {str} else "json"


def column(name: str, kind: ColumnKind, values: Sequence[Any]) -> Column:
    """Make a column; None is missing."""
    missing = np.array([value is None for value in values], dtype=bool)
    dtype: Any = {
        "number": np.float64,
        "duration": np.float64,
        "integer": np.int64,
        "time": np.int64,
        "bool": bool,
    }.get(kind, object)
    filled = np.empty(len(values), dtype)
    filled[:] = [(0 if dtype is not object else "") if v is None else v for v in values]
    return Column(name, kind, filled, missing)


def many_runs(count: int, params: int = 4) -> FakeRuns:
    """Make runs that look like somebody's work: some names, some failures, some gaps."""
    random = np.random.default_rng(7)
    models = ["logistic regression", "random forest", "gradient boosting", "svm"]
    runs = []
    for i in range(count):
        status = Status.FAILED if i % 11 == 7 else Status.LOST if i % 29 == 5 else Status.FINISHED
        if i == count - 1 and count > 1:
            status = Status.RUNNING
        settings: dict[str, Any] = {
            "model": models[i % 4],
            "lr": [0.1, 0.03, 0.01, 1e-5][i % 4],
            "depth": int(random.integers(2, 12)),
            "shuffle": bool(i % 2),
        }
        settings |= {f"extra.p{k}": int(random.integers(0, 99)) for k in range(params - 4)}
        metrics: dict[str, Any] = {}
        if status is not Status.FAILED:
            metrics = {
                "accuracy": float(random.uniform(0.86, 0.991)),
                "loss": float("nan") if i % 17 == 3 else float(random.lognormal(-1.5, 0.6)),
                "epochs": int(random.integers(5, 60)),
            }
        runs.append(
            FakeRun(
                id=f"01J{i:023d}",
                number=i + 1,
                name=f"baseline {i}" if i % 5 == 0 else None,
                status=status,
                started=START + dt.timedelta(minutes=7 * i),
                duration=None if status is Status.RUNNING else float(random.lognormal(1, 1.2)),
                tags=["cv", "best"] if i % 6 == 2 else [],
                params=settings,
                metrics=metrics,
            )
        )
    return FakeRuns(runs)
