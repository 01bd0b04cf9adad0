"""Writing a store anew, so that its file is no larger than what is in it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from celltrail.errors import StoreBusyError
from celltrail.store.access import PATIENCE
from celltrail.store.blobs import remove_leftovers as remove_copies
from celltrail.store.instance import attached
from celltrail.store.layout import wal_of
from celltrail.store.lock import LockTimeoutError
from celltrail.store.upkeep.results import Vacuumed
from celltrail.store.upkeep.rewrite import rewrite
from celltrail.store.upkeep.sweep import sweep_files, sweep_rows
from celltrail.store.upkeep.workfile import put_in_place, remove_leftovers, workfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from celltrail.store.access import Access

__all__ = ["vacuum_store"]

#: The beginning of a DuckDB file, which every change of it changes.
_HEADERS = 3 * 4096
_TRIES = 2


def vacuum_store(access: Access) -> Vacuumed:
    """Copy a store to a new file, see that nothing is missing, and put it in the old one's place.

    While it is copied others read on, and what is logged waits in the spool; only for the
    last step everybody is kept away. A crash leaves the old file or the new one.

    Parameters
    ----------
    access
        The store's locks; the store must exist.

    Raises
    ------
    StoreBusyError
        When others changed the store all the time, or another program holds it.
    StoreError
        When it cannot be written, or the copy proved to be wrong; then nothing is changed.
    """
    path = access.path
    with access.writing() as con:
        before = path.stat().st_size
        con.execute("BEGIN")
        swept = sweep_rows(con)
        con.execute("COMMIT")
        removed = remove_copies(access.layout)
        files = sweep_files(con, access.layout)
    remove_leftovers(path)
    with workfile(path) as new:
        points = _replace(access, new)
    return Vacuumed(
        before=before,
        after=path.stat().st_size,
        points=points,
        artifacts=swept + files.count,
        bytes=files.bytes + removed,
        kept=files.kept,
    )


def _replace(access: Access, new: Path) -> int:
    """Give how many points the new file has, once it stands in the old one's place."""
    path = access.path
    for _ in range(_TRIES):
        new.unlink(missing_ok=True)
        with access.shared():
            points = rewrite(path, new)
            state = _state(path)
        with _alone(access):
            if _state(path) == state:
                _swap(path, new)
                return points
        # Somebody merged in between, which the copy lacks.
    new.unlink(missing_ok=True)
    with _alone(access):
        points = rewrite(path, new)
        _swap(path, new)
    return points


@contextmanager
def _alone(access: Access) -> Iterator[None]:
    try:
        with access.alone(PATIENCE):
            yield
    except LockTimeoutError as error:
        raise StoreBusyError(access.path, error) from error


def _state(path: Path) -> tuple[int, bytes, bool]:
    """Give what differs after any change; nothing may be attached."""
    with path.open("rb") as file:
        headers = file.read(_HEADERS)
    return path.stat().st_size, headers, wal_of(path).exists()


def _swap(path: Path, new: Path) -> None:
    # Raises where another program holds the file: what it wrote would go with the old one.
    with attached(path, read_only=False):
        pass
    shutil.copymode(path, new)
    put_in_place(new, path)
