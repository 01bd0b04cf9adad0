"""What could not be kept: counted for each run, told in the run and to the user."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from celltrail.store.notices import warn

if TYPE_CHECKING:
    from celltrail.store.events import Event

__all__ = ["Loss"]


class Loss:
    """Counts records that were given up because memory for them was full, and tells of trouble."""

    def __init__(self) -> None:
        self._by_run: Counter[str] = Counter()
        self._untold: set[str] = set()
        self._warned: set[str] = set()
        #: How many records were given up in all.
        self.total = 0

    def add(self, run_id: str, records: int) -> None:
        """Count records of a run; an empty id for those that are of none."""
        self._by_run[run_id] += records
        self._untold.add(run_id)
        self.total += records

    def take(self) -> list[Event]:
        """Give events that tell, of runs with a new loss, how many they lost so far."""
        untold, self._untold = self._untold, set()
        return [("lost", {"run": run, "records": self._by_run[run]}) for run in untold if run]

    def warn_once(self, topic: str, message: str) -> None:
        """Warn the user of a kind of trouble, the first time that it comes up."""
        if topic not in self._warned:
            self._warned.add(topic)
            warn(message, stacklevel=4)

    def __bool__(self) -> bool:
        return bool(self._untold)
