"""What upkeep did, in figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DeletedRun", "Exported", "Imported", "Merged", "Pruned", "Purged", "Vacuumed", "sized"]


#: From here on bytes per point say something.
_MANY = 10_000


def sized(count: int) -> str:
    """Give a number of bytes as people read it.

    Examples
    --------
    >>> sized(999), sized(1_250_000), sized(3 << 30)
    ('999 B', '1.2 MB', '3.2 GB')
    """
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def counted(count: int, word: str) -> str:
    """Give a number with its noun.

    Examples
    --------
    >>> counted(1, "run"), counted(1200, "point")
    ('1 run', '1,200 points')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class DeletedRun:
    """A run that is hidden and can be restored.

    Parameters
    ----------
    id, number, name, experiment, status
        As of any run.
    started, deleted
        Microseconds since 1970 in UTC.
    points
        How many points of metrics it has.
    """

    id: str
    number: int
    name: str | None
    experiment: str
    status: str
    started: int
    deleted: int
    points: int

    def __repr__(self) -> str:
        label = self.name or f"run {self.number}"
        return f"<deleted run {label!r} of {self.experiment!r}, {counted(self.points, 'point')}>"


@dataclass(frozen=True, slots=True, repr=False)
class Purged:
    """What was removed for good.

    Parameters
    ----------
    runs, points, artifacts
        How many; of artifacts those whose content nobody else uses.
    bytes
        Size of that content. What the database itself gives back shows after `vacuum`.
    kept
        Files that no run uses and that were left for the next time, because a process that
        is recording now may be storing the same content.
    """

    runs: int = 0
    points: int = 0
    artifacts: int = 0
    bytes: int = 0
    kept: int = 0

    def __repr__(self) -> str:
        text = (
            f"purged {counted(self.runs, 'run')} with {counted(self.points, 'point')} and "
            f"{counted(self.artifacts, 'artifact')} ({sized(self.bytes)})"
        )
        if self.kept:
            text += f"; {counted(self.kept, 'file')} left for the next time"
        return f"<{text}>"


@dataclass(frozen=True, slots=True, repr=False)
class Pruned:
    """Which runs a retention rule removed, or would remove.

    Parameters
    ----------
    ids
        The runs, oldest first.
    dry_run
        Whether nothing was done.
    purged
        What was removed for good, where that was asked for.
    """

    ids: tuple[str, ...] = ()
    dry_run: bool = False
    purged: Purged | None = None

    def __repr__(self) -> str:
        runs = counted(len(self.ids), "run")
        if self.dry_run:
            return f"<would prune {runs}>"
        return (
            f"<pruned {runs}, which ct.restore brings back>"
            if not self.purged
            else (f"<pruned {runs}: {str(self.purged)[1:-1]}>")
        )


@dataclass(frozen=True, slots=True, repr=False)
class Vacuumed:
    """How much smaller a store became.

    Parameters
    ----------
    before, after
        Bytes of the database.
    points
        How many points of metrics it has.
    artifacts
        How many contents were removed that no run used.
    bytes
        Size of those among them that were files of their own.
    kept
        As of `Purged`.
    """

    before: int
    after: int
    points: int
    artifacts: int = 0
    bytes: int = 0
    kept: int = 0

    def __repr__(self) -> str:
        text = f"{sized(self.before)} → {sized(self.after)}"
        if self.points >= _MANY:
            text += f", {self.after / self.points:.1f} B for each of {self.points:,} points"
        if self.artifacts:
            text += f"; {counted(self.artifacts, 'unused artifact')} removed ({sized(self.bytes)})"
        return f"<vacuumed {text}>"


@dataclass(frozen=True, slots=True, repr=False)
class Merged:
    """What came from another store.

    Parameters
    ----------
    new, updated
        Runs that were not here, and runs of which something was not here.
    points, artifacts
        How many points came, and how many large files.
    renumbered
        Runs whose number was taken in their experiment and that got another.
    purged
        Runs that were left out because they were purged here.
    missing
        Contents of artifacts that the other store itself no longer has.
    """

    new: int = 0
    updated: int = 0
    points: int = 0
    artifacts: int = 0
    renumbered: int = 0
    purged: int = 0
    missing: int = 0

    def __repr__(self) -> str:
        text = (
            f"merged {counted(self.new, 'new run')}, {self.updated:,} updated, "
            f"{counted(self.points, 'point')}, {counted(self.artifacts, 'large file')}"
        )
        if self.renumbered:
            text += f"; {self.renumbered:,} got a new number"
        if self.purged:
            text += f"; {self.purged:,} purged here left out"
        if self.missing:
            text += f"; {counted(self.missing, 'content')} missing there"
        return f"<{text}>"


@dataclass(frozen=True, slots=True, repr=False)
class Exported:
    """What a whole store was written to.

    Parameters
    ----------
    path
        The folder or the file.
    rows
        Table to how many rows it has.
    artifacts
        How many large files came with it.
    bytes
        Size of everything.
    """

    path: Path
    rows: dict[str, int] = field(default_factory=dict)
    artifacts: int = 0
    bytes: int = 0

    def __repr__(self) -> str:
        return (
            f"<exported {counted(self.rows.get('runs', 0), 'run')} and "
            f"{counted(self.rows.get('metrics', 0), 'point')} to {self.path} "
            f"({sized(self.bytes)})>"
        )


@dataclass(frozen=True, slots=True, repr=False)
class Imported:
    """What came out of an export.

    Parameters
    ----------
    store
        The store that has it now.
    merged
        What came, as of a store that was merged into it.
    """

    store: Path
    merged: Merged

    def __repr__(self) -> str:
        return f"<imported into {self.store}: {str(self.merged)[1:-1]}>"
