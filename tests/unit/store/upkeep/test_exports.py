"""A whole store as Parquet files, or as one file, and back."""

from __future__ import annotations

import hashlib
import json
import math
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from spool_recorder import Recorder, now

from celltrail.errors import (
    ArtifactLostError,
    CelltrailWarning,
    ExportError,
    StoreMissingError,
)
from celltrail.store import Store, open_store, schema
from celltrail.store.upkeep import (
    delete_runs,
    deleted_runs,
    export_bundle,
    export_folder,
    import_bundle,
    import_folder,
    purge_runs,
)
from celltrail.store.upkeep.manifest import MANIFEST_NAME

Contents = Callable[[Store], dict[str, Any]]
LARGE = (1 << 20) + 5
ODD = [float("nan"), -0.0, 0.0, math.inf, -math.inf, 5e-324, 2**53 + 1, -(2**63), 2**63 - 1, 1.5]
TEXTS = ["", "NUL \0 inside", "Ω 漢字 🙂", "a\nb\r\tc", "'; DROP TABLE runs; --", "x" * 100_000]


@pytest.fixture
def filled(store: Store) -> Store:
    recorder = Recorder(store.path)
    recorder.writer.event("session", started=now(), host="h", kind="kernel")
    recorder.writer.event("source", sha256="f" * 64, text=TEXTS[1] + TEXTS[2])
    runs = [recorder.run(text[:50] or None, note=text, source="f" * 64) for text in TEXTS]
    gone = recorder.run("gone")
    for run in runs:
        for at, value in enumerate([*ODD, *TEXTS, None, True, [1, None], {"a": math.nan}, 2**80]):
            recorder.param(run, f"p{at}", value)
        for step, value in enumerate(ODD):
            recorder.writer.append(run, now(), [("odd", step, value), ("loss/é", -step, 0.1)])
        recorder.writer.event("tag", run=run, tag="t")
        recorder.writer.event("cell", source="f" * 64, started=1, ended=2, status="ok", run=run)
        for data in (b"\x00\xff\x80 small", run.encode().ljust(LARGE, b"\x00")):
            sha256, size = recorder.writer.add_blob(data)
            recorder.writer.event("artifact", run=run, name="../a", sha256=sha256, size=size)
        recorder.end(run, error={"type": "E", "message": "m", "traceback": "t"})
    recorder.end(gone)
    recorder.close()
    delete_runs(store.access, [runs[0]])
    purge_runs(store.access, [gone])
    return store


def pack(store: Store, path: Path, form: str) -> Any:
    export = export_folder if form == "folder" else export_bundle
    return export(store.access, path)


def unpack(store: Store, path: Path) -> Any:
    bring = import_folder if path.is_dir() else import_bundle
    return bring(store.access, path)


@pytest.mark.parametrize("form", ["folder", "bundle"])
def test_a_round_trip_gives_the_same_store(
    filled: Store, tmp_path: Path, contents: Contents, form: str
) -> None:
    before = contents(filled)
    exported = pack(filled, tmp_path / "out [1] *", form)
    assert (exported.rows["runs"], exported.rows["metrics"]) == (6, 120)
    assert exported.artifacts == 6
    other = open_store(tmp_path / "new" / "other.duckdb")
    imported = unpack(other, tmp_path / "out [1] *")
    assert (imported.merged.new, imported.merged.artifacts) == (6, 6)
    assert contents(other) == before
    assert len(deleted_runs(other.access)) == 1
    with filled.access.reading() as con:
        tombs = con.execute("SELECT id FROM purged").fetchall()
    with other.access.reading() as con:
        assert con.execute("SELECT id FROM purged").fetchall() == tombs
    assert [(row.id, row.number) for row in other.run_rows()] == [
        (row.id, row.number) for row in filled.run_rows()
    ]
    for row in other.run_rows():
        for artifact in other.artifacts(row.id):
            assert len(other.open_artifact(artifact.sha256).read()) == artifact.size
    kept = {path.name for path in other.path.parent.iterdir()}
    assert kept == {"other.duckdb", "other.duckdb.files"}


