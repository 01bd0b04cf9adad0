"""A store that is built aside from an export, checked, and then taken into its place."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from celltrail.errors import CelltrailError, ExportError, StoreCorruptError
from celltrail.ids import new_id
from celltrail.store.access import Access
from celltrail.store.instance import attached, process_wide
from celltrail.store.schema import migrate, require_readable
from celltrail.store.upkeep.contents import tables
from celltrail.store.upkeep.copying import merge_store
from celltrail.store.upkeep.large import copy_files
from celltrail.store.upkeep.results import Imported, Merged
from celltrail.store.upkeep.workfile import put_in_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from celltrail.store.upkeep.manifest import Manifest

__all__ = ["LEFT_OUT", "adopt", "row_counts", "staged", "writing_export"]

#: Tables that say something of the file and its spool, not of runs.
LEFT_OUT = ("migrations", "merged", "scattered")
_NAME = "store.duckdb"
_PATIENCE = 60.0


@contextmanager
def staged(beside: Path) -> Iterator[Access]:
    """Give a store to be built in a folder of its own, which is gone at the end.

    Parameters
    ----------
    beside
        A path in whose folder it is made, so that its files can be moved there.
    """
    beside.parent.mkdir(parents=True, exist_ok=True)
    folder = beside.parent / f".{beside.name}.stage-{new_id()}"
    folder.mkdir()
    try:
        yield Access(folder / _NAME)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writing_export(path: Path) -> Iterator[None]:
    """Say of what fails in the meantime that the export cannot be written.

    Raises
    ------
    ExportError
        For an `OSError` that is none of ours.
    """
    try:
        yield
    except CelltrailError:
        raise
    except OSError as error:
        raise ExportError(path, f"cannot be written ({error})") from error


def row_counts(con: DuckDBPyConnection) -> dict[str, int]:
    """Count the rows of the tables that are about runs."""
    counts = {}
    for table in tables(con, "store"):
        if table.is_ours and table.name not in LEFT_OUT:
            (count,) = con.execute(f"SELECT count(*) FROM {table.at('store')}").fetchall()[0]
            counts[table.name] = int(count)
    return counts


def adopt(stage: Access, access: Access, manifest: Manifest, source: Path) -> Imported:
    """Check a store that was built from an export, and bring it to where it is wanted.

    Where there is no store yet, it becomes the store; else it is merged into the one there.

    Parameters
    ----------
    stage
        The store that was built.
    access
        The store that is wanted.
    manifest
        What must be in it.
    source
        The export, for messages.

    Raises
    ------
    ExportError
        When its tables are not what the manifest says.
    StoreError
        When the store cannot be written.
    """
    with process_wide(_PATIENCE), attached(stage.path, read_only=False) as con:
        try:
            require_readable(con, stage.path)
        except StoreCorruptError as error:
            raise ExportError(source, "holds no store of celltrail's") from error
        if row_counts(con) != manifest.rows:
            raise ExportError(source, "is damaged: its tables are not what the manifest says")
        migrate(con, stage.path)
        sizes: dict[str, int] = dict(
            con.execute(
                "SELECT DISTINCT sha256, size FROM artifacts "
                "WHERE sha256 NOT IN (SELECT sha256 FROM blobs)"
            ).fetchall()
        )
        counts = row_counts(con)
    if not access.path.exists() and not access.pending():
        with access.alone():
            if not access.path.exists():
                files = _place(stage, access, sizes)
                found = Merged(
                    new=counts["runs"],
                    points=counts["metrics"],
                    artifacts=files,
                    missing=len(manifest.missing),
                )
                return Imported(access.path, found)
    return Imported(access.path, merge_store(access, stage))


def _place(stage: Access, access: Access, sizes: Mapping[str, int]) -> int:
    copied = copy_files(stage.layout, access.layout, sizes).copied
    put_in_place(stage.path, access.path)
    return copied
