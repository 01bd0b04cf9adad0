"""Tables keep their types: dtypes, index, labels, NaN and None, and those of other libraries."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal

import celltrail as ct
from celltrail.errors import ArtifactError
from celltrail.query.frames import read_frame
from celltrail.record.content.frames import write_frame

NAN = float("nan")
DAY = dt.date(2020, 1, 31)
TIMES = pd.DatetimeIndex(["2020-01-01", "NaT", "1960-02-29 12:34:56.123456789"])
COLUMNS: dict[str, Any] = {
    "float64": [1.5, NAN, -0.0],
    "infinite": [np.inf, -np.inf, 5e-324],
    "float32": np.array([1.5, NAN, 3], "f4"),
    "float16": np.array([1.5, NAN, 3], "f2"),
    "int64": [-(2**63), 2**63 - 1, 0],
    "uint64": np.array([2**64 - 1, 0, 1], "u8"),
    "int8": np.array([-128, 127, 0], "i1"),
    "bool": [True, False, True],
    "texts": ["ü😀\0", "", None],
    "objects of texts, None": pd.Series(["a", None, ""], dtype=object),
    "objects of texts, NaN": pd.Series(["a", NAN, ""], dtype=object),
    "string": pd.array(["a", None, "c"], dtype="string"),
    "Int64": pd.array([2**62 + 1, None, -1], dtype="Int64"),
    "UInt8": pd.array([255, None, 0], dtype="UInt8"),
    "Float64": pd.array([1.5, None, 0.1], dtype="Float64"),
    "boolean": pd.array([True, None, False], dtype="boolean"),
    "times of nanoseconds": TIMES.as_unit("ns"),
    "times of seconds": TIMES.as_unit("s"),
    "times of Berlin": TIMES.as_unit("us").tz_localize("Europe/Berlin"),
    "times of an offset": TIMES.tz_localize(dt.timezone(dt.timedelta(hours=5, minutes=30))),
    "durations": pd.to_timedelta([1, None, -3], unit="s"),
    "categories": pd.Categorical(["x", None, "y"], categories=["y", "x", "z"], ordered=True),
    "categories of numbers": pd.Categorical([1.5, 2.5, 1.5]),
    "dates": pd.Series([DAY, None, dt.date.min], dtype=object),
    "decimals": pd.Series([decimal.Decimal("1.10"), None, decimal.Decimal("1e30")], dtype=object),
    "bytes": pd.Series([b"\xff", b"", None], dtype=object),
    "mixed": pd.Series([1, "x", None], dtype=object),
    "lists": pd.Series([[1, [2.5]], [], {"a": None}], dtype=object),
    "bools and None": pd.Series([True, None, False], dtype=object),
    "nothing": pd.Series([None, None, None], dtype=object),
    "intervals": pd.arrays.IntervalArray.from_tuples([(0, 1), None, (1, 2.5)], closed="left"),
    "bins": pd.cut([1, NAN, 3], [0, 2, 4]),
    "months": pd.PeriodIndex(["2020-01", None, "1850-12"], freq="M"),
    "weeks": pd.PeriodIndex(["2020-01-05", None, "2021-01-01"], freq="W-SUN"),
    "two months": pd.PeriodIndex(["2020-01", "2020-05", "2020-02"], freq="2M"),
    "sparse": pd.arrays.SparseArray([NAN, 1.0, 2.0]),
    "sparse of ones": pd.arrays.SparseArray([1, 1, 2], fill_value=1),
    "complex": np.array([1 + 2j, complex(-0.0, NAN), complex(np.inf, -0.0)]),
    "complex64": np.array([0.1, 1j, 0], "c8"),
    "categories of times": pd.Categorical(pd.DatetimeIndex(["2020-01-01", None, "2020-01-02"])),
    "categories of dates": pd.Categorical([DAY, None, DAY]),
    "categories of periods": pd.Categorical(pd.period_range("2020", periods=3, freq="D")),
}


def come_back(frame: pd.DataFrame) -> None:
    assert_frame_equal(read_frame(write_frame(frame)), frame, check_freq=False)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_comes_back_with_its_type(name: str) -> None:
    frame = pd.DataFrame({name: COLUMNS[name]})
    come_back(frame)
    come_back(frame.iloc[:0])
    read = read_frame(write_frame(frame))
    for a, b in zip(read[name], frame[name], strict=True):
        assert type(a) is type(b)
        assert a is b or repr(a) == repr(b)


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(5, 11, 2, name="n"),
        pd.Index(["a", "b", "c"], name="key"),
        pd.Index([1.5, NAN, 0]),
        pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-03"], tz="UTC", name="day"),
        pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a")], names=["n", None]),
        pd.CategoricalIndex(["a", "b", "a"]),
        pd.period_range("2020", periods=3, freq="Q-JAN", name="quarter"),
        pd.interval_range(0, 3, closed="both", name="interval"),
        pd.CategoricalIndex(pd.cut([1, 2, 3], 2)),
    ],
    ids=[
        "range",
        "texts",
        "floats",
        "times",
        "levels",
        "categories",
        "periods",
        "intervals",
        "bins",
    ],
)
def test_an_index_comes_back(index: pd.Index[Any]) -> None:
    come_back(pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]}, index=index))
    series = pd.Series([1.5, 2.5, NAN], index=index, name="s")
    assert_series_equal(read_frame(write_frame(series)), series, check_freq=False)


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "a"],
        [0, 1],
        [None, "x"],
        ["ü\0", "\ud800"],
        pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["k", "l"]),
        pd.Index(["a", "b"], name="columns"),
        pd.DatetimeIndex(["2020-01-01", "2020-01-02"], tz="Europe/Berlin", name="day"),
        pd.to_timedelta([1, 2], unit="s"),
        [DAY, dt.date.min],
        pd.MultiIndex.from_product([["a"], pd.DatetimeIndex(["2020", "2021"])], names=["k", None]),
        pd.CategoricalIndex(["a", "b"]),
        pd.interval_range(0, 2, name="interval"),
        pd.period_range("2020", periods=2, freq="Y"),
        pd.Index([True, False]),
        pd.Index([1, 2], dtype="int8"),
    ],
    ids=[
        "twice",
        "numbers",
        "none",
        "odd",
        "levels",
        "named",
        "times",
        "durations",
        "dates",
        "levels of times",
        "categories",
        "intervals",
        "periods",
        "bools",
        "small",
    ],
)
def test_labels_come_back(labels: Any) -> None:
    frame = pd.DataFrame([[1, 2.5]])
    frame.columns = pd.Index(labels)
    come_back(frame)
    series = frame.iloc[:, 0]
    assert_series_equal(read_frame(write_frame(series)), series)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame(index=range(3)),
        pd.DataFrame({"a": []}),
        pd.DataFrame({"": [1]}),
    ],
    ids=["nothing", "no columns", "no rows", "no name"],
)
def test_empty_frames_come_back(frame: pd.DataFrame) -> None:
    come_back(frame)


def test_what_has_no_form_of_its_own_becomes_its_text() -> None:
    many = pd.interval_range(0, 10_001)
    frame = pd.DataFrame(
        {
            "moment": pd.Series([pd.Timestamp("2020-01-31")] * len(many), dtype=object),
            "interval": many,
            "half": "\ud800",
        }
    )
    read = read_frame(write_frame(frame))
    assert read.iloc[0].tolist() == [
        "Timestamp('2020-01-31 00:00:00')",
        "Interval(0, 1, closed='right')",
        "\ud800",
    ]


def test_a_frame_that_is_logged_comes_back_through_the_store() -> None:
    frame = pd.DataFrame(COLUMNS)
    with ct.track() as run:
        run.log_artifact(frame, "frame", step=1)
        run.log_artifact(pd.concat([frame] * 7_000), "large")
        run.log_artifact(frame["int64"])
        run.log_artifact(frame[["int64", "texts"]], "frame.csv")
    assert run.warnings == []
    read = ct.run(run)
    assert [a.kind for a in read.artifacts] == ["table"] * 4
    assert_frame_equal(read.artifact("frame").load(), frame)
    assert len(read.artifact("large").load()) == 21_000
    assert_series_equal(read.artifact("table.arrows").load(), frame["int64"])
    assert read.artifact("frame.csv").text().splitlines()[0] == ",int64,texts"


def test_parquet_of_pandas_without_pyarrow_says_what_to_do(monkeypatch: Any) -> None:
    import sys

    for module in ("pyarrow", "fastparquet"):
        monkeypatch.setitem(sys.modules, module, None)
    with ct.track() as run, pytest.warns(ct.CelltrailWarning, match="Parquet needs pyarrow"):
        run.log_artifact(pd.DataFrame({"a": [1]}), "frame.parquet")


def test_a_frame_of_polars_comes_back_as_one_of_pandas() -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(
        {
            "int": [1, None],
            "float": [NAN, None],
            "text": ["ü", None],
            "flag": [True, None],
            "list": [[1], [2, 3]],
            "day": [DAY, None],
            "time": [dt.datetime(2020, 1, 1), None],
            "zoned": pl.Series([dt.datetime(2020, 7, 1, tzinfo=dt.UTC), None]),
            "category": pl.Series(["a", "b"], dtype=pl.Categorical),
            "decimal": [decimal.Decimal("1.5"), None],
        }
    )
    with ct.track() as run:
        run.log_artifact(frame, "frame")
        run.log_artifact(frame["int"], "column")
        run.log_artifact(frame, "frame.parquet")
        run.log_artifact(frame.select("int"), "frame.csv")
    assert run.warnings == []
    stored = ct.run(run)
    read = stored.artifact("frame").load()
    assert {name: str(kind) for name, kind in read.dtypes.items()} == {
        "int": "Int64",
        "float": "Float64",
        "text": "string",
        "flag": "boolean",
        "list": "object",
        "day": "object",
        "time": "datetime64[us]",
        "zoned": "datetime64[us, UTC]",
        "category": "string",
        "decimal": "object",
    }
    assert read["int"].tolist() == [1, pd.NA]
    assert read["float"].isna().tolist() == [False, True]  # NaN and missing are two things
    assert read["list"].tolist() == [[1], [2, 3]]
    assert read["day"].tolist() == [DAY, None]
    assert stored.artifact("column").load()["int"].tolist() == [1, pd.NA]
    assert stored.artifact("frame.csv").load()["int"].tolist()[0] == 1
    # Without celltrail, any Arrow library reads it.
    assert pl.read_ipc_stream(stored.artifact("frame").bytes()).equals(frame, null_equal=True)
    assert pl.read_parquet(stored.artifact("frame.parquet").bytes()).height == 2


def test_other_libraries_read_a_frame_of_pandas() -> None:
    pl = pytest.importorskip("polars")
    known = {k: v for k, v in COLUMNS.items() if k != "times of an offset"}  # it has no such zones
    read = pl.read_ipc_stream(write_frame(pd.DataFrame(known)))
    assert read["Int64"].to_list() == [2**62 + 1, None, -1]
    assert read["times of Berlin"].dtype == pl.Datetime("us", "Europe/Berlin")
    assert read["dates"].to_list() == [DAY, None, dt.date.min]


def test_whatever_speaks_arrow_can_be_stored() -> None:
    import nanoarrow as na

    batch = na.c_array_from_buffers(
        na.struct({"a": na.int32()}),
        2,
        [None],
        children=[na.c_array([1, None], na.int32())],
    )
    with ct.track() as run:
        run.log_artifact(na.ArrayStream(batch), "stream")
    assert run.warnings == []
    assert ct.run(run).artifact("stream").load()["a"].tolist() == [1, pd.NA]


def test_what_is_no_table_is_said() -> None:
    for data in (b"", b"ARROW1", write_frame(pd.DataFrame(COLUMNS))[:900]):
        with pytest.raises(ArtifactError, match="the table cannot be read here"):
            read_frame(data)
