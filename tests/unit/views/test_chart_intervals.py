from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celltrail.errors import OptionError
from celltrail.views.charts.intervals import interval, t_quantile


@given(st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]), st.integers(1, 200))
def test_the_quantile_is_scipy_s(confidence: float, degrees: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.t.ppf((1 + confidence) / 2, degrees)
    assert t_quantile(confidence, degrees) == pytest.approx(expected, rel=1e-9)


def test_a_t_interval_holds_the_mean_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    samples = random.normal(5, 2, (2_000, 5))
    ends = [interval(sample, "t", 0.9) for sample in samples]
    held = np.mean([low <= 5 <= high for low, high in filter(None, ends)])
    assert 0.88 < held < 0.92


def test_a_bootstrap_interval_is_the_same_each_time() -> None:
    values = np.random.default_rng(0).normal(size=50)
    first, second = (interval(values, "bootstrap", 0.95) for _ in range(2))
    assert first == second
    t = interval(values, "t", 0.95)
    assert first == pytest.approx(t, abs=0.03)


def test_one_value_has_no_interval_and_huge_ones_have() -> None:
    assert interval(np.array([1.0]), "t", 0.95) is None
    assert interval(np.zeros(0), "sd", 0.95) is None
    assert interval(np.array([3.0, 3.0]), "t", 0.95) == (3, 3)
    for kind in ("t", "sd", "bootstrap"):
        low, high = interval(np.array([1e300, 1.1e300, 1.05e300]), kind, 0.5)  # type: ignore
        assert 1e299 < low < high < 2e300
    assert interval(np.array([4.0, 1.0]), "range", 0.95) == (1, 4)


@pytest.mark.parametrize("confidence", [0, 1, -1, float("nan")])
def test_a_confidence_that_is_none_is_said_to_be_wrong(confidence: float) -> None:
    with pytest.raises(OptionError, match="between 0 and 1"):
        interval(np.array([1.0, 2.0]), "t", confidence)
