"""A run that goes on in another process: all of it is there, and it ends once."""

from __future__ import annotations

import subprocess
from itertools import permutations
from pathlib import Path

import pytest
from process_runner import kill_9, run_script, running
from spool_recorder import Recorder, now

import celltrail as ct
from celltrail.errors import RunInUseError
from celltrail.model import Status
from celltrail.store import open_store
from celltrail.store.layout import Layout

BEGIN = """
    run = ct.start("training", params={"lr": 0.1, "seed": 3}, tags="first")
    for step in range(3):
        run.log(loss=1.0 - step / 10)
    print("ready", flush=True)
    time.sleep(600)
"""
GO_ON = """
    run = ct.resume("training")
    assert run.status == "running"
    run.log(loss=0.5)
    run.log_params(lr=0.01, seed=3)
    run.tag("second")
    print("ready", flush=True)
"""


def test_a_run_whose_process_was_killed_goes_on_in_another(tmp_path: Path) -> None:
    with running(tmp_path, BEGIN) as first:
        kill_9(first)
    run_script(tmp_path, GO_ON + "    run.finish()")
    run = ct.run("training")
    assert run.status is Status.FINISHED
    assert run.history("loss")["step"].tolist() == [0, 1, 2, 3]
    assert run.params == {"lr": 0.01, "seed": 3}
    changes = open_store(tmp_path / "celltrail.duckdb").param_changes(run.id)
    assert [(c.key, c.value) for c in changes if c.key == "lr"] == [("lr", 0.1), ("lr", 0.01)]
    assert [c.value for c in changes if c.key == "seed"] == [3]
    assert run.tags == ["first", "second"]
    assert len(ct.runs()) == 1
    assert not Layout(tmp_path / "celltrail.duckdb").spool.exists()


def test_a_resumed_run_that_is_killed_again_is_lost_and_can_be_resumed_again(
    tmp_path: Path,
) -> None:
    with running(tmp_path, BEGIN) as first:
        kill_9(first)
    for again in range(2):
        with running(tmp_path, GO_ON + "    time.sleep(600)") as other:
            assert ct.run("training").status is Status.RUNNING
            kill_9(other)
        assert ct.run("training").status is Status.LOST
        assert len(ct.run("training").history("loss")) == 4 + again
    run = ct.resume("training")
    run.finish("failed")
    assert ct.run("training").status is Status.FAILED


def test_a_run_that_another_living_process_records_is_refused(tmp_path: Path) -> None:
    with running(tmp_path, BEGIN) as first:
        with pytest.raises(RunInUseError, match=f"recorded by process {first.pid} on") as error:
            ct.resume("training")
        assert isinstance(error.value, ct.CelltrailError)
        assert ct.run("training").status is Status.RUNNING


def test_a_forked_child_does_not_take_its_parents_run(tmp_path: Path) -> None:
    code = """
        with ct.track("parents") as run:
            child = os.fork()
            if child == 0:
                try:
                    ct.resume("parents")
                except ct.CelltrailError as error:
                    assert f"process {os.getppid()}" in str(error)
                    os._exit(0)
                os._exit(1)
            assert os.waitpid(child, 0)[1] == 0
        """
    run_script(tmp_path, code)
    assert ct.run("parents").status is Status.FINISHED


def test_a_finished_run_goes_on_with_a_new_end() -> None:
    with pytest.raises(ZeroDivisionError), ct.track("once") as run:
        run.log({"x": 1.0}, step=10)
        1 / 0  # noqa: B018
    assert ct.run("once").error is not None
    for reference in ("once", run.id, run.id[:12], ct.run(run).number, ct.run(run), run):
        again = ct.resume(reference)
        assert ct.current_run() is again
        assert ct.resume("once") is again, "what is open here is given as it is"
        read = ct.run("once")
        assert (read.status, read.error, read.ended) == (Status.RUNNING, None, None)
        ct.log(x=2.0)
        again.finish()
        assert ct.run("once").status is Status.FINISHED
    assert ct.run("once").history("x")["step"].tolist() == list(range(10, 17))


def test_what_is_not_there_cannot_be_resumed(store_path: Path) -> None:
    with pytest.raises(LookupError, match="no run 'nothing'"):
        ct.resume("nothing")
    assert not store_path.exists()


def test_switched_off_resuming_does_nothing(
    monkeypatch: pytest.MonkeyPatch, store_path: Path
) -> None:
    monkeypatch.setenv("CELLTRAIL_DISABLED", "1")
    run = ct.resume("anything")
    run.handle().log(x=1.0)
    run.finish()
    assert not store_path.exists()


