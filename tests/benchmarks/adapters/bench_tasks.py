"""What each tracker is asked to do, the same for all, with the standard library alone.

An adapter (``use_*.py``) says how its tracker starts a run, logs, ends it and reads back; it
is run as a script by the Python that its tracker is installed for: ``use_x.py TASK JSON``. The
last line on stdout is the answer, as JSON.

An adapter has:

``setup(store)``        choose the folder for runs; once for each process
``start(name, params)`` begin a run, and give what the next three take
``log(run, metrics, step)``  one call of the training loop
``settle(run)``         return when what was logged survives a ``kill -9``
``finish(run)``         end the run
``fill(name, params, metrics)``  one finished run, in the fastest way that the tracker offers
``names()``             the runs' names that can be read
``read(name)``          a run's params, and its points by metric: ``[(step, value), …]``
``last(name)``          the last values by metric, ``{}`` while there are none
``table()``             a DataFrame of all runs: ``name``, ``params.*``, ``metrics.*``
``curve(name, metric)`` the steps and values of one metric
``thinned(name, metric)``  what a chart draws of it, about 1,000 points, where there is such a thing
``NO``                  the tasks that the tracker has no means for, each with the reason
"""

from __future__ import annotations

import json
import mmap
import os
import platform
import statistics
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

HOT = "hot"
LOSS = "loss"


def point(metric: int, step: int) -> float:
    """Give the value that a metric has at a step, so that a reader can tell it is right."""
    return (step % 1000) / 8 + metric  # exact in 32 bits, which is what TensorBoard keeps


def params_of(count: int) -> dict[str, float]:
    return {f"p{i}": i / 4 for i in range(count)}


def metrics_of(count: int, step: int = 0) -> dict[str, float]:
    return {f"m{i}": point(i, step) for i in range(count)}


