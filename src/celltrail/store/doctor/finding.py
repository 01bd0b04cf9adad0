"""What the doctor finds, and what it did about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Finding", "Report"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Parameters
    ----------
    code
        A short name of the kind of thing, such as ``"wal-damaged"``.
    message
        What was found, as one sentence.
    repairable
        Whether `repair` can do something about it.
    note
        Whether it is no fault, only worth knowing: work for the next merge, say.

    Examples
    --------
    >>> print(Finding("rows-without-run", "2 rows of params belong to no run."))
    fault: 2 rows of params belong to no run. [rows-without-run]
    """

    code: str
    message: str
    repairable: bool = True
    note: bool = False

    def __str__(self) -> str:
        kind = "note" if self.note else "fault"
        return f"{kind}: {self.message} [{self.code}]"


@dataclass(frozen=True, slots=True)
class Report:
    """What a repair did.

    Parameters
    ----------
    found
        What was found before it.
    done
        What was done, one sentence each, in order.
    left
        What is found after it.
    backup
        The copy that was made of the store first, if anything was to be done to the file.
    """

    found: tuple[Finding, ...]
    done: tuple[str, ...]
    left: tuple[Finding, ...]
    backup: Path | None = None

    @property
    def is_well(self) -> bool:
        """Whether no fault is left; notes do not count."""
        return all(finding.note for finding in self.left)