class Lives:
    """One run of three sessions, each of which took it from the one before."""

    def __init__(self, store: Path) -> None:
        self.recorders = [Recorder(store) for _ in range(3)]
        first = self.recorders[0]
        self.run = first.run("run")
        first.end(self.run, "failed")
        for at, recorder in enumerate(self.recorders[1:], start=now()):
            recorder.writer.event("resume", run=self.run, session=recorder.session, at=at)
        self.recorders[1].end(self.run, "interrupted")


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("end", ["finished", None])
def test_in_whatever_order_the_lives_of_a_run_are_merged_its_end_is_the_last_ones(
    store_path: Path, tmp_path: Path, order: tuple[int, ...], end: str | None
) -> None:
    lives = Lives(store_path)
    if end is not None:
        lives.recorders[2].end(lives.run, end)
    spool, aside = Layout(store_path).spool, tmp_path / "aside"
    aside.mkdir()
    for recorder in lives.recorders:
        recorder.close()
        recorder.writer.folder.rename(aside / recorder.session)
    store = open_store(store_path)
    for i in order:
        spool.mkdir(exist_ok=True)
        (aside / lives.recorders[i].session).rename(lives.recorders[i].writer.folder)
        store.merge()
    (row,) = store.run_rows()
    assert row.status == (end or "lost")
    assert row.session == lives.recorders[2].session


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=str)
def test_a_session_that_takes_a_run_back_owns_it_in_whatever_order(
    store_path: Path, tmp_path: Path, order: tuple[int, ...]
) -> None:
    """Also by a clock that was put back in between."""
    first, second = recorders = [Recorder(store_path) for _ in range(2)]
    run = first.run("run")
    first.end(run, "failed")
    second.writer.event("resume", run=run, session=second.session, at=10**15 + 1)
    second.end(run, "interrupted")
    first.writer.event("resume", run=run, session=first.session, at=10**15 + 2)
    first.end(run, "finished")
    for recorder in recorders:
        recorder.close()
        recorder.writer.folder.rename(tmp_path / recorder.session)
    store = open_store(store_path)
    for i in order:
        Layout(store_path).spool.mkdir(exist_ok=True)
        (tmp_path / recorders[i].session).rename(recorders[i].writer.folder)
        store.merge()
    (row,) = store.run_rows()
    assert (row.status, row.session) == ("finished", first.session)


@pytest.mark.parametrize("first", [0, 1])
def test_two_that_take_a_run_at_once_end_it_once(store_path: Path, first: int) -> None:
    old, *both = recorders = [Recorder(store_path) for _ in range(3)]
    run = old.run("run")
    old.close()
    store = open_store(store_path)
    store.merge()
    at = now()
    for recorder in both[::-1] if first else both:
        recorder.writer.event("resume", run=run, session=recorder.session, at=at)
        store.merge()
    both[0].end(run, "failed")
    both[1].end(run, "finished")
    store.merge()
    (row,) = store.run_rows()
    assert (row.status, row.session) == ("finished", recorders[2].session)


def test_a_resumed_run_keeps_its_identity_when_the_store_is_removed(store_path: Path) -> None:
    with ct.track("kept", experiment="e", note="n"):
        pass
    run = ct.resume("kept")
    assert ct.run(run).status is Status.RUNNING
    store_path.unlink()
    from celltrail.record.session import session_for

    session_for(store_path).writer._next_check = 0  # as if seconds had gone by
    session_for(store_path).writer._size = 1 << 40
    run.log(x=1.0)
    read = ct.run("kept")
    assert (read.experiment, read.note, read.metrics) == ("e", "n", {"x": 1.0})
    run.finish()
    assert ct.run("kept").status is Status.FINISHED


def test_the_end_that_a_worker_wrote_of_its_own_accord_does_not_count(store_path: Path) -> None:
    owner, worker = Recorder(store_path), Recorder(store_path)
    run = owner.run("run")
    worker.end(run, "failed")
    worker.close()
    store = open_store(store_path)
    assert [row.status for row in store.run_rows()] == ["running"]
    owner.end(run)
    assert [row.status for row in store.run_rows()] == ["finished"]


def test_a_process_number_that_is_used_again_does_not_keep_a_run(tmp_path: Path) -> None:
    with running(tmp_path, BEGIN) as first:
        kill_9(first)
    store = Layout(tmp_path / "celltrail.duckdb")
    with subprocess.Popen(["sleep", "600"]) as other:
        for owner in store.spool.glob("*/owner.json"):
            text = owner.read_text().replace(f'"pid": {first.pid}', f'"pid": {other.pid}')
            owner.write_text(text)
        ct.resume("training").finish()
        other.kill()
    assert ct.run("training").status is Status.FINISHED
