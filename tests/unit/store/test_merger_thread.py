from __future__ import annotations

import threading
import time
import warnings
from pathlib import Path

import pytest
from spool_recorder import Recorder

from celltrail.errors import CelltrailWarning
from celltrail.store import Merger, open_store


def test_what_is_logged_reaches_the_store_by_itself(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    store = open_store(tmp_path / "s.duckdb")
    recorder = Recorder(store.path)
    merger = Merger(store, interval=0.01)
    merger.start()
    merger.start()
    assert [t.name for t in set(threading.enumerate()) - before] == ["celltrail-merge"]
    recorder.run()
    deadline = time.monotonic() + 60
    while (store.pending() or not store.path.exists()) and time.monotonic() < deadline:
        merger.wake()
        time.sleep(0.005)
    assert not store.pending()
    merger.stop()
    merger.stop()
    assert set(threading.enumerate()) <= before


def test_a_store_that_cannot_be_written_warns_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path / "s.duckdb")
    store.path.write_bytes(b"no database")
    Recorder(store.path).run()
    said: list[str] = []
    tries = threading.Semaphore(0)
    monkeypatch.setattr(warnings, "warn", lambda message, *_, **__: said.append(str(message)))
    real = store.merge
    monkeypatch.setattr(store, "merge", lambda **kw: (tries.release(), real(**kw)))
    merger = Merger(store, interval=0.01)
    merger.start()
    for _ in range(3):
        assert tries.acquire(timeout=60)
    merger.stop()
    assert len(said) == 1
    assert "cannot be read as a celltrail store" in said[0]
    assert issubclass(CelltrailWarning, UserWarning)
