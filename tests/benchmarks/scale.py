"""Measure how a store of ten million points behaves: ``make scale``, some minutes.

10,000 runs, logged by many sessions in some 2,500 small merges, beside runs that go on all the
time. On the way, at 1e5, 1e6, 3e6 and 1e7 points, what one small merge costs and on what it
spends that (``--profile``); at the end the size of the file before and after a vacuum, and what
reading costs, each reading in a process of its own. It measures and never fails.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import celltrail as ct
from celltrail.ids import new_id
from celltrail.store import SpoolWriter, Store, open_store

ROOT = Path(__file__).resolve().parents[2]
SIZES = (100_000, 1_000_000, 3_000_000, 10_000_000)
METRICS = ("loss", "accuracy", "val/loss", "val/accuracy")
LANES = 8
#: Steps that a lane logs between two merges, and the merges that a short run takes.
STEPS = 125
MERGES_A_RUN = 2
RUNS_A_SESSION = 25
#: Runs that go on from the first merge to the last, and their points in each.
LONG = {f"long {i}": 4 for i in range(20)} | {"longest": 40}
POINTS_A_TICK = LANES * STEPS * len(METRICS) + sum(LONG.values())
PROBES = 15
PROBE_STEPS = 250


def now() -> int:
    return time.time_ns() // 1000


# ------------------------------------------------------------------------------------ filling


class Lane:
    """One kernel after the other, each with one short run after the other."""

    def __init__(self, path: Path, experiment: str) -> None:
        self._path = path
        self._experiment = experiment
        self._writer: SpoolWriter | None = None
        self._begun = 0
        self._step = 0
        self._run = ""

    def log(self, steps: int) -> None:
        if self._writer is None:
            self._writer = SpoolWriter(self._path, new_id())
        if not self._run:
            self._run = begin(self._writer, f"{self._experiment} {self._begun}", self._experiment)
            self._begun += 1
        time_us = now()
        for step in range(self._step, self._step + steps):
            values = (1.0 / (step + 1), step / 256, 1.5 / (step + 1), step / 300)
            rows = [(key, step, value) for key, value in zip(METRICS, values, strict=True)]
            self._writer.append(self._run, time_us + 1000 * step, rows)
        self._step += steps

    def end_run(self) -> None:
        assert self._writer is not None
        finish(self._writer, self._run)
        self._run, self._step = "", 0
        if self._begun % RUNS_A_SESSION == 0:
            self.close()

    def close(self) -> None:
        if self._writer is not None:
            if self._run:
                self.end_run()
            if self._writer is not None:
                self._writer.close()
            self._writer = None


def begin(writer: SpoolWriter, name: str, experiment: str) -> str:
    run = new_id()
    writer.event(
        "run",
        id=run,
        session=writer.session_id,
        experiment=experiment,
        name=name,
        kind="block",
        started=now(),
    )
    for number in range(10):
        writer.event("param", run=run, key=f"p{number}", value=number / 8)
    return run


def finish(writer: SpoolWriter, run: str) -> None:
    writer.event("run_end", run=run, status="finished", ended=now())


class Filler:
    """Fills a store up to some number of points, and then to the next."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.points = 0
        self.merges: list[float] = []
        self._ticks = 0
        self._lanes = [Lane(store.path, f"lane {i}") for i in range(LANES)]
        self._writer = SpoolWriter(store.path, new_id())
        self._long = {name: begin(self._writer, name, "long") for name in LONG}

    def fill(self, points: int) -> None:
        while self.points + POINTS_A_TICK <= points:
            self._tick()
            began = time.perf_counter()
            assert self.store.merge()
            self.merges.append(time.perf_counter() - began)

    def _tick(self) -> None:
        for lane in self._lanes:
            lane.log(STEPS)
        time_us = now()
        for name, run in self._long.items():
            for step in range(self._ticks * LONG[name], (self._ticks + 1) * LONG[name]):
                self._writer.append(run, time_us + step, [("loss", step, 1.0 / (step + 1))])
        self._ticks += 1
        if self._ticks % MERGES_A_RUN == 0:
            for lane in self._lanes:
                lane.end_run()
        self.points += POINTS_A_TICK

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()
        for run in self._long.values():
            finish(self._writer, run)
        self._writer.close()


# ------------------------------------------------------------------------- what a merge costs


def clocks() -> npt.NDArray[np.float64]:
    """Give the time as it passes and as this process computes, in milliseconds."""
    return np.array([time.perf_counter(), time.process_time()]) * 1e3


