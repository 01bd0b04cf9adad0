"""Runs out of the store: filters, orderings, the best, the DataFrame, histories, SQL."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

import celltrail as ct
from celltrail.errors import (
    FilterError,
    RunNotFoundError,
    SqlError,
    StoreCorruptError,
    UnknownNameError,
    UsageError,
)


@pytest.fixture
def five_runs() -> None:
    """Five runs: one failed, one without accuracy, one whose accuracy is NaN."""
    for name, lr, accuracy in [("a", 0.1, 0.8), ("b", 0.01, 0.9), ("c", 1, math.nan)]:
        with ct.track(name, params={"lr": lr, "model": "svm", "flag": name == "b"}, tags=[name]):
            for step in range(3):
                ct.log(accuracy=accuracy - (2 - step) / 10, step=step)
    with ct.track("d", params={"model": "tree", "mixed": 1}, experiment="other"):
        ct.log(loss=1)
    with pytest.raises(ValueError, match="no"), ct.track("e", params={"mixed": "one"}):
        message = "no"
        raise ValueError(message)


def names(where: str | None = None, **options: object) -> str:
    return "".join(run.label for run in ct.runs(where, **options))  # type: ignore[arg-type]


@pytest.mark.usefixtures("five_runs")
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (None, "edcba"),
        ("params.lr < 0.5", "ba"),
        ("params.lr <= 0.1 and metrics.accuracy > 0.85", "b"),
        ("not params.lr < 0.5", "edc"),
        ("params.lr != 1", "ba"),
        ("metrics.accuracy = nan", "c"),
        ("metrics.accuracy is null", "ed"),
        ("metrics.accuracy is not null", "cba"),
        ("metrics.accuracy.min < 0.65", "a"),
        ("metrics.accuracy.count = 3", "cba"),
        ("status = 'failed'", "e"),
        ("status in ('failed', 'lost')", "e"),
        ("tags has 'a' or tags has 'c'", "ca"),
        ("params.model like 'SV%'", "cba"),
        ("params.flag = true", "b"),
        ("params.mixed = 1", "d"),
        ("params.mixed = 'one'", "e"),
        ("experiment = 'other'", "d"),
        ("started > -1d", "edcba"),
        ("started < '2020-01-01'", ""),
        ("params.nobody is null", "edcba"),
        ("duration < 3600 and number >= 1", "edcba"),
    ],
)
def test_filters_keep_the_runs_that_they_hold_for(where: str | None, expected: str) -> None:
    assert names(where) == expected


@pytest.mark.usefixtures("five_runs")
def test_orderings_put_nan_and_missing_last() -> None:
    assert names(order_by="metrics.accuracy desc") == "bac" + "ed"
    assert names(order_by="metrics.accuracy") == "abc" + "ed"
    assert names(order_by="params.model, name desc") == "cbad" + "e"
    assert names(order_by="name", limit=2) == "ab"
    assert names(experiment="other") == "d"
    assert names("status = 'failed'", order_by="metrics.accuracy desc") == "e"
    assert names("status = 'lost'", order_by="metrics.accuracy desc") == ""


@pytest.mark.usefixtures("five_runs")
def test_bad_filters_say_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match='did you mean "status"'):
        ct.runs("statu = 'failed'")
    with pytest.raises(UnknownNameError, match=r'no metric "acuracy".*did you mean "accuracy"'):
        ct.runs(order_by="metrics.acuracy")
    with pytest.raises(
        UnknownNameError, match=r'no param "rate".*They have: flag, lr, mixed, model'
    ):
        ct.runs("params.rate = 1")
    with pytest.raises(FilterError, match="cannot be compared"):
        ct.runs("params.lr = 'x'")
    with pytest.raises(FilterError, match="is a time"):
        ct.runs("started > 'yesterday'")
    with pytest.raises(FilterError, match="only tags"):
        ct.runs("name has 'x'")
    with pytest.raises(UsageError, match="limit"):
        ct.runs(limit=-1)


@pytest.mark.usefixtures("five_runs")
def test_the_best_run_is_never_nan() -> None:
    runs = ct.runs()
    assert runs.best("accuracy").name == "b"
    assert runs.best("accuracy", minimize=True).name == "a"
    assert runs.best("accuracy.min").name == "b"
    with pytest.raises(UnknownNameError, match='did you mean "accuracy"'):
        runs.best("acuracy")
    with pytest.raises(UsageError, match="NaN in all"):
        ct.runs("name = 'c'").best("accuracy")


@pytest.mark.usefixtures("five_runs")
def test_the_dataframe_has_typed_columns() -> None:
    frame = ct.runs(order_by="name").df()
    assert frame.index.name == "run_id"
    assert frame["name"].tolist() == list("abcde")
    assert frame["params.lr"].tolist()[:3] == [0.1, 0.01, 1.0]
    assert frame["params.flag"].dtype == "boolean"
    assert frame["metrics.loss"].dtype == "Int64"
    assert frame["metrics.loss"].isna().tolist() == [True, True, True, False, True]
    assert str(frame["started"].dtype) == "datetime64[us, UTC]"
    assert frame["tags"].iloc[0] == ["a"]
    assert frame["params.mixed"].iloc[3] == 1
    assert frame["params.mixed"].iloc[4] == "one"


@pytest.mark.usefixtures("five_runs")
def test_histories_are_long_frames_in_the_order_of_the_runs() -> None:
    history = ct.runs("metrics.accuracy > 0", order_by="name desc").history("accuracy")
    assert list(history.columns) == ["run_id", "name", "metric", "step", "time", "value"]
    assert history["name"].tolist() == ["b"] * 3 + ["a"] * 3
    assert history["step"].tolist() == [0, 1, 2] * 2
    assert history["value"].tolist() == pytest.approx([0.7, 0.8, 0.9, 0.6, 0.7, 0.8])
    assert str(history["time"].dtype) == "datetime64[us, UTC]"
    both = ct.runs().history(["accuracy", "loss"])
    assert set(both["metric"]) == {"accuracy", "loss"}
    with pytest.raises(UnknownNameError, match="They have: accuracy, loss"):
        ct.runs().history("nothing")


@pytest.mark.usefixtures("five_runs")
def test_one_run_is_found_by_id_prefix_name_and_number() -> None:
    run = ct.run("b")
    assert ct.run(run.id) == run
    assert ct.run(run) == run
    assert ct.run(2) == run
    assert ct.last_run().name == "e"
    with pytest.raises(RunNotFoundError, match="no run 'zzz'"):
        ct.run("zzz")


@pytest.mark.usefixtures("five_runs")
def test_runs_are_a_sequence() -> None:
    runs = ct.runs(order_by="name")
    assert len(runs) == 5
    assert runs[0].name == "a"
    assert runs[-1].name == "e"
    assert [run.name for run in runs[1:3]] == ["b", "c"]
    assert "params.mixed" not in runs[:3].df().columns
    assert [r.name for r in runs.select([runs[3].id, runs[1].id])] == ["d", "b"]
    with pytest.raises(RunNotFoundError):
        runs.select(["nobody"])


def test_an_empty_store_reads_as_nothing_and_makes_no_file(store_path: Path) -> None:
    assert len(ct.runs()) == 0
    assert ct.runs().df().shape[0] == 0
    assert ct.runs("metrics.x > 1", order_by="metrics.x").metric_names() == []
    with pytest.raises(RunNotFoundError):
        ct.last_run()
    assert not store_path.exists()


@pytest.mark.usefixtures("five_runs")
def test_sql_reads_the_views_and_nothing_else(tmp_path: Path) -> None:
    found = ct.sql("SELECT name FROM v_runs WHERE status = $status", {"status": "failed"})
    assert found["name"].tolist() == ["e"]
    assert ct.sql("SELECT count(*) AS n FROM v_history")["n"].tolist() == [10]
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    for query in [
        "DELETE FROM runs",
        "DROP VIEW v_runs",
        "UPDATE runs SET name = 'x'",
        f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM read_text('{secret}')",
        f"SELECT * FROM '{secret}'",
        f"ATTACH '{tmp_path / 'other.duckdb'}'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        "SELEC 1",
        "",
    ]:
        with pytest.raises(SqlError):
            ct.sql(query)
    assert not (tmp_path / "out.csv").exists()
    assert not (tmp_path / "other.duckdb").exists()
    assert len(ct.runs()) == 5


def test_a_file_that_is_no_store_is_said_and_left_alone(store_path: Path) -> None:
    store_path.write_text("these are not the bytes of a database\n" * 200)
    before = store_path.read_bytes()
    with pytest.raises(StoreCorruptError, match="cannot be read as a celltrail store"):
        ct.runs()
    assert store_path.read_bytes() == before


def test_the_frame_of_runs_without_params_is_plain() -> None:
    with ct.track("x"):
        pass
    frame = ct.runs().df()
    assert isinstance(frame, pd.DataFrame)
    assert frame["duration"].iloc[0] >= 0


def test_params_that_are_nan_are_numbers() -> None:
    for name, value in [("a", 1), ("b", math.nan), ("c", math.inf)]:
        with ct.track(name, params={"x": value}):
            pass
    assert str(ct.runs(order_by="name").df()["params.x"].tolist()) == "[1.0, nan, inf]"
    assert math.isnan(ct.run("b").params["x"])  # type: ignore[arg-type]
    assert ct.sql("SELECT value FROM v_params ORDER BY name")["value"].tolist()[1].lower() == "nan"


def test_integers_of_any_size_are_compared_exactly() -> None:
    for name, seed in [("a", 2**62), ("b", 2**62 + 1)]:
        with ct.track(name, params={"seed": seed, "mixed": 10**400 if name == "a" else "text"}):
            ct.log(x=-math.inf)
    assert names(f"params.seed = {2**62}") == "a"
    assert ct.runs(order_by="name").df()["params.seed"].tolist() == [2**62, 2**62 + 1]
    assert names(order_by="params.mixed") == "ab"
    assert names("params.mixed = 1e999") == ""
    assert names(f"params.mixed = {10**400}") == "a"
    assert names("metrics.x = -inf") == "ba"


def test_the_best_of_runs_some_of_which_were_purged() -> None:
    for name, loss in (("a", 3.0), ("b", 1.0), ("c", 2.0)):
        with ct.track(name) as run:
            run.log(loss=loss)
    runs = ct.runs()
    ct.purge("b")
    assert runs.best("loss.min", minimize=True).name == "c"
    assert runs.best("loss.max", minimize=False).name == "a"
    assert runs.best("loss.max").name == "c"
    with pytest.raises(UnknownNameError):
        runs.best("loss.median")


def test_the_best_of_runs_that_are_all_nan_is_refused() -> None:
    with ct.track() as run:
        run.log(loss=float("nan"))
    with pytest.raises(UsageError, match="NaN in all"):
        ct.runs().best("loss")
