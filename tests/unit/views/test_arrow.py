from __future__ import annotations

import math

import nanoarrow as na
import numpy as np
from view_fakes import column, many_runs

from celltrail.views.arrow import columns_to_arrow
from celltrail.views.columns import ShownColumn, shown_table


def back(*columns: object) -> dict[str, list[object]]:
    data = columns_to_arrow([ShownColumn(c, c.name, "") for c in columns], 3)  # type: ignore[attr-defined, arg-type]
    array = na.ArrayStream.from_readable(data.data).read_all()
    rows = array.to_pylist()
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_every_kind_comes_back() -> None:
    columns = back(
        column("n", "number", [0.5, None, -math.inf]),
        column("i", "integer", [2**63 - 1, None, -(2**63)]),
        column("b", "bool", [True, False, None]),
        column("t", "text", ["größe", "", None]),
        column("w", "time", [1_772_443_805_250_000, 0, None]),
        column("j", "json", [[1, "a"], {"b": None}, None]),
    )
    assert columns["c0"] == [0.5, None, -math.inf]
    assert columns["c1"] == [2**63 - 1, None, -(2**63)]
    assert columns["c2"] == [1, 0, None]
    assert columns["c3"] == ["größe", "", None]
    assert columns["c4"] == [1_772_443_805_250_000, 0, None]
    assert columns["c5"] == ['[1, "a"]', '{"b": null}', None]


def test_a_tag_with_a_comma_stays_one() -> None:
    assert back(column("tags", "json", [["a, b", "c"], None, ["d"]]))["c0"] == [
        "a, b\x1fc",
        None,
        "d",
    ]


def test_nan_is_not_missing() -> None:
    (value, missing, _) = back(column("n", "number", [math.nan, None, 1.0]))["c0"]
    assert isinstance(value, float)
    assert math.isnan(value)
    assert missing is None


def test_a_text_of_megabytes_is_cut() -> None:
    shown = ShownColumn(column("t", "text", ["x" * 10**6]), "t", "")
    packed = columns_to_arrow([shown], 1)
    assert len(packed.data) < 2000
    assert packed.cut == [True]


def test_it_says_which_columns_are_cut() -> None:
    columns = [
        column("a", "text", ["x" * 400, None]),
        column("b", "text", [None, "x" * 401]),
        column("c", "json", [["y" * 401], 1]),
        column("d", "json", ["y" * 401, 1]),
        column("tags", "json", [["z" * 300, "z" * 300], None]),
        column("n", "number", [1.0, None]),
    ]
    packed = columns_to_arrow([ShownColumn(c, c.name, "") for c in columns], 2)
    assert packed.cut == [False, True, True, True, False, False]


def test_5000_runs_are_a_small_message() -> None:
    shown = shown_table(many_runs(5000).table())
    assert len(columns_to_arrow(shown.columns, 5000).data) < 1_000_000


def test_no_columns_and_no_rows_are_written_too() -> None:
    assert columns_to_arrow([], 0).data
    nothing = ShownColumn(column("t", "text", np.zeros(0, object)), "t", "")
    assert columns_to_arrow([nothing], 0).data
