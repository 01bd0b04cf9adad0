"""Starts everybody, kills writers at random and in chosen places, and brings it to an end."""

from __future__ import annotations

import mmap
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from soak_places import AT_BIRTH, PLACES, UNPAUSED
from soak_world import Control, World, shared_bytes

__all__ = ["Director", "Outcome"]

HERE = Path(__file__).resolve().parent
WRITERS = 8
READERS = 2
#: One writer of so many starts from nothing; the others are forked.
FRESH = 12
ELSEWHERE = "anywhere else"
#: How long, in seconds, somebody may take to come to the place that is aimed at.
_AIM = 6.0
#: How much longer than asked for it goes on while there are places that nobody died in: a
#: machine with too much to do needs it.
_EXTRA = 240.0
_GOODBYE = 120.0


@dataclass
class Outcome:
    """What became of the writers."""

    kills: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(PLACES, 0)))
    #: Process number to exit status; below zero is the signal.
    statuses: dict[int, int] = field(default_factory=dict)
    killed: set[int] = field(default_factory=set)
    holds: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


class Director:
    """Runs one soak.

    Parameters
    ----------
    world
        Its folder, made and empty.
    seconds
        How long writers are started and killed.
    seed
        What all chance follows from, as far as the scheduling of processes lets it.
    pause
        Mean seconds between two kills.
    """

    def __init__(self, world: World, seconds: float, seed: int, pause: float) -> None:
        self.world = world
        self.seconds = seconds
        self.outcome = Outcome()
        self._seed = seed
        self._random = random.Random(seed)
        self._pause = pause
        self._control = Control(world)
        self._live: dict[int, str] = {}
        self._maps: dict[int, mmap.mmap] = {}
        self._known: set[str] = set()
        self._asked = 0
        self._begun = 0
        self._heard = b""
        self._zygote: subprocess.Popen[bytes] | None = None
        self._others: list[subprocess.Popen[bytes]] = []

    def run(self) -> Outcome:
        """Do all of it; nobody is left alive at its end."""
        began = time.monotonic()
        try:
            self._start()
            for place in AT_BIRTH:
                assert self._kill_in(place, 60.0), f"nobody came to: {place}"
            self._start_others()
            while time.monotonic() - began < self.seconds + self._extra():
                self._listen(self._random.expovariate(1 / self._pause))
                self._kill()
            self.outcome.seconds = time.monotonic() - began
            self._end()
        finally:
            self._kill_all()
        return self.outcome

    def _extra(self) -> float:
        return _EXTRA if any(self.outcome.kills[place] == 0 for place in PLACES) else 0.0

    # -- starting and ending -----------------------------------------------------------------

    def _open(self, name: str, *arguments: str, piped: bool) -> subprocess.Popen[bytes]:
        with (self.world.logs / f"{Path(name).stem}-{len(self._others)}.err").open("wb") as errors:
            return subprocess.Popen(
                [sys.executable, str(HERE / name), str(self.world.folder), *arguments],
                stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    def _start(self) -> None:
        self._control.target = PLACES.index(AT_BIRTH[0]) + 1
        self._zygote = self._open("soak_zygote.py", piped=True)
        self._refill()

    def _start_others(self) -> None:
        for number in range(READERS):
            seed = str(self._seed + number)
            self._others.append(self._open("soak_reader.py", f"reader {number}", seed, piped=False))
        self._others.append(self._open("soak_holder.py", str(self._seed), piped=False))

    def _refill(self) -> None:
        """Start writers in the place of those that are gone."""
        assert self._zygote is not None
        assert self._zygote.stdin is not None
        while len(self._live) + self._asked - self._begun < WRITERS:
            kind = "exec" if self._asked % FRESH == FRESH - 1 else "fork"
            line = f"{kind}\twriter {self._asked}\t{self._seed * 1000 + self._asked}\n"
            self._zygote.stdin.write(line.encode())
            self._zygote.stdin.flush()
            self._asked += 1

    def _end(self) -> None:
        """Let everybody leave by themselves."""
        self._control.stop()
        deadline = time.monotonic() + _GOODBYE
        while self._live or self._maps:
            self._hear(0.05)
            self._look()
            if time.monotonic() > deadline:
                self.outcome.faults.append(f"still there: {self._live} {list(self._maps)}")
                return
        for other in self._others:
            try:
                out, _ = other.communicate(timeout=_GOODBYE)
            except subprocess.TimeoutExpired:
                self.outcome.faults.append(f"{other.args} does not end")
                continue
            if other.returncode:
                self.outcome.faults.append(f"{other.args} ended with {other.returncode}")
            for line in out.decode().splitlines():
                self.outcome.holds[line.split('"')[3]] += 1

    def _kill_all(self) -> None:
        self._look()
        for pid in {*self._maps, *self._live}:
            if _is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        for process in (*self._others, self._zygote):
            if process is not None:
                process.kill()
                process.communicate()

    # -- listening ---------------------------------------------------------------------------

    def _listen(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._hear(min(left, 0.05))
            self._refill()

    def _hear(self, seconds: float) -> None:
        """Take in what the zygote says."""
        assert self._zygote is not None
        assert self._zygote.stdout is not None
        fd = self._zygote.stdout.fileno()
        if not select.select([fd], [], [], seconds)[0]:
            return
        data = os.read(fd, 65536)
        assert data, "the zygote is gone"
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            what, pid, rest = line.decode().split(" ", 2)
            if what == "began":
                self._begun += 1
                self._live[int(pid)] = rest
            elif int(pid) in self._live:
                label = self._live.pop(int(pid))
                self.outcome.statuses[int(pid)] = int(rest)
                if int(rest) and int(pid) not in self.outcome.killed:
                    self.outcome.faults.append(f"{label} ended with {rest}")

    # -- killing -----------------------------------------------------------------------------

    def _kill(self) -> None:
        """Kill one writer: in the place where fewest have died, or wherever it is."""
        if self._random.random() < 0.25:
            if self._live:
                self._kill_now(self._random.choice(list(self._live)))
            return
        fewest = min(self.outcome.kills[place] for place in PLACES[2:])
        places = [place for place in PLACES[2:] if self.outcome.kills[place] == fewest]
        self._kill_in(self._random.choice(places), _AIM)

    def _kill_in(self, place: str, patience: float) -> bool:
        """Wait until somebody is in a place, and kill it there."""
        number = PLACES.index(place)
        paused = place not in UNPAUSED
        self._control.target = number + 1 if paused else 0
        deadline = time.monotonic() + patience
        before = self.outcome.kills[place]
        try:
            while time.monotonic() < deadline:
                self._hear(0.0)
                self._refill()
                self._look()
                for _ in range(20):
                    there = [pid for pid, marks in self._maps.items() if marks[number]]
                    if there:
                        time.sleep(self._random.uniform(0.0, 0.02 if paused else 0.003))
                        self._kill_now(there[0])
                        break
                    time.sleep(0.0005)
                if self.outcome.kills[place] > before:
                    return True
            return False
        finally:
            self._control.target = 0

    def _kill_now(self, pid: int) -> None:
        if not _is_alive(pid):
            return
        self.outcome.killed.add(pid)
        os.kill(pid, signal.SIGKILL)
        while _is_alive(pid):
            time.sleep(0.0005)
        marks = self._maps.pop(pid, None)
        # In several at once, when several of its threads were.
        places = [PLACES[i] for i, there in enumerate(bytes(marks or b"")) if there]
        self.outcome.kills.update(places or [ELSEWHERE])

    def _look(self) -> None:
        """Find the marks of those that are new, and forget those of the dead."""
        for path in self.world.marks.iterdir():
            pid = int(path.name.partition("-")[0])
            if path.name not in self._known and path.stat().st_size == len(PLACES):
                self._known.add(path.name)
                self._maps[pid] = shared_bytes(path, len(PLACES))
        for pid in [pid for pid in self._maps if not _is_alive(pid)]:
            del self._maps[pid]


def _is_alive(pid: int) -> bool:
    """Say whether a writer of ours still runs; the number alone could be another process's."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX" and b"soak_" in command
