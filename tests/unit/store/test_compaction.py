"""A finished run's points lie together, and are the same points as before."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder

from celltrail.store import compact, open_store
from celltrail.store.store import Store


@pytest.fixture(autouse=True)
def _small_slabs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few points be many, so that each kind of slab is cut."""
    monkeypatch.setattr(compact, "_SLAB", 40)
    monkeypatch.setattr(compact, "_NOTE", compact._NOTE.replace(str(compact._SMALL), "20"))


def record(path: Path, merges: int = 5) -> tuple[Recorder, Store, list[str]]:
    """Record two runs beside each other in several merges; the metric x is longer than a slab."""
    recorder, store = Recorder(path), open_store(path)
    runs = [recorder.run("a"), recorder.run("b")]
    for merge in range(merges):
        for step in range(20):
            for n, run in enumerate(runs):
                place = merge * 20 + (19 - step)
                recorder.log(run, place, x=place + n / 2, y=place, z=float("nan"))
        store.merge()
    return recorder, store, runs


def stored(path: Path) -> list[tuple[object, ...]]:
    """Read all points in the order in which they lie."""
    with duckdb.connect(path, read_only=True) as con:
        return con.execute(
            "SELECT run, key, step, time, value::VARCHAR, exact FROM metrics"
        ).fetchall()


def test_a_finished_runs_points_lie_in_order_and_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    recorder, store, runs = record(path)
    before = stored(path)
    for run in runs:
        recorder.writer.event("run_end", run=run, status="finished", ended=1)
    store.merge()
    while store.access.compact():
        pass
    after = stored(path)
    assert after == sorted(before, key=lambda point: point[:4])
    assert after != before
    with duckdb.connect(path, read_only=True) as con:
        assert con.execute("SELECT count(*) FROM scattered").fetchall() == [(0,)]
    assert store.history(runs, "x").step.tolist() == list(range(100)) * 2


def test_a_run_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    _, store, _ = record(path)
    before = stored(path)
    assert not store.access.compact()
    assert stored(path) == before


def test_a_small_run_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    recorder, store = Recorder(path), open_store(path)
    run = recorder.run()
    for step in range(3):
        recorder.log(run, step, x=1.0)
        store.merge()
    recorder.writer.event("run_end", run=run, status="finished", ended=1)
    store.merge()
    assert not store.access.compact()
    with duckdb.connect(path, read_only=True) as con:
        assert con.execute("SELECT count(*) FROM scattered").fetchall() == [(0,)]


def test_points_that_come_between_two_slabs_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.duckdb"
    recorder, store, runs = record(path)
    recorder.writer.event("run_end", run=runs[0], status="finished", ended=1)
    store.merge()
    late = iter(range(1000, 2000))

    def log_then_compact(*args: object, **options: object) -> None:
        recorder.log(runs[0], next(late), x=-1.0)
        compact.compact_slab(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("celltrail.store.access.compact_slab", log_then_compact)
    while store.access.compact():
        pass
    steps = store.history([runs[0]], "x").step.tolist()
    assert steps == [*range(100), *range(1000, next(late))]


def test_a_run_that_somebody_compacts_is_chosen_by_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    recorder, store, runs = record(path)
    recorder.writer.event("run_end", run=runs[0], status="finished", ended=1)
    store.merge()
    with store.access.writing() as con:
        assert {slab.run for slab in compact.claim(con)} == {1}
        assert compact.claim(con) == []