def prepare(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Make an empty store."""
    return {"python": platform.python_version()}


def life(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Time whole runs until they are safe: start with params, log metrics, end."""
    params, metrics = params_of(ask["params"]), metrics_of(ask["metrics"])
    seconds: list[float] = []
    end = time.perf_counter() + ask["limit"]
    while len(seconds) < 2 or (len(seconds) < ask["runs"] and time.perf_counter() < end):
        began = time.perf_counter()
        run = tracker.start(f"life {len(seconds)}", params)
        tracker.log(run, metrics, 0)
        tracker.finish(run)
        seconds.append(time.perf_counter() - began)
    return {"seconds": seconds[1:], "first": seconds[0], "runs": len(seconds)}  # 0 warms up


def hot_loop(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Time calls in a loop that does nothing else, and the time until all of it is safe."""
    run = tracker.start(HOT, {})
    rows = [metrics_of(ask["metrics"], step) for step in range(1000)]
    log = tracker.log
    end = time.perf_counter() + ask["limit"]
    calls, began = 0, time.perf_counter()
    while calls < ask["steps"]:
        for row in rows[: ask["steps"] - calls]:
            log(run, row, calls)
            calls += 1
            if not calls % 50 and time.perf_counter() > end:
                break
        if time.perf_counter() > end:
            break
    logged = time.perf_counter() - began
    tracker.settle(run)
    durable = time.perf_counter() - began
    tracker.finish(run)
    return {"calls": calls, "logged": logged, "durable": durable}


def fill(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Make finished runs until there are enough or the time is over."""
    params, metrics = params_of(ask["params"]), metrics_of(ask["metrics"])
    began, count = time.perf_counter(), 0
    while count < ask["runs"]:
        tracker.fill(f"run {count}", params, metrics)
        count += 1
        if time.perf_counter() - began > ask["limit"]:
            break
    return {"runs": count, "seconds": time.perf_counter() - began}


def table(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Time reading all runs as a DataFrame, and compare it with what was logged."""
    import pandas as pd  # not a part of what is measured

    del pd
    frame, answer = _timed(tracker, tracker.table)
    wanted = {f"params.{key}": value for key, value in params_of(ask["params"]).items()}
    wanted |= {f"metrics.{key}": value for key, value in metrics_of(ask["metrics"]).items()}
    wrong = []
    if len(frame) != ask["runs"]:
        wrong.append(f"{len(frame)} of {ask['runs']} runs")
    missing = [key for key in wanted if key not in frame.columns]
    if missing:
        wrong.append(f"{len(missing)} of {len(wanted)} columns are missing")
    else:
        bad = [k for k, v in wanted.items() if not (frame[k].astype(float) == v).all()]
        wrong += [f"{len(bad)} columns hold other values"] if bad else []
    return answer | {"wrong": "; ".join(wrong)}


def fill_curve(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Log one long curve."""
    run = tracker.start(HOT, {})
    many = getattr(tracker, "log_many", None)
    began, step = time.perf_counter(), 0
    while step < ask["points"] and time.perf_counter() - began < ask["limit"]:
        steps = range(step, min(step + 1000, ask["points"]))
        if many is not None:
            many(run, LOSS, [(i, point(0, i)) for i in steps])
        else:
            for i in steps:
                tracker.log(run, {LOSS: point(0, i)}, i)
        step = steps.stop
    tracker.finish(run)
    return {"points": step}


def curve(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Time reading one curve, and compare it with what was logged."""
    (steps, values), answer = _timed(tracker, lambda: tracker.curve(HOT, LOSS))
    pairs = sorted(zip(map(int, steps), map(float, values), strict=True))
    right = pairs == [(i, point(0, i)) for i in range(ask["points"])]
    answer["wrong"] = "" if right else f"{len(pairs)} points, of {ask['points']} logged, or others"
    thinned = getattr(tracker, "thinned", None)
    if thinned is not None:
        kept, more = _timed(tracker, lambda: thinned(HOT, LOSS))
        answer |= {"thinned": more["seconds"], "kept": len(kept)}
    return answer


def until_killed(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Log until killed; a count in shared memory says for how many calls ``log`` returned."""
    rows = [metrics_of(ask["metrics"], step) for step in range(1000)]
    run = tracker.start(HOT, {})
    with Path(ask["counter"]).open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared:
        count = memoryview(shared).cast("Q")
        step = 0
        while True:
            tracker.log(run, rows[step % 1000], step)
            step += 1
            count[0] = step


def writer(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Be one of several processes that log to one store, from one moment on."""
    rows = [metrics_of(ask["metrics"], step) for step in range(1000)]
    _wait_for_start(store)
    end = time.perf_counter() + ask["limit"]
    began, calls, errors = time.monotonic(), 0, Counter[str]()
    try:
        run = tracker.start(ask["name"], {})
        for step in range(ask["steps"]):
            try:
                tracker.log(run, rows[step % 1000], step)
            except Exception as error:  # noqa: BLE001  # it is what is counted
                errors[_one_line(error)] += 1
                break
            calls += 1
            if not calls % 20 and time.perf_counter() > end:
                break
        tracker.finish(run)
    except Exception as error:  # noqa: BLE001  # it is what is counted
        errors[_one_line(error)] += 1
    return {"calls": calls, "began": began, "ended": time.monotonic(), "errors": dict(errors)}


def check(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Count what a store has of the points that ``log`` returned for.

    ``ask["calls"]`` is the acknowledged calls by run. More than that may be there: the call
    that a kill interrupted.
    """
    lost = doubled = other = stored = 0
    absent = []
    known = set(tracker.names())
    for name, calls in ask["calls"].items():
        points = tracker.read(name)[1] if name in known else {}
        if name not in known:
            absent.append(name)
        for metric in range(ask["metrics"]):
            pairs = [(int(s), float(v)) for s, v in points.get(f"m{metric}", [])]
            steps = Counter(step for step, _ in pairs)
            stored += len(pairs)
            lost += sum(1 for step in range(calls) if step not in steps)
            doubled += len(pairs) - len(steps)
            other += sum(1 for step, value in pairs if value != point(metric, step % 1000))
    return {"stored": stored, "lost": lost, "doubled": doubled, "other": other, "absent": absent}


def check_runs(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """Compare the finished runs of `life` with what they were given."""
    names = {f"life {i}" for i in range(ask["runs"])}
    found = tracker.names()
    wrong = [] if sorted(found) == sorted(names) else [f"{len(found)} of {len(names)} runs"]
    for name in sorted(names.intersection(found))[:20]:
        params, points = tracker.read(name)
        params = {key: float(value) for key, value in params.items()}
        if params != params_of(ask["params"]):
            wrong.append(f"{len(params)} params")
        wanted = {key: [(0, value)] for key, value in metrics_of(ask["metrics"]).items()}
        if {k: [(int(s), float(v)) for s, v in p] for k, p in points.items()} != wanted:
            wrong.append("other metrics")
    return {"wrong": "; ".join(dict.fromkeys(wrong))}


def serve_lives(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """For each name on stdin, live through a run and say when it began."""
    params, metrics = params_of(ask["params"]), metrics_of(ask["metrics"])
    for name in _lines():
        began = time.monotonic()
        run = tracker.start(name, params)
        tracker.log(run, metrics, 0)
        tracker.finish(run)
        _say({"began": began, "ended": time.monotonic()})
    return {}


def watch_lives(tracker: ModuleType, store: Path, ask: dict[str, Any]) -> dict[str, Any]:
    """For each name on stdin, look for the run again and again, and say when it is there."""
    wanted = metrics_of(ask["metrics"])
    look = getattr(tracker, "look", tracker.last)
    look("none")
    _say({})
    for name in _lines():
        end = time.monotonic() + ask["limit"]
        seen: float | None = None
        while seen is None and time.monotonic() < end:
            if look(name) == wanted:
                seen = time.monotonic()
            else:
                time.sleep(0.005)
        _say({"seen": seen})
    return {}


TASKS: dict[str, Callable[[ModuleType, Path, dict[str, Any]], dict[str, Any]]] = {
    task.__name__: task
    for task in (
        prepare,
        life,
        hot_loop,
        fill,
        table,
        fill_curve,
        curve,
        until_killed,
        writer,
        check,
        check_runs,
        serve_lives,
        watch_lives,
    )
}

_answers = sys.stdout


def main(tracker: ModuleType) -> None:
    """Do the task of the command line. What the tracker prints goes to stderr."""
    global _answers
    _answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    task, ask = sys.argv[1], json.loads(sys.argv[2])
    store = Path(ask["store"])
    try:
        reason = getattr(tracker, "NO", {}).get(task)
        if reason is not None:
            _say({"cannot": reason})
            return
        tracker.setup(store)
        _say(TASKS[task](tracker, store, ask))
    except Exception as error:  # noqa: BLE001  # the table says it
        traceback.print_exc()
        _say({"failed": _one_line(error)})


def _timed(tracker: ModuleType, read: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    """Read once, and again while that takes no more than two seconds in all.

    What is measured is a reader that has its libraries imported, as a notebook has; the first
    read, which also opens the store, is kept apart.
    """
    getattr(tracker, "warm", lambda: None)()
    began = time.perf_counter()
    found = read()
    first = time.perf_counter() - began
    seconds: list[float] = []
    while len(seconds) < 5 and sum(seconds) + first < 2:
        began = time.perf_counter()
        read()
        seconds.append(time.perf_counter() - began)
    return found, {"seconds": statistics.median(seconds or [first]), "first": first}


def _wait_for_start(store: Path) -> None:
    (store / f"ready-{os.getpid()}").touch()
    while not (store / "start").exists():
        time.sleep(0.002)


def _lines() -> Iterator[str]:
    for line in iter(sys.stdin.readline, ""):
        yield line.rstrip("\n")


def _one_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}"[:160]


def _say(answer: dict[str, Any]) -> None:
    _answers.write(json.dumps(answer) + "\n")
    _answers.flush()
