"""A copy of a store beside it, made before anything is mended in it."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from celltrail.store.layout import wal_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["back_up", "drop_backup"]


def back_up(path: Path) -> Path:
    """Copy the file and its log of changes to ``<store>.backup-<UTC time>``.

    Parameters
    ----------
    path
        The store; nothing may have it open.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    OSError
        When it cannot be written; nothing of it is left then.
    """
    backup = path.with_name(f"{path.name}.backup-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}")
    number = 1
    while backup.exists():
        number += 1
        backup = backup.with_name(f"{backup.name.partition('~')[0]}~{number}")
    try:
        shutil.copy2(path, backup)
        if wal_of(path).exists():
            shutil.copy2(wal_of(path), wal_of(backup))
    except OSError:  # a full disk: half a copy helps nobody
        drop_backup(backup)
        raise
    return backup


def drop_backup(backup: Path) -> None:
    """Remove a copy that is not needed, or only in part there."""
    backup.unlink(missing_ok=True)
    wal_of(backup).unlink(missing_ok=True)
