"""Everything that celltrail raises or warns: the user's mistakes, and the store's troubles.

Each class builds its own sentence, which says what was wrong and what to do, and is
also the builtin exception that fits, so that code which knows nothing of celltrail
can catch it.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = [
    "AmbiguousRunError",
    "ArtifactError",
    "ArtifactLostError",
    "CelltrailError",
    "CelltrailWarning",
    "ExportError",
    "FilterError",
    "NoRunsError",
    "OptionError",
    "RunDeletedError",
    "RunInUseError",
    "RunIsRunningError",
    "RunNotFoundError",
    "SpoolUnreadableError",
    "SqlError",
    "StoreBusyError",
    "StoreCorruptError",
    "StoreDamagedError",
    "StoreError",
    "StoreFormatError",
    "StoreMissingError",
    "StoreNewerError",
    "StoreReplacedError",
    "StoreUnwritableError",
    "UnknownNameError",
    "UntrustedArtifactError",
    "UsageError",
]


class CelltrailWarning(UserWarning):
    """Something of celltrail's went wrong; the user's own code was not touched."""


class CelltrailError(Exception):
    """The root of all errors that celltrail raises."""


class UsageError(CelltrailError):
    """The call was wrong: mend the call."""


class OptionError(UsageError, ValueError):
    """An option of ``%track`` or a setting that is not known or not valid."""


class FilterError(UsageError, ValueError):
    """A filter or an ordering that cannot be read.

    Parameters
    ----------
    problem
        What is wrong, as a sentence without a full stop.
    text
        The whole filter.
    position
        Index into ``text`` where the trouble starts, if there is one place.
    """

    def __init__(self, problem: str, text: str = "", position: int | None = None) -> None:
        self.text = text
        self.position = position
        message = f"{problem}."
        if position is not None:
            message += f"\n  {text}\n  {' ' * position}^"
        super().__init__(message)


class UnknownNameError(UsageError, KeyError):
    """A name that these runs do not have, with those that they do have.

    Parameters
    ----------
    kind
        The word for what was looked for, such as ``"metric"``.
    name
        What was asked for.
    known
        What there is.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1)
        message = f'no {kind} "{name}" in these runs'
        message += f'; did you mean "{near[0]}"?' if near else "."
        shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
        message += f" They have: {shown}." if names else f" They have no {kind}s at all."
        self.message = message
        super().__init__(message)

    def __str__(self) -> str:  # KeyError shows the repr of its argument
        return self.message


class RunNotFoundError(UsageError, LookupError):
    """There is no such run in the store."""

    def __init__(self, reference: object, store: Path) -> None:
        super().__init__(
            f"no run {reference!r} in {store}. "
            "Give a run's id, its name or its number, or list them with ct.runs()."
        )


class NoRunsError(RunNotFoundError):
    """The store has no runs at all, or all of them are deleted."""

    def __init__(self, store: Path) -> None:
        message = f"{store} has no runs. Record one, or choose another store with ct.use(path)."
        UsageError.__init__(self, message)


class RunDeletedError(RunNotFoundError):
    """The run is deleted, and can be brought back."""

    def __init__(self, label: str, run_id: str, store: Path) -> None:
        message = f"{label!r} of {store} is deleted; ct.restore({run_id!r}) brings it back."
        UsageError.__init__(self, message)


class RunInUseError(UsageError, RuntimeError):
    """Another process is recording the run."""

    def __init__(self, label: str, place: str) -> None:
        super().__init__(
            f"{label!r} is being recorded by {place}, which is alive or may be. End it there "
            "first; to log to it from here meanwhile, send run.handle() from there."
        )


class ArtifactError(UsageError, ValueError):
    """What cannot be stored as an artifact, or not be made of one."""


class UntrustedArtifactError(ArtifactError):
    """A stored model that could run code when it is loaded, which the call did not allow."""


class SqlError(UsageError, ValueError):
    """A query that ``ct.sql`` does not run, or that DuckDB refuses."""


class StoreError(CelltrailError):
    """The store could not do what was asked; what was logged is still in the spool."""


