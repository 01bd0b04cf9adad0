from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from spool_recorder import Recorder

from celltrail.store import Merger, open_store
from celltrail.store.notices import take_deferred


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


def test_a_store_that_cannot_be_written_is_said_once_and_not_by_the_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(tmp_path / "s.duckdb")
    store.path.write_bytes(b"no database")
    Recorder(store.path).run()
    tries = threading.Semaphore(0)
    real = store.merge
    monkeypatch.setattr(store, "merge", lambda **kw: (tries.release(), real(**kw)))
    merger = Merger(store, interval=0.01)
    merger.start()
    for _ in range(3):
        assert tries.acquire(timeout=60)
    merger.stop()
    (said,) = take_deferred()
    assert "cannot be read as a celltrail store" in said
    assert capsys.readouterr() == ("", "")
