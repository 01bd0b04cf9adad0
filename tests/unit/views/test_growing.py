"""A curve that grows: bounded, true to its extremes, the same in whatever pieces it came."""

from __future__ import annotations

import base64
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celltrail.views.growing import GAP, GrowingCurve

PIECES = st.lists(st.lists(st.floats(width=32), max_size=30), max_size=12)


def grown(pieces: list[list[float]], parts: int = 8) -> GrowingCurve:
    curve = GrowingCurve(parts)
    at = 0
    for piece in pieces:
        curve.add(np.arange(at, at + len(piece)), np.array(piece, float))
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


@given(pieces=PIECES)
def test_no_extreme_is_lost_and_parts_are_bounded(pieces: list[list[float]]) -> None:
    curve = grown(pieces)
    finite = [value for piece in pieces for value in piece if math.isfinite(value)]
    x, y = curve.points()
    assert len(x) == len(y) <= 16
    assert (np.diff(x) >= 0).all()
    drawn = y[np.isfinite(y)]
    if finite:
        assert (drawn.min(), drawn.max()) == (min(finite), max(finite))
        assert (curve.low, curve.high) == (min(finite), max(finite))
    else:
        assert not len(drawn)
        assert curve.low is None


def test_half_as_many_parts_as_may_be_are_there_at_least() -> None:
    curve = GrowingCurve(parts=48)
    for step in range(5000):
        curve.add(np.array([step]), np.array([float(step)]))
        x, _y = curve.points()
        assert len(x) >= min(step + 1, 24)
    assert (curve.last, curve.last_step) == (4999.0, 4999)


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
