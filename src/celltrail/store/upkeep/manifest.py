"""What says what an export holds, and what it must be to be whole."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from celltrail._version import __version__
from celltrail.errors import ExportError
from celltrail.store.upkeep.large import copy_checked

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["MANIFEST_NAME", "Manifest", "Member", "is_artifact", "take_member"]

MANIFEST_NAME = "manifest.json"
_FORMAT = "celltrail export"
_VERSION = 1
#: The only places that a file of an export or a bundle can have.
_TABLE = re.compile(r"tables/[A-Za-z0-9_]+(?:-[0-9]{4,})?\.parquet")
_ARTIFACT = re.compile(r"artifacts/([0-9a-f]{2})/(\1[0-9a-f]{62})")
_STORE = "store.duckdb"


@dataclass(frozen=True, slots=True)
class Member:
    """One file: its size in bytes and its SHA-256."""

    size: int
    sha256: str


@dataclass(slots=True)
class Manifest:
    """What is in an export or a bundle.

    Parameters
    ----------
    schema
        Version of the store's schema.
    rows
        Table to how many rows it has.
    files
        Path within the export, with ``/``, to what the file must be.
    tables
        Table to the paths of its files, in order; empty for a bundle.
    missing
        Addresses of artifacts whose content the store itself did not have.
    """

    schema: int
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, Member] = field(default_factory=dict)
    tables: dict[str, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """Write it down."""
        data = {
            "format": _FORMAT,
            "format_version": _VERSION,
            "celltrail": __version__,
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "schema": self.schema,
            "rows": self.rows,
            "tables": self.tables,
            "missing": self.missing,
            "files": {
                name: {"size": member.size, "sha256": member.sha256}
                for name, member in sorted(self.files.items())
            },
        }
        return json.dumps(data, indent=1)

    @classmethod
    def from_json(cls, text: str | bytes, path: Path) -> Manifest:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text
            What was written.
        path
            The export, for messages.

        Raises
        ------
        ExportError
            When it is something else, of a later version, or names a place that no file of
            an export has.
        """
        try:
            data: Any = json.loads(text)
            if data["format"] != _FORMAT:
                raise ValueError
            version = int(data["format_version"])
            manifest = cls(
                schema=int(data["schema"]),
                rows={str(table): int(count) for table, count in data["rows"].items()},
                files={
                    str(name): Member(int(entry["size"]), str(entry["sha256"]))
                    for name, entry in data["files"].items()
                },
                tables={str(t): [str(n) for n in names] for t, names in data["tables"].items()},
                missing=[str(sha256) for sha256 in data["missing"]],
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ExportError(path, "has no manifest of a celltrail export") from error
        if version > _VERSION:
            raise ExportError(path, "was written by a newer celltrail; upgrade celltrail")
        manifest._check(path)
        return manifest

    def _check(self, path: Path) -> None:
        for name, member in self.files.items():
            match = _ARTIFACT.fullmatch(name)
            if not (match or _TABLE.fullmatch(name) or name == _STORE):
                raise ExportError(path, f"names a file at a place where none can be: {name!r}")
            if match and match[2] != member.sha256:
                raise ExportError(path, f"has an artifact that is not what it is named: {name!r}")
        listed = {name for names in self.tables.values() for name in names}
        if not listed <= self.files.keys() or any(is_artifact(name) for name in listed):
            raise ExportError(path, "has a manifest that contradicts itself")


def is_artifact(name: str) -> bool:
    """Say whether a file of an export is an artifact's content."""
    return _ARTIFACT.fullmatch(name) is not None


def take_member(reader: BinaryIO, target: Path, member: Member, name: str, path: Path) -> None:
    """Copy one file out of an export, and see that it is what the manifest says.

    Parameters
    ----------
    reader
        The file.
    target
        Where to; its folder is made.
    member
        What it must be.
    name, path
        Its name and the export, for messages.

    Raises
    ------
    ExportError
        When it is something else.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as writer:
        sha256 = copy_checked(reader, writer, limit=member.size)
    if sha256 != member.sha256 or target.stat().st_size != member.size:
        raise ExportError(path, f"is damaged: {name} is not what the manifest says")
