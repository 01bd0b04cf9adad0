from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spool_recorder import Recorder

from celltrail.store import CurveColumns, CurveQuery, Store, open_store

BASE = 1_760_000_000_000_000


def logged(path: Path, *curves: list[tuple[int, float]], merged: bool = True) -> tuple[Any, Any]:
    """Log runs with these points of «loss», one a millisecond; give the store and the ids."""
    recorder = Recorder(path)
    ids = []
    for points in curves:
        run = recorder.run(started=BASE)
        for i, (step, value) in enumerate(points):
            recorder.writer.append(run, BASE + 1000 * i, [("loss", step, value)])
        recorder.end(run)
        ids.append(run)
    store = open_store(path)
    if merged:
        store.merge()
    return store, ids


def points_of(found: CurveColumns, place: int = 0) -> list[tuple[int, float]]:
    mine = found.run == place
    return list(zip(found.step[mine].tolist(), found.value[mine].tolist(), strict=True))


@pytest.mark.parametrize("merged", [True, False])
def test_few_points_come_whole_merged_or_not(tmp_path: Path, merged: bool) -> None:
    curve = [(0, 1.0), (1, math.nan), (1, 2.0), (5, -math.inf)]
    store, ids = logged(tmp_path / "s.duckdb", curve, [(3, 1e300)], merged=merged)
    found = store.curves(ids, "loss")
    np.testing.assert_equal(points_of(found), curve)
    assert points_of(found, 1) == [(3, 1e300)]
    assert found.counts.tolist() == [4, 1]
    assert found.gaps.tolist() == [2, 0]


@pytest.mark.parametrize("merged", [True, False])
def test_a_spike_of_one_step_and_the_ends_survive(tmp_path: Path, merged: bool) -> None:
    curve = [(i, math.sin(i / 500)) for i in range(20_000)]
    curve[12_345] = (12_345, 99.5)
    store, ids = logged(tmp_path / "s.duckdb", curve, merged=merged)
    found = store.curves(ids, "loss", CurveQuery(buckets=100))
    points = points_of(found)
    assert len(points) <= 2 * 100 + 2
    assert (12_345, 99.5) in points
    assert points[0] == curve[0]
    assert points[-1] == curve[-1]
    assert set(points) <= set(curve)


def test_a_range_has_its_own_points_and_one_beside_it_on_each_side(tmp_path: Path) -> None:
    curve = [(i, float(i % 7)) for i in range(5_000)]
    store, ids = logged(tmp_path / "s.duckdb", curve)
    found = store.curves(ids, "loss", CurveQuery(between=(1000, 1050), buckets=50))
    assert points_of(found) == curve[999:1052]
    assert found.counts.tolist() == [51]


def test_the_line_into_a_hole_leaves_from_the_last_point(tmp_path: Path) -> None:
    left = [(i, 0.0 if i == 40 else 1.0 + i / 1000) for i in range(990)]
    right = [(9_000 + i, 5.0) for i in range(1000)]
    store, ids = logged(tmp_path / "s.duckdb", left + right)
    points = points_of(store.curves(ids, "loss", CurveQuery(buckets=10)))
    assert left[-1] in points
    assert right[0] in points


def test_time_counts_from_the_start_of_the_run(tmp_path: Path) -> None:
    store, ids = logged(tmp_path / "s.duckdb", [(5, 1.0), (4, 2.0)])
    assert store.curves(ids, "loss", CurveQuery(x="time")).x.tolist() == [0, 1000]
    assert store.curves(ids, "loss", CurveQuery(x="wall")).x.tolist() == [BASE, BASE + 1000]
    assert store.curves(ids, "loss").x.tolist() == [4, 5]


def test_logarithmic_axes_leave_out_what_they_cannot_show(tmp_path: Path) -> None:
    curve = [(i, float(i % 5 - 1)) for i in range(4000)]
    store, ids = logged(tmp_path / "s.duckdb", curve)
    found = store.curves(ids, "loss", CurveQuery(log_x=True, log_y=True, buckets=50))
    assert found.x.min() == 1
    assert found.counts.tolist() == [3999]
    assert found.gaps.tolist() == [sum(v <= 0 for _, v in curve[1:])]
    assert found.step.tolist()[:2] == [1, 2], "on such an axis the first steps are far apart"
    assert found.value[found.value > 0].min() == 1