class TimedConnection:
    """Stands for the process's DuckDB connection and adds up what each statement takes."""

    def __init__(self, con: Any, times: dict[str, Any], label: str = "") -> None:
        self._con = con
        self._times = times
        self._label = label

    def execute(self, query: str, *values: Any) -> Any:
        text = re.sub(r"\d{2,}", "…", " ".join(query.split()))
        label = re.sub(r"'[^']*/[^']*'", "…", text)[:100]
        with self._timed(label):
            return TimedConnection(self._con.execute(query, *values), self._times, label)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._con, name)
        if not callable(found):
            return found

        def timed(*values: Any, **more: Any) -> Any:
            with self._timed(self._label or name):
                return found(*values, **more)

        return timed

    @contextmanager
    def _timed(self, label: str) -> Iterator[None]:
        began = clocks()
        try:
            yield
        finally:
            self._times[label] = self._times.get(label, 0.0) + clocks() - began


def written() -> dict[str, int]:
    """What this process has written, as it asked for it and as it reached the file system."""
    try:
        lines = Path("/proc/self/io").read_text("ascii").splitlines()
    except OSError:  # not Linux
        return {"wchar": 0, "write_bytes": 0}
    counts = {name: int(value) for name, value in (line.split(": ") for line in lines)}
    return {name: counts[name] for name in ("wchar", "write_bytes")}


def probe(store: Store) -> dict[str, Any]:
    """Merge the 1,000 points of one new run, some times, and say what that cost."""
    seconds: list[float] = []
    cpu: list[float] = []
    bytes_written: list[int] = []
    for number in range(PROBES):
        lane = Lane(store.path, "probe")
        lane.log(PROBE_STEPS)
        lane.close()
        before = written()
        began, cpu_began = time.perf_counter(), time.process_time()
        assert store.merge()
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - cpu_began)
        bytes_written.append(written()["wchar"] - before["wchar"])
        if number == 0:  # it may have had more to do than its own
            seconds.clear()
            cpu.clear()
            bytes_written.clear()
    return {
        "merge_ms": summary_ms(seconds),
        "merge_cpu_ms": summary_ms(cpu),
        "written_kib": round(statistics.median(bytes_written) / 1024, 1),
    }


def profile(store: Store) -> dict[str, list[float]]:
    """Say what each statement of a small merge takes: milliseconds, and those of them computed.

    Medians; on a machine that has more to do the second is the one to look at.
    """
    from celltrail.store.instance import _instance

    plain = _instance.con
    assert plain is not None
    rounds: list[dict[str, Any]] = []
    try:
        for _ in range(PROBES):
            lane = Lane(store.path, "probe")
            lane.log(PROBE_STEPS)
            lane.close()
            times: dict[str, Any] = {}
            _instance.con = TimedConnection(plain, times)  # type: ignore[assignment]
            began = clocks()
            assert store.merge()
            whole = clocks() - began
            rounds.append({**times, "(Python)": whole - sum(times.values()), "(all)": whole})
    finally:
        _instance.con = plain
    labels = {label for one in rounds for label in one}
    nothing = np.zeros(2)
    medians = {k: np.median([one.get(k, nothing) for one in rounds], axis=0) for k in labels}
    return {k: v.round(2).tolist() for k, v in sorted(medians.items(), key=lambda m: -m[1][1])}


def summary_ms(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "p50": round(statistics.median(ordered) * 1e3, 2),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))] * 1e3, 2),
        "max": round(ordered[-1] * 1e3, 2),
    }


# ------------------------------------------------------------------- reading, each on its own


def read_table() -> int:
    return len(ct.runs().df())


def read_curve() -> int:
    return len(ct.run("lane 3 1").history("loss"))


def read_longest() -> int:
    return len(ct.run("longest").history("loss"))


def read_curves() -> int:
    from celltrail.views.curve_data import CurveOptions, read_curves

    runs = ct.runs("experiment = 'long' and name != 'longest'")
    return sum(len(c.step) for c in read_curves(runs, ["loss"], CurveOptions()).curves)


def read_count() -> int:
    return int(ct.sql("SELECT count(*) AS n FROM v_history")["n"].iloc[0])


READINGS: dict[str, tuple[str, Callable[[], int]]] = {
    "table": ("runs().df() of all runs", read_table),
    "curve": ("one curve of 250 points, its run found by name", read_curve),
    "longest": ("one curve that came in all merges, its run found by name", read_longest),
    "curves": ("20 curves, each that came in all merges, downsampled", read_curves),
    "count": ("sql: count(*) of v_history", read_count),
}


