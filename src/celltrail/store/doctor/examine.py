"""Looking at a store without changing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreDamagedError,
    StoreError,
    StoreNewerError,
)
from celltrail.store.access import Access
from celltrail.store.doctor.checks import find_row_faults
from celltrail.store.doctor.finding import Finding
from celltrail.store.doctor.scan import find_table_faults
from celltrail.store.doctor.surroundings import (
    Known,
    find_file_faults,
    find_spool_faults,
    known,
)
from celltrail.store.doctor.wal import is_about_wal
from celltrail.store.instance import attached
from celltrail.store.layout import wal_of
from celltrail.store.schema import is_older, require_readable

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__all__ = ["examine"]


def examine(store: Path) -> list[Finding]:
    """Say everything that is not as it should be with a store, also one that cannot be opened.

    Nothing is changed. Every table is read whole and every large artifact too, which for a
    store of some gigabytes takes a minute; kernels that write meanwhile wait for that, with
    what they log in the spool.

    Parameters
    ----------
    store
        Path of the DuckDB file.

    Returns
    -------
    list of Finding
        Empty when all is well.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> [finding.code for finding in examine(Path(tempfile.mkdtemp()) / "s.duckdb")]
    ['store-missing']
    """
    path = store.expanduser().resolve()
    access = Access(path)
    findings: list[Finding] = []
    seen = None
    if not path.exists():
        findings.append(_missing(access))
    else:
        try:
            # Before the attaching, whose end takes such a log in.
            log = wal_of(path)
            left = log.stat().st_size if log.exists() else 0
            with access.shared(), attached(path, read_only=True) as con:
                seen = _look_inside(con, path, findings)
            if left and not findings:
                findings.append(_log_left(log, left))
        except StoreError as error:
            findings.append(_unopened(error))
    findings += find_spool_faults(access.layout, seen.merged if seen else {})
    if seen is not None:
        findings += find_file_faults(access.layout, seen)
    return findings


def _look_inside(con: DuckDBPyConnection, path: Path, findings: list[Finding]) -> Known | None:
    """Look at the attached store; what it names outside of itself, if that can be read."""
    require_readable(con, path)
    if is_older(con, path):
        findings.append(
            Finding("schema-older", f"{path} is of an older celltrail: the next merge mends that.")
        )
        return None
    damaged = list(find_table_faults(con))
    findings += damaged
    if damaged:
        return None
    findings += find_row_faults(con)
    return known(con)


def _missing(access: Access) -> Finding:
    if access.pending():
        return Finding(
            "store-missing",
            f"there is no {access.path}, but a spool of it: the next merge makes the file.",
        )
    return Finding("store-missing", f"there is no {access.path}.", repairable=False)


def _log_left(log: Path, size: int) -> Finding:
    return Finding(
        "wal-left",
        f"{log} ({size:,} bytes) is left of a process that was killed in the middle of a merge: "
        "the next merge takes it in.",
        note=True,
    )


def _unopened(error: StoreError) -> Finding:
    if isinstance(error, StoreDamagedError):
        code = "wal-damaged" if is_about_wal(error) else "file-damaged"
        return Finding(code, str(error.__cause__).splitlines()[0])
    code = "store-unreadable"
    if isinstance(error, StoreBusyError):
        code = "store-held"
    elif isinstance(error, StoreNewerError):
        code = "store-newer"
    elif isinstance(error, StoreCorruptError):
        code = "no-celltrail-store"
        if error.__cause__ is not None:  # DuckDB says it, not the schema
            return Finding("file-damaged", str(error))
    return Finding(code, str(error), repairable=False)
