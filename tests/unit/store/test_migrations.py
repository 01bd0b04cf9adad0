from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path

import duckdb
import pytest
from spool_recorder import Recorder
from store_damage import fill
from store_process import line, process, without_root_powers

from celltrail.errors import StoreUnwritableError
from celltrail.store import open_store, schema
from celltrail.store.doctor import examine
from celltrail.store.layout import Layout

FILES = sorted(
    (entry.name, entry.read_text("utf-8"))
    for entry in (resources.files("celltrail.store") / "sql").iterdir()
    if entry.name.endswith(".sql")
)
VERSIONS = [int(name[:4]) for name, _ in FILES]
NEWEST = VERSIONS[-1]
OLDER = VERSIONS[:-1]


def version(store: Path) -> int:
    with duckdb.connect(store, read_only=True) as con:
        (found,) = con.execute("SELECT max(version) FROM migrations").fetchall()[0]
    return int(found)


def columns(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[str]]:
    rows = con.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        f"JOIN duckdb_tables() t USING (database_name, table_name) WHERE database_name = "
        f"'{database}' GROUP BY table_name"
    ).fetchall()
    return dict(rows)


def make_older(newest: Path, target: Path, wanted: int) -> None:
    """Make a store as an earlier celltrail made it: its SQL, and the data of a store of today."""
    with duckdb.connect(":memory:") as con:
        con.execute(f"ATTACH '{target}' AS store (STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE 16384)")
        con.execute(f"ATTACH '{newest}' AS today (READ_ONLY)")
        con.execute("USE store")
        for number, (_, statements) in zip(VERSIONS, FILES, strict=True):
            if number <= wanted:
                con.execute(statements)
                con.execute("INSERT INTO migrations VALUES ($1, now()::TIMESTAMP)", [number])
        today = columns(con, "today")
        for table, there in columns(con, "store").items():
            if table == "migrations":
                continue
            common = ", ".join(name for name in there if name in today[table])
            con.execute(f"INSERT INTO {table} BY NAME SELECT {common} FROM today.{table}")
            (rows,) = con.execute(f"SELECT count(*) FROM {table}").fetchall()[0]
            assert rows or table in ("merged", "scattered", "purged"), f"nothing in {table}"


def leave_out(newest: Path, old: Path) -> None:
    """Take out of a store of today what an earlier celltrail did not record."""
    with duckdb.connect(old, read_only=True) as con:
        known = columns(con, old.stem)
    with duckdb.connect(newest) as con:
        for table, names in columns(con, newest.stem).items():
            for name in names:
                if table not in known:
                    con.execute(f"DELETE FROM {table}")
                elif name not in known[table]:
                    con.execute(f"UPDATE {table} SET {name} = NULL")


def everything(store: Path) -> list[object]:
    """Read what users read, as plain values."""
    opened = open_store(store)
    rows = opened.run_rows()
    ids = [row.id for row in rows]
    table = opened.table_data()
    views = [
        opened.sql(f"SELECT * FROM {view} ORDER BY ALL").to_csv()
        for view in ("v_runs", "v_params", "v_metrics", "v_history", "v_outputs", "v_cells")
    ]
    return [
        rows,
        [(table.params.names[k], table.params.value(i)) for i, k in enumerate(table.params.key)],
        table.summaries.count.tolist(),
        table.tags,
        [repr(opened.history(ids, name).value.tolist()) for name in ("loss", "seen")],
        [opened.artifacts(run) for run in ids],
        [opened.datasets(run) for run in ids],
        [opened.param_changes(run) for run in ids],
        [opened.metric_reasons(run) for run in ids],
        [opened.outputs(run) for run in ids],
        opened.source("5" * 64),
        opened.environment("e" * 64),
        *views,
    ]


@pytest.fixture
def newest(tmp_path: Path) -> Path:
    (tmp_path / "new").mkdir()
    store = tmp_path / "new" / "s.duckdb"
    fill(store)
    return store


def older(newest: Path, tmp_path: Path, wanted: int) -> Path:
    store = tmp_path / "s.duckdb"
    make_older(newest, store, wanted)
    Layout(newest).files.rename(Layout(store).files)
    return store


def test_migrations_are_numbered_without_a_gap() -> None:
    assert list(range(1, NEWEST + 1)) == VERSIONS
    assert all(re.fullmatch(r"\d{4}_[a-z_]+\.sql", name) for name, _ in FILES)


