"""A whole store with its artifacts as one file, and back."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, BinaryIO, cast

from celltrail.errors import ExportError
from celltrail.ids import new_id
from celltrail.store.instance import attached
from celltrail.store.upkeep.large import copy_checked, is_whole
from celltrail.store.upkeep.manifest import (
    MANIFEST_NAME,
    Manifest,
    Member,
    is_artifact,
    take_member,
)
from celltrail.store.upkeep.parquet import large_artifacts, schema_version, warn_of_missing
from celltrail.store.upkeep.results import Exported, Imported
from celltrail.store.upkeep.rewrite import rewrite
from celltrail.store.upkeep.settling import settle
from celltrail.store.upkeep.staging import adopt, row_counts, staged, writing_export

if TYPE_CHECKING:
    from pathlib import Path

    from celltrail.store.access import Access

__all__ = ["export_bundle", "import_bundle", "is_bundle"]

_STORE = "store.duckdb"
_LARGEST_MANIFEST = 256 << 20


def is_bundle(path: Path) -> bool:
    """Say whether a path is a bundle and not the folder of an export."""
    return path.is_file()


def export_bundle(access: Access, path: Path) -> Exported:
    """Write a whole store with its artifacts to one file, a ZIP without compression.

    Parameters
    ----------
    access
        The store's locks.
    path
        The new file; it is there whole or not at all.

    Raises
    ------
    ExportError
        When there is a file already, or none can be written there.
    StoreError
        When the store cannot be read.
    """
    if path.exists():
        raise ExportError(path, "is there already; give a new file")
    settle(access)
    with writing_export(path), staged(path) as stage:
        new = stage.path.parent / f"{new_id()}.zip"
        with access.shared():
            # A copy without gaps: what is sent around should be small.
            rewrite(access.path, stage.path)
            with attached(stage.path, read_only=True) as con:
                manifest = Manifest(schema_version(con), row_counts(con))
                wanted = large_artifacts(con)
            with zipfile.ZipFile(new, "x", zipfile.ZIP_STORED) as bundle:
                _add(bundle, stage.path, _STORE, manifest)
                for sha256 in wanted:
                    source = access.layout.file(sha256)
                    # Before it is copied: nothing can be taken out of a ZIP again.
                    if is_whole(source, sha256):
                        _add(bundle, source, f"artifacts/{sha256[:2]}/{sha256}", manifest)
                    else:
                        manifest.missing.append(sha256)
                bundle.writestr(MANIFEST_NAME, manifest.to_json())
        size = new.stat().st_size
        new.rename(path)
    warn_of_missing(access.path, manifest)
    return Exported(path, manifest.rows, len(wanted) - len(manifest.missing), size)


def _add(bundle: zipfile.ZipFile, source: Path, name: str, manifest: Manifest) -> None:
    with source.open("rb") as reader, bundle.open(name, "w", force_zip64=True) as writer:
        sha256 = copy_checked(reader, cast("BinaryIO", writer))
    manifest.files[name] = Member(source.stat().st_size, sha256)


def import_bundle(access: Access, path: Path) -> Imported:
    """Bring what `export_bundle` wrote into a store.

    Nothing of the bundle says where a file goes: there are only the places that a store has.

    Parameters
    ----------
    access, path
        As in `import_folder`.

    Raises
    ------
    ExportError
        When it is no bundle, or not whole: then nothing was changed.
    StoreError
        When the store cannot be written.
    """
    with staged(access.path) as stage:
        try:
            with zipfile.ZipFile(path) as bundle:
                manifest = _unpack(bundle, stage, path)
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise ExportError(path, f"cannot be read as a bundle ({error})") from error
        return adopt(stage, access, manifest, path)


def _require_stored(bundle: zipfile.ZipFile, path: Path) -> None:
    """Raise where less could become more: a bundle is never larger unpacked than it is."""
    members = bundle.infolist()
    for member in members:
        is_stored = member.compress_type == zipfile.ZIP_STORED
        if not is_stored or member.compress_size != member.file_size:
            raise ExportError(path, f"holds {member.filename!r} compressed, as no bundle does")
    if sum(member.file_size for member in members) > path.stat().st_size:
        raise ExportError(path, "holds files that overlap, as no bundle does")


def _unpack(bundle: zipfile.ZipFile, stage: Access, path: Path) -> Manifest:
    names = bundle.namelist()
    _require_stored(bundle, path)
    if MANIFEST_NAME not in names or bundle.getinfo(MANIFEST_NAME).file_size > _LARGEST_MANIFEST:
        raise ExportError(path, "has no manifest of a celltrail export")
    manifest = Manifest.from_json(bundle.read(MANIFEST_NAME), path)
    if sorted(names) != sorted([*manifest.files, MANIFEST_NAME]) or _STORE not in manifest.files:
        raise ExportError(path, "does not hold exactly what its manifest says")
    for name, member in manifest.files.items():
        if name == _STORE:
            target = stage.path
        elif is_artifact(name):
            target = stage.layout.file(member.sha256)
        else:
            raise ExportError(path, f"holds what no bundle holds: {name!r}")
        with bundle.open(name) as reader:
            take_member(cast("BinaryIO", reader), target, member, name, path)
    return manifest