@pytest.mark.parametrize("form", ["folder", "bundle"])
def test_into_a_store_that_has_runs_it_is_merged(
    filled: Store, tmp_path: Path, contents: Contents, form: str
) -> None:
    pack(filled, tmp_path / "out", form)
    other = open_store(tmp_path / "new" / "other.duckdb")
    recorder = Recorder(other.path)
    own = recorder.run("own")
    recorder.close()
    assert unpack(other, tmp_path / "out").merged.new == 6
    before = contents(other)
    assert unpack(other, tmp_path / "out").merged.points == 0
    assert contents(other) == before
    assert len(other.run_rows()) == 6
    assert own in {row.id for row in other.run_rows()}


def test_parquet_needs_no_network_and_is_read_by_any_program(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("somebody asked for a network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setenv("HOME", str(tmp_path / "no extensions here"))
    export_folder(filled.access, tmp_path / "out")
    with duckdb.connect() as con:
        loaded = con.execute(
            "SELECT install_mode FROM duckdb_extensions() WHERE extension_name = 'parquet'"
        ).fetchall()
        rows = con.execute(
            f"SELECT count(*) FROM '{tmp_path}/out/tables/metrics.parquet'"
        ).fetchall()
    assert loaded == [("STATICALLY_LINKED",)]
    assert rows == [(120,)]


def test_the_manifest_tells_each_file(filled: Store, tmp_path: Path) -> None:
    export_folder(filled.access, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / MANIFEST_NAME).read_text("utf-8"))
    files = {
        path.relative_to(tmp_path / "out").as_posix(): path
        for path in (tmp_path / "out").rglob("*")
        if path.is_file() and path.name != MANIFEST_NAME
    }
    assert files.keys() == manifest["files"].keys()
    for name, path in files.items():
        told = manifest["files"][name]
        assert told == {
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
    assert manifest["celltrail"]
    assert manifest["rows"]["runs"] == 6


def damage_table(out: Path) -> None:
    path = out / "tables" / "params.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def damage_artifact(out: Path) -> None:
    path = next(path for path in (out / "artifacts").rglob("*") if path.is_file())
    path.write_bytes(path.read_bytes()[:-1])


def lose_a_file(out: Path) -> None:
    (out / "tables" / "tags.parquet").unlink()


def lose_the_manifest(out: Path) -> None:
    (out / MANIFEST_NAME).unlink()


def edit(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def apply(out: Path) -> None:
        path = out / MANIFEST_NAME
        manifest = json.loads(path.read_text("utf-8"))
        change(manifest)
        path.write_text(json.dumps(manifest), "utf-8")

    return apply


def name_a_place_outside(manifest: dict[str, Any]) -> None:
    manifest["files"]["../../outside.parquet"] = manifest["files"]["tables/tags.parquet"]


def come_from_the_future(manifest: dict[str, Any]) -> None:
    manifest["schema"] = 99


def miscount(manifest: dict[str, Any]) -> None:
    manifest["rows"]["tags"] += 1


def inject(manifest: dict[str, Any]) -> None:
    manifest["tables"]['runs" SELECT 1; --'] = manifest["tables"].pop("tags")


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (damage_table, "is damaged"),
        (damage_artifact, "is damaged"),
        (lose_a_file, "is not whole"),
        (lose_the_manifest, "has no manifest"),
        (edit(name_a_place_outside), "place where none can be"),
        (edit(come_from_the_future), "newer celltrail"),
        (edit(miscount), "not what the manifest says"),
        (edit(inject), "table that no export has"),
    ],
)
def test_an_export_that_is_not_whole_changes_nothing(
    filled: Store, tmp_path: Path, harm: Callable[[Path], None], problem: str
) -> None:
    out = tmp_path / "out"
    export_folder(filled.access, out)
    harm(out)
    other = open_store(tmp_path / "new" / "other.duckdb")
    with pytest.raises(ExportError, match=problem):
        import_folder(other.access, out)
    assert list((tmp_path / "new").glob("*")) == []


def rezip(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(path) as bundle:
        members = {name: bundle.read(name) for name in bundle.namelist()}
    change(members)
    path.unlink()
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)


@pytest.mark.parametrize("name", ["../evil", "/evil", "artifacts/../../evil", "C:\\evil"])
@pytest.mark.parametrize("listed", [True, False])
def test_nothing_is_ever_unpacked_outside(
    filled: Store, tmp_path: Path, name: str, listed: bool
) -> None:
    path = tmp_path / "b.zip"
    export_bundle(filled.access, path)

    def add(members: dict[str, bytes]) -> None:
        members[name] = b"evil"
        if listed:
            manifest = json.loads(members[MANIFEST_NAME])
            digest = hashlib.sha256(b"evil").hexdigest()
            manifest["files"][name] = {"size": 4, "sha256": digest}
            members[MANIFEST_NAME] = json.dumps(manifest).encode()

    rezip(path, add)
    there = sorted(tmp_path.rglob("*"))
    other = open_store(tmp_path / "new" / "other.duckdb")
    with pytest.raises(ExportError):
        import_bundle(other.access, path)
    (tmp_path / "new").rmdir()
    assert sorted(tmp_path.rglob("*")) == there


def test_a_bundle_that_is_damaged_changes_nothing(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    export_bundle(filled.access, path)
    whole = path.read_bytes()
    other = open_store(tmp_path / "new" / "other.duckdb")
    for cut in (0, 100, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:cut])
        with pytest.raises(ExportError):
            import_bundle(other.access, path)
    for at in range(1000, len(whole), len(whole) // 7):
        flipped = bytearray(whole)
        flipped[at] ^= 0x10
        path.write_bytes(flipped)
        with pytest.raises(ExportError):
            import_bundle(other.access, path)
    assert list((tmp_path / "new").glob("*")) == []
    path.write_bytes(whole)
    assert import_bundle(other.access, path).merged.new == 6


def test_nothing_that_is_there_is_overwritten(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match="is not empty"):
        export_folder(filled.access, tmp_path / "out")
    with pytest.raises(ExportError, match="is there already"):
        export_bundle(filled.access, tmp_path / "out" / "mine.txt")
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_what_is_not_there_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError):
        export_folder(store.access, tmp_path / "out")
    with pytest.raises(ExportError, match="does not exist"):
        import_folder(store.access, tmp_path / "nowhere")
    assert not store.path.exists()


def columns_of(version: int) -> dict[str, list[str]]:
    """Give the columns of each table in a store of an earlier schema."""
    with duckdb.connect() as con:
        for number, statements in schema._migrations():
            if number <= version:
                con.execute(statements)
        rows = con.execute(
            "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
            "JOIN duckdb_tables() USING (table_name) GROUP BY table_name"
        ).fetchall()
    return dict(rows)


@pytest.mark.parametrize("version", [number for number, _ in schema._migrations()[:-1]])
def test_an_export_of_an_earlier_schema_is_brought_up_to_date(
    filled: Store, tmp_path: Path, version: int
) -> None:
    out = tmp_path / "out"
    export_folder(filled.access, out)
    manifest = json.loads((out / MANIFEST_NAME).read_text("utf-8"))
    known = columns_of(version)
    for table in list(manifest["tables"]):
        if table not in known:
            del manifest["rows"][table], manifest["tables"][table]
            continue
        for name in manifest["tables"][table]:
            columns = ", ".join(known[table])
            path = out / name
            with duckdb.connect() as con:
                con.execute(
                    f"COPY (SELECT {columns} FROM '{path}') TO '{path}.older' (FORMAT parquet)"
                )
            path.with_name(f"{path.name}.older").replace(path)
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            manifest["files"][name] = {"size": path.stat().st_size, "sha256": sha256}
    manifest["schema"] = version
    (out / MANIFEST_NAME).write_text(json.dumps(manifest), "utf-8")
    other = open_store(tmp_path / "new" / "other.duckdb")
    import_folder(other.access, out)
    deleted = 1  # which the first schema did not know
    assert len(other.run_rows()) == len(filled.run_rows()) + (deleted if version == 1 else 0)


@pytest.mark.parametrize("form", ["folder", "bundle"])
@pytest.mark.parametrize("harm", ["damaged", "missing"])
def test_a_content_that_the_store_lost_is_left_out_and_told(
    filled: Store, tmp_path: Path, form: str, harm: str
) -> None:
    """One damaged file does not make a whole export worthless."""
    path = min(path for path in filled.access.layout.files.rglob("*") if path.is_file())
    if harm == "missing":
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        path.write_bytes(data)
    with pytest.warns(CelltrailWarning, match="1 content of an artifact is missing or damaged"):
        exported = pack(filled, tmp_path / "out", form)
    assert exported.artifacts == 5
    other = open_store(tmp_path / "new" / "other.duckdb")
    imported = unpack(other, tmp_path / "out")
    assert (imported.merged.new, imported.merged.artifacts) == (6, 5)
    assert imported.merged.missing == 1
    with pytest.raises(ArtifactLostError):
        other.open_artifact(path.name).read()


@pytest.mark.parametrize("folder", ["lr=0.1", "run=3", "exp [old] *"])
@pytest.mark.parametrize("form", ["folder", "bundle"])
def test_the_name_of_a_folder_means_nothing(
    filled: Store, tmp_path: Path, folder: str, form: str
) -> None:
    pack(filled, tmp_path / folder / "out", form)
    other = open_store(tmp_path / folder / "other.duckdb")
    assert unpack(other, tmp_path / folder / "out").merged.new == 6


def test_a_bundle_that_grows_when_it_is_unpacked_is_refused(filled: Store, tmp_path: Path) -> None:
    path, zeros = tmp_path / "b.zip", bytes(50 << 20)
    export_bundle(filled.access, path)
    with zipfile.ZipFile(path) as bundle:
        assert {member.compress_type for member in bundle.infolist()} == {zipfile.ZIP_STORED}
        manifest = json.loads(bundle.read(MANIFEST_NAME))
    digest = hashlib.sha256(zeros).hexdigest()
    manifest["files"]["store.duckdb"] = {"size": len(zeros), "sha256": digest}
    path.unlink()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("store.duckdb", zeros)
        bomb.writestr(MANIFEST_NAME, json.dumps(manifest))
    assert path.stat().st_size < 1 << 20
    other = open_store(tmp_path / "new" / "other.duckdb")
    with pytest.raises(ExportError, match=r"'store\.duckdb' compressed"):
        import_bundle(other.access, path)
    assert list((tmp_path / "new").glob("*")) == []


def test_a_bundle_of_another_database_is_no_bundle(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    export_bundle(filled.access, path)
    with duckdb.connect(tmp_path / "mine.duckdb") as con:
        con.execute("CREATE TABLE migrations AS SELECT 1 AS version")
    data = (tmp_path / "mine.duckdb").read_bytes()

    def replace(members: dict[str, bytes]) -> None:
        manifest = json.loads(members[MANIFEST_NAME])
        digest = hashlib.sha256(data).hexdigest()
        manifest["files"] = {"store.duckdb": {"size": len(data), "sha256": digest}}
        members.clear()
        members["store.duckdb"] = data
        members[MANIFEST_NAME] = json.dumps(manifest).encode()

    rezip(path, replace)
    other = open_store(tmp_path / "new" / "other.duckdb")
    with pytest.raises(ExportError, match=r"b\.zip holds no store"):
        import_bundle(other.access, path)


@pytest.mark.parametrize("form", ["folder", "bundle"])
def test_where_nothing_can_be_written_that_is_told(
    filled: Store, tmp_path: Path, form: str
) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(ExportError, match="cannot be written"):
        pack(filled, tmp_path / "file" / "out", form)
