"""How Aim is used: ``Run.track`` into a local repository, https://aimstack.readthedocs.io."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aim
import bench_tasks
from aim.sdk import index_manager

_repo = Path()
_ended: set[str] = set()


def setup(store: Path) -> None:
    global _repo
    _repo = store
    if not aim.Repo.exists(str(store)):
        aim.Repo.from_path(str(store), init=True)


def start(name: str, params: Mapping[str, float]) -> aim.Run:
    run = aim.Run(
        repo=str(_repo),
        experiment="bench",
        system_tracking_interval=None,
        log_system_params=False,
        capture_terminal_logs=False,
    )
    run.name = name
    if params:
        run["hparams"] = dict(params)
    return run


def log(run: aim.Run, metrics: Mapping[str, float], step: int) -> None:
    run.track(metrics, step=step)


def settle(run: aim.Run) -> None:
    """Its docs name no other way to have all of it written than to close the run."""
    run.close()


def finish(run: aim.Run) -> None:
    run.close()


def fill(name: str, params: Mapping[str, float], metrics: Mapping[str, float]) -> None:
    run = start(name, params)
    run.track(metrics, step=0)
    run.close()


def warm() -> None:
    """Index all runs as ``aim storage reindex`` does: without its server nothing else does."""
    with contextlib.redirect_stderr(io.StringIO()):  # a progress bar
        aim.Repo(str(_repo))._recreate_index()


def _runs() -> Iterator[aim.Run]:
    return iter(aim.Repo(str(_repo)).iter_runs())


def _named(name: str) -> aim.Run | None:
    return next((run for run in _runs() if run.name == name), None)


def _pairs(metric: aim.Metric) -> tuple[list[int], list[float]]:
    steps, (values,) = metric.data.view("val").items_list()
    return steps, values


def names() -> list[str]:
    warm()
    return [run.name for run in _runs()]


def read(name: str) -> tuple[dict[str, Any], dict[str, list[tuple[int, float]]]]:
    run = _named(name)
    if run is None:
        return {}, {}
    points = {m.name: list(zip(*_pairs(m), strict=True)) for m in run.metrics()}
    return dict(run.get("hparams") or {}), points


def last(name: str) -> dict[str, float]:
    """Give the last values; what is new is indexed first, which its server does otherwise."""
    repo = aim.Repo(str(_repo))
    for each in set(repo.list_all_runs()) - _ended:
        index_manager.RepoIndexManager.get_index_manager(repo).index(each)
    for run in _runs():
        if run.end_time is not None:
            _ended.add(run.hash)
        if run.name == name:
            return _last(run)
    return {}


def _last(run: aim.Run) -> dict[str, float]:
    found = run.collect_sequence_info("metric")["metric"]
    return {each["name"]: each["values"]["last"] for each in found}


def table() -> Any:
    import pandas as pd

    rows = []
    for run in _runs():
        row = {"name": run.name}
        row |= {f"params.{key}": value for key, value in (run.get("hparams") or {}).items()}
        row |= {f"metrics.{key}": value for key, value in _last(run).items()}
        rows.append(row)
    return pd.DataFrame(rows)


def curve(name: str, metric: str) -> tuple[list[int], list[float]]:
    run = _named(name)
    assert run is not None
    return _pairs(next(each for each in run.metrics() if each.name == metric))


def thinned(name: str, metric: str) -> list[float]:
    run = _named(name)
    assert run is not None
    found = next(each for each in run.metrics() if each.name == metric)
    return found.data.view("val").sample(1000).items_list()[1][0]


if __name__ == "__main__":
    bench_tasks.main(sys.modules["__main__"])
