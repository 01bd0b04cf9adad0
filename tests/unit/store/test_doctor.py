from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder
from store_damage import BLOCK, HEADERS, fill, flip, leave_wal

from celltrail.cli import doctor as command
from celltrail.errors import StoreCorruptError, StoreDamagedError
from celltrail.ids import new_id
from celltrail.store import Store, open_store
from celltrail.store.doctor import Finding, Report, examine, repair
from celltrail.store.layout import Layout


@pytest.fixture
def store(tmp_path: Path) -> Path:
    fill(tmp_path / "s.duckdb")
    return tmp_path / "s.duckdb"


def codes(findings: list[Finding] | tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def everything(store: Store) -> tuple[object, ...]:
    """Read what the tests compare, as plain values."""
    rows = store.run_rows()
    ids = [row.id for row in rows]
    table = store.table_data()
    loss = store.history(ids, "loss")
    seen = store.history(ids, "seen")
    return (
        rows,
        [(table.params.names[k], table.params.value(i)) for i, k in enumerate(table.params.key)],
        [
            (table.summaries.names[k], table.summaries.count[i])
            for i, k in enumerate(table.summaries.key)
        ],
        table.tags,
        loss.step.tolist(),
        repr(loss.value.tolist()),
        seen.exact.tolist(),
        [store.artifacts(i) for i in ids],
        [store.datasets(i) for i in ids],
    )


def change(store: Path, *statements: str) -> None:
    with duckdb.connect(store) as con:
        for statement in statements:
            con.execute(statement)


def mended(store: Path, *expected: str) -> Report:
    """Repair what is found, and see that it is well then, with a copy of what it was."""
    before = store.read_bytes()
    found = codes(examine(store))
    assert set(expected) <= set(found)
    assert store.read_bytes() == before, "looking changes nothing"
    report = repair(store)
    assert report.is_well, report
    assert codes(report.found) == found
    assert report.backup is not None
    assert report.backup.read_bytes() == before
    assert [finding for finding in examine(store) if not finding.note] == []
    return report


def test_a_store_that_is_well_has_no_findings_and_nothing_is_done_to_it(store: Path) -> None:
    before = sorted(path.name for path in store.parent.iterdir())
    content = store.read_bytes()
    assert examine(store) == []
    assert repair(store) == Report((), (), ())
    assert sorted(path.name for path in store.parent.iterdir()) == before
    assert store.read_bytes() == content


def test_points_that_are_not_merged_yet_are_no_fault(store: Path) -> None:
    recorder = Recorder(store)
    recorder.log(recorder.run("open"), 0, loss=1.0)
    assert examine(store) == []


ROW_FAULTS = {
    "run-twice": "INSERT INTO runs SELECT * FROM runs",
    "run-key-twice": "UPDATE runs SET run = 1",
    "metric-twice": "UPDATE metric_keys SET name = 'loss'",
    "metric-key-twice": "UPDATE metric_keys SET key = 1",
    "rows-without-run": "DELETE FROM runs WHERE name = 'full'",
    "points-without-metric": "DELETE FROM metric_keys WHERE name = 'loss'",
    "run-number-twice": "UPDATE runs SET number = 7",
    "run-status": "UPDATE runs SET status = 'odd', experiment = NULL",
    "run-previous": "UPDATE runs SET previous = 99",
    "run-parent": "UPDATE runs SET parent = 99",
    "run-source": "DELETE FROM sources",
    "run-git_diff": "UPDATE runs SET git_diff = 'f'",
    "run-environment": "UPDATE runs SET environment = 'f'",
    "cell-run": "UPDATE cell_executions SET run = 99",
    "run-dataset": "DELETE FROM datasets",
    "param-twice": "INSERT INTO params SELECT * FROM params",
    "meaning-twice": "INSERT INTO metric_meanings SELECT * FROM metric_meanings",
    "tag-twice": "INSERT INTO tags SELECT * FROM tags",
    "summaries": "UPDATE summaries SET count = count + 1, max = 100",
    "blob-damaged": "UPDATE blobs SET data = 'else'::BLOB",
}


@pytest.mark.parametrize("code", ROW_FAULTS)
def test_rows_that_do_not_agree_are_found_and_put_right(store: Path, code: str) -> None:
    change(store, ROW_FAULTS[code])
    if code == "blob-damaged":
        report = repair(store)
        assert code in codes(report.found)
        assert codes(report.left) == ["artifact-missing"], "its content is lost, and that is said"
    else:
        mended(store, code)
    opened = open_store(store)
    assert opened.run_rows()
    assert len(opened.table_data().summaries) > 0


def test_points_of_a_run_that_is_missing_are_kept(store: Path) -> None:
    change(store, "DELETE FROM runs WHERE name = 'full'")
    mended(store, "rows-without-run")
    (row,) = [row for row in open_store(store).run_rows() if row.experiment == "recovered"]
    assert row.status == "lost"
    assert len(open_store(store).history([row.id], "seen")) == 200


def test_a_run_that_stands_there_twice_keeps_what_was_logged_to_both(store: Path) -> None:
    change(
        store,
        "INSERT INTO runs SELECT * REPLACE (77 AS run) FROM runs WHERE name = 'full'",
        "INSERT INTO tags VALUES (77, 'second')",
    )
    mended(store, "run-twice", "run-number-twice")
    (row,) = [row for row in open_store(store).run_rows() if row.name == "full"]
    assert open_store(store).table_data().tags[row.run] == ["cv", "second"]


def test_summaries_are_computed_anew_as_a_merge_computes_them(store: Path) -> None:
    before = open_store(store).sql("SELECT * EXCLUDE mean FROM v_metrics ORDER BY ALL")
    change(store, "DELETE FROM summaries WHERE key = 1", "UPDATE summaries SET last = 5, nans = 3")
    mended(store, "summaries")
    after = open_store(store).sql("SELECT * EXCLUDE mean FROM v_metrics ORDER BY ALL")
    assert after.equals(before)


def test_a_last_value_that_is_no_integer_does_not_get_that_of_an_earlier_point(store: Path) -> None:
    recorder = Recorder(store)
    run = recorder.run("mixed")
    for step, value in enumerate((1, 2, 0.5)):
        recorder.log(run, step, mixed=value)
    recorder.end(run)
    recorder.close()
    opened = open_store(store)
    opened.merge()
    read = "SELECT * EXCLUDE mean FROM v_metrics WHERE key = 'mixed'"
    before = opened.sql(read)
    change(store, "UPDATE summaries SET count = 9 WHERE run = (SELECT max(run) FROM runs)")
    mended(store, "summaries")
    assert opened.sql(read).equals(before)
    assert before["exact"].isna().all()


# -- damage to the file ------------------------------------------------------------------------


@pytest.mark.parametrize("place", [8, 40, 4096 + 20], ids=["magic", "flags", "first of two"])
def test_a_damaged_header_is_replaced_and_every_row_is_there(store: Path, place: int) -> None:
    # Two checkpoints more, so that both copies of the second header say the same tables.
    change(store, "CREATE TABLE spare AS SELECT 1 AS i", "CHECKPOINT", "DROP TABLE spare")
    change(store, "CHECKPOINT")
    before = everything(open_store(store))
    flip(store, place, 2)
    with pytest.raises(StoreCorruptError):
        open_store(store).run_rows()
    report = repair(store)
    assert report.is_well, report
    assert everything(open_store(store)) == before


def test_of_a_table_with_a_damaged_block_all_other_rows_are_saved(tmp_path: Path) -> None:
    store = tmp_path / "s.duckdb"
    fill(store)
    change(
        store,
        "INSERT INTO metrics SELECT 2, 1, i, make_timestamp(i), random(), NULL "
        "FROM range(1000, 300000) r(i)",
    )
    repair(store)  # the summaries of what was put in by hand
    with duckdb.connect(store) as con:
        blocks = con.execute(
            "SELECT block_id FROM pragma_storage_info('metrics') "
            "WHERE column_name = 'value' AND block_id >= 0 ORDER BY row_group_id"
        ).fetchall()
    flip(store, HEADERS + blocks[len(blocks) // 2][0] * BLOCK + 1000, 64)
    report = mended(store, "table-damaged")
    assert any("lost" in line and "rows of metrics" in line for line in report.done)
    opened = open_store(store)
    kept = len(opened.history([row.id for row in opened.run_rows()], "loss"))
    assert 150_000 < kept < 299_201
    assert opened.table_data().params.names == ["layers", "lr"]
    assert {len(opened.artifacts(row.id)) for row in opened.run_rows()} == {0, 2}


def test_a_file_cut_in_the_middle_gives_what_can_be_read(tmp_path: Path) -> None:
    store = tmp_path / "s.duckdb"
    fill(store)
    change(
        store,
        "INSERT INTO metrics SELECT 2, 1, i, make_timestamp(i), random(), NULL "
        "FROM range(1000, 300000) r(i)",
    )
    repair(store)
    os.truncate(store, store.stat().st_size // 2)
    report = repair(store)
    assert set(codes(report.found)) & {"table-damaged", "file-damaged"}
    assert report.backup is not None
    assert report.is_well or "could not open" in report.done[-1]


def test_a_file_that_cannot_be_read_at_all_is_left_as_it_is(store: Path) -> None:
    store.write_bytes(os.urandom(store.stat().st_size))
    content = store.read_bytes()
    report = repair(store)
    assert not report.is_well
    assert "put a backup in its place" in report.done[0]
    assert sorted(path.name for path in store.parent.glob("s.duckdb.b*")) == []
    assert store.read_bytes() == content
    assert not Layout(store).spool.exists(), "nothing is left of the attempt"


def test_a_database_of_something_else_is_never_repaired(tmp_path: Path) -> None:
    store = tmp_path / "other.duckdb"
    with duckdb.connect(store) as con:
        con.execute("CREATE TABLE mine AS SELECT 42 AS answer")
    content = store.read_bytes()
    report = repair(store)
    assert codes(report.found) == ["no-celltrail-store"]
    assert (report.done, report.backup) == ((), None)
    assert store.read_bytes() == content


def test_a_store_of_a_newer_celltrail_is_left_alone(store: Path) -> None:
    change(store, "INSERT INTO migrations VALUES (99, now()::TIMESTAMP)")
    report = repair(store)
    assert codes(report.left) == ["store-newer"]
    assert report.done == ()


# -- the log of changes ------------------------------------------------------------------------


def test_a_log_left_by_a_kill_is_no_fault_and_is_taken_in(store: Path) -> None:
    wal = leave_wal(store)
    (finding,) = examine(store)
    assert (finding.code, finding.note) == ("wal-left", True)
    assert wal.exists()
    assert repair(store).is_well
    assert not wal.exists()


def test_a_damaged_log_is_cut_behind_its_last_whole_change(store: Path) -> None:
    wal = leave_wal(store)
    content = bytearray(wal.read_bytes())
    content[-60:] = bytes(60)  # what a loss of power leaves of a block that was not written
    wal.write_bytes(content)
    with pytest.raises(StoreDamagedError, match=r"Run `celltrail doctor --repair .*s\.duckdb`"):
        open_store(store).run_rows()
    report = mended(store, "wal-damaged")
    assert report.backup is not None
    assert report.backup.with_name(report.backup.name + ".wal").read_bytes() == content
    late = open_store(store).sql("SELECT count(DISTINCT t) AS n FROM v_runs, unnest(tags) u(t)")
    assert late["n"].tolist() == [5], "of five late tags the last is gone; cv was there before"


def test_zeros_behind_the_log_lose_nothing(store: Path) -> None:
    wal = leave_wal(store)
    with wal.open("ab") as file:
        file.write(bytes(4096))
    repair(store)
    late = open_store(store).sql("SELECT count(DISTINCT t) AS n FROM v_runs, unnest(tags) u(t)")
    assert late["n"].tolist() == [6]


def test_the_log_of_another_file_is_put_away(store: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "s.duckdb"
    other.parent.mkdir()
    fill(other)
    shutil.copy(leave_wal(other), store.with_name("s.duckdb.wal"))
    before = store.read_bytes()
    with pytest.raises(StoreDamagedError, match="WAL does not match"):
        open_store(store).run_rows()
    report = mended(store, "wal-damaged")
    assert any("removed s.duckdb.wal" in line for line in report.done)
    assert store.read_bytes() == before


def test_the_log_of_an_older_copy_of_the_file_is_put_away(store: Path) -> None:
    wal = leave_wal(store)
    old = wal.read_bytes()
    change(store, "INSERT INTO tags VALUES (1, 'now')")
    wal.write_bytes(old)
    mended(store, "wal-damaged")


# -- around the file ---------------------------------------------------------------------------


def test_artifacts_that_are_missing_or_damaged_are_named(store: Path) -> None:
    ((sha256, path),) = [(p.name, p) for p in Layout(store).files.glob("??/*")]
    flip(path, 1000)
    (finding,) = examine(store)
    assert (finding.code, finding.repairable) == ("artifact-damaged", False)
    path.unlink()
    (finding,) = examine(store)
    assert finding.code == "artifact-missing"
    assert sha256[:12] in finding.message
    assert repair(store).backup is None, "where nothing can be done nothing is copied"


def test_files_of_no_run_and_copies_cut_off_are_found(store: Path) -> None:
    files = Layout(store).files
    change(store, "DELETE FROM artifacts WHERE kind = 'file'")
    cut = files / f".{new_id()}.part"
    cut.write_bytes(b"x" * 100)
    os.utime(cut, (0, 0))
    assert sorted(codes(examine(store))) == ["artifact-unused", "copy-cut-off"]
    assert repair(store).is_well
    assert not cut.exists()
    assert len(list(files.glob("??/*"))) == 1, "removing content is for `celltrail vacuum`"


def test_the_spool_is_looked_through(store: Path) -> None:
    recorder = Recorder(store)
    run = recorder.run("r")
    for step in range(10):
        recorder.log(run, step, loss=1.0)
    folder = recorder.writer.folder
    flip(folder / "000001.points", 3 * 32, 4)
    with (folder / "000001.events").open("ab") as file:
        file.write(b'{"e":"tag", oh\n')
    (folder / "notes.txt").write_text("mine")
    (folder / "000004.events").write_bytes(b"")
    (folder.parent / "readme").write_text("mine")
    found = examine(store)
    assert sorted(codes(found)) == ["spool-damaged", "spool-foreign", "spool-foreign", "spool-gap"]
    assert any("2 records" in finding.message for finding in found)
    assert all(finding.note for finding in found)


def test_a_spool_whose_owner_cannot_be_read_is_named_and_kept(store: Path) -> None:
    recorder = Recorder(store)
    recorder.run("r")
    (recorder.writer.folder / "owner.json").write_bytes(b"\0" * 20)
    (finding,) = examine(store)
    assert finding.code == "spool-owner"
    repair(store)
    assert (recorder.writer.folder / "000001.events").exists()


def test_locks_and_temporary_files_of_the_dead_are_removed(store: Path) -> None:
    spool = Layout(store).spool
    recorder = Recorder(store)
    recorder.run("r")
    (spool / ".new-s.duckdb").write_bytes(b"half")
    os.utime(spool / ".new-s.duckdb", (0, 0))
    assert codes(examine(store)) == ["temporary-left"]
    assert repair(store).is_well
    assert not (spool / ".new-s.duckdb").exists()
    (spool / ".new-s.duckdb").write_bytes(b"half")
    os.utime(spool / ".new-s.duckdb", (0, 0))
    recorder.close()
    assert open_store(store).merge()
    assert not spool.exists(), "the last one out removes it without a doctor"


def test_a_store_that_is_only_a_spool_is_made(tmp_path: Path) -> None:
    store = tmp_path / "s.duckdb"
    Recorder(store).run("r")
    (finding,) = examine(store)
    assert (finding.code, finding.repairable) == ("store-missing", True)
    assert repair(store).is_well
    assert store.exists()


# -- the command -------------------------------------------------------------------------------


def run_command(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="celltrail")
    command.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["doctor", *words])
    code: int = arguments.run(arguments)
    return code


def test_the_command_says_what_it_found_and_did(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(str(store)) == 0
    assert capsys.readouterr().out == f"{store} is well.\n"
    change(store, ROW_FAULTS["summaries"])
    assert run_command(str(store)) == 1
    out = capsys.readouterr().out
    assert "fault: 2 summaries of metrics do not agree with the points. [summaries]" in out
    assert f"celltrail doctor --repair {store}" in out
    assert run_command("--repair", str(store)) == 0
    out = capsys.readouterr().out
    assert "done: copied the store to" in out
    assert "done: computed summaries of metrics anew from their points (2)." in out
    assert out.endswith(f"{store} is well.\n")


def test_the_command_takes_the_store_in_use_and_fails_for_what_it_cannot_mend(
    store_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store_path.write_bytes(b"this is no database " * 500)
    assert run_command("--repair") == 1
    assert "left: " in capsys.readouterr().out


def test_a_block_that_a_kill_left_half_written_is_read_as_it_is(store_path: Path) -> None:
    run = fill(store_path)
    before = open_store(store_path).run_row(run)
    flip(store_path, HEADERS, 8)  # the checksum: what the file refers to in the block is whole
    with pytest.raises(StoreDamagedError):
        open_store(store_path).run_rows()
    report = repair(store_path)
    assert any("the block at byte 12,288" in said for said in report.done)
    assert report.backup is not None
    assert report.is_well
    assert open_store(store_path).run_row(run) == before


def test_a_block_that_holds_nothing_sensible_is_left_as_it_was(store_path: Path) -> None:
    fill(store_path)
    flip(store_path, HEADERS, BLOCK)
    broken = store_path.read_bytes()
    report = repair(store_path)
    assert any("left it as it is" in said for said in report.done)
    assert store_path.read_bytes() == broken
