"""A process that reads all the time, and checks what it is shown.

``python soak_reader.py FOLDER NAME SEED``. It follows some metrics by increments. Put together
they must be the steps 0, 1, 2, … with the values that belong to them; what was acknowledged
before a read began must be in it. A run's status, once it has ended, never changes. The
findings go to ``logs/NAME.json`` at the end.
"""

from __future__ import annotations

import json
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from soak_places import tune
from soak_world import Control, World, expected

import celltrail as ct
from celltrail.errors import RunNotFoundError, StoreBusyError, UnknownNameError

__all__ = ["Acknowledged", "Reader"]

_FOLLOWED = 6
_PAUSE = 0.02
_LIMIT = 20


@dataclass
class Stream:
    """What one thread logs to one run, as far as its diary tells."""

    run: str
    keys: list[str]
    steps: int = 0


class Acknowledged:
    """Reads the diaries, always from where it stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[str, int] = {}
        self._streams: dict[tuple[str, int], Stream] = {}

    def read(self) -> list[Stream]:
        """Give the streams that were new since the last call, and bring all up to date."""
        new: list[Stream] = []
        for path in sorted(self._folder.iterdir()):
            with path.open("rb") as file:
                file.seek(self._places.get(path.name, 0))
                data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._places[path.name] = self._places.get(path.name, 0) + len(whole)
            for line in whole.splitlines():
                if line.startswith(b'{"stream"'):
                    facts = json.loads(line)
                    stream = Stream(facts["run"], facts["keys"])
                    self._streams[path.name, facts["stream"]] = stream
                    new.append(stream)
                elif line[:1].isdigit():
                    number, step, _ = line.split()
                    self._streams[path.name, int(number)].steps = int(step) + 1
        return new


@dataclass
class Followed:
    """One metric that is read by increments."""

    stream: Stream
    key: str
    seen: int = 0


@dataclass
class Reader:
    """What one reader knows and has found."""

    world: World
    seed: int
    waits: dict[str, list[int]] = field(default_factory=lambda: {"table": [], "history": []})
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._acknowledged = Acknowledged(self.world.acks)
        self._followed: list[Followed] = []
        self._statuses: dict[str, str] = {}
        self._runs = 0

    def fault(self, text: str) -> None:
        self.counts["faults"] += 1
        if len(self.faults) < _LIMIT:
            self.faults.append(text)

    def work(self) -> None:
        control = Control(self.world)
        ct.use(self.world.store)
        while not control.stopping:
            ask = self._random.choice((self.table, self.history, self.history, self.history))
            try:
                ask()
            except StoreBusyError:
                self.counts["told that somebody else holds the file"] += 1
            except Exception:  # noqa: BLE001 - whatever it is, it is what the soak looks for
                self.fault(traceback.format_exc())
            time.sleep(_PAUSE * self._random.random())

    def timed(self, what: str, ask: Callable[[], object]) -> object:
        began = time.perf_counter_ns()
        answer = ask()
        self.waits[what].append((time.perf_counter_ns() - began) // 1000)
        return answer

    def table(self) -> None:
        frame = self.timed("table", lambda: ct.runs().df())
        if not frame.index.is_unique:
            self.fault("a run stands twice in the table")
        if len(frame) < self._runs:
            self.fault(f"{self._runs} runs became {len(frame)}")
        self._runs = len(frame)
        for run, status in frame["status"].items():
            before = self._statuses.get(run, "running")
            if before not in ("running", status):
                self.fault(f"run {run} was {before} and is {status}")
            self._statuses[run] = status

    def history(self) -> None:
        for stream in self._acknowledged.read():
            if len(self._followed) >= _FOLLOWED:
                del self._followed[self._random.randrange(_FOLLOWED)]
            self._followed.append(Followed(stream, self._random.choice(stream.keys)))
        if self._followed:
            self._look(self._random.choice(self._followed))

    def _look(self, one: Followed) -> None:
        acknowledged = one.stream.steps
        run_id, key = one.stream.run, one.key
        try:
            frame = self.timed(
                "history", lambda: ct.run(run_id).history(key, since_step=one.seen - 1)
            )
        except (RunNotFoundError, UnknownNameError) as error:
            if acknowledged:
                self.fault(f"{acknowledged} points acknowledged, and {error}")
            return
        self.counts["increments"] += 1
        steps = frame["step"].to_numpy()
        if steps.tolist() != list(range(one.seen, one.seen + len(steps))):
            self.fault(f"after step {one.seen - 1} of {key} of {run_id} came {steps.tolist()}")
        values, _ = expected(run_id, key, steps)
        if not np.array_equal(values, frame["value"].to_numpy(), equal_nan=True):
            self.fault(f"other values of {key} of {run_id} than were logged")
        one.seen += len(steps)
        if one.seen < acknowledged:
            self.fault(f"{one.seen} of {acknowledged} acknowledged points of {key} of {run_id}")

    def report(self, path: Path) -> None:
        facts = {"waits": self.waits, "counts": self.counts, "faults": self.faults}
        path.write_text(json.dumps(facts), "utf-8")


def main() -> None:
    world = World(Path(sys.argv[1]))
    tune()
    reader = Reader(world, int(sys.argv[3]))
    reader.work()
    reader.report(world.logs / f"{sys.argv[2]}.json")


if __name__ == "__main__":
    main()
