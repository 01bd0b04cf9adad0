from __future__ import annotations

import math
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from spool_recorder import Recorder

from celltrail.errors import SqlError
from celltrail.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    path = tmp_path / "s.duckdb"
    recorder = Recorder(path)
    run = recorder.run("first")
    recorder.param(run, "lr", 0.1)
    recorder.param(run, "n", 2**70)
    recorder.log(run, 0, loss=math.nan, seen=2**60 + 1)
    recorder.end(run)
    recorder.run("second")
    return open_store(path)


def test_the_views_need_no_surrogate_keys(store: Store) -> None:
    runs = store.sql("select name, status, number from v_runs order by id")
    assert runs.to_dict("list") == {
        "name": ["first", "second"],
        "status": ["finished", "running"],
        "number": [1, 2],
    }
    params = store.sql("select key, value, number_value from v_params order by key")
    assert params.value.tolist() == ["0.1", str(2**70)]
    points = store.sql("select key, exact from v_history order by key")
    assert points.exact.tolist() == [pd.NA, 2**60 + 1]


def test_nan_and_missing_are_two_things(store: Store) -> None:
    frame = store.sql("select unnest([1.5::double, 'nan'::double, null]) as x")
    assert frame.x.isna().tolist() == [False, False, True] or frame.x[2] is pd.NA
    assert math.isnan(frame.x[1])
    assert frame.x[2] is pd.NA


@pytest.mark.parametrize("parameters", [["first"], {"name": "first"}], ids=["list", "mapping"])
def test_parameters_are_bound(store: Store, parameters: list[str] | dict[str, str]) -> None:
    mark = "$name" if isinstance(parameters, dict) else "?"
    assert len(store.sql(f"select * from v_runs where name = {mark}", parameters)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1) to '{folder}/out'",
        "select * from read_text('{folder}/secret')",
        "select * from read_csv('{folder}/secret')",
        "select * from '{folder}/secret'",
        "from glob('{folder}/*')",
        "attach '{folder}/other.duckdb'",
        "explain analyze copy (select 1) to '{folder}/out'",
        "insert into runs (run, id) values (9, 'x')",
        "delete from runs",
        "create table t as select 1",
        "set enable_external_access = true",
        "pragma enable_external_access",
        "install httpfs",
        "load httpfs",
        "export database '{folder}/out'",
        "use memory",
        "checkpoint",
        "select 1; select 2",
        "select 1; copy (select 1) to '{folder}/out'",
        "",
        "-- nothing",
        "selct",
        "select * from no_such_table",
        "select * from frame",
    ],
)
def test_nothing_but_a_query_over_the_store_runs(store: Store, tmp_path: Path, query: str) -> None:
    (tmp_path / "secret").write_text("secret")
    store.merge()
    before = {path.name for path in tmp_path.iterdir()}
    frame = pd.DataFrame({"local": [1]})
    with pytest.raises(SqlError):
        store.sql(query.format(folder=tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == before
    assert len(store.run_rows()) == 2
    assert len(frame) == 1


@pytest.mark.parametrize(
    "query",
    [
        "pivot v_params on key using first(value) group by id",
        "-- which ü\n (pivot v_params on key using first(value) group by id)",
        "from (pivot v_params on key using first(value) group by id)",
        "with p as (pivot v_params on key using first(value) group by id) select * from p",
        "pivot v_params on key in ('lr', 'n') using first(value) group by id",
    ],
)
def test_a_pivot_is_a_query(store: Store, query: str) -> None:
    if int(duckdb.__version__.split(".")[0]) < 2 and " in (" not in query:
        with pytest.raises(SqlError):  # several statements to DuckDB 1: refused with a sentence
            store.sql(query)
        return
    assert store.sql(query).columns.tolist() == ["id", "lr", "n"]


@pytest.mark.parametrize(
    "query",
    [
        "copy (pivot v_params on key using first(value)) to '{folder}/out'",
        "create table t as pivot v_params on key using first(value)",
        "with p as (pivot runs on name using first(id)) insert into tags select 1, 'x' from p",
        "select 1; pivot v_params on key using first(value)",
    ],
)
def test_a_pivot_opens_no_way_to_write(store: Store, tmp_path: Path, query: str) -> None:
    store.merge()
    with pytest.raises(SqlError):
        store.sql(query.format(folder=tmp_path))
    assert not (tmp_path / "out").exists()
    assert store.table_data().tags == {}


def test_a_store_that_nobody_made_has_views_and_is_not_made_by_looking(tmp_path: Path) -> None:
    store = open_store(tmp_path / "folder" / "new.duckdb")
    assert len(store.sql("select * from v_runs")) == 0
    with pytest.raises(SqlError):
        store.sql(f"from read_text('{__file__}')")
    assert list(tmp_path.iterdir()) == []
