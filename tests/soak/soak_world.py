"""What the processes of a soak share: paths, a control block, and values that can be checked."""

from __future__ import annotations

import json
import mmap
import os
import zlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from celltrail.ids import new_id

__all__ = ["Control", "Diary", "World", "content", "expected", "metric_value", "shared_bytes"]

_CONTROL_SIZE = 16


@dataclass(frozen=True)
class World:
    """The folder of one soak."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "soak.duckdb"

    @property
    def acks(self) -> Path:
        """Where each process writes down what calls of celltrail have returned for."""
        return self.folder / "acks"

    @property
    def marks(self) -> Path:
        """Where each process says in which place of the store's code it is."""
        return self.folder / "marks"

    @property
    def logs(self) -> Path:
        """What processes wrote to stderr, and the readers' figures."""
        return self.folder / "logs"

    @property
    def control(self) -> Path:
        return self.folder / "control"

    def make(self) -> None:
        for folder in (self.acks, self.marks, self.logs):
            folder.mkdir(parents=True)
        self.control.write_bytes(bytes(_CONTROL_SIZE))


def shared_bytes(path: Path, size: int) -> mmap.mmap:
    """Map a file that all processes see; what is in it outlives whoever wrote it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        os.ftruncate(fd, size)
        return mmap.mmap(fd, size)
    finally:
        os.close(fd)


class Control:
    """What the director tells everybody: where to wait to be killed, and when to stop."""

    def __init__(self, world: World) -> None:
        self._bytes = shared_bytes(world.control, _CONTROL_SIZE)

    @property
    def target(self) -> int:
        """The number of the place to wait in, counted from 1; 0 for none."""
        return self._bytes[0]

    @target.setter
    def target(self, number: int) -> None:
        self._bytes[0] = number

    @property
    def stopping(self) -> bool:
        return self._bytes[1] != 0

    def stop(self) -> None:
        self._bytes[1] = 1


class Diary:
    """Writes down what was acknowledged; each entry is in the file before the next call.

    An entry is a line: JSON, or for a call of ``log()`` the numbers of its stream, its step
    and its microseconds. A stream is what one thread logs to one run, with steps 0, 1, 2, …
    """

    def __init__(self, world: World, label: str) -> None:
        self.label = label
        path = world.acks / f"{label}-{os.getpid()}-{new_id()}.acks"
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        self._numbers = count()
        self.say(process=os.getpid(), label=label)

    def say(self, **facts: Any) -> None:
        os.write(self._fd, json.dumps(facts).encode() + b"\n")

    def stream(self, run: str, keys: list[str]) -> int:
        number = next(self._numbers)
        self.say(stream=number, run=run, keys=keys)
        return number

    def logged(self, stream: int, step: int, microseconds: int) -> None:
        os.write(self._fd, b"%d %d %d\n" % (stream, step, microseconds))

    def merged(self, microseconds: int, alone: int) -> None:
        """Write down a merge: all of it, and how long of that others were kept waiting."""
        os.write(self._fd, b"m %d %d\n" % (microseconds, alone))


# -------------------------------------------------- values that follow from where they stand


@lru_cache(maxsize=4096)
def _base(run: str, key: str) -> int:
    return zlib.crc32(f"{run} {key}".encode())


def metric_value(run: str, key: str, step: int) -> float | int:
    """The value of a point: an integer of more than 53 bits, odd floats, or plain floats."""
    base = _base(run, key)
    if key.endswith("seen"):
        return (base << 25) + step
    if key.endswith("odd") and step % 5 == 0:
        return float("nan")
    if key.endswith("odd") and step % 7 == 0:
        return float("-inf")
    return base % 1000 + step * 0.125


def expected(
    run: str, key: str, steps: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64] | None]:
    """The same for many steps: the values, and the exact ones where they are integers."""
    base = _base(run, key)
    if key.endswith("seen"):
        exact = (base << 25) + steps
        return exact.astype(np.float64), exact
    values = base % 1000 + steps * 0.125
    if key.endswith("odd"):
        values[steps % 7 == 0] = -np.inf
        values[steps % 5 == 0] = np.nan
    return values, None


def content(run: str, name: str, size: int) -> bytes:
    """The bytes of an artifact."""
    return np.random.default_rng(_base(run, name)).bytes(size)
