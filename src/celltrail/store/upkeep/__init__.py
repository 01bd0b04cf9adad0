"""Upkeep of a store: deleting, vacuuming, bringing two stores together, taking one elsewhere."""

from __future__ import annotations

from celltrail.store.lookup import FoundRun, look_up
from celltrail.store.upkeep.bundle import export_bundle, import_bundle, is_bundle
from celltrail.store.upkeep.copying import merge_store
from celltrail.store.upkeep.deletion import (
    delete_runs,
    deleted_runs,
    purge_runs,
    restore_runs,
)
from celltrail.store.upkeep.frames import write_parquet
from celltrail.store.upkeep.parquet import export_folder, import_folder
from celltrail.store.upkeep.results import (
    DeletedRun,
    Exported,
    Imported,
    Merged,
    Pruned,
    Purged,
    Vacuumed,
)
from celltrail.store.upkeep.settling import require_store
from celltrail.store.upkeep.vacuum import vacuum_store

__all__ = [
    "DeletedRun",
    "Exported",
    "FoundRun",
    "Imported",
    "Merged",
    "Pruned",
    "Purged",
    "Vacuumed",
    "delete_runs",
    "deleted_runs",
    "export_bundle",
    "export_folder",
    "import_bundle",
    "import_folder",
    "is_bundle",
    "look_up",
    "merge_store",
    "purge_runs",
    "require_store",
    "restore_runs",
    "vacuum_store",
    "write_parquet",
]
