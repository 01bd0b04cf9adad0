"""The public functions that keep a store in order: removing, shrinking, bringing together."""

from __future__ import annotations

from celltrail.upkeep.moving import export_store, import_store, merge, vacuum
from celltrail.upkeep.references import find_meant
from celltrail.upkeep.removal import delete, deleted_runs, purge, restore
from celltrail.upkeep.retention import prune

__all__ = [
    "delete",
    "deleted_runs",
    "export_store",
    "find_meant",
    "import_store",
    "merge",
    "prune",
    "purge",
    "restore",
    "vacuum",
]
