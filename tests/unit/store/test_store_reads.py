from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spool_recorder import Recorder

from celltrail.ids import new_id
from celltrail.model import ArtifactInfo, DatasetInfo
from celltrail.store import open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.duckdb"


def test_a_run_is_found_by_id_name_number_and_beginning(path: Path) -> None:
    recorder = Recorder(path)
    first, second = recorder.run("twice"), recorder.run("twice")
    other = recorder.run(experiment="other")
    store = open_store(path)
    assert store.find_run(first) == first
    assert store.find_run("twice") == second
    assert store.find_run(2) == second
    assert store.find_run(1) == other, "of a number the newest run counts"
    assert store.find_run(first[:-1]) in (first, None)
    assert store.find_run(other.lower()) == other
    assert store.find_run(first[:5]) is None
    assert store.find_run("no such run") is None
    assert store.find_run(99) is None


def test_a_number_may_be_of_any_integer_type_and_none_is_no_run(path: Path) -> None:
    run = Recorder(path).run("r")
    store = open_store(path)
    assert store.find_run(np.int64(1)) == run
    assert store.find_run(np.uint8(1)) == run
    assert store.find_run(2**200) is None
    assert store.find_run(None) is None
    with pytest.raises(TypeError):
        store.find_run(1.0)  # type: ignore[arg-type]


def test_nothing_is_shown_of_a_run_that_is_only_known_by_reference(path: Path) -> None:
    recorder = Recorder(path)
    run, unknown = new_id(), new_id()
    recorder.log(unknown, 0, x=1.0, y=2.0)
    recorder.param(unknown, "p", 1)
    recorder.writer.event("tag", run=unknown, tag="t", on=True)
    store = open_store(path)
    store.merge()
    recorder.writer.event("run", id=run, experiment="tests", kind="cell", started=1)
    recorder.log(run, 0, x=3.0)
    data = store.table_data()
    assert [row.id for row in data.runs] == [run]
    keys = [data.runs[0].run]
    assert data.summaries.run.tolist() == keys
    assert data.summaries.names == ["x"]
    assert (len(data.params), data.params.names, data.tags) == (0, [], {})
    assert (len(store.table_data().params), store.table_data().tags) == (0, {})
    assert store.table_data().summaries.run.tolist() == keys
    assert store.table_data().summaries.names == ["x"]
    assert store.history([unknown, run], "x").run.tolist() == [1]


def test_table_data_of_some_runs_holds_only_those(path: Path) -> None:
    recorder = Recorder(path)
    runs = [recorder.run() for _ in range(3)]
    for n, run in enumerate(runs):
        recorder.param(run, f"p{n}", n)
        recorder.log(run, 0, **{f"m{n}": n})
        recorder.writer.event("tag", run=run, tag=f"t{n}", on=True)
    data = open_store(path).table_data([runs[1], "unknown"])
    assert [row.id for row in data.runs] == [runs[1]]
    assert data.params.names == ["p1"]
    assert data.summaries.names == ["m1"]
    assert list(data.tags.values()) == [["t1"]]
    everything = open_store(path).table_data()
    assert everything.params.names == ["p0", "p1", "p2"]
    assert [everything.params.names[key] for key in everything.params.key] == ["p0", "p1", "p2"]
    assert [everything.summaries.names[key] for key in everything.summaries.key] == [
        "m0",
        "m1",
        "m2",
    ]
    assert len(open_store(path).table_data([]).runs) == 0


def test_a_history_is_ordered_and_keeps_repeated_steps(path: Path) -> None:
    recorder = Recorder(path)
    a, b = recorder.run(), recorder.run()
    for step in (3, 1, 1, 2):
        recorder.log(b, step, x=step * 10.0)
        recorder.log(a, step, x=step * 1.0, y=0)
    history = open_store(path).history([a, b], "x")
    assert history.run.tolist() == [0] * 4 + [1] * 4
    assert history.step.tolist() == [1, 1, 2, 3] * 2
    assert history.value.tolist() == [1.0, 1.0, 2.0, 3.0, 10.0, 10.0, 20.0, 30.0]
    assert len(open_store(path).history([a], "no such metric")) == 0
    assert len(open_store(path).history([], "x")) == 0


def test_a_history_since_a_step_holds_only_what_came_after_it(path: Path) -> None:
    recorder = Recorder(path)
    a, b = recorder.run(), recorder.run()
    for step in (-5, 0, 2**40):
        recorder.log(a, step, x=1.0)
    recorder.log(b, 7, x=2.0, y=0)
    store = open_store(path)
    assert store.history([b, a], "x", since_step=-5).step.tolist() == [7, 0, 2**40]
    assert store.history([b, a], "x", since_step=2**40).step.tolist() == []
    recorder.log(b, 8, x=3.0)
    assert store.history([b, a], "x", since_step=7).run.tolist() == [0, 1]
    assert open_store(path).table_data().summaries.names == ["x", "y"]


def test_what_a_run_stored_and_read_comes_back(path: Path) -> None:
    recorder = Recorder(path)
    run = recorder.run()
    sha256, size = recorder.writer.add_blob(b"content")
    facts = {"name": "a.txt", "kind": "file", "mime": "text/plain", "step": 3}
    recorder.writer.event("artifact", run=run, sha256=sha256, size=size, **facts)
    recorder.writer.event(
        "dataset",
        run=run,
        name="df",
        kind="pandas.DataFrame",
        shape=[3, 2],
        schema={"a": "int64"},
        size=None,
        sha256="d",
    )
    recorder.writer.event("source", sha256="s", text="x = 'ü'")
    recorder.writer.event("environment", sha256="e", python="3.11", packages={"numpy": "2"})
    store = open_store(path)
    assert store.artifacts(run) == [ArtifactInfo("a.txt", "file", "text/plain", sha256, size, 3)]
    assert store.open_artifact(sha256).read() == b"content"
    assert not (recorder.writer.folder / "blobs" / sha256).exists()
    assert store.datasets(run) == [DatasetInfo("df", "pandas.DataFrame", (3, 2), {"a": "int64"})]
    assert store.source("s") == "x = 'ü'"
    assert store.environment("e") == {"python": "3.11", "packages": {"numpy": "2"}}


def test_cells_that_were_executed_are_there(path: Path) -> None:
    recorder = Recorder(path)
    run = recorder.run()
    cell = {"session": recorder.session, "cell_id": "c", "source": "s", "status": "ok"}
    recorder.writer.event("cell", execution_count=1, started=1, ended=2, run=run, **cell)
    recorder.writer.event("cell", execution_count=2, started=3, ended=4, run=None, **cell)
    frame = open_store(path).sql(
        "select c.execution_count, r.id from cell_executions c left join runs r using (run) "
        "order by 1"
    )
    assert frame.execution_count.tolist() == [1, 2]
    assert frame.id[0] == run
    assert frame.id.isna().tolist() == [False, True]