@pytest.mark.parametrize("wanted", OLDER)
def test_a_store_of_every_earlier_version_reads_as_one_of_today(
    newest: Path, tmp_path: Path, wanted: int
) -> None:
    store = older(newest, tmp_path, wanted)
    leave_out(newest, store)
    expected = everything(newest)
    assert version(store) == wanted
    assert everything(store) == expected, "also where nothing but a read came by"
    assert version(store) == NEWEST
    assert examine(store) == []
    assert not Layout(store).spool.exists()
    recorder = Recorder(store)
    recorder.end(recorder.run("after"))
    recorder.close()
    assert [row.name for row in open_store(store).run_rows()][-1] == "after"
    assert len(list(store.parent.glob("s.duckdb*"))) == 2, "the file, its artifacts, no copies"


@pytest.mark.parametrize("wanted", OLDER)
def test_the_spool_is_merged_into_an_older_store(newest: Path, tmp_path: Path, wanted: int) -> None:
    store = older(newest, tmp_path, wanted)
    recorder = Recorder(store)
    recorder.log(recorder.run("new"), 0, loss=1.0)
    assert open_store(store).merge()
    assert version(store) == NEWEST
    assert [row.name for row in open_store(store).run_rows()] == ["above", "full", "new"]


def test_a_migration_that_fails_leaves_the_version_before_it(
    newest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(newest)
    broken = "CREATE TABLE extra (i INTEGER); INSERT INTO runs SELECT * FROM no_such_table"
    real = schema._migrations()
    with monkeypatch.context() as patched:
        patched.setattr(schema, "_migrations", lambda: [*real, (NEWEST + 1, broken)])
        Recorder(newest).run("waiting")
        with pytest.raises(Exception, match="no_such_table"):
            open_store(newest).merge()
    assert version(newest) == NEWEST
    with duckdb.connect(newest, read_only=True) as con:
        assert ("extra",) not in con.execute("SHOW TABLES").fetchall()
    rows = open_store(newest).run_rows()
    assert rows[:-1] == before[0]
    assert rows[-1].name == "waiting"


KILL = """
import sys, time
from pathlib import Path
from celltrail.store import instance, open_store, schema

def tell() -> int:
    print("in the middle", flush=True)
    time.sleep(600)
    return 1

instance._instance.connection().create_function("tell", tell, [], "INTEGER")
real = schema._migrations()
last = ("CREATE TABLE extra AS SELECT * FROM range(1000); ALTER TABLE runs ADD COLUMN odd INTEGER;"
        "UPDATE runs SET odd = 1; SELECT tell()")
schema._migrations = lambda: [*real, (real[-1][0] + 1, last)]
open_store(Path(sys.argv[1])).run_rows()
"""


def test_a_kill_in_the_middle_of_a_migration_leaves_the_version_before_it(newest: Path) -> None:
    before = everything(newest)
    with subprocess.Popen(
        [sys.executable, "-c", KILL, str(newest)], stdout=subprocess.PIPE
    ) as migrating:
        assert migrating.stdout is not None
        assert migrating.stdout.readline() == b"in the middle\n"
        os.kill(migrating.pid, signal.SIGKILL)
        migrating.wait()
    assert everything(newest) == before
    assert version(newest) == NEWEST


@pytest.mark.parametrize("wanted", OLDER)
def test_two_processes_that_migrate_at_once_do_it_once(
    newest: Path, tmp_path: Path, wanted: int
) -> None:
    store = older(newest, tmp_path, wanted)
    leave_out(newest, store)
    expected = everything(newest)
    code = (
        "import sys; from pathlib import Path; from celltrail.store import open_store; "
        "store = open_store(Path(sys.argv[1])); print('ready', flush=True); input(); "
        "assert len(store.run_rows()) == 2"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(store)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == b"ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write(b"\n")
        one.stdin.flush()
    for one in both:
        one.communicate()
        assert one.returncode == 0
    with duckdb.connect(store, read_only=True) as con:
        done = con.execute("SELECT version FROM migrations ORDER BY version").fetchall()
    assert done == [(number,) for number in VERSIONS]
    assert everything(store) == expected


def test_an_older_store_in_a_folder_that_cannot_be_written_is_said(
    newest: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    store = older(newest, folder, OLDER[0])
    folder.chmod(0o555)
    try:
        with process(store, "attempt(store.run_rows)", before=without_root_powers) as reading:
            said = line(reading)
    finally:
        folder.chmod(0o755)
    assert said.startswith(StoreUnwritableError.__name__)
    assert version(store) == OLDER[0]
