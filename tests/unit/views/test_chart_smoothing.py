from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celltrail.errors import OptionError
from celltrail.views.smoothing import require_smooth, smoothed


def by_the_formula(x: list[float], y: list[float], smooth: float) -> list[float]:
    weight = min(math.sqrt(smooth), 0.999)
    span = x[-1] - x[0]
    place = [(at - x[0]) / span * 1000 if span else 0.0 for at in x]
    out = []
    for i, value in enumerate(y):
        if not math.isfinite(value):
            out.append(math.nan)
            continue
        pairs = [
            (weight ** (place[i] - place[j]), y[j]) for j in range(i + 1) if math.isfinite(y[j])
        ]
        out.append(sum(w * v for w, v in pairs) / sum(w for w, _ in pairs))
    return out


@given(
    x=st.lists(st.integers(0, 10_000), min_size=2, max_size=40).map(sorted),
    y=st.lists(st.floats(-100, 100) | st.just(math.nan), min_size=40, max_size=40),
    smooth=st.sampled_from([0.1, 0.6, 0.9, 0.99, 0.9999]),
)
def test_it_is_what_its_formula_says(x: list[int], y: list[float], smooth: float) -> None:
    values = y[: len(x)]
    expected = by_the_formula([float(at) for at in x], values, smooth)
    found = smoothed(np.array(x, float), np.array(values), smooth)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_gaps_stay_gaps_and_a_constant_stays_what_it_is() -> None:
    y = np.array([5.0, math.nan, 5.0, math.inf, 5.0])
    found = smoothed(np.arange(5.0), y, 0.8)
    np.testing.assert_array_equal(np.isnan(found), ~np.isfinite(y))
    np.testing.assert_allclose(found[np.isfinite(found)], 5.0)


def test_nothing_overflows_and_nothing_is_nothing() -> None:
    found = smoothed(np.arange(3.0), np.array([1e308, 1.7e308, -1.7e308]), 0.9)
    assert np.isfinite(found).all()
    assert len(smoothed(np.zeros(0), np.zeros(0), 0.9)) == 0
    assert np.isnan(smoothed(np.zeros(2), np.full(2, np.nan), 0.9)).all()
    assert smoothed(np.zeros(2), np.array([1.0, 3.0]), 0.9).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("smooth", [1, -0.1, math.nan, math.inf])
def test_a_weight_that_is_none_is_said_to_be_wrong(smooth: float) -> None:
    with pytest.raises(OptionError, match="from 0"):
        require_smooth(smooth)
