"""Whatever the public functions accept comes back equal, or as their documentation says."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st

import celltrail as ct
from celltrail.capture.redact import MARK
from celltrail.record.values import flatten

INT64 = st.integers(-(2**63), 2**63 - 1)
EDGES = st.sampled_from(
    [0, -0.0, math.nan, math.inf, -math.inf, 2**53 + 1, -(2**63), 2**63 - 1, 5e-324, 1.8e308]
)
FLOATS = st.floats(allow_nan=True, allow_infinity=True)
LONG = st.sampled_from(["", "x" * 100_000, "é\x00\u2028\U0001f600" * 20_000, "'; DROP TABLE runs"])
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60) | LONG
SCALARS = st.none() | st.booleans() | st.integers() | FLOATS | EDGES | TEXTS
LISTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)
SECRET = "sk-" + "a" * 24


def bits(value: Any) -> Any:
    """Make values comparable by ``==``: NaN is itself, -0.0 is not 0.0, 1 is not 1.0 nor True."""
    if isinstance(value, float):
        return "float", "nan" if math.isnan(value) else struct.pack("<d", value)
    if isinstance(value, list):
        return [bits(each) for each in value]
    if isinstance(value, dict):
        return {key: bits(each) for key, each in value.items()}
    return type(value), value


@examples(15)
@given(params=st.dictionaries(TEXTS, LISTS, max_size=6))
@example(params={"": "", "a.b": 2**53 + 1, "größe": -(2**63), "n": 2**200, "m": -(10**400)})
@example(params={"api_key": "hunter2", "text": f"use {SECRET} here"})
def test_params_come_back_as_they_were_logged(params: dict[str, Any]) -> None:
    with ct.track("params") as run:
        run.log_params(params)
    stored = ct.run(run).params
    expected = dict(flatten(params))  # nested mappings have dotted names
    assert stored.keys() == expected.keys()
    for key, value in expected.items():
        if MARK in str(stored[key]) and MARK not in str(value):
            continue  # a secret, by its name or its shape
        assert bits(stored[key]) == bits(value), key


def as_metric(value: float) -> float:
    """Say what a number is as a metric: an integer beyond 64 bits is a float."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return value


@examples(15)
@given(
    metrics=st.dictionaries(
        TEXTS, st.booleans() | INT64 | st.integers() | FLOATS | EDGES, max_size=8
    ),
    step=st.none() | INT64,
)
@example(metrics={"big": 10**400, "small": -(10**400), "true": True}, step=-(2**63))
def test_metrics_come_back_as_they_were_logged(metrics: dict[str, float], step: int | None) -> None:
    with ct.track("metrics") as run:
        run.log(metrics, step=step)
    stored = ct.run(run)
    assert stored.metrics.keys() == metrics.keys()
    for key, value in metrics.items():
        number = as_metric(value)
        last = stored.metrics[key]
        # The sign of a summary's zero is not kept; that of the point is.
        assert bits(last or abs(last)) == bits(number or abs(number))
        history = stored.history(key)
        assert history["step"].tolist() == [0 if step is None else step]
        (point,) = history["value"].tolist()
        assert bits(point) == bits(float(number))


@examples(10)
@example(calls=[("a", 0.0, 2**63 - 2), ("a", 0.0, None), ("a", 0.0, None), ("a", 1, None)])
@given(
    calls=st.lists(
        st.tuples(st.sampled_from(["a", "b", "größe"]), FLOATS | INT64, st.none() | INT64),
        max_size=30,
    )
)
def test_every_point_comes_back_once_with_its_step(
    calls: list[tuple[str, float, int | None]],
) -> None:
    expected: dict[str, list[tuple[int, Any]]] = {}
    following: dict[str, int] = {}
    with ct.track("points") as run:
        for key, value, step in calls:
            run.log({key: value}, step=step)
            place = following.get(key, 0) if step is None else step
            following[key] = min(place + 1, 2**63 - 1)
            expected.setdefault(key, []).append((place, bits(float(value))))
    stored = ct.run(run)
    for key, points in expected.items():
        history = stored.history(key)
        back = [(s, bits(v)) for s, v in zip(history["step"], history["value"], strict=True)]
        assert back == sorted(points, key=lambda point: point[0])


@examples(10)
@given(name=TEXTS, note=TEXTS, tags=st.lists(TEXTS, max_size=4))
def test_names_notes_and_tags_come_back(name: str, note: str, tags: list[str]) -> None:
    with ct.track(name, note=note, tags=tags, experiment="texts") as run:
        pass
    stored = ct.run(run)
    assert (stored.name, stored.note, stored.tags) == (name, note, sorted(set(tags)))


@examples(5)
@given(value=st.integers(), scalar=st.floats(width=32))
def test_numbers_of_numpy_are_numbers(value: int, scalar: float) -> None:
    with ct.track("numpy") as run:
        run.log({"single": np.float32(scalar), "array": np.array([scalar])})
        run.log_params({"n": np.int64(value % 2**62), "x": np.float32(scalar), "b": np.bool_(True)})
    stored = ct.run(run)
    assert bits(stored.history("single")["value"].tolist()) == [bits(float(np.float32(scalar)))]
    assert bits(stored.params["n"]) == bits(value % 2**62)
    assert bits(stored.params["x"]) == bits(float(np.float32(scalar)))
    assert stored.params["b"] is True
