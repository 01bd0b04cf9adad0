from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from celltrail.views.downsample import downsample


@given(st.lists(st.floats(), max_size=400), st.integers(5, 100))
def test_few_points_are_kept_in_order_with_ends_and_extremes(
    values: list[float], limit: int
) -> None:
    y = np.array(values, dtype=np.float64)
    kept = downsample(np.arange(len(y), dtype=np.float64), y, limit)
    assert len(kept) <= limit
    assert (np.diff(kept) > 0).all()
    if len(y):
        assert kept[0] == 0
        assert kept[-1] == len(y) - 1
    finite = y[np.isfinite(y)]
    if len(finite):
        assert finite.min() in y[kept]
        assert finite.max() in y[kept]
    assert bool((~np.isfinite(y)).any()) == bool((~np.isfinite(y[kept])).any())


def test_a_single_spike_among_100_000_points_survives() -> None:
    y = np.zeros(100_000)
    y[54_321] = 1
    kept = downsample(np.arange(100_000.0), y, 1000)
    assert 54_321 in kept
    assert len(kept) <= 1000


def test_few_points_are_all_kept() -> None:
    assert downsample(np.arange(3.0), np.array([1, 1, 1.0]), 5).tolist() == [0, 1, 2]
