"""Shrinking a store, bringing another one into it, and taking it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from celltrail.errors import UsageError
from celltrail.store import open_store
from celltrail.store.upkeep import (
    Exported,
    Imported,
    Merged,
    Vacuumed,
    export_bundle,
    export_folder,
    import_bundle,
    import_folder,
    is_bundle,
    merge_store,
    require_store,
    vacuum_store,
)
from celltrail.upkeep.references import chosen_store

if TYPE_CHECKING:
    import os

__all__ = ["export_store", "import_store", "merge", "vacuum"]


def vacuum() -> Vacuumed:
    """Write the store anew, so that its file is no larger than what is in it.

    Others go on meanwhile: they read the old file, and what they log waits in the spool. A
    crash leaves the old file or the new one, whole. Contents that no run uses go as well.

    Returns
    -------
    Vacuumed
        The size before and after.

    Raises
    ------
    StoreMissingError
        When there is no store.
    StoreBusyError
        When another program, such as the ``duckdb`` shell, has it open.
    StoreError
        When it cannot be written, as for lack of room for the new file; nothing is changed.

    Examples
    --------
    >>> import celltrail as ct
    >>> ct.vacuum()
    <vacuumed ... → ...>
    """
    store = chosen_store()
    require_store(store.access)
    return vacuum_store(store.access)


def merge(path: str | os.PathLike[str]) -> Merged:
    """Bring what another store has into this one: without duplicates, as often as you like.

    Parameters
    ----------
    path
        The other store, which is only read. (What its processes have logged and not merged
        is merged into it first, where its folder can be written.)

    Returns
    -------
    Merged
        What came.

    Raises
    ------
    StoreMissingError
        When it does not exist.
    UsageError
        When it is this store.
    StoreError
        When one of both cannot be read or written. What came until then stays; call again.

    Notes
    -----
    Runs are the same by their ids. One that is new keeps its number, or gets another where
    that is taken in its experiment. Of one that both have:

    - points, artifacts and tags are those of both together;
    - of a param that differs, the value that was set last counts, and the others are kept
      as its past;
    - it has ended as it has there where it has ended (``lost`` yields to anything else that
      is final; of two ends the later counts);
    - its name, its note and the like come from where it has one; if both differ, from the
      store that knows more of the run: where it has ended, else ended later, else has more
      points, params or tags; and if that is equal too, the longer text, else the greater.

    Whether it is deleted each store keeps for itself. What was purged here does not come back.

    Examples
    --------
    >>> import celltrail as ct
    >>> ct.merge("theirs.duckdb")  # doctest: +SKIP
    <merged 12 new runs, 1 updated, 4,000 points, 0 large files>
    """
    other = _place(path)
    if other.is_dir():
        message = f"{other} is a folder, and no store. Give the path of a store's file."
        raise UsageError(message)
    return merge_store(chosen_store().access, open_store(other).access)


def _place(path: str | os.PathLike[str]) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:
        message = f"{path} is nowhere: there is no such user. Give another path."
        raise UsageError(message) from error


def export_store(path: str | os.PathLike[str], *, bundle: bool = False) -> Exported:
    """Write the whole store in a form that does without celltrail, or as one file.

    Parameters
    ----------
    path
        A new folder: a Parquet file a table in ``tables/``, large artifacts in
        ``artifacts/``, and ``manifest.json`` with sizes and SHA-256. With ``bundle`` a new
        file: a ZIP of the DuckDB file, the large artifacts and the manifest.
    bundle
        Whether it is one file.

    Returns
    -------
    Exported
        What was written.

    Raises
    ------
    ExportError
        When there is something already, or nothing can be written there.
    StoreMissingError
        When there is no store.

    Examples
    --------
    >>> import celltrail as ct
    >>> ct.export_store("all-runs")
    <exported 1 run and 2 points to ...all-runs (...)>
    >>> ct.export_store("all-runs.zip", bundle=True)
    <exported 1 run and 2 points to ...all-runs.zip (...)>
    """
    target = _place(path)
    access = chosen_store().access
    return export_bundle(access, target) if bundle else export_folder(access, target)


def import_store(path: str | os.PathLike[str]) -> Imported:
    """Bring an export or a bundle into this store, as `merge` does with a store.

    Parameters
    ----------
    path
        What `export_store` wrote. Where there is no store yet, it becomes the store.

    Raises
    ------
    ExportError
        When it is no export, or not exactly what was written; nothing is changed then.

    Examples
    --------
    >>> import celltrail as ct
    >>> ct.export_store("runs.zip", bundle=True)
    <exported ...>
    >>> ct.use("elsewhere.duckdb")
    >>> ct.import_store("runs.zip")
    <imported into ...elsewhere.duckdb: merged 1 new run, 0 updated, 2 points, ...>
    """
    source = _place(path)
    access = chosen_store().access
    return import_bundle(access, source) if is_bundle(source) else import_folder(access, source)
