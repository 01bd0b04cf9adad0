"""Background merges let cells that follow one another have the interpreter."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from celltrail.store import idle, merger
from celltrail.store.merger import Merger


@pytest.fixture(autouse=True)
def no_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the cells of other tests."""
    monkeypatch.setattr(idle, "_running", False)
    monkeypatch.setattr(idle, "_last_end", None)


def test_it_is_idle_when_no_cell_runs_and_none_has_just_ended() -> None:
    assert idle.is_idle()
    idle.note_cells(running=True)
    assert not idle.is_idle()
    idle.note_cells(running=False)
    assert not idle.is_idle()
    deadline = time.monotonic() + 10
    while not idle.is_idle() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert idle.is_idle()


class _Store:
    """Notes when it is merged."""

    def __init__(self) -> None:
        self.access = self
        self.merged: list[bool] = []

    def age(self) -> float:
        return 100.0

    def merge(self, wait: float) -> bool:
        self.merged.append(idle.is_idle())
        return False


def test_a_merge_waits_for_a_pause_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _Store()
    background = Merger(store, interval=60.0)  # type: ignore[arg-type]
    idle.note_cells(running=True)
    background.start()
    try:
        background.wake()
        time.sleep(0.3)
        assert store.merged == []
        idle.note_cells(running=False)
        deadline = time.monotonic() + 20
        while not store.merged and time.monotonic() < deadline:
            time.sleep(0.01)
        assert store.merged == [True]
        monkeypatch.setattr(merger, "_PATIENCE", 0.2)
        idle.note_cells(running=True)
        background.wake()
        while len(store.merged) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert store.merged == [True, False]
    finally:
        idle.note_cells(running=False)
        background.stop()
