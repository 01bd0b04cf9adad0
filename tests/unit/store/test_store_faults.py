from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder

from celltrail.errors import (
    ArtifactError,
    StoreBusyError,
    StoreCorruptError,
    StoreNewerError,
    StoreUnwritableError,
    UnknownNameError,
)
from celltrail.store import open_store
from celltrail.store.layout import Layout


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "s.duckdb"


def test_reading_makes_nothing(store: Path) -> None:
    opened = open_store(store)
    assert opened.run_rows() == []
    assert len(opened.table_data().params) == 0
    assert opened.find_run("x") is None
    assert not opened.pending()
    assert list(store.parent.iterdir()) == []


def test_one_process_has_one_store_of_a_path(store: Path, tmp_path: Path) -> None:
    assert open_store(store) is open_store(tmp_path / "." / "s.duckdb")


@pytest.mark.parametrize("content", [b"", b"this is no database " * 500], ids=["empty", "text"])
def test_a_file_that_is_no_database_is_left_as_it_is(store: Path, content: bytes) -> None:
    store.write_bytes(content)
    recorder = Recorder(store)
    recorder.run()
    with pytest.raises(StoreCorruptError, match=r"s\.duckdb cannot be read as a celltrail store"):
        open_store(store).merge()
    assert store.read_bytes() == content
    store.unlink()
    assert len(open_store(store).run_rows()) == 1, "the spool kept everything"


def test_a_database_of_something_else_is_not_touched(store: Path) -> None:
    with duckdb.connect(store) as con:
        con.execute("create table mine as select 42 as answer")
    Recorder(store).run()
    with pytest.raises(StoreCorruptError, match="something else"):
        open_store(store).merge()
    with duckdb.connect(store) as con:
        assert con.execute("show tables").fetchall() == [("mine",)]


def test_a_store_of_a_newer_celltrail_is_refused(store: Path) -> None:
    Recorder(store).run()
    open_store(store).merge()
    with duckdb.connect(store) as con:
        con.execute("insert into migrations values (99, now()::timestamp)")
    with pytest.raises(StoreNewerError, match="version 99"):
        open_store(store).run_rows()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = tmp_path / "file" / "s.duckdb"
    with (
        pytest.raises(StoreUnwritableError, match="cannot write the store"),
        open_store(store).access.writing(1.0),
    ):
        pass


def test_a_folder_in_the_place_of_the_store_is_said(store: Path) -> None:
    Recorder(store).run()
    store.mkdir()
    with pytest.raises(StoreUnwritableError, match="directory"):
        open_store(store).merge()


def test_another_program_that_holds_the_file_is_named(store: Path) -> None:
    recorder = Recorder(store)
    recorder.run()
    open_store(store).merge()
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        run = recorder.run()
        with pytest.raises(StoreBusyError, match="held by another program"):
            open_store(store).run_rows()
        holder.communicate(b"\n")
    assert open_store(store).run_rows()[-1].id == run


def test_a_connection_of_the_users_own_is_named_and_works_when_nothing_runs(store: Path) -> None:
    Recorder(store).run()
    open_store(store).merge()
    with duckdb.connect(store) as con:
        assert con.execute("select count(*) from v_runs").fetchall() == [(1,)]
        with pytest.raises(StoreBusyError, match="another program or connection"):
            open_store(store).run_rows()
    assert len(open_store(store).run_rows()) == 1


def test_an_artifact_that_is_missing_or_damaged_is_said(store: Path) -> None:
    recorder = Recorder(store)
    recorder.run()
    sha256, _ = recorder.writer.add_blob(b"x" * (2 << 20))
    with pytest.raises(ArtifactError, match="missing"):
        open_store(store).open_artifact("0" * 64).read()
    Layout(store).file(sha256).write_bytes(b"else")
    with pytest.raises(ArtifactError, match="damaged"):
        open_store(store).open_artifact(sha256).read()
    with pytest.raises(UnknownNameError):
        open_store(store).source("0" * 64)


def test_a_half_made_store_of_a_killed_process_is_no_obstacle(store: Path) -> None:
    Recorder(store).run()
    (Layout(store).spool / f".new-{store.name}").write_bytes(b"half")
    assert len(open_store(store).run_rows()) == 1


def test_a_folder_that_duckdb_cannot_write_into_is_said(tmp_path: Path) -> None:
    (tmp_path / "what?").mkdir()
    store = tmp_path / "what?" / "s.duckdb"
    Recorder(store).run()
    with pytest.raises(StoreUnwritableError, match="has a '\\?' in its name"):
        open_store(store).merge()
