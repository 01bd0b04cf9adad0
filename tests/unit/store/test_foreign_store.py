"""A store that somebody else made runs nothing of its own when it is read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder

import celltrail as ct
from celltrail.errors import StoreError
from celltrail.store import open_store
from celltrail.store.layout import Layout

READS_A_FILE = (
    "ALTER TABLE tags RENAME TO hidden; CREATE VIEW tags AS SELECT run, "
    "(SELECT content FROM read_text('{secret}')) AS tag FROM hidden",
    "CREATE MACRO epoch_us(x) AS (SELECT length(content) FROM read_text('{secret}'))",
    "CREATE MACRO starts_with(a, b) AS (SELECT content = a FROM read_text('{secret}'))",
)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.duckdb"
    recorder = Recorder(path)
    run = recorder.run("r")
    recorder.writer.event("tag", run=run, tag="x", on=True)
    recorder.end(run)
    recorder.close()
    open_store(path).merge()
    return path


@pytest.mark.parametrize("statement", READS_A_FILE)
def test_code_in_the_place_of_data_is_refused(statement: str, theirs: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with duckdb.connect(theirs) as con:
        con.execute(statement.format(secret=secret))
    moved = theirs.rename(tmp_path / "moved.duckdb")  # so that nothing is known of it
    copied = tmp_path / "copied.duckdb"
    copied.write_bytes(moved.read_bytes())
    with pytest.raises(StoreError, match=r"no table 'tags'|macro in place of the function"):
        open_store(copied).table_data()
    with pytest.raises(StoreError, match=r"no table 'tags'|macro in place of the function"):
        ct.merge(copied)


def test_a_macro_of_the_users_own_keeps_nobody_out(theirs: Path) -> None:
    with duckdb.connect(theirs) as con:
        con.execute("CREATE MACRO double_it(x) AS 2 * x")
    assert open_store(theirs).table_data().tags == {1: ["x"]}


def test_a_file_of_another_database_is_not_opened_with_an_extension(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    path.write_bytes(b"SQLite format 3\x00" + b"\x00" * 4080)
    with pytest.raises(StoreError, match=r"cannot be read as a celltrail store|damaged") as raised:
        open_store(path).table_data()
    assert "extension" not in str(raised.value).lower()


def test_a_run_of_a_copied_store_whose_process_is_elsewhere_is_lost(theirs: Path) -> None:
    recorder = Recorder(theirs)
    recorder.run("open")
    open_store(theirs).merge()
    copied = theirs.with_name("copied.duckdb")
    with duckdb.connect(theirs) as con:
        con.execute("UPDATE sessions SET host = 'elsewhere', boot = 'another'")
    copied.write_bytes(theirs.read_bytes())
    another = Recorder(copied)
    another.run("ours")
    store = open_store(copied)
    store.merge()
    assert [(row.name, row.status) for row in store.run_rows()] == [
        ("r", "finished"),
        ("open", "lost"),
        ("ours", "running"),
    ]
    assert Layout(theirs).spool.exists()


def test_reading_an_empty_database_of_somebody_leaves_it_empty(tmp_path: Path) -> None:
    path = tmp_path / "theirs.duckdb"
    duckdb.connect(path).close()
    content = path.read_bytes()
    with pytest.raises(StoreError, match="empty"):
        open_store(path).run_rows()
    assert path.read_bytes() == content
