from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from spool_recorder import Recorder, now

from celltrail.errors import CelltrailWarning
from celltrail.ids import new_id
from celltrail.store import SpoolWriter, open_store, writer
from celltrail.store.layout import Layout


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "s.duckdb"


def steps(store: Path, metric: str = "loss") -> list[int]:
    """Read which steps arrived."""
    opened = open_store(store)
    runs = [row.id for row in opened.run_rows()]
    return opened.history(runs, metric).step.tolist()


def test_nothing_is_on_disk_before_the_first_record(store: Path) -> None:
    SpoolWriter(store, new_id()).close()
    assert not Layout(store).spool.exists()


def test_what_was_logged_is_in_a_file_when_the_call_returns(store: Path) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    recorder.log(run, loss=0.5)
    files = sorted(path.name for path in recorder.writer.folder.iterdir())
    assert files == ["000001.events", "000001.points", "owner.json"]
    assert (recorder.writer.folder / "000001.points").stat().st_size == 32


def test_segments_rotate_together_and_each_defines_what_it_uses(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_SEGMENT_SIZE", 1000)
    recorder = Recorder(store)
    runs = [recorder.run(), recorder.run()]
    for step in range(200):
        recorder.log(runs[step % 2], step, loss=0.5, acc=step)
    assert len(list(recorder.writer.folder.glob("*.points"))) > 5
    assert sorted(steps(store)) == list(range(200))
    assert len(list(recorder.writer.folder.glob("*.points"))) <= 1, "merged segments are removed"
    recorder.log(runs[0], 200, loss=0.5)
    assert sorted(steps(store)) == list(range(201))


@pytest.fixture
def blocked(tmp_path: Path) -> Path:
    """A file where the store's folder should be."""
    blocked = tmp_path / "blocked"
    blocked.touch()
    return blocked


def test_a_place_that_cannot_be_written_warns_once_and_loses_nothing(
    blocked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_RETRY_US", -1)
    store = blocked / "s.duckdb"
    recorder = Recorder(store)
    with pytest.warns(CelltrailWarning, match="cannot write to") as said:
        run = recorder.run()
        for step in range(10):
            recorder.log(run, step, loss=0.5)
    assert len(said) == 1
    blocked.unlink()
    recorder.log(run, 10, loss=0.5)
    assert steps(store) == list(range(11))


@pytest.mark.parametrize("end", ["run", "session"])
def test_a_place_that_cannot_be_written_is_not_tried_at_every_write(
    blocked: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(writer, "_RETRY_US", 1 << 60)
    tries: list[int] = []
    real = SpoolWriter._make_folder
    monkeypatch.setattr(SpoolWriter, "_make_folder", lambda self: (tries.append(1), real(self))[1])
    store = blocked / "s.duckdb"
    recorder = Recorder(store)
    with pytest.warns(CelltrailWarning, match="cannot write to"):
        run = recorder.run()
    before = len(tries)
    for step in range(100):
        recorder.log(run, step, loss=0.5)
    assert len(tries) == before
    blocked.unlink()
    if end == "run":
        recorder.end(run)
    else:
        recorder.close()
    assert steps(store) == list(range(100))


@pytest.mark.filterwarnings("error")
def test_warnings_that_are_errors_end_no_write(
    blocked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = blocked / "s.duckdb"
    recorder = Recorder(store)
    run = recorder.run()
    recorder.log(run, 0, loss=0.5)
    blocked.unlink()
    recorder.close()
    assert steps(store) == [0]
    assert capsys.readouterr().err.count("cannot write to") == 1


def test_a_full_disk_loses_nothing_once_there_is_room(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    recorder.log(run, 0, loss=0.5)
    real = os.write

    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer, "_RETRY_US", -1)
    monkeypatch.setattr(os, "write", full)
    with pytest.warns(CelltrailWarning, match="No space left"):
        recorder.log(run, 1, loss=0.5)
    recorder.log(run, 2, loss=0.5, new_key=1)
    monkeypatch.setattr(os, "write", real)
    recorder.log(run, 3, loss=0.5, new_key=2)
    assert steps(store) == [0, 1, 2, 3]
    assert steps(store, "new_key") == [2, 3]


def test_a_spool_that_somebody_removed_is_made_anew(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_CHECK_US", -1)
    recorder = Recorder(store)
    run = recorder.run()
    recorder.log(run, 0, loss=0.5)
    assert steps(store) == [0]
    shutil.rmtree(Layout(store).spool)
    recorder.log(run, 1, loss=0.5)
    recorder.log(run, 2, loss=0.5)
    assert steps(store) == [0, 1, 2]


@pytest.mark.parametrize("with_its_spool", [True, False])
def test_a_run_keeps_its_identity_when_the_store_is_removed_while_it_is_open(
    store: Path, monkeypatch: pytest.MonkeyPatch, with_its_spool: bool
) -> None:
    monkeypatch.setattr(writer, "_SEGMENT_SIZE", 2000)
    monkeypatch.setattr(writer, "_CHECK_US", -1)
    recorder = Recorder(store)
    recorder.writer.event("source", sha256="s", text="x = 1")
    run = recorder.run("old name", source="s", cell_id="c", note="old note")
    recorder.writer.event("name", run=run, name="name")
    recorder.writer.event("note", run=run, text="note")
    ended = recorder.run("ended")
    recorder.end(ended)
    for step in range(200):
        recorder.log(run, step, loss=0.5)
    assert steps(store) == list(range(200))
    store.unlink()
    if with_its_spool:
        shutil.rmtree(Layout(store).spool)
    recorder.log(run, 200, loss=0.5)
    recorder.writer.event("tag", run=ended, tag="late", on=True)
    opened = open_store(store)
    (row,) = opened.run_rows()
    assert (row.id, row.name, row.note, row.number) == (run, "name", "note", 1)
    assert (row.status, row.cell_id) == ("running", "c")
    assert opened.source("s") == "x = 1"
    assert opened.history([row.id], "loss").step[-1] == 200
    recorder.end(run)
    assert [row.status for row in opened.run_rows()] == ["finished"]


def test_what_a_segment_repeats_of_a_run_changes_nothing_of_it(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_SEGMENT_SIZE", 500)
    recorder = Recorder(store)
    first = recorder.run("first")
    parent = recorder.run("parent")
    run = recorder.run("r", parent=parent, note="n", git={"commit": "c"})
    recorder.writer.event("run_context", run=run, git={"commit": "later"})
    open_store(store).merge()
    for step in range(100):
        recorder.log(run, step, loss=0.5)
    other = Recorder(store)
    other.writer.event("note", run=run, text="by another")
    open_store(store).merge()
    for step in range(100, 200):
        recorder.log(run, step, loss=0.5)
    rows = open_store(store).run_rows()
    assert [row.id for row in rows] == [first, parent, run]
    assert (rows[2].parent, rows[2].note) == (parent, "by another")
    assert (rows[2].git_commit, rows[2].number) == ("later", 3)


def test_a_record_after_close_still_arrives(store: Path) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    recorder.log(run, 0, loss=0.5)
    recorder.close()
    open_store(store).merge()
    recorder.log(run, 1, loss=0.5)
    recorder.close()
    assert steps(store) == [0, 1]
    assert not Layout(store).spool.exists()


def test_what_json_cannot_hold_is_refused_and_nothing_is_written(store: Path) -> None:
    recorder = Recorder(store)
    with pytest.raises(TypeError):
        recorder.writer.event("param", run="x", key="k", value=object())
    assert not Layout(store).spool.exists()


def test_a_blob_is_stored_once_and_before_it_is_named(store: Path) -> None:
    recorder = Recorder(store)
    sha256, size = recorder.writer.add_blob(b"small")
    again, _ = recorder.writer.add_blob(b"small")
    assert (sha256, size) == (again, 5)
    assert Layout(store).blob(recorder.session, sha256).read_bytes() == b"small"


def test_a_large_file_is_copied_beside_the_store(store: Path, tmp_path: Path) -> None:
    recorder = Recorder(store)
    source = tmp_path / "large.bin"
    source.write_bytes(os.urandom(3 << 20))
    sha256, size = recorder.writer.add_blob(source)
    assert size == 3 << 20
    assert Layout(store).file(sha256).read_bytes() == source.read_bytes()
    recorder.run()
    assert open_store(store).open_artifact(sha256).read() == source.read_bytes()
    leftovers = [path for path in Layout(store).files.iterdir() if path.name.startswith(".")]
    assert leftovers == []


@pytest.mark.parametrize("value", [True, 0, -(2**63), 2**63 - 1])
def test_integers_of_64_bits_are_exact(store: Path, value: int) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    recorder.writer.append(run, now(), [("n", 0, value)])
    history = open_store(store).history([run], "n")
    assert history.is_exact.tolist() == [True]
    assert history.exact.tolist() == [int(value)]


def counted_writes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list that gets the size of each write from now on."""
    sizes: list[int] = []
    real = os.write

    def write(fd: int, data: bytes) -> int:
        sizes.append(len(data))
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    return sizes


def test_events_that_come_together_are_one_write(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    sizes = counted_writes(monkeypatch)
    params = [("param", {"run": run, "key": f"p{i}", "value": i}) for i in range(20)]
    recorder.writer.events(params)
    assert len(sizes) == 1
    recorder.writer.append_floats(run, ("a", "b", "c"), (0, 0, 0), (0.5, 1.5, 2.5))
    assert len(sizes) == 3, "the keys in one, and the points in another"
    recorder.writer.append_floats(run, ("a", "b", "c"), (1, 1, 1), (0.5, 1.5, 2.5))
    assert sizes[3:] == [96]
    assert len(open_store(store).param_changes(run)) == 20


@pytest.mark.parametrize("size", [1, 2, 8, 9, 300])
def test_floats_of_any_number_are_what_was_given(store: Path, size: int) -> None:
    recorder = Recorder(store)
    run = recorder.run()
    keys = tuple(f"m{i}" for i in range(size))
    for step in (0, -(2**63), 2**63 - 1):
        values = tuple(step + i / 7 for i in range(size))
        assert recorder.writer.append_floats(run, keys, (step,) * size, values)
    opened = open_store(store)
    for i in (0, size - 1):
        history = opened.history([run], f"m{i}")
        assert history.step.tolist() == [-(2**63), 0, 2**63 - 1]
        assert history.value.tolist() == [s + i / 7 for s in (-(2**63), 0, 2**63 - 1)]


@pytest.mark.parametrize("what", ["points", "events"])
def test_what_memory_has_no_room_for_is_counted_and_told(
    blocked: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(writer, "_RETRY_US", 1 << 60)
    monkeypatch.setattr(writer, "_KEPT_LIMIT", 4000)
    store = blocked / "s.duckdb"
    recorder = Recorder(store)
    with pytest.warns(CelltrailWarning) as said:
        run = recorder.run()
        for step in range(200):
            if what == "points":
                recorder.writer.append_floats(run, ("loss",), (step,), (0.5,))
            else:
                recorder.param(run, "p", step)
            recorder.log(run, step, **{f"late {step}": 1})
        recorder.end(run)
    assert len(said) == 2
    assert "cannot write to" in str(said[0].message)
    assert "wait in memory" in str(said[1].message)
    kept = recorder.writer._at.waiting
    assert kept <= 4000 + 1000, "only what a run cannot do without goes beyond the limit"
    blocked.unlink()
    recorder.writer.event("tag", run=run, tag="healed", on=True)
    recorder.writer._next_check = 0
    recorder.log(run, 200, loss=0.5)
    said_last = r"\d+ records could not be written to .* and are lost"
    with pytest.warns(CelltrailWarning, match=said_last):
        recorder.close()
    opened = open_store(store)
    (row,) = opened.run_rows()
    assert row.status == "finished"
    changes = opened.param_changes(run)
    (lost,) = [change.value for change in changes if change.key == "celltrail.lost_records"]
    data = opened.table_data([run])
    there = int(data.summaries.count.sum()) + len(changes) - 1 + len(data.tags)
    assert isinstance(lost, int)
    assert there + lost == 402, "everything that was logged is there or counted"