def peak_mib() -> float:
    """Give the most memory that this process ever had."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says begins with the peak of the parent there
        (line,) = (x for x in status.read_text("ascii").splitlines() if x.startswith("VmHWM:"))
        return round(int(line.split()[1]) / 2**10, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 1)


def read(what: str, path: Path) -> None:
    """Do one reading in this process and print what it cost."""
    import duckdb  # noqa: F401 - imported now, so that the figures are of the reading alone
    import pandas as pd  # noqa: F401

    ct.use(path)
    before = peak_mib()
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        count = READINGS[what][1]()
        seconds.append(time.perf_counter() - began)
    found = {
        "what": READINGS[what][0],
        "rows": count,
        "first_ms": round(seconds[0] * 1e3, 1),
        "p50_ms": round(statistics.median(seconds[1:]) * 1e3, 1),
        "peak_mib": peak_mib(),
        "peak_above_imports_mib": round(peak_mib() - before, 1),
    }
    print(json.dumps(found))


def read_apart(what: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).resolve()), "--read", what, "--store", str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def vacuum(path: Path) -> None:
    """Shrink the store, in this process."""
    ct.use(path)
    ct.vacuum()


# --------------------------------------------------------------------------------- all of it


def say(text: str) -> None:
    print(text, flush=True)


def size(path: Path, points: int) -> dict[str, float]:
    whole = path.stat().st_size
    return {"mib": round(whole / 2**20, 1), "bytes_a_point": round(whole / points, 2)}


def stored(path: Path) -> int:
    count: int = read_apart("count", path)["rows"]
    return count


def grow(store: Store, points: int, *, profiled: bool) -> dict[str, Any]:
    """Fill the store, with a stop at each size; give the figures of the stops and of all."""
    filler = Filler(store)
    stops: dict[str, Any] = {}
    before = written()
    began = time.perf_counter()
    for wanted in (*(s for s in SIZES if s < points), points):
        filler.fill(wanted)
        stop = {
            "fill_merge_ms": summary_ms(filler.merges[-100:]),
            "file": size(store.path, filler.points),
            **probe(store),
        }
        if profiled:
            stop["profile_ms"] = profile(store)
        stops[f"{wanted:,}"] = stop
        say(f"{wanted:>12,} points: {json.dumps(stop, ensure_ascii=False)}")
    filler.close()
    last = time.perf_counter()
    assert store.merge()
    seconds = time.perf_counter() - began
    wrote = written()
    return {
        "stops": stops,
        "merges": len(filler.merges) + 1,
        "seconds": round(seconds, 1),
        "last_merge_ms": round((time.perf_counter() - last) * 1e3, 1),
        "written": {name: wrote[name] - before[name] for name in wrote},
        "peak_mib": peak_mib(),
    }


def readings(path: Path) -> dict[str, Any]:
    found = {}
    for what in READINGS:
        found[what] = read_apart(what, path)
        say(f"  {json.dumps(found[what])}")
    return found


def measure(path: Path, points: int, *, profiled: bool) -> dict[str, Any]:
    """Make a store and measure it."""
    for leftover in path.parent.glob(path.name + "*"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {
        "celltrail": ct.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "grow": grow(open_store(path), points, profiled=profiled),
    }
    there = stored(path)
    report["points"] = there
    report["size_before_vacuum"] = size(path, there)
    report["write_amplification"] = round(report["grow"]["written"]["wchar"] / (32 * there), 2)
    say(f"{there:,} points: {json.dumps(report['size_before_vacuum'])}")
    report["readings_before_vacuum"] = readings(path)
    if not hasattr(ct, "vacuum"):
        return report
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--vacuum", "--store", str(path)],
        check=True,
    )
    report["vacuum_s"] = round(time.perf_counter() - began, 1)
    report["size_after_vacuum"] = size(path, there)
    assert stored(path) == there
    say(f"after vacuum: {json.dumps(report['size_after_vacuum'])}")
    report["readings_after_vacuum"] = readings(path)
    return report


def main() -> None:
    """Measure and print; the figures are in ``build/scale/scale.json`` too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=lambda text: int(float(text)), default=SIZES[-1])
    parser.add_argument("--store", type=Path, default=ROOT / "build" / "scale" / "scale.duckdb")
    parser.add_argument("--profile", action="store_true", help="time each statement of a merge")
    parser.add_argument("--read", choices=READINGS, help=argparse.SUPPRESS)
    parser.add_argument("--vacuum", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read(options.read, options.store)
    elif options.vacuum:
        vacuum(options.store)
    else:
        report = measure(options.store, options.points, profiled=options.profile)
        text = json.dumps(report, indent=2, ensure_ascii=False)
        options.store.with_suffix(".json").write_text(text, "utf-8")
        say(text)


if __name__ == "__main__":
    main()
