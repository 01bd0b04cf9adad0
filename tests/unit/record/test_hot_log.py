"""The short way of `log`, for floats under texts, is in every odd case like the long one."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import sys
import threading
from itertools import count
from types import FrameType

import pytest

import celltrail as ct
from celltrail.record import session


def points(run: object, metric: str) -> list[tuple[int, float]]:
    """Give the steps and values of a metric."""
    history = ct.run(run).history(metric)  # type: ignore[arg-type]
    return list(zip(history["step"].tolist(), history["value"].tolist(), strict=True))


def test_mixed_calls_count_as_calls_of_one_kind_would() -> None:
    random.seed(1)
    expected: dict[str, list[tuple[int, float]]] = {"a": [], "b": [], "c": []}
    following = dict.fromkeys(expected, 0)
    with ct.track() as run:
        for n in range(400):
            keys = random.sample(sorted(expected), random.randint(1, 3))
            step = random.choice([None, None, n, -n])
            values = {key: random.choice([float(n), n]) for key in keys}
            if random.random() < 0.5:
                run.log(values, step=step)
            else:
                run.log(**values, step=step)
            for key in keys:
                at = following[key] if step is None else step
                expected[key].append((at, float(n)))
                following[key] = at + 1
    for key, values_logged in expected.items():
        assert sorted(points(run, key)) == sorted(values_logged)


def test_floats_come_back_as_they_were() -> None:
    odd = {"nan": math.nan, "inf": math.inf, "minus": -math.inf, "zero": -0.0, "tiny": 5e-324}
    with ct.track() as run:
        run.log(odd, step=-(2**63))
        run.log({"last": 0.5}, step=2**63 - 1)
        run.log({"last": 1.5})
        run.log({})
    found = {name: points(run, name)[0][1] for name in odd}
    assert json.dumps(found) == json.dumps(odd)
    assert points(run, "last") == [(2**63 - 1, 0.5), (2**63 - 1, 1.5)]


def test_a_call_whose_keys_were_logged_before_is_one_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ct.track(params={f"p{i}": i for i in range(10)}, tags=["a", "b"]) as run:
        run.log(loss=0.5, acc=0.5)
        sizes: list[int] = []
        real = os.write
        caller = threading.get_ident()

        def write(fd: int, data: bytes) -> int:
            # The environment and git are described on a thread of their own.
            if threading.get_ident() == caller:
                sizes.append(len(data))
            return real(fd, data)

        monkeypatch.setattr(os, "write", write)
        run.log(loss=0.5, acc=0.5)
        run.log({"loss": 0.5, "acc": 0.5}, step=7)
        monkeypatch.undo()
    assert sizes == [64, 64]


def test_many_sets_of_keys_are_not_remembered_for_ever() -> None:
    with ct.track() as run:
        for n in range(1000):
            run.log({f"m{n}": 0.5, f"m{n + 1}": 0.5})
    assert len(run._points._plain) <= 256
    assert [step for step, _ in points(run, "m500")] == [0, 1]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
def test_a_signal_handler_that_logs_within_log_loses_and_mixes_nothing() -> None:
    handled, n = count(), 0
    inner: list[float] = []

    with ct.track() as run:

        def handler(signum: int, frame: FrameType | None) -> None:
            mine = float(next(handled))  # one handler may interrupt another
            run.log({"loss": -1.0, "inner": mine})
            run.log({f"new {mine % 50}": 0.5})
            inner.append(mine)

        before = signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        try:
            while len(inner) < 300:
                run.log({"loss": 1.0, "outer": float(n)})
                n += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    found = points(run, "inner")
    assert [step for step, _ in found] == list(range(len(inner)))
    assert sorted(value for _, value in found) == sorted(inner)
    assert points(run, "outer") == [(step, float(step)) for step in range(n)]
    loss = points(run, "loss")
    assert [step for step, _ in loss] == list(range(n + len(inner)))
    assert sum(value for _, value in loss) == n - len(inner)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
def test_an_interrupt_anywhere_in_log_leaves_everything_in_order() -> None:
    returned: list[int] = []
    with ct.track() as run:

        def interrupt(signum: int, frame: FrameType | None) -> None:
            if frame is not None and "celltrail" in frame.f_code.co_filename:
                raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        interrupts = n = 0
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
            while interrupts < 200:
                n += 1
                try:
                    run.log({"x": float(n), f"y{n % 7}": float(n)}, step=n)
                    returned.append(n)
                except KeyboardInterrupt:
                    interrupts += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        run.log(x=0.5)
    found = dict(points(run, "x"))
    assert all(found[step] == step for step in returned)
    assert 0.5 in (found.get(n), found.get(n + 1)), "after the last step that was given"
    for i in range(7):
        assert all(step == value and step % 7 == i for step, value in points(run, f"y{i}"))


def test_threads_that_count_one_metric_never_count_a_step_twice() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ct.track() as run:
            threads = [
                threading.Thread(target=lambda: [run.log(x=0.5, y=0.5) for _ in range(500)])
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert [step for step, _ in points(run, "x")] == list(range(2000))
    assert [step for step, _ in points(run, "y")] == list(range(2000))


@pytest.mark.parametrize("segment", [200, 4 << 20])
def test_segments_that_change_under_a_hot_loop_lose_nothing(
    monkeypatch: pytest.MonkeyPatch, segment: int
) -> None:
    from celltrail.store import writer

    monkeypatch.setattr(writer, "_SEGMENT_SIZE", segment)
    with ct.track() as run:
        for step in range(100):
            run.log({"x": float(step), "y": 0.5}, step=step)
    assert points(run, "x") == [(step, float(step)) for step in range(100)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_goes_on_with_the_parents_steps_in_files_of_its_own() -> None:
    with ct.track() as run:
        run.log(x=0.5)
        child = os.fork()
        if child == 0:
            run.log(x=1.5)
            os._exit(0 if len(session._sessions) == 1 else 1)
        assert os.waitpid(child, 0)[1] == 0
        run.log(x=2.5)
    assert sorted(points(run, "x")) == [(0, 0.5), (1, 1.5), (1, 2.5)]
