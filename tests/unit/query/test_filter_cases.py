"""The cases of filters and orderings that the twin in the browser passes too."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from celltrail.errors import FilterError, UnknownNameError
from celltrail.query.evaluate import matches, order_by
from celltrail.query.filters import parse_filter, parse_order
from celltrail.query.table import Column, RunTable

CASES = json.loads(
    (Path(__file__).resolve().parents[3] / "js" / "test" / "filter_cases.json").read_text("utf-8")
)
DTYPES: dict[str, Any] = {
    "number": np.float64,
    "duration": np.float64,
    "integer": np.int64,
    "time": np.int64,
    "bool": np.bool_,
}
ROWS = 6


def _column(name: str, kind: Any, values: list[Any]) -> Column:
    missing = np.array([value is None for value in values])
    if kind in DTYPES:
        special = {"NaN": math.nan, "Infinity": math.inf, None: 0}
        found = [
            special.get(value, value) if value is None or kind == "number" else value
            for value in values
        ]
        return Column(name, kind, np.array(found, DTYPES[kind]), missing)
    made = np.empty(len(values), object)
    made[:] = values
    return Column(name, kind, made, missing)


def _table() -> RunTable:
    columns = [_column(c["name"], c["kind"], c["values"]) for c in CASES["columns"]]
    return RunTable([f"id{i}" for i in range(ROWS)], {c.name: c for c in columns})


@pytest.mark.parametrize(("where", "rows"), CASES["filters"])
def test_filters(where: str, rows: list[int]) -> None:
    found = matches(parse_filter(where), _table(), where)
    assert np.flatnonzero(found).tolist() == rows


@pytest.mark.parametrize(("where", "problem", "position"), CASES["problems"])
def test_what_cannot_be_asked(where: str, problem: str, position: int | None) -> None:
    with pytest.raises((FilterError, UnknownNameError)) as caught:
        matches(parse_filter(where), _table(), where)
    assert str(caught.value).startswith(problem)
    assert getattr(caught.value, "position", None) == position


@pytest.mark.parametrize(("ordering", "rows"), CASES["orders"])
def test_orders(ordering: str, rows: list[int]) -> None:
    found = order_by(_table(), parse_order(ordering), np.arange(ROWS))
    assert found.tolist() == rows
