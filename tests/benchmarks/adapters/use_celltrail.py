"""How celltrail is used: its public functions, and plain DuckDB for the other reader."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bench_tasks

import celltrail as ct

_file = Path()
_read_at = 0


def setup(store: Path) -> None:
    global _file
    _file = store / "celltrail.duckdb"
    ct.use(_file)


def start(name: str, params: Mapping[str, float]) -> ct.ActiveRun:
    return ct.start(name, params=params)


def log(run: ct.ActiveRun, metrics: Mapping[str, float], step: int) -> None:
    run.log(metrics, step=step)


def settle(run: ct.ActiveRun) -> None:
    """Nothing is left to do: `log` returns when the system has the bytes."""


def finish(run: ct.ActiveRun) -> None:
    run.finish()


def fill(name: str, params: Mapping[str, float], metrics: Mapping[str, float]) -> None:
    run = start(name, params)
    run.log(metrics, step=0)
    run.finish()


def warm() -> None:
    """Import what the first read imports."""
    import duckdb
    import pandas as pd

    del duckdb, pd


def names() -> list[str]:
    return [run.name or "" for run in ct.runs()]


def read(name: str) -> tuple[dict[str, Any], dict[str, list[tuple[int, float]]]]:
    run = ct.run(name)
    points = {}
    for metric in run.metrics:
        frame = run.history(metric)
        points[metric] = list(zip(frame["step"], frame["value"], strict=True))
    return dict(run.params), points


def last(name: str) -> dict[str, float]:
    return {key: float(value) for key, value in ct.run(name).metrics.items()}


def look(name: str) -> dict[str, float]:
    """Read as somebody without celltrail does: any DuckDB client that opens the file.

    It opens the file when that has changed, and not all the time: whoever has it open keeps
    writers out.
    """
    global _read_at
    import duckdb

    changed = _file.stat().st_mtime_ns if _file.exists() else 0
    if changed == _read_at:
        return {}
    try:
        with duckdb.connect(_file, read_only=True) as database:
            rows = database.execute(
                "SELECT key, value FROM v_metrics WHERE name = ?", [name]
            ).fetchall()
    except (duckdb.IOException, duckdb.CatalogException):  # being written, or not there yet
        return {}
    _read_at = changed
    return dict(rows)


def table() -> Any:
    return ct.runs().df()


def curve(name: str, metric: str) -> tuple[Any, Any]:
    frame = ct.run(name).history(metric)
    return frame["step"], frame["value"]


def thinned(name: str, metric: str) -> Any:
    """Read what a chart draws. It is the one function here that is not public."""
    from celltrail.views.curve_data import CurveOptions, read_curves

    (found,) = read_curves(ct.runs(f"name = '{name}'"), [metric], CurveOptions()).curves
    return found.value


if __name__ == "__main__":
    bench_tasks.main(sys.modules["__main__"])
