"""The data of a chart as its page reads them: what js/src/chart_data.ts does, in numpy."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import numpy as np

from celltrail.views import Chart


def unpacked(head: dict[str, Any], data: bytes) -> dict[str, list[Any]]:
    """Give the columns of one data set."""
    raw = np.frombuffer(gzip.decompress(data), np.uint8)
    return {column["name"]: _values(column, head["rows"], raw) for column in head["columns"]}


def datasets_of(chart: Chart) -> dict[str, dict[str, list[Any]]]:
    """Give all data of a chart, by name."""
    heads = json.loads(chart._spec)["datasets"]
    return {name: unpacked(head, chart._data) for name, head in heads.items()}


def data_of(chart: Chart) -> dict[str, list[Any]]:
    """Give the data of a chart that has one data set."""
    (data,) = datasets_of(chart).values()
    return data


def _values(column: dict[str, Any], rows: int, raw: np.ndarray) -> list[Any]:
    if column["kind"] == "json":
        return list(column["values"])
    at = column["at"]
    if column["kind"] == "bool":
        return [bool(value) for value in raw[at : at + rows]]
    size = 4 if column["kind"] == "delta" else 8
    planes = np.ascontiguousarray(raw[at : at + size * rows].reshape(size, rows).T)
    numbers: list[Any]
    if column["kind"] == "delta":
        steps = planes.view("<i4").ravel().astype(np.int64)
        numbers = [(column["first"] + s) / column["scale"] for s in np.cumsum(steps).tolist()]
    else:
        floats = planes.view("<f8").ravel().tolist()
        numbers = [value if math.isfinite(value) else None for value in floats]
    texts = column.get("texts")
    return numbers if texts is None else [texts[int(code)] for code in numbers]
