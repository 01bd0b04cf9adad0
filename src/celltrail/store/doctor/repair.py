"""Putting right what `examine` finds, after a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.errors import StoreBusyError, StoreError
from celltrail.store.access import Access
from celltrail.store.backup import back_up, drop_backup
from celltrail.store.blobs import remove_leftovers
from celltrail.store.doctor.checks import mend_rows
from celltrail.store.doctor.examine import examine
from celltrail.store.doctor.finding import Report
from celltrail.store.doctor.salvage import salvage
from celltrail.store.doctor.scan import find_table_faults
from celltrail.store.doctor.wal import is_about_wal, mend_wal
from celltrail.store.instance import attached
from celltrail.store.layout import wal_of
from celltrail.store.lock import LockTimeoutError
from celltrail.store.schema import is_older, migrate
from celltrail.store.spool import Spool
from celltrail.store.torn import mend_torn, opening_fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from celltrail.store.doctor.finding import Finding
    from celltrail.store.layout import Layout

__all__ = ["repair"]

#: Findings that are put right without touching the file.
_BESIDE = ("copy-cut-off", "store-missing", "temporary-left")
#: Seconds to wait for those who use the store.
_PATIENCE = 30.0


def repair(store: Path) -> Report:
    """Put right what can be, and say what was done.

    Before anything in the file is changed it is copied, with its log of changes, to
    ``<store>.backup-<UTC time>``. What cannot be read of a damaged file is lost; all else
    is kept, and what the spool still holds is merged.

    Parameters
    ----------
    store
        Path of the DuckDB file.

    Returns
    -------
    Report
        What was found, done, and is left.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> repair(Path(tempfile.mkdtemp()) / "s.duckdb").done
    ()
    """
    path = store.expanduser().resolve()
    access = Access(path)
    found = examine(path)
    done: list[str] = []
    backup = None
    try:
        if any(_is_in_file(finding) for finding in found):
            with access.alone(_PATIENCE):
                backup = _mend_after_backup(access.layout, done)
        if any(finding.repairable or finding.note for finding in found):
            done += _mend_surroundings(access)
    except LockTimeoutError as error:
        done.append(f"could not go on: {StoreBusyError(path, error)}")
    except StoreError as error:
        done.append(f"could not go on: {error}")
    return Report(tuple(found), tuple(done), tuple(examine(path)) if found else (), backup)


def _mend_after_backup(layout: Layout, done: list[str]) -> Path | None:
    """Mend the file, add to what was done, and give the copy of how it was."""
    path = layout.store
    fault = opening_fault(path)  # raises where somebody else holds the file
    backup = back_up(path)
    done.append(f"copied the store to {backup}")
    if fault is not None and is_about_wal(fault):
        done += mend_wal(path)
    if opening_fault(path) is not None or _is_damaged(path):
        saved = salvage(layout)
        if not saved and (torn := mend_torn(path)):
            saved = [*torn, *(salvage(layout) if _is_damaged(path) else [])]
        if not saved:
            drop_backup(backup)
            done[:] = [
                "could not open the file at all, and left it as it is: put a backup in its "
                "place, or move it away and a new store is made"
            ]
            return None
        done += saved
    done += _mend_rows(path)
    return backup


def _is_in_file(finding: Finding) -> bool:
    return finding.repairable and not finding.note and finding.code not in _BESIDE


def _mend_rows(path: Path) -> list[str]:
    """Bring the file up to date, and make its rows agree."""
    done = []
    with attached(path, read_only=False) as con:
        if is_older(con, path):
            migrate(con, path)
            done.append("brought the store up to date with this celltrail")
        con.execute("BEGIN")
        done += mend_rows(con)
        con.execute("COMMIT")
    return done


def _is_damaged(path: Path) -> bool:
    with attached(path, read_only=True) as con:
        return not is_older(con, path) and any(find_table_faults(con))


def _mend_surroundings(access: Access) -> Iterator[str]:
    if access.pending() or wal_of(access.path).exists():
        with access.writing(_PATIENCE):
            pass
        yield "merged what was in the spool"
    freed = remove_leftovers(access.layout)
    if freed:
        yield f"removed {freed:,} bytes of copies that were cut off"
    spool = Spool(access.layout)
    if spool.temporaries():
        with access.alone(_PATIENCE):
            count = spool.remove_temporaries()
        yield f"removed {count:,} files of processes that were killed"
