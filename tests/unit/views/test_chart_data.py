from __future__ import annotations

import datetime as dt
import gzip
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packed_data import unpacked

from celltrail.views.chart_data import pack_frames


def there_and_back(**columns: Any) -> dict[str, list[Any]]:
    packed = pack_frames({"d": pd.DataFrame(columns)})
    head = json.loads(json.dumps(packed.heads))["d"]
    return unpacked(head, packed.data)


@given(st.lists(st.floats() | st.integers(-(2**53), 2**53).map(float)))
def test_numbers_come_back_to_the_last_bit(values: list[float]) -> None:
    expected = [value if math.isfinite(value) else None for value in values]
    assert there_and_back(a=np.array(values, np.float64))["a"] == expected


@given(st.lists(st.none() | st.text()))
def test_any_text_comes_back(values: list[str | None]) -> None:
    found = there_and_back(a=pd.Series(values, dtype=object))["a"]
    assert found == [None if v is None else v.encode("utf-8", "replace").decode() for v in values]


@pytest.mark.parametrize("name", ["__proto__", "a.b", "", "\u202eabc", "x" * 400])
def test_a_column_may_have_any_name(name: str) -> None:
    assert there_and_back(**{name: [1, 2]}) == {name: [1, 2]}


def test_other_types_come_as_altair_writes_them() -> None:
    day = pd.Timestamp("2026-03-01 12:00")
    found = there_and_back(
        flag=[True, False],
        maybe=pd.array([1, None], dtype="Int64"),
        zoned=pd.Series([day.tz_localize("UTC"), pd.NaT]),
        naive=pd.Series([day, day]),
        mixed=pd.Series([1, "x"], dtype=object),
        kind=pd.Categorical(["a", "b"]),
    )
    assert found["flag"] == [True, False]
    assert found["maybe"] == [1, None]
    milliseconds = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC).timestamp() * 1000
    assert found["zoned"] == [milliseconds, None]
    assert found["naive"][0].startswith("2026-03-01T12:00:00")
    assert found["mixed"] == [1, "x"]
    assert found["kind"] == ["a", "b"]


def test_whole_numbers_and_few_decimals_are_small() -> None:
    steps = np.arange(0, 10_000_000, 100)
    packed = pack_frames({"d": pd.DataFrame({"step": steps, "time": np.round(steps * 1e-4, 6)})})
    assert len(packed.data) < len(steps) / 10
    assert pack_frames({"d": pd.DataFrame({"step": steps})}).data[4:8] == bytes(4)


def test_no_rows_are_no_bytes() -> None:
    packed = pack_frames({"d": pd.DataFrame({"a": [], "b": pd.Series([], dtype=object)})})
    assert gzip.decompress(packed.data) == b""
    assert packed.heads["d"]["rows"] == 0
