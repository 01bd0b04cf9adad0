"""Short turns of Python's threads, while something of ours is going on and no longer."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import celltrail as ct
from celltrail.store import Store, access, open_store
from celltrail.store import turns as turns_module
from celltrail.store.merger import Merger
from celltrail.store.ticker import Ticker
from celltrail.store.turns import short_turns

USUAL = 0.004


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(USUAL)
    yield
    sys.setswitchinterval(before)


def test_they_end_with_the_last_block() -> None:
    with pytest.raises(ZeroDivisionError), short_turns():
        with short_turns():
            assert sys.getswitchinterval() < USUAL / 4
        assert sys.getswitchinterval() < USUAL / 4
        1 / 0  # noqa: B018
    assert sys.getswitchinterval() == USUAL


def test_of_several_threads_the_last_one_ends_them() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with short_turns():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with short_turns():
        thread.start()
        inside.wait(60)
    assert sys.getswitchinterval() < USUAL
    leave.set()
    thread.join()
    assert sys.getswitchinterval() == USUAL


def test_what_the_user_sets_meanwhile_stays() -> None:
    with short_turns():
        sys.setswitchinterval(0.02)
    assert sys.getswitchinterval() == 0.02


def test_who_puts_back_what_was_short_for_a_moment_does_not_make_it_stay() -> None:
    with short_turns():
        found = sys.getswitchinterval()
        sys.setswitchinterval(0.01)
    sys.setswitchinterval(found)
    with short_turns():
        pass
    assert sys.getswitchinterval() == USUAL


def test_turns_that_are_shorter_already_stay() -> None:
    sys.setswitchinterval(1e-5)
    short = sys.getswitchinterval()
    with short_turns():
        assert sys.getswitchinterval() == short
    assert sys.getswitchinterval() == short


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_the_usual_ones() -> None:
    with short_turns():
        pid = os.fork()
        if pid == 0:
            os._exit(0 if sys.getswitchinterval() == USUAL else 1)
        _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_merging_and_looking_in_the_background_have_them(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, float] = {}
    real = access.merge_spool

    def merge(layout: object) -> object:
        seen[threading.current_thread().name] = sys.getswitchinterval()
        return real(layout)  # type: ignore[arg-type]

    monkeypatch.setattr(access, "merge_spool", merge)
    with ct.track() as run:
        run.log(loss=1.0)
    store: Store = open_store(store_path)
    run = ct.start()
    run.log(loss=1.0)
    merger = Merger(store, interval=0.01)
    merger.start()
    ticker = Ticker("a-ticker", lambda: seen.update(ticker=sys.getswitchinterval()))
    assert ticker.start()
    deadline = time.monotonic() + 60
    while not ("celltrail-merge" in seen and "ticker" in seen):
        merger.wake()
        assert time.monotonic() < deadline, seen
        time.sleep(0.01)
    merger.stop()
    ticker.stop()
    run.finish()
    assert max(seen["celltrail-merge"], seen["ticker"]) < USUAL / 4
    while sys.getswitchinterval() != USUAL:  # the session's own thread may be merging
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_logs_lets_go_first_what_has_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    now = [100.0]
    monkeypatch.setattr(turns_module.time, "sleep", naps.append)
    monkeypatch.setattr(turns_module.time, "perf_counter", lambda: now[0])
    turns_module.give_way()
    with short_turns():
        turns_module.give_way()
        assert naps == [], "it has not waited yet"
        now[0] += 0.05
        for _ in range(100):
            turns_module.give_way()
        assert len(naps) == 1
        now[0] += 0.002
        turns_module.give_way()
        assert len(naps) == 2
        assert sum(naps) < 0.001
    now[0] += 1.0
    turns_module.give_way()
    assert len(naps) == 2


def test_a_merge_comes_to_its_end_beside_a_loop_that_logs_all_the_time(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[str] = []
    real = access.merge_spool

    def merge(layout: object) -> object:
        outcome = real(layout)  # type: ignore[arg-type]
        ends.append(threading.current_thread().name)
        return outcome

    monkeypatch.setattr(access, "merge_spool", merge)
    with ct.track() as run:
        run.log(loss=1.0)
        assert open_store(store_path).merge()
        merger = Merger(open_store(store_path), interval=0.01)
        merger.start()
        deadline = time.monotonic() + 60
        number = 0.0
        while "celltrail-merge" not in ends:
            for _ in range(4000):  # some 40 µs in which nobody else has a turn
                number += 0.5
            run.log(loss=number)
            assert time.monotonic() < deadline
        merger.stop()
