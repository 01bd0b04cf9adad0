"""What is logged becomes plain numbers and plain values."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from celltrail.record.values import flatten, to_number, to_param, to_step


class Color(enum.Enum):
    RED = "red"


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError

    def __float__(self) -> float:
        raise RuntimeError


@dataclasses.dataclass
class Optimizer:
    lr: float = 0.1
    betas: tuple[float, float] = (0.9, 0.99)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1.5, 1.5),
        (True, 1),
        (2**63 - 1, 2**63 - 1),
        (np.float32(0.5), 0.5),
        (np.int8(3), 3),
        (np.array([2.5]), 2.5),
        ("0.5", None),
        (b"1", None),
        (None, None),
        (1j, None),
        (np.array([1, 2]), None),
        (Broken(), None),
        ([], None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_numbers_of_all_kinds_are_metrics_and_nothing_else_is(value: Any, number: Any) -> None:
    found = to_number(value)
    assert found == number
    assert type(found) is type(number)


def test_integers_beyond_64_bits_become_floats() -> None:
    assert [to_number(n) for n in (2**63, 10**400, -(10**400))] == [2.0**63, math.inf, -math.inf]


def test_nan_is_a_number() -> None:
    assert math.isnan(to_number(float("nan")) or 0)
    assert math.isnan(to_number(np.float64("nan")) or 0)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (3, 3),
        (3.0, 3),
        (np.int64(4), 4),
        (0.5, None),
        (math.nan, None),
        (math.inf, None),
        ("3", None),
    ],
)
def test_steps_are_whole_numbers(step: Any, expected: int | None) -> None:
    assert to_step(step) == expected


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Color.RED, "red"),
        (Path("a") / "b", "a/b"),
        ((1, 2), [1, 2]),
        ({"b", "a"}, ["a", "b"]),
        ({1: {"x": None}}, {"1": {"x": None}}),
        (np.float64(0.5), 0.5),
        (np.dtype("float32"), "dtype('float32')"),
        (int, "builtins.int"),
        (Broken(), "<Broken: no repr>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_params_become_plain_values(value: Any, plain: Any) -> None:
    assert to_param(value) == plain


def test_a_mapping_that_contains_itself_ends_somewhere() -> None:
    endless: dict[str, Any] = {}
    endless["self"] = endless
    assert "…" in str(to_param(endless))
    assert len(list(flatten(endless))) == 1


def test_nested_params_get_dotted_names() -> None:
    params = {"opt": Optimizer(), "data": argparse.Namespace(seed=3), "empty": {}}
    assert dict(flatten(params)) == {
        "opt.lr": 0.1,
        "opt.betas": (0.9, 0.99),
        "data.seed": 3,
        "empty": {},
    }


def test_what_is_no_mapping_is_refused_with_its_type() -> None:
    with pytest.raises(TypeError, match="not list"):
        list(flatten([1]))
