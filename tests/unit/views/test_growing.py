"""A curve that grows: bounded, true to its extremes, the same in whatever pieces it came."""

from __future__ import annotations

import base64
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celltrail.views.growing import GAP, GrowingCurve, Points

PIECES = st.lists(st.lists(st.floats(width=32), max_size=30), max_size=12)


def grown(pieces: list[list[float]], parts: int = 8) -> GrowingCurve:
    curve = GrowingCurve(parts)
    at = 0
    for piece in pieces:
        steps = np.arange(at, at + len(piece))
        curve.add(Points(steps, steps, steps, np.array(piece, float)))
        at += len(piece)
    return curve


@given(pieces=PIECES)
def test_it_is_the_same_in_whatever_pieces_it_came(pieces: list[list[float]]) -> None:
    together = [value for piece in pieces for value in piece]
    one, many = grown([together]), grown(pieces)
    for a, b in zip(one.points(), many.points(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.count == many.count == len(together)
    assert (one.low, one.high) == (many.low, many.high)


@given(
    pieces=st.lists(
        st.lists(st.tuples(st.integers(-40, 300), st.floats(width=32)), max_size=30), max_size=12
    ),
    log_y=st.booleans(),
)
def test_of_each_part_the_ends_of_all_points_are_drawn(
    pieces: list[list[tuple[int, float]]], log_y: bool
) -> None:
    curve = GrowingCurve(8, log_y=log_y)
    at = 0
    for piece in pieces:
        step = np.array([step for step, _ in piece], np.int64)
        time = np.arange(at, at + len(piece))
        curve.add(Points(step, step, time, np.array([value for _, value in piece], float)))
        at += len(piece)
    every = [(step, value) for piece in pieces for step, value in piece]
    points = curve.points()
    drawn = list(zip(points.step.tolist(), points.value.tolist(), strict=True))
    assert (np.diff(points.x) >= 0).all()
    assert curve.count == len(every)

    def good(value: float) -> bool:
        return math.isfinite(value) and (value > 0 or not log_y)

    assert curve.gaps == sum(not good(value) for _, value in every)
    if len(every) <= 16:
        assert sorted(map(repr, drawn)) == sorted(map(repr, every))
        return
    shift = curve._shift
    assert len({step >> shift for step, _ in every}) <= 8
    assert len(drawn) <= 5 * 8
    for part in {step >> shift for step, _ in every}:
        inside = [value for step, value in every if step >> shift == part]
        shown = [value for step, value in drawn if step >> shift == part]
        for ends in (min, max):
            assert ends(filter(good, shown), default=None) == ends(
                filter(good, inside), default=None
            )
        assert all(map(good, inside)) == all(map(good, shown))


@given(pieces=PIECES)
def test_no_extreme_is_lost(pieces: list[list[float]]) -> None:
    curve = grown(pieces)
    finite = [value for piece in pieces for value in piece if math.isfinite(value)]
    value = curve.points().value
    drawn = value[np.isfinite(value)]
    if finite:
        assert (drawn.min(), drawn.max()) == (min(finite), max(finite))
        assert (curve.low, curve.high) == (min(finite), max(finite))
    else:
        assert not len(drawn)
        assert curve.low is None


def test_half_as_many_parts_as_may_be_are_there_at_least() -> None:
    curve = GrowingCurve(parts=48)
    for step in range(5000):
        at = np.array([step])
        curve.add(Points(at, at, at, np.array([float(step)])))
        points = curve.points()
        assert min(step + 1, 2 * 24) <= len(points.x) <= 2 * 48 + 2
        assert (points.x[0], points.x[-1]) == (0, step)
    assert (curve.last, curve.last_step) == (4999.0, 4999)


def test_what_is_kept_of_it_is_bounded_also_where_steps_lie_far_apart() -> None:
    curve = GrowingCurve(parts=16)
    for step in (0, 1, 2**62, -(2**62), *range(1_000), *range(10**6, 10**6 + 500)):
        at = np.array([step])
        curve.add(Points(at, at, at, np.array([math.nan if step % 7 == 0 else step / 3])))
    assert len(curve._kept.x) <= 5 * 16
    assert curve.points().x[[0, -1]].tolist() == [-(2**62), 2**62]


def test_what_travels_says_where_points_stand() -> None:
    curve = grown([[0.0, 1.0, math.nan, 4.0]])
    drawn = curve.drawn()
    assert list(base64.b64decode(drawn["x"])) == [0, 85, 170, 255]
    assert list(base64.b64decode(drawn["y"])) == [0, 64, GAP, 254]
    assert (drawn["from"], drawn["to"], drawn["low"], drawn["high"]) == (0, 3, 0.0, 4.0)


@pytest.mark.parametrize("values", [[], [1.0], [math.nan, math.inf]])
def test_what_is_no_curve_is_not_drawn(values: list[float]) -> None:
    assert grown([values]).drawn() == {}


def test_the_whole_range_of_floats_and_a_level_line() -> None:
    wide = grown([[-1.7e308, 0.0, 1.7e308]]).drawn()
    assert list(base64.b64decode(wide["y"])) == [0, 127, 254]
    level = grown([[2.0, 2.0]]).drawn()
    assert list(base64.b64decode(level["y"])) == [127, 127]
