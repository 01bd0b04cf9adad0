from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from spool_recorder import Recorder

from celltrail.errors import StoreUnwritableError
from celltrail.ids import new_id
from celltrail.store import apply, open_store, spool
from celltrail.store.layout import Layout
from celltrail.store.lock import FairLock
from celltrail.store.notices import take_deferred


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "s.duckdb"


def test_runs_are_numbered_within_their_experiment(store: Path) -> None:
    recorder = Recorder(store)
    for experiment in ("a", "b", "a"):
        recorder.run(experiment=experiment)
    assert open_store(store).merge()
    recorder.run(experiment="a")
    rows = open_store(store).run_rows()
    assert [(row.experiment, row.number) for row in rows] == [
        ("a", 1),
        ("b", 1),
        ("a", 2),
        ("a", 3),
    ]


@pytest.mark.parametrize(
    ("first", "second", "linked"),
    [
        ({"cell_id": "c"}, {"cell_id": "c", "name": "other"}, True),
        ({"cell_id": "c", "name": "n"}, {"cell_id": "d", "name": "n"}, True),
        ({"cell_id": "c", "name": "n"}, {"cell_id": "d", "name": "m"}, False),
        ({"cell_id": "c"}, {"cell_id": "c", "experiment": "other"}, False),
        ({"name": "n"}, {"name": "n"}, True),
        ({"name": "n", "source": "x"}, {"name": "m", "source": "x"}, False),
        ({"source": "x"}, {"source": "x"}, True),
        ({"source": "x", "notebook": "a"}, {"source": "x", "notebook": "b"}, False),
        ({"source": "x"}, {"source": "y"}, False),
        ({}, {}, False),
        (
            {"kind": "function", "source_name": "f", "cell_id": "c"},
            {"kind": "function", "source_name": "f", "cell_id": "d"},
            True,
        ),
        (
            {"kind": "function", "source_name": "f", "cell_id": "c"},
            {"kind": "function", "source_name": "g", "cell_id": "c"},
            False,
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("together", [True, False], ids=["one merge", "two merges"])
def test_the_previous_run_is_the_last_one_of_the_same_thing(
    store: Path, first: dict[str, Any], second: dict[str, Any], linked: bool, together: bool
) -> None:
    recorder = Recorder(store)
    before = recorder.run(**first)
    recorder.run(experiment="between")
    if not together:
        open_store(store).merge()
    recorder.run(**second)
    assert open_store(store).run_rows()[-1].previous == (before if linked else None)


def test_the_run_before_of_the_cell_counts_more_than_a_later_one_of_its_name(store: Path) -> None:
    recorder = Recorder(store)
    before = recorder.run(cell_id="c", name="n")
    recorder.run(cell_id="d", name="n")
    recorder.run(cell_id="c", name="n")
    assert open_store(store).run_rows()[-1].previous == before


@pytest.mark.parametrize("together", [True, False], ids=["one merge", "two merges"])
def test_a_run_that_another_is_part_of_is_not_its_previous_run(store: Path, together: bool) -> None:
    recorder = Recorder(store)
    recursive = {"kind": "function", "source_name": "f"}
    before = recorder.run(**recursive)
    outer = recorder.run(**recursive)
    middle = recorder.run(experiment="other", parent=outer)
    if not together:
        open_store(store).merge()
    inner = recorder.run(**recursive, parent=middle)
    recorder.run(**recursive)
    previous = {row.id: row.previous for row in open_store(store).run_rows()}
    assert previous[outer] == before
    assert previous[inner] == before
    assert list(previous.values())[-1] == inner


@pytest.mark.parametrize("referred", [True, False])
def test_a_parent_that_the_store_does_not_know_is_left_out(store: Path, referred: bool) -> None:
    recorder = Recorder(store)
    unknown = new_id()
    if referred:
        recorder.param(unknown, "lr", 1)
    run = recorder.run(parent=unknown)
    (row,) = open_store(store).run_rows()
    assert (row.id, row.parent) == (run, None)
    frame = open_store(store).sql("select count(*) as n from runs")
    assert frame.n.tolist() == [2 if referred else 1]


def test_changes_of_a_merged_run_reach_its_row(store: Path) -> None:
    recorder = Recorder(store)
    run = recorder.run("old", note="n")
    open_store(store).merge()
    recorder.writer.event("note", run=run, text="new note")
    recorder.writer.event("name", run=run, name="new")
    recorder.writer.event("tag", run=run, tag="b", on=True)
    recorder.writer.event("tag", run=run, tag="a", on=True)
    recorder.writer.event("run_context", run=run, git={"commit": "c", "dirty": True})
    recorder.end(run, "failed", error={"type": "E", "message": "m", "traceback": "t"})
    (row,) = open_store(store).run_rows()
    assert (row.name, row.note, row.status, row.git_commit) == ("new", "new note", "failed", "c")
    assert row.error is not None
    assert row.error.message == "m"
    assert row.number == 1
    recorder.writer.event("tag", run=run, tag="b", on=False)
    assert open_store(store).table_data().tags == {row.run: ["a"]}


@pytest.mark.parametrize("together", [True, False], ids=["one merge", "two merges"])
def test_a_changed_param_is_current_and_its_history_is_kept(store: Path, together: bool) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    for value in (1, 2.5, "three"):
        recorder.param(run, "lr", value, reason=f"because of {value}")
        if not together:
            open_store(store).merge()
    params = open_store(store).table_data().params
    assert [params.value(i) for i in range(len(params))] == ["three"]
    assert params.reason.tolist() == ["because of three"]
    assert [change.value for change in open_store(store).param_changes(run)] == [1, 2.5, "three"]


@pytest.mark.parametrize("together", [True, False], ids=["one merge", "two merges"])
def test_summaries_are_right_whatever_is_merged_when(store: Path, together: bool) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    for step, value in [(0, 1.0), (2, math.nan), (5, 7.0), (1, -3.0), (5, 4.0)]:
        recorder.log(run, step, x=value)
        if not together:
            open_store(store).merge()
    s = open_store(store).table_data().summaries
    assert s.names == ["x"]
    found = [s.last[0], s.last_step[0], s.min[0], s.max[0], s.mean[0], s.count[0]]
    assert found == [4.0, 5, -3.0, 7.0, 2.25, 5]


def test_a_metric_of_nothing_but_nan_is_not_missing(store: Path) -> None:
    recorder = Recorder(store)
    recorder.log(recorder.run(), 0, x=math.nan)
    s = open_store(store).table_data().summaries
    assert s.count.tolist() == [1]
    assert math.isnan(s.last[0])
    assert math.isnan(s.min[0])
    assert open_store(store).sql("select value is null as gone from v_metrics").gone.tolist() == [
        False
    ]


def test_records_of_a_run_that_comes_later_wait_for_it(store: Path) -> None:
    """As when one process logs to the run of another, whose spool cannot be read yet."""
    first, second = Recorder(store), Recorder(store)
    run = first.run("r")
    moved = store.parent / "elsewhere"
    first.writer.folder.rename(moved)
    second.log(run, 0, loss=0.5)
    second.param(run, "lr", 1)
    assert open_store(store).run_rows() == []
    moved.rename(first.writer.folder)
    (row,) = open_store(store).run_rows()
    assert (row.id, row.name, row.number) == (run, "r", 1)
    assert len(open_store(store).table_data().params) == 1
    assert open_store(store).table_data().summaries.names == ["loss"]


def test_a_damaged_line_and_a_torn_tail_keep_nothing_else_out(store: Path) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    recorder.log(run, 0, loss=0.5)
    with (recorder.writer.folder / "000001.events").open("ab") as file:
        file.write(b'nonsense\n{"e":"param","run":"x"}\n{"e":"of a later version"}\n')
    recorder.param(run, "lr", 1)
    with (recorder.writer.folder / "000001.events").open("ab") as file:
        file.write(b'{"e":"par')
    with (recorder.writer.folder / "000001.points").open("ab") as file:
        file.write(b"torn")
    open_store(store).merge()
    assert "2 damaged records" in take_deferred()[0]
    assert len(open_store(store).table_data().params) == 1
    assert len(open_store(store).history([run], "loss")) == 1


@pytest.mark.filterwarnings("error")
def test_damage_is_told_later_and_ends_no_merge_and_no_read(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = Recorder(store)
    recorder.run("r")
    with (recorder.writer.folder / "000001.events").open("ab") as file:
        file.write(b"nonsense\n")
    assert [row.name for row in open_store(store).run_rows()] == ["r"]
    assert "1 damaged records" in take_deferred()[0]
    assert capsys.readouterr() == ("", "")


@pytest.mark.filterwarnings("error")
def test_warnings_that_are_errors_end_no_read_of_a_store_that_cannot_be_written(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorder = Recorder(store)
    recorder.run("r")
    opened = open_store(store)
    opened.merge()
    recorder.run("s")

    def fail(**_: object) -> bool:
        raise StoreUnwritableError(store, "no room")

    monkeypatch.setattr(opened.access, "merge", fail)
    assert [row.name for row in opened.run_rows()] == ["r", "s"]
    assert opened.sql("SELECT name FROM v_runs")["name"].tolist() == ["r"]
    assert "What was logged since is not seen by queries" in capsys.readouterr().err


def test_a_merge_that_fails_half_way_changes_nothing_and_is_done_again(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    recorder.log(run, 0, loss=0.5)
    real = apply._offsets

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(apply, "_offsets", fail)
    with pytest.raises(KeyboardInterrupt):
        open_store(store).merge()
    monkeypatch.setattr(apply, "_offsets", real)
    assert len(open_store(store).run_rows()) == 1
    assert len(open_store(store).history([run], "loss")) == 1


def test_a_merge_that_dies_before_it_removes_files_doubles_nothing(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    recorder.log(run, 0, loss=0.5)
    recorder.close()
    real: Callable[..., None] = spool.Writer.remove

    def die(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(spool.Writer, "remove", die)
    with pytest.raises(KeyboardInterrupt):
        open_store(store).merge()
    monkeypatch.setattr(spool.Writer, "remove", real)
    assert len(open_store(store).history([run], "loss")) == 1
    assert len(open_store(store).run_rows()) == 1
    assert not Layout(store).spool.exists()


def test_after_a_clean_exit_there_is_one_file_and_no_offsets(store: Path) -> None:
    recorder = Recorder(store)
    recorder.log(recorder.run(), 0, loss=0.5)
    sha256, size = recorder.writer.add_blob(b"x")
    recorder.close()
    open_store(store).merge()
    assert [path.name for path in store.parent.iterdir() if path.name.startswith("s.")] == [
        store.name
    ]
    Recorder(store).run()
    open_store(store).merge()
    sessions = open_store(store).sql("select session from merged").session.tolist()
    assert recorder.session not in sessions
    assert size == 1
    assert len(sha256) == 64


def test_try_merge_gives_way_to_others_and_says_so(store: Path) -> None:
    Recorder(store).run()
    with FairLock(Layout(store).spool).shared(0):
        assert not open_store(store).merge(wait=0)
    assert open_store(store).merge(wait=0)
    assert not open_store(store).pending()


def test_the_spool_of_another_machine_is_left_alone_until_it_is_silent_or_done(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(store)
    recorder.log(recorder.run(), 0, loss=0.5)
    owner = recorder.writer.folder / "owner.json"
    of_another = owner.read_text().replace('"host": "', '"host": "other-')
    owner.write_text(of_another.replace('"boot": "', '"boot": "other-'))
    assert not open_store(store).pending()
    monkeypatch.setattr(spool, "_SILENCE", -1.0)
    (row,) = open_store(store).run_rows()
    assert row.status == "running"
    assert recorder.writer.folder.exists(), "it may go on"
    recorder.close()
    assert open_store(store).run_rows()[0].status == "lost", "it ended and left the run open"
    assert not Layout(store).spool.exists()


def test_a_spool_that_vanished_with_its_process_leaves_no_run_running(store: Path) -> None:
    recorder = Recorder(store)
    recorder.run()
    owner = recorder.writer.folder / "owner.json"
    text = owner.read_text()
    owner.write_text(text.replace('"process_started": ', '"process_started": 9'))
    # Seen alive when it was merged, gone with its folder afterwards.
    monkey = spool.Life.ALIVE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("celltrail.store.owner.SessionOwner.life", lambda _: monkey)
        assert open_store(store).run_rows()[0].status == "running"
    shutil.rmtree(Layout(store).spool)
    Recorder(store).run()
    assert [row.status for row in open_store(store).run_rows()] == ["lost", "running"]


@pytest.mark.parametrize("merges", ["at once", "one after the other"])
def test_of_two_processes_that_set_one_param_the_later_counts(store: Path, merges: str) -> None:
    first, second = Recorder(store), Recorder(store)
    run = first.run()
    first.param(run, "lr", 1)
    second.param(run, "lr", 2)
    first.param(run, "lr", 3)
    opened = open_store(store)
    if merges == "one after the other":
        aside = store.parent / "aside"
        first.writer.folder.rename(aside)
        opened.merge()
        aside.rename(first.writer.folder)
    opened.merge()
    assert opened.table_data().params.value(0) == 3
    assert sorted(change.value for change in opened.param_changes(run)) == [1, 2, 3]
    late = Recorder(store)
    late.writer.event("param", run=run, key="lr", value=0, reason=None, t=1)
    opened.merge()
    assert opened.table_data().params.value(0) == 3


def test_a_damaged_copy_of_an_artifact_does_not_keep_a_good_one_out(store: Path) -> None:
    first, second = sorted((Recorder(store), Recorder(store)), key=lambda r: r.session)
    facts = {"name": "a", "kind": "file", "mime": "text/plain", "step": None}
    for recorder in (first, second):
        sha256, size = recorder.writer.add_blob(b"content")
        recorder.writer.event("artifact", run=recorder.run(), sha256=sha256, size=size, **facts)
    (first.writer.folder / "blobs" / sha256).write_bytes(b"damaged")
    opened = open_store(store)
    for _ in range(2):
        assert opened.open_artifact(sha256).read() == b"content"
        opened.merge()


def test_a_time_that_nobody_can_read_keeps_nothing_out(store: Path) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    for time in (2**63 - 1, -(2**63), 0):
        recorder.writer.append(run, time, [("x", 0, 1.0)])
    opened = open_store(store)
    opened.merge()
    assert len(opened.history([run], "x")) == 3
    assert len(opened.sql("SELECT time FROM v_history")) == 3