class StoreUnwritableError(StoreError, OSError):
    """The place of the store cannot be written."""

    def __init__(self, path: Path, cause: object) -> None:
        super().__init__(
            f"cannot write the store {path} ({cause}). "
            "Choose another place with ct.use(path) or CELLTRAIL_STORE."
        )


class StoreCorruptError(StoreError, ValueError):
    """The file is not a celltrail store, or it is damaged."""

    def __init__(self, path: Path, cause: object) -> None:
        super().__init__(
            f"{path} cannot be read as a celltrail store ({cause}). "
            "Choose another file with ct.use(path), or move this one away."
        )


class StoreBusyError(StoreError, TimeoutError):
    """Another program holds the file."""

    def __init__(self, path: Path, cause: object) -> None:
        super().__init__(
            f"{path} is held by another program or connection ({cause}). "
            "Close it there and try again; nothing that was logged is lost."
        )


class StoreNewerError(StoreError, RuntimeError):
    """The store was written by a newer celltrail."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} has schema version {found}, this celltrail knows up to {known}. "
            "Upgrade celltrail to read it."
        )


class ArtifactLostError(ArtifactError, StoreError):
    """The content of an artifact is missing, or is not what was stored.

    Parameters
    ----------
    sha256
        Its address.
    place
        The file that it was looked for in.
    what
        ``"missing"`` or ``"damaged"``.
    also
        Another file that it was looked for in.
    """

    def __init__(self, sha256: str, place: Path, what: str, also: Path | None = None) -> None:
        where = f"{place}" if also is None else f"{place} and there is no {also}"
        problem = f"missing in {where}" if what == "missing" else f"damaged in {place}"
        super().__init__(
            f"the content of artifact {sha256[:12]} is {problem}. Put the file, with the folder "
            "of its artifacts beside it, back from a backup, or log the same content again."
        )


class StoreDamagedError(StoreCorruptError):
    """The file is damaged, or does not fit the log of changes beside it."""

    def __init__(self, path: Path, cause: object) -> None:
        StoreError.__init__(
            self,
            f"the store {path} is damaged ({cause}). Run `celltrail doctor --repair {path}`: it "
            "makes a backup and saves what can be read. What is logged stays in the spool.",
        )


class StoreFormatError(StoreNewerError):
    """The file has a format that the installed DuckDB is too old for."""

    def __init__(self, path: Path, installed: str) -> None:
        StoreError.__init__(
            self,
            f"{path} was written by a newer DuckDB than the installed {installed}. "
            "Upgrade with `pip install --upgrade duckdb`; what is logged stays in the spool.",
        )


class SpoolUnreadableError(StoreError, PermissionError):
    """A spool must be read to repair its store, and cannot be."""

    def __init__(self, folder: Path, cause: object) -> None:
        super().__init__(
            f"how far {folder} is merged is not known any more, and it cannot be read ({cause}). "
            "Repair the store as somebody who may read it, or move that folder away."
        )


class StoreReplacedError(StoreError, FileNotFoundError):
    """The file was removed, or another was put in its place, while it was written."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the store {path} was removed or replaced while it was written. What is in the "
            "spool is merged into the file that stands there next."
        )


class RunIsRunningError(UsageError, RuntimeError):
    """A run that a process still records cannot be deleted."""

    def __init__(self, names: list[str], store: Path) -> None:
        some = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        super().__init__(
            f"{some} of {store} cannot be deleted while it is recorded. Finish it first, or end "
            "the process that records it; nothing was deleted."
        )


class StoreMissingError(StoreError, FileNotFoundError):
    """There is no store at the given path."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"there is no store at {path}. Give the path of one.")


class ExportError(UsageError, ValueError):
    """An export or a bundle that cannot be written there, or that is not whole."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} {problem}.")


class AmbiguousRunError(UsageError, LookupError):
    """Several runs may be meant, of which one would be hidden or removed.

    Parameters
    ----------
    reference
        What was given.
    store
        Where the runs are.
    candidates
        Each run that may be meant, with its id.
    """

    def __init__(self, reference: object, store: Path, candidates: list[str]) -> None:
        super().__init__(
            f"{reference!r} may mean several runs of {store}: {'; '.join(candidates)}. "
            "Give the id of the one that is meant; nothing was done."
        )
