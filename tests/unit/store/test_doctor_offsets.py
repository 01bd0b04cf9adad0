"""What `repair` does when the store forgot how far the spool is merged, and beside others."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder, now
from store_damage import BLOCK, HEADERS, flip
from store_process import line, process, without_root_powers

from celltrail.ids import new_id
from celltrail.store import Store, open_store
from celltrail.store.doctor import examine, repair
from celltrail.store.doctor.surroundings import find_spool_faults
from celltrail.store.layout import Layout


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.duckdb"


def log(recorder: Recorder, run: str, steps: range) -> None:
    """Log one of each thing that would stand there twice if it were merged twice."""
    event = recorder.writer.event
    for step in steps:
        recorder.log(run, step, loss=step / 7, seen=step, odd=float("nan"))
        recorder.param(run, "lr", step)
        sha256, size = recorder.writer.add_blob(str(step).encode())
        event("artifact", run=run, name="a", kind="text", sha256=sha256, size=size)
        event("cell", run=run, execution_count=step, started=now(), status="ok")
        event("output", run=run, position=step, kind="stream", name="stdout", text="x")
        event("dataset", run=run, name=f"d{step}", sha256=f"{step + 99:064x}", kind="frame")
        event("reason", run=run, metric=f"m{step}", reason="the last line")


def counts(store: Store) -> dict[str, int]:
    """Count the rows of what grows with each record."""
    ids = [row.id for row in store.run_rows()]
    sql = store.sql("SELECT count(*) AS n, sum(count)::BIGINT AS m FROM v_metrics")
    return {
        "runs": len(ids),
        "points": len(store.sql("FROM v_history")),
        "summed up": int(sql["m"][0]),
        "param changes": sum(len(store.param_changes(run)) for run in ids),
        "artifacts": sum(len(store.artifacts(run)) for run in ids),
        "outputs": sum(len(store.outputs(run)) for run in ids),
        "datasets": sum(len(store.datasets(run)) for run in ids),
    }


def forget(path: Path, table: str = "merged") -> None:
    """Damage the block that holds a table."""
    with duckdb.connect(path, read_only=True) as con:
        blocks = con.execute(
            f"SELECT DISTINCT block_id FROM pragma_storage_info('{table}') WHERE block_id >= 0"
        ).fetchall()
    flip(path, HEADERS + blocks[0][0] * BLOCK + 1000)


def rows(path: Path, table: str) -> int:
    with duckdb.connect(path, read_only=True) as con:
        return int(con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


@pytest.mark.parametrize("ended", [False, True], ids=["living", "ended"])
def test_a_store_that_forgot_what_is_merged_gets_nothing_twice(path: Path, ended: bool) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    store = open_store(path)
    for start in (0, 20):
        log(recorder, run, range(start, start + 20))
        assert store.merge()
    log(recorder, run, range(40, 50))  # not merged yet
    forget(path)
    if ended:
        recorder.close()
    report = repair(path)
    assert report.is_well, report
    assert any("120 of 150 points are there" in done for done in report.done), report.done
    assert "lost 1 rows of merged" in report.done
    log(recorder, run, range(50, 60))
    recorder.end(run)
    recorder.close()
    assert store.merge()
    assert counts(store) == {
        "runs": 1,
        "points": 180,
        "summed up": 180,
        "param changes": 60,
        "artifacts": 60,
        "datasets": 60,
        "outputs": 60,
    }
    assert rows(path, "cell_executions") == 60
    assert rows(path, "metric_reasons") == 60
    assert examine(path) == []


def test_a_spool_of_which_nothing_was_merged_is_merged_whole_after_that(path: Path) -> None:
    first, second = Recorder(path), Recorder(path)
    log(first, first.run("merged"), range(3))
    assert open_store(path).merge()
    log(second, second.run("not merged"), range(4))
    forget(path)
    assert repair(path).is_well
    for recorder in (first, second):
        recorder.close()
    assert open_store(path).merge()
    found = counts(open_store(path))
    assert (found["runs"], found["points"], found["artifacts"]) == (2, 21, 7)


def test_a_spool_that_cannot_be_read_stops_a_repair_that_would_double_it(path: Path) -> None:
    recorder = Recorder(path)
    log(recorder, recorder.run("theirs"), range(3))
    assert open_store(path).merge()
    forget(path)
    content = path.read_bytes()
    recorder.writer.folder.chmod(0)
    code = """
        from celltrail.store.doctor import repair
        for done in repair(path).done:
            say(done)
        """
    with process(path, code, before=without_root_powers) as repairing:
        assert line(repairing).startswith("copied the store to")
        said = line(repairing)
    recorder.writer.folder.chmod(0o755)
    if not said.startswith("could not go on"):
        pytest.skip("the modes of files bind nobody here")
    assert "Repair the store as somebody who may read it" in said
    assert path.read_bytes() == content
    assert not list(Layout(path).spool.glob(".saved*"))


def test_a_spool_that_goes_while_it_is_looked_through_is_no_fault(path: Path) -> None:
    folders = []
    for _ in range(3):
        recorder = Recorder(path)
        recorder.run("r")
        (recorder.writer.folder / "mine.txt").write_text("mine")
        folders.append(recorder.writer.folder)
    found = find_spool_faults(Layout(path), {})
    assert next(found).code == "spool-foreign"
    shutil.rmtree(sorted(folders)[1])
    assert [finding.code for finding in found] == ["spool-foreign"]


def test_a_spool_that_nobody_else_may_look_into_is_noted(path: Path) -> None:
    open_store(path)
    recorder = Recorder(path)
    recorder.run("r")
    assert open_store(path).merge()
    recorder.writer.folder.chmod(0)
    code = """
        from celltrail.store.doctor import examine
        say(*[finding.code for finding in examine(path)])
        """
    with process(path, code, before=without_root_powers) as looking:
        said = line(looking)
    recorder.writer.folder.chmod(0o755)
    if said == "":
        pytest.skip("the modes of files bind nobody here")
    assert said == "spool-private"


def test_content_of_a_spool_is_not_missing(path: Path) -> None:
    recorder = Recorder(path)
    run = recorder.run("r")
    sha256, size = recorder.writer.add_blob(b"x")
    recorder.writer.event("artifact", run=run, name=new_id(), sha256=sha256, size=size)
    assert open_store(path).merge()
    assert examine(path) == []
