"""How Weights & Biases is used offline, https://docs.wandb.ai: each run is a file of its own.

Offline it has no way to read runs back: that needs ``wandb sync`` and its server. To see that
it stored what it claims, its file is parsed here: LevelDB's log format, with a protobuf
``Record`` of the package in each entry.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

os.environ.update(
    WANDB_MODE="offline", WANDB_SILENT="true", WANDB_CONSOLE="off", WANDB_ERROR_REPORTING="false"
)

import bench_tasks
import wandb
from wandb.proto import wandb_internal_pb2

_NO_READER = "offline it has no reader: its server is needed"
NO = dict.fromkeys(("table", "fill", "curve", "fill_curve", "watch_lives"), _NO_READER)

BLOCK = 32768  # of LevelDB's log
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4

_store = Path()


def setup(store: Path) -> None:
    global _store
    _store = store
    os.environ["WANDB_DIR"] = str(store)
    os.environ["WANDB_CACHE_DIR"] = str(store / "cache")
    os.environ["WANDB_CONFIG_DIR"] = str(store / "config")


def start(name: str, params: Mapping[str, float]) -> wandb.Run:
    settings = wandb.Settings(console="off", x_disable_stats=True, disable_git=True)
    return wandb.init(
        project="bench", name=name, config=dict(params), dir=_store, settings=settings
    )


def log(run: wandb.Run, metrics: Mapping[str, float], step: int) -> None:
    run.log(dict(metrics), step=step)


def settle(run: wandb.Run) -> None:
    """Only the end of a run waits for its service to have written all."""
    run.finish()


def finish(run: wandb.Run) -> None:
    run.finish()


def _records(path: Path) -> Iterator[Any]:
    data = path.read_bytes()
    at, parts = 7, b""  # after the file's own header
    while at + 7 <= len(data):
        left = BLOCK - at % BLOCK
        if left < 7:
            at += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        if kind not in (FULL, FIRST, MIDDLE, LAST) or at + 7 + length > len(data):
            return  # torn, or zeros
        parts = (b"" if kind in (FULL, FIRST) else parts) + data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (FULL, LAST):
            yield wandb_internal_pb2.Record.FromString(parts)


def _key(item: Any) -> str:
    return item.key or ".".join(item.nested_key)


def _parse(path: Path) -> tuple[str, dict[str, Any], dict[str, list[tuple[int, float]]]]:
    name, params, points = "", {}, {}
    for record in _records(path):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            name = record.run.display_name
            params = {_key(i): json.loads(i.value_json) for i in record.run.config.update}
        elif kind == "history":
            row = {_key(i): json.loads(i.value_json) for i in record.history.item}
            step = row.get("_step", record.history.step.num)
            for key, value in row.items():
                if not key.startswith("_"):
                    points.setdefault(key, []).append((step, value))
    params = {key: value for key, value in params.items() if not key.startswith("_")}
    return name, params, points


def _files() -> list[Path]:
    return sorted(_store.glob("wandb/offline-run-*/*.wandb"))


def names() -> list[str]:
    return [_parse(path)[0] for path in _files()]


def read(name: str) -> tuple[dict[str, Any], dict[str, list[tuple[int, float]]]]:
    for path in _files():
        found, params, points = _parse(path)
        if found == name:
            return params, points
    return {}, {}


if __name__ == "__main__":
    bench_tasks.main(sys.modules["__main__"])