def test_what_is_not_there_has_no_points(tmp_path: Path) -> None:
    nothing = Store(tmp_path / "none.duckdb").curves(["01J"], "loss")
    assert (len(nothing), nothing.counts.tolist()) == (0, [0])
    store, ids = logged(tmp_path / "s.duckdb", [(0, 1.0)])
    assert store.curves([*ids, "no such run"], "loss").counts.tolist() == [1, 0]
    assert len(store.curves(ids, "other")) == 0
    assert len(store.curves([], "loss")) == 0
    assert len(store.curves(ids, "loss", CurveQuery(between=(7, 9)))) == 1


def test_the_runs_come_in_the_order_in_which_they_are_asked_for(tmp_path: Path) -> None:
    store, ids = logged(tmp_path / "s.duckdb", [(0, 1.0)], [(0, 2.0)], [(0, 3.0)])
    assert store.curves(ids[::-1], "loss").value.tolist() == [3.0, 2.0, 1.0]


def test_many_runs_are_read_in_several_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("celltrail.store.curves._SLICE", 150)
    curves = [[(i, float(run)) for i in range(100)] for run in range(4)]
    store, ids = logged(tmp_path / "s.duckdb", *curves)
    assert points_of(store.curves(ids, "loss"), 3) == curves[3]
    assert len(store.curves(ids, "loss", CurveQuery(buckets=10))) <= 4 * 22


@settings(max_examples=30)
@given(
    values=st.lists(st.floats(width=32), min_size=30, max_size=120),
    steps=st.lists(st.integers(-(2**40), 2**40), min_size=120, max_size=120),
    buckets=st.integers(1, 12),
)
def test_the_extremes_of_each_part_are_those_of_all_points(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], steps: list[int], buckets: int
) -> None:
    curve = sorted(zip(steps, values, strict=False), key=lambda point: point[0])
    store, ids = logged(tmp_path_factory.mktemp("s") / "s.duckdb", curve)
    found = store.curves(ids, "loss", CurveQuery(buckets=buckets))
    low, high = curve[0][0], curve[-1][0]
    whole = len(curve) <= 2 * buckets

    def parts(points: list[tuple[int, float]]) -> dict[int, list[float]]:
        made: dict[int, list[float]] = {}
        for step, value in points:
            span = float(high) - float(low) or 1.0
            place = min(buckets - 1, math.floor((float(step) - float(low)) / span * buckets))
            made.setdefault(place, []).append(value)
        return made

    kept, every = parts(points_of(found)), parts(curve)
    assert kept.keys() == every.keys()
    for place, all_values in every.items():
        finite = [v for v in all_values if math.isfinite(v)]
        left = [v for v in kept[place] if math.isfinite(v)]
        if finite:
            assert (min(left), max(left)) == (min(finite), max(finite))
        assert (len(finite) < len(all_values)) == (len(left) < len(kept[place]))
        assert whole or len(kept[place]) <= 5


@pytest.mark.parametrize("merged", [True, False])
def test_each_run_is_cut_by_its_own_range(tmp_path: Path, merged: bool) -> None:
    """A short run beside a long one keeps its form, which parts of the whole range would lose."""
    short = [(i, math.sin(i / 40)) for i in range(1_000)]
    short[321] = (321, -7.5)
    long = [(i * 1_000, float(i % 13)) for i in range(2_000)]
    store, ids = logged(tmp_path / "s.duckdb", short, long, [(5, 1.0)] * 300, merged=merged)
    together = store.curves(ids, "loss", CurveQuery(buckets=50))
    assert len(points_of(together)) < 10
    apart = store.curves(ids, "loss", CurveQuery(buckets=50, each=True))
    points = points_of(apart)
    assert 90 <= len(points) <= 102
    assert (321, -7.5) in points
    assert set(points) <= set(short)
    assert (points[0], points[-1]) == (short[0], short[-1])
    assert {value for _, value in points_of(apart, 1)} >= {0.0, 12.0}
    assert set(points_of(apart, 2)) == {(5, 1.0)}
    assert apart.counts.tolist() == [1_000, 2_000, 300]


def test_metrics_with_more_than_one_point_are_known(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "s.duckdb")
    first, second = recorder.run(started=BASE), recorder.run(started=BASE)
    for step in range(3):
        recorder.writer.append(first, BASE + step, [("loss", step, 1.0)])
    recorder.writer.append(first, BASE, [("once", 0, 1.0)])
    recorder.writer.append(second, BASE, [("loss", 0, 1.0), ("once", 0, math.nan)])
    recorder.end(first)
    store = open_store(tmp_path / "s.duckdb")
    assert store.stepped_metrics([first, second]) == ["loss"]
    assert store.stepped_metrics([second]) == []
    assert store.stepped_metrics([]) == []
    assert open_store(tmp_path / "none.duckdb").stepped_metrics([first]) == []
