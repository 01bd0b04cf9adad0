"""Where everything lies that belongs to a store, as paths and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "DONE_NAME",
    "EVENTS_SUFFIX",
    "NEW_PREFIX",
    "OWNER_NAME",
    "POINTS_SUFFIX",
    "Layout",
    "wal_of",
]

OWNER_NAME = "owner.json"
DONE_NAME = "done"
EVENTS_SUFFIX = ".events"
POINTS_SUFFIX = ".points"
#: A writer's folder is filled under this prefix and then renamed, so that it is never half made.
NEW_PREFIX = ".new-"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one store.

    Parameters
    ----------
    store
        The DuckDB file.
    """

    store: Path

    @property
    def spool(self) -> Path:
        """The folder of what is not merged yet; gone after the last clean exit."""
        return self.store.with_name(self.store.name + ".spool")

    @property
    def files(self) -> Path:
        """The folder of artifacts that are too large for the database."""
        return self.store.with_name(self.store.name + ".files")

    def writer(self, session: str) -> Path:
        """Give the spool folder of one session."""
        return self.spool / session

    def blob(self, session: str, sha256: str) -> Path:
        """Give the place of a small artifact that is not merged yet."""
        return self.writer(session) / "blobs" / sha256

    def file(self, sha256: str) -> Path:
        """Give the place of a large artifact."""
        return self.files / sha256[:2] / sha256


def wal_of(path: Path) -> Path:
    """Give the path of a store's log of changes, which DuckDB keeps while the file is open."""
    return path.with_name(path.name + ".wal")
