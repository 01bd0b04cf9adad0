"""Short turns of Python's threads, while something of ours is going on and no longer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import celltrail as ct
from celltrail.store import access, open_store
from celltrail.store import merger as merger_module
from celltrail.store import ticker as ticker_module
from celltrail.store import turns as turns_module
from celltrail.store.merger import Merger
from celltrail.store.ticker import Ticker
from celltrail.store.turns import _Turns

USUAL = 0.004


class Interpreter:
    """How long turns are: of our own, since threads of other tests have the real one shorter."""

    def __init__(self) -> None:
        self.turn = USUAL
        self.turns = _Turns(lambda: self.turn, lambda turn: setattr(self, "turn", turn))


@pytest.fixture
def python() -> Interpreter:
    return Interpreter()


def test_they_end_with_the_last_block(python: Interpreter) -> None:
    python.turns.begin()
    python.turns.begin()
    assert python.turn < USUAL / 4
    python.turns.end()
    assert python.turn < USUAL / 4
    python.turns.end()
    assert python.turn == USUAL


def test_what_the_user_sets_meanwhile_stays(python: Interpreter) -> None:
    python.turns.begin()
    python.turn = 0.02
    python.turns.end()
    assert python.turn == 0.02


def test_who_puts_back_what_was_short_for_a_moment_does_not_make_it_stay(
    python: Interpreter,
) -> None:
    python.turns.begin()
    found = python.turn
    python.turn = 0.01
    python.turns.end()
    python.turn = found
    python.turns.begin()
    python.turns.end()
    assert python.turn == USUAL


def test_turns_that_are_shorter_already_stay(python: Interpreter) -> None:
    python.turn = 1e-5
    python.turns.begin()
    assert python.turn == 1e-5
    python.turns.end()
    assert python.turn == 1e-5


def test_a_forked_child_has_the_usual_ones(python: Interpreter) -> None:
    python.turns.begin()
    python.turns.forget()
    assert python.turn == USUAL
    assert python.turns.since is None
    python.turns.begin()
    python.turns.end()
    assert python.turn == USUAL


def test_who_logs_lets_go_first_what_has_waited_for_long(
    python: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    now = [100.0]

    class Clock:
        sleep = staticmethod(naps.append)
        perf_counter = staticmethod(lambda: now[0])

    monkeypatch.setattr(turns_module, "time", Clock)
    python.turns.give_way()
    python.turns.begin()
    python.turns.give_way()
    assert naps == [], "it has not waited yet"
    now[0] += 0.05
    for _ in range(100):
        python.turns.give_way()
    assert len(naps) == 1
    now[0] += 0.002
    python.turns.give_way()
    assert len(naps) == 2
    assert sum(naps) < 0.001
    python.turns.end()
    now[0] += 1.0
    python.turns.give_way()
    assert len(naps) == 2


def test_merging_and_looking_in_the_background_have_them(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = threading.local()
    seen: set[str] = set()

    @contextmanager
    def noted() -> Iterator[None]:
        inside.turns = True
        yield
        inside.turns = False

    def note(name: str) -> None:
        if getattr(inside, "turns", False):
            seen.add(name)

    real = access.merge_spool

    def merge(layout: object) -> object:
        note(threading.current_thread().name)
        return real(layout)  # type: ignore[arg-type]

    monkeypatch.setattr(merger_module, "short_turns", noted)
    monkeypatch.setattr(ticker_module, "short_turns", noted)
    monkeypatch.setattr(access, "merge_spool", merge)
    with ct.track() as run:
        run.log(loss=1.0)
        merger = Merger(open_store(store_path), interval=0.01)
        merger.start()
        ticker = Ticker("a-ticker", lambda: note("a ticker"))
        assert ticker.start()
        deadline = time.monotonic() + 60
        while seen != {"celltrail-merge", "a ticker"}:
            run.log(loss=1.0)
            merger.wake()
            assert time.monotonic() < deadline, seen
            time.sleep(0.01)
        merger.stop()
        ticker.stop()


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
            for _ in range(1_500):  # some 40 us in which nobody else has a turn
                number += 0.5
            run.log(loss=number)
            assert time.monotonic() < deadline
        merger.stop()
