"""A whole store as a folder of Parquet files and artifacts, and back."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from typing import TYPE_CHECKING

from celltrail.errors import ExportError
from celltrail.ids import new_id
from celltrail.store.instance import attached, process_wide, quoted
from celltrail.store.notices import warn
from celltrail.store.schema import migrate, require_readable
from celltrail.store.upkeep.contents import Table, blob_slices, tables
from celltrail.store.upkeep.large import copy_checked
from celltrail.store.upkeep.manifest import (
    MANIFEST_NAME,
    Manifest,
    Member,
    is_artifact,
    take_member,
)
from celltrail.store.upkeep.results import Exported, Imported
from celltrail.store.upkeep.settling import settle
from celltrail.store.upkeep.staging import LEFT_OUT, adopt, staged, writing_export

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from celltrail.store.access import Access

__all__ = [
    "add_artifacts",
    "export_folder",
    "import_folder",
    "large_artifacts",
    "schema_version",
    "warn_of_missing",
]

_PATIENCE = 60.0
_WORD = re.compile(r"[A-Za-z0-9_]+")


def export_folder(access: Access, folder: Path) -> Exported:
    """Write a whole store to a folder: a Parquet file a table, the artifacts, a manifest.

    Parameters
    ----------
    access
        The store's locks.
    folder
        Where to; it must be new or empty. It is there whole or not at all.

    Raises
    ------
    ExportError
        When there is something already, or nothing can be written there.
    StoreError
        When the store cannot be read.
    """
    _require_room(folder)
    settle(access)
    with writing_export(folder):
        return _export(access, folder)


def _export(access: Access, folder: Path) -> Exported:
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.parent / f".{folder.name}.part-{new_id()}"
    part.mkdir()
    try:
        with access.shared():
            with attached(access.path, read_only=True) as con:
                require_readable(con, access.path)
                manifest = Manifest(schema_version(con))
                for table in tables(con, "store"):
                    if table.is_ours and table.name not in LEFT_OUT:
                        _write(con, table, part, manifest)
                wanted = large_artifacts(con)
            copied = add_artifacts(access, wanted, part, manifest)
        (part / MANIFEST_NAME).write_text(manifest.to_json(), "utf-8")
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    size = sum(member.size for member in manifest.files.values())
    return Exported(folder, manifest.rows, copied, size)


def _require_room(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ExportError(folder, "is not empty; give a new folder")


def schema_version(con: DuckDBPyConnection) -> int:
    """Give the version of the schema of the store that a connection uses."""
    return int(con.execute("SELECT max(version) FROM migrations").fetchall()[0][0])


def large_artifacts(con: DuckDBPyConnection) -> list[str]:
    """Give the addresses of artifacts whose content is not in the database."""
    rows = con.execute(
        "SELECT DISTINCT sha256 FROM artifacts WHERE sha256 NOT IN (SELECT sha256 FROM blobs) "
        "ORDER BY sha256"
    ).fetchall()
    return [sha256 for (sha256,) in rows]


def _write(con: DuckDBPyConnection, table: Table, part: Path, manifest: Manifest) -> None:
    if not _WORD.fullmatch(table.name):
        warn(f"the table {table.name!r} is not exported: its name cannot be that of a file.")
        return
    (part / "tables").mkdir(exist_ok=True)
    rows = 0
    names = manifest.tables[table.name] = []
    for number, condition in enumerate(_portions(con, table)):
        name = f"tables/{table.name}{f'-{number:04d}' if number else ''}.parquet"
        (count,) = con.execute(
            f"COPY (SELECT {table.column_list} FROM {table.at('store')} {condition}) "
            f"TO {quoted(part / name)} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchall()[0]
        rows += int(count)
        names.append(name)
        with (part / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        manifest.files[name] = Member((part / name).stat().st_size, digest)
    manifest.rows[table.name] = rows


def _portions(con: DuckDBPyConnection, table: Table) -> Iterator[str]:
    slices = [f"WHERE {part} ORDER BY rowid" for part in blob_slices(con, "blobs")]
    if table.name == "blobs" and slices:
        yield from slices
    else:
        yield ""


def add_artifacts(access: Access, wanted: list[str], part: Path, manifest: Manifest) -> int:
    """Copy large artifacts to an export, and give how many there were; nobody may purge now."""
    copied = 0
    for sha256 in wanted:
        source = access.layout.file(sha256)
        name = f"artifacts/{sha256[:2]}/{sha256}"
        target = part / name
        if not source.is_file():
            manifest.missing.append(sha256)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as reader, target.open("xb") as writer:
            found = copy_checked(reader, writer)
        if found != sha256:
            target.unlink()
            manifest.missing.append(sha256)
            continue
        manifest.files[name] = Member(target.stat().st_size, sha256)
        copied += 1
    warn_of_missing(access.path, manifest)
    return copied


def warn_of_missing(path: Path, manifest: Manifest) -> None:
    """Say how many contents a store did not have, or had damaged, that is exported."""
    count = len(manifest.missing)
    if count:
        contents = "content of an artifact is" if count == 1 else "contents of artifacts are"
        warn(f"{count:,} {contents} missing or damaged in {path}, and left out of the export.")


def import_folder(access: Access, folder: Path) -> Imported:
    """Bring what `export_folder` wrote into a store.

    Parameters
    ----------
    access
        The store's locks. Where there is no store it is made; else the export is merged into
        it, as `merge_store` does.
    folder
        The export.

    Raises
    ------
    ExportError
        When it is none, or not whole: then nothing was changed.
    StoreError
        When the store cannot be written.
    """
    try:
        text = (folder / MANIFEST_NAME).read_bytes()
    except OSError as error:
        is_there = os.path.lexists(folder)
        problem = "has no manifest of a celltrail export" if is_there else "does not exist"
        raise ExportError(folder, problem) from error
    manifest = Manifest.from_json(text, folder)
    with staged(access.path) as stage:
        tables_at = stage.path.parent
        for name, member in manifest.files.items():
            target = stage.layout.file(member.sha256) if is_artifact(name) else tables_at / name
            try:
                with (folder / name).open("rb") as reader:
                    take_member(reader, target, member, name, folder)
            except OSError as error:
                raise ExportError(folder, f"is not whole: {error}") from error
        _load(stage.path, manifest, folder)
        return adopt(stage, access, manifest, folder)


def _load(path: Path, manifest: Manifest, source: Path) -> None:
    """Make a store of the schema that the export was made of, and fill it."""
    with process_wide(_PATIENCE), attached(path, read_only=False) as con:
        migrate(con, path, upto=manifest.schema)
        if schema_version(con) != manifest.schema:
            raise ExportError(source, "was written by a newer celltrail; upgrade celltrail")
        known = {table.name for table in tables(con, "store") if table.is_ours}
        for name, files in manifest.tables.items():
            if name in LEFT_OUT or not _WORD.fullmatch(name):
                raise ExportError(source, f"has a table that no export has: {name!r}")
            for at, file in enumerate(files):
                place = quoted(path.parent / file)
                # A folder called x=y is no column.
                select = f"SELECT * FROM read_parquet({place}, hive_partitioning = false)"
                if name in known or at:
                    con.execute(f'INSERT INTO "{name}" BY NAME {select}')
                else:  # one that a user made
                    con.execute(f'CREATE TABLE "{name}" AS {select}')
