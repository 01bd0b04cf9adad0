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
    "ArtifactError",
    "CelltrailError",
    "CelltrailWarning",
    "FilterError",
    "OptionError",
    "RunNotFoundError",
    "SqlError",
    "StoreBusyError",
    "StoreCorruptError",
    "StoreError",
    "StoreNewerError",
    "StoreUnwritableError",
    "UnknownNameError",
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


class ArtifactError(UsageError, ValueError):
    """An object or a path that cannot be stored as an artifact."""


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
