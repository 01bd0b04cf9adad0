"""The segment that a writer writes to, with what numbers mean in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.store.events import to_lines
from celltrail.store.numbers import Numbers
from celltrail.store.segment import open_segment

if TYPE_CHECKING:
    from pathlib import Path

    from celltrail.store.identity import OpenRuns

__all__ = ["CurrentSegment"]


class CurrentSegment:
    """A pair of files, and the numbers that runs and keys have in it.

    A writer holds all of it by one reference. So a signal handler that logs while one segment
    is exchanged for another finds the old one or the new one, never something of both.

    Parameters
    ----------
    folder
        The writer's folder.
    number
        The segment's place among the writer's.
    numbers
        What numbers mean, where it goes on with those of another segment.
    """

    __slots__ = ("events", "number", "numbers", "points", "size")

    def __init__(self, folder: Path, number: int, numbers: Numbers | None = None) -> None:
        self.number = number
        self.numbers = numbers or Numbers()
        self.events, self.points = open_segment(folder, number)
        self.size = 0

    @property
    def waiting(self) -> int:
        """How many bytes wait in memory to be written."""
        return len(self.events.kept) + len(self.points.kept)

    @property
    def records(self) -> int:
        """How many events and points wait in memory to be written."""
        return self.events.records + self.points.records

    def is_there(self) -> bool:
        """Say whether both files still stand whole at their paths."""
        return self.events.is_there() and self.points.is_there()

    def flush(self) -> None:
        """Write what waits: events first, since they define what points mean.

        Raises
        ------
        OSError
            When not all of it is in the files now; the rest waits on.
        """
        self.events.flush()
        self.points.flush()

    def meanings(self, runs: OpenRuns) -> bytes:
        """Say which runs are open, should the store be removed too, and what numbers mean."""
        return to_lines([*runs.events(), *self.numbers.all()])

    def close(self) -> None:
        """Close both files; what waits goes on waiting."""
        self.events.close()
        self.points.close()
