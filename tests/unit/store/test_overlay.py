"""What is not merged yet is seen by readers exactly as it will be once it is merged."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import duckdb
import pytest
from spool_recorder import Recorder, now

from celltrail.errors import StoreError
from celltrail.ids import new_id
from celltrail.store import access, open_store, overlay
from celltrail.store.store import Store


def everything(store: Store, metrics: tuple[str, ...] = ("x", "n")) -> dict[str, Any]:
    """Read all that a store tells, comparable by ``==``."""
    data = store.table_data()
    ids = [row.id for row in data.runs]
    read: dict[str, Any] = {
        "runs": [{**row._asdict(), "run": None} for row in data.runs],
        "params": [
            (int(data.params.run[i]), data.params.names[k], repr(data.params.value(i)))
            for i, k in enumerate(data.params.key.tolist())
        ],
        "summaries": sorted(
            (
                int(data.summaries.run[i]),
                data.summaries.names[k],
                repr(data.summaries.last[i]),
                repr(data.summaries.min[i]),
                repr(data.summaries.mean[i]),
                int(data.summaries.count[i]),
            )
            for i, k in enumerate(data.summaries.key.tolist())
        ),
        "tags": data.tags,
    }
    for metric in metrics:
        history = store.history(ids, metric)
        # As texts, in which NaN is equal to itself and -0.0 is not 0.0.
        read[metric] = [
            repr(getattr(history, f.name).tolist()) for f in dataclasses.fields(history)
        ]
    for run_id in ids:
        read[run_id] = (
            store.param_changes(run_id),
            store.artifacts(run_id),
            store.datasets(run_id),
            store.metric_reasons(run_id),
        )
    return read


def record_more(recorder: Recorder, old: str) -> None:
    """Record one of everything: for a run that is in the store, and for new ones."""
    event = recorder.writer.event
    recorder.param(old, "p", [1, float("inf")])
    recorder.param(old, "p", "last")
    recorder.log(old, 1, x=-0.0, n=2**53 + 1)
    recorder.log(old, 0, x=9.0)
    event("tag", run=old, tag="kept", on=False)
    event("tag", run=old, tag="new", on=True)
    event("note", run=old, text="a note")
    event("reason", run=old, metric="x", reason="because")
    new = recorder.run("new", parent=old, cell_id="c")
    recorder.log(new, 0, x=float("inf"), y=1)
    recorder.param(new, "p", None)
    sha256, size = recorder.writer.add_blob(b"content")
    event("artifact", run=new, name="a", kind="k", mime="m", step=3, sha256=sha256, size=size)
    event("dataset", run=new, name="d", kind="k", shape=[1], schema={}, size=1, sha256="d")
    event("run_end", run=new, status="failed", ended=now(), error={"type": "E"})
    event("source", sha256="s", text="text")
    recorder.log(new_id(), 0, x=5.0)  # a run that nothing else is known of


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(access, "_FRESH", 3600.0)  # for these tests it was merged just now
    return tmp_path / "s.duckdb"


@pytest.fixture
def recorded(path: Path) -> tuple[Recorder, str]:
    recorder = Recorder(path)
    old = recorder.run("old", cell_id="c")
    recorder.param(old, "p", 1)
    recorder.log(old, 0, x=1.0, n=1)
    recorder.log(old, 0, x=float("nan"), n=2)
    recorder.writer.event("tag", run=old, tag="kept", on=True)
    open_store(path).merge()
    return recorder, old


def test_a_read_shows_the_same_before_and_after_the_merge(
    path: Path, recorded: tuple[Recorder, str]
) -> None:
    recorder, old = recorded
    record_more(recorder, old)
    store = open_store(path)
    before = everything(store)
    assert store.pending()
    artifact = store.artifacts(before["runs"][1]["id"])[0]
    assert store.open_artifact(artifact.sha256).read() == b"content"
    assert store.source("s") == "text"
    store.merge()
    assert not store.pending()
    assert everything(store) == before
    assert [row["name"] for row in before["runs"]] == ["old", "new"]
    assert [row["number"] for row in before["runs"]] == [1, 2]
    assert before["x"][3] == "[1.0, nan, 9.0, -0.0, inf]"


def test_a_read_before_the_merge_changes_nothing(
    path: Path, recorded: tuple[Recorder, str]
) -> None:
    recorder, old = recorded
    record_more(recorder, old)
    content = path.read_bytes()
    files = sorted(each.name for each in recorder.writer.folder.rglob("*"))
    everything(open_store(path))
    assert path.read_bytes() == content
    assert sorted(each.name for each in recorder.writer.folder.rglob("*")) == files


def test_a_store_that_was_merged_long_ago_is_merged_by_a_read(
    path: Path, recorded: tuple[Recorder, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, old = recorded
    recorder.log(old, 7, x=7.0)
    monkeypatch.setattr(access, "_FRESH", 0.0)
    store = open_store(path)
    assert store.history([old], "x").step.tolist()[-1] == 7
    assert not store.pending()


def test_a_run_whose_process_is_gone_is_lost_before_it_is_merged(
    path: Path, recorded: tuple[Recorder, str]
) -> None:
    recorder, _ = recorded
    (recorder.writer.folder / "done").touch()
    assert [row.status for row in open_store(path).run_rows()] == ["lost"]


def test_much_that_is_not_merged_is_laid_over_in_parts(
    path: Path, recorded: tuple[Recorder, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, old = recorded
    record_more(recorder, old)
    another = Recorder(path)
    another.param(old, "p", "of another process")
    another.log(another.run("third"), 3, x=3.0)
    store = open_store(path)
    monkeypatch.setattr("celltrail.store.merge._BATCH", 1)
    before = everything(store)
    store.merge()
    assert everything(store) == before


@pytest.mark.parametrize("error", [duckdb.Error("out of memory"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("place", ["apply_slices", "_copy", "_show"])
def test_a_read_that_fails_does_not_keep_the_next_one_from_reading(
    path: Path,
    recorded: tuple[Recorder, str],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    error: BaseException,
) -> None:
    recorder, old = recorded
    recorder.log(old, 1, x=2.0)
    store = open_store(path)

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(overlay, place, fail)
        with pytest.raises((StoreError, KeyboardInterrupt)):
            store.history([old], "x")
    assert store.history([old], "x").value.tolist()[-1] == 2.0
    with duckdb.connect(path) as con:  # and the file is nobody's
        assert con.execute("SELECT count(*) FROM runs").fetchall() == [(1,)]


def test_an_interrupt_that_duckdb_hides_is_an_interrupt(path: Path) -> None:
    Recorder(path).run()
    store = open_store(path)
    store.merge()
    with pytest.raises(KeyboardInterrupt), store.access.reading():
        raise RuntimeError("Query interrupted")
    assert len(store.run_rows()) == 1
