from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celltrail.views.format import (
    escape,
    format_as,
    format_duration,
    format_number,
    format_time,
    format_value,
    plural,
    shorten,
)

CASES = json.loads(
    (Path(__file__).resolve().parents[3] / "js/test/format_cases.json").read_text("utf-8")
)


@pytest.mark.parametrize(("value", "decimals", "text"), CASES["numbers"])
def test_numbers_are_written_as_in_the_browser(
    value: float | str, decimals: int | None, text: str
) -> None:
    assert format_number(float(value), decimals=decimals) == text


@pytest.mark.parametrize(("value", "spec", "text"), CASES["formats"])
def test_numbers_are_written_as_asked_for_as_in_the_browser(
    value: float | str, spec: str, text: str
) -> None:
    assert format_as(float(value), spec) == text


@given(st.integers(-(2**70), 2**70))
def test_integers_lose_no_digit_in_a_format(value: int) -> None:
    text = format_as(value, "d")
    assert int(text.replace("\N{MINUS SIGN}", "-").replace(",", "")) == value


@pytest.mark.parametrize(("value", "text"), CASES["integers"])
def test_integers_are_written_as_in_the_browser(value: str, text: str) -> None:
    assert format_number(int(value)) == text


@pytest.mark.parametrize(("seconds", "text"), CASES["durations"])
def test_durations_are_written_as_in_the_browser(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


# Five digits of the very greatest floats round up to what a float cannot hold.
@given(st.floats(-1e308, 1e308) | st.sampled_from([float("nan"), float("inf"), -float("inf")]))
def test_any_float_is_written_shortly_and_close_to_what_it_is(value: float) -> None:
    text = format_number(value)
    assert len(text) <= 12
    plain = text.replace(",", "").replace("\N{MINUS SIGN}", "-").replace("\N{INFINITY}", "inf")
    assert float(plain) == pytest.approx(value, rel=1e-4, nan_ok=True)


def test_a_duration_that_is_not_known_is_empty() -> None:
    assert format_duration(float("nan")) == ""


def test_times_are_local_and_name_their_zone() -> None:
    moment = dt.datetime(2026, 3, 2, 9, 30, 5).astimezone()
    assert format_time(moment) == "2 Mar 09:30"
    micros = int(moment.timestamp() * 1e6)
    assert format_time(micros, full=True).startswith("2026-03-02 09:30:05 ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (None, "None"),
        (0.1, "0.1"),
        ("relu", "relu"),
        ("two\nlines", "two lines"),
        ([1, "größe"], '[1, "größe"]'),
        ({"a": {"b": 1}}, '{"a": {"b": 1}}'),
    ],
)
def test_params_are_written_on_one_line(value: object, text: str) -> None:
    assert format_value(value) == text


def test_long_texts_are_cut_with_a_sign() -> None:
    assert shorten("a" * 60, 10) == "a" * 9 + "\N{HORIZONTAL ELLIPSIS}"
    assert shorten(" " * 10**6 + "b", 10).endswith("\N{HORIZONTAL ELLIPSIS}")


def test_counts_have_their_noun() -> None:
    assert [plural(0, "run"), plural(1, "run"), plural(5000, "run")] == [
        "0 runs",
        "1 run",
        "5,000 runs",
    ]


@given(st.text())
def test_what_is_escaped_is_safe_and_can_be_sent(text: str) -> None:
    safe = escape(text)
    assert not set("<>\"'") & set(safe)
    safe.encode("utf-8")


def test_a_lone_surrogate_is_replaced() -> None:
    assert escape("a\ud800\x00b") == "a?\N{REPLACEMENT CHARACTER}b"
