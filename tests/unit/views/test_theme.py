"""Colours that read on white and on black, and by those who confuse red and green."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from celltrail.views.theme import PALETTE, RAMP, run_color, run_colors

#: What the commonest colour blindnesses make of linear RGB (Machado and others, 2009).
SEEN = {
    "all": np.eye(3),
    "no green": np.array(
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    ),
    "no red": np.array(
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    ),
    "no blue": np.array(
        [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    ),
}


def linear(color: str) -> npt.NDArray[np.float64]:
    parts = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    made: npt.NDArray[np.float64] = np.where(
        parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4
    )
    return made


def contrast(color: str, other: str) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted(float(linear(one) @ weights) for one in (color, other))
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give a place where distances are as they are seen (Ottosson, 2020)."""
    cones = np.array([[0.412, 0.536, 0.051], [0.212, 0.681, 0.107], [0.088, 0.282, 0.630]])
    axes = np.array([[0.210, 0.794, -0.004], [1.978, -2.429, 0.451], [0.026, 0.783, -0.809]])
    return np.asarray(axes @ np.cbrt(np.clip(cones @ rgb, 0, None)))


@pytest.mark.parametrize("page", ["#ffffff", "#111111", "#212121"])
def test_a_scale_reads_on_white_and_on_dark(page: str) -> None:
    assert min(contrast(color, page) for color in RAMP) >= 3


@pytest.mark.parametrize("eyes", SEEN)
def test_a_scale_goes_one_way_for_all_eyes(eyes: str) -> None:
    places = [oklab(SEEN[eyes] @ linear(color)) for color in RAMP]
    from_start = [float(np.linalg.norm(place - places[0])) for place in places]
    assert from_start == sorted(from_start)
    assert from_start[-1] > 0.3
    steps = [float(np.linalg.norm(b - a)) for a, b in itertools.pairwise(places)]
    assert min(steps) > 0.02


def test_many_runs_have_one_colour() -> None:
    few = [(number, "digits") for number in range(1, 28)]
    assert run_colors(few) == [run_color(*one) for one in few]
    assert len(set(run_colors(few))) == 27
    assert set(run_colors([*few, (None, "x")])) == {PALETTE[0]}
    assert run_colors([]) == []
