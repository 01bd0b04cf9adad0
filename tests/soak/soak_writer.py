"""A process that logs runs until it is killed, told to stop, or has had enough.

``python soak_writer.py FOLDER LABEL SEED``. What calls have returned for stands in its diary.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from pathlib import Path

from soak_places import install, tune
from soak_world import Control, Diary, World, content, metric_value

import celltrail as ct
from celltrail.record import ActiveRun

__all__ = ["Writer", "main"]

MOST_RUNS = 25
#: Between two bursts of calls, in seconds: eight of these share two cores with the readers.
_PAUSE = 0.02
_BURST = 6


class Writer:
    """One process's work."""

    def __init__(self, world: World, label: str, seed: int) -> None:
        self.world = world
        self.label = label
        self.diary = Diary(world, label)
        self.random = random.Random(seed)
        self.control = Control(world)

    def work(self) -> None:
        ct.use(self.world.store)
        kinds = [self.plain, self.plain, self.failing, self.interrupted, self.nested]
        kinds += [self.threaded, self.forking, self.long, self.several]
        for number in range(self.random.randint(3, MOST_RUNS)):
            if self.control.stopping:
                break
            self.random.choice(kinds)(f"{self.label} run {number}")
        if self.random.random() < 0.5 and not self.control.stopping:
            # Left open: it is finished as the process ends.
            run = ct.start(f"{self.label} left", experiment=self.label)
            self.began(run)
            self.log(run, "main", 20)
        self.diary.say(leaving=True)

    # -- kinds of runs -----------------------------------------------------------------------

    def plain(self, name: str, steps: int | None = None) -> None:
        with ct.track(name, params={"lr": 0.1}, tags=["soak"], experiment=self.label) as run:
            self.began(run, params={"lr": 0.1}, tags=["soak"])
            self.log(run, "main", steps or self.random.randint(20, 250))
            self.ending(run, "finished")
        self.ended(run, "finished")

    def failing(self, name: str) -> None:
        try:
            with ct.track(name, experiment=self.label) as run:
                self.began(run)
                self.log(run, "main", 40)
                self.ending(run, "failed")
                raise ValueError(name)
        except ValueError:
            self.ended(run, "failed")

    def interrupted(self, name: str) -> None:
        try:
            with ct.track(name, experiment=self.label) as run:
                self.began(run)
                self.log(run, "main", 40)
                self.ending(run, "interrupted")
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            self.ended(run, "interrupted")

    def nested(self, name: str) -> None:
        with ct.track(name, experiment=self.label) as run:
            self.began(run)
            self.log(run, "main", 30)
            with ct.track(f"{name} inner", experiment=self.label) as inner:
                self.began(inner, parent=run.id)
                self.log(inner, "main", 30)
                self.ending(inner, "finished")
            self.ended(inner, "finished")
            self.ending(run, "finished")
        self.ended(run, "finished")

    def threaded(self, name: str) -> None:
        with ct.track(name, experiment=self.label) as run:
            self.began(run)
            steps = self.random.randint(30, 150)
            threads = [
                threading.Thread(target=self.log, args=(run, f"thread {i}", steps)) for i in (1, 2)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.ending(run, "finished")
        self.ended(run, "finished")

    def forking(self, name: str) -> None:
        """Log to one run from two processes, and let the child have a run of its own."""
        with ct.track(name, experiment=self.label) as run:
            self.began(run)
            self.log(run, "main", 20)
            child = os.fork() if hasattr(os, "fork") else None
            if child == 0:
                self._be_child(run)
            self.log(run, "main more", 60)
            if child is not None:
                os.waitpid(child, 0)
            self.ending(run, "finished")
        self.ended(run, "finished")

    def _be_child(self, run: ActiveRun) -> None:
        clean = self.random.random() < 0.7
        self.label += " child"
        self.diary = Diary(self.world, self.label)
        self.log(run, "child", 40)
        self.plain(f"{run.name} child", 30)
        self.diary.say(leaving=True)
        if clean:
            sys.exit(0)  # through the block that its parent is in, with all of Python's tidying
        os._exit(0)

    def long(self, name: str) -> None:
        run = ct.start(name, experiment=self.label)
        self.began(run)
        self.log(run, "main", self.random.randint(200, 600))
        self.ending(run, "finished")
        run.finish()
        self.ended(run, "finished")

    def several(self, name: str) -> None:
        for number in range(12):
            self.plain(f"{name}.{number}", 4)

    # -- what is logged ----------------------------------------------------------------------

    def log(self, run: ActiveRun, who: str, steps: int) -> None:
        """Log steps 0, 1, … under this thread's own names, and write down what returned."""
        keys = [f"{who}/{kind}" for kind in ("loss", "seen", "odd")]
        stream = self.diary.stream(run.id, keys)
        for step in range(steps):
            values = {key: metric_value(run.id, key, step) for key in keys}
            began = time.perf_counter_ns()
            run.log(values, step=step)
            took = time.perf_counter_ns() - began
            self.diary.logged(stream, step, took // 1000)
            if step % _BURST == _BURST - 1:
                time.sleep(_PAUSE)
            if step % 25 == 0:
                self.extras(run, f"{who} {step}")

    def extras(self, run: ActiveRun, place: str) -> None:
        run.log_params({f"{place}/phase": 1})
        run.log_params({f"{place}/phase": 2, "text": place})
        self.diary.say(run=run.id, params={f"{place}/phase": 2})
        run.tag(place)
        self.diary.say(run=run.id, tags=[place])
        if self.random.random() < 0.6:
            return
        size = 1_200_000 if self.random.random() < 0.1 else self.random.randint(1, 20_000)
        name = f"{place}.bin"
        run.log_artifact(content(run.id, name, size), name=name)
        self.diary.say(run=run.id, artifact=name, size=size)

    # -- the diary ---------------------------------------------------------------------------

    def began(self, run: ActiveRun, **facts: object) -> None:
        self.diary.say(run=run.id, name=run.name, began=True, **facts)

    def ending(self, run: ActiveRun, status: str) -> None:
        self.diary.say(run=run.id, ending=status)

    def ended(self, run: ActiveRun, status: str) -> None:
        self.diary.say(run=run.id, ended=status)


def main(folder: Path, label: str, seed: int) -> None:
    """Be a writer; the interpreter's exit belongs to it."""
    world = World(folder)
    stderr = os.open(world.logs / f"{label}.err", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(stderr, 2)
    tune()
    writer = Writer(world, label, seed)
    install(world, lambda: writer.diary)
    writer.work()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
