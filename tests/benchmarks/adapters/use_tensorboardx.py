"""How tensorboardX is used: a ``SummaryWriter`` in a folder for each run.

Params go the documented way, ``add_hparams``, which writes a file of its own beside the run's.
They are read back with TensorBoard's ``EventAccumulator``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bench_tasks
from tensorboardX import SummaryWriter

_store = Path()


def setup(store: Path) -> None:
    global _store
    _store = store / "runs"


def start(name: str, params: Mapping[str, float]) -> SummaryWriter:
    writer = SummaryWriter(str(_store / name))
    if params:
        writer.add_hparams(dict(params), {}, name="hparams")
    return writer


def log(run: SummaryWriter, metrics: Mapping[str, float], step: int) -> None:
    for key, value in metrics.items():
        run.add_scalar(key, value, step)


def settle(run: SummaryWriter) -> None:
    run.flush()


def finish(run: SummaryWriter) -> None:
    run.close()


def fill(name: str, params: Mapping[str, float], metrics: Mapping[str, float]) -> None:
    run = start(name, params)
    log(run, metrics, 0)
    run.close()


def warm() -> None:
    """Import the reader, which takes a while."""
    from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator

    del event_accumulator, plugin_event_accumulator


def _load(folder: Path, most: int = 0) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(folder), size_guidance={"scalars": most}).Reload()


def _points(folder: Path) -> dict[str, list[tuple[int, float]]]:
    events = _load(folder)
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def _params(folder: Path) -> dict[str, Any]:
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import plugin_data_pb2

    if not (folder / "hparams").exists():
        return {}
    events = EventAccumulator(str(folder / "hparams")).Reload()
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    data = plugin_data_pb2.HParamsPluginData.FromString(content)
    return {key: value.number_value for key, value in data.session_start_info.hparams.items()}


def names() -> list[str]:
    return [folder.name for folder in _store.iterdir()] if _store.exists() else []


def read(name: str) -> tuple[dict[str, Any], dict[str, list[tuple[int, float]]]]:
    return _params(_store / name), _points(_store / name)


def last(name: str) -> dict[str, float]:
    if not (_store / name).exists():
        return {}
    return {key: pairs[-1][1] for key, pairs in _points(_store / name).items()}


def table() -> Any:
    import pandas as pd

    rows = []
    for name in names():
        params, points = read(name)
        row: dict[str, Any] = {"name": name}
        row |= {f"params.{key}": value for key, value in params.items()}
        row |= {f"metrics.{key}": pairs[-1][1] for key, pairs in points.items()}
        rows.append(row)
    return pd.DataFrame(rows)


def curve(name: str, metric: str) -> tuple[list[int], list[float]]:
    points = _points(_store / name)[metric]
    return [step for step, _ in points], [value for _, value in points]


def thinned(name: str, metric: str) -> list[Any]:
    return _load(_store / name, most=1000).Scalars(metric)


if __name__ == "__main__":
    bench_tasks.main(sys.modules["__main__"])
