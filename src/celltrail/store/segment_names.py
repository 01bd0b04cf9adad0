"""What the numbers in one segment's points mean."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from celltrail.store.values import text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SegmentNames"]

# As the writer writes them; a later definition of a number counts.
_REF = b'{"e":"ref",'
_KEY = b'{"e":"key",'


@dataclass(slots=True)
class SegmentNames:
    """What the numbers in one segment's points mean."""

    runs: dict[int, str] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)

    def read(self, events: bytes, runs: set[int], keys: set[int]) -> None:
        """Take the definitions of some numbers out of lines of events."""
        for line in _lines_that_begin(_REF, events):
            self._take(line, "r", "run", runs, self.runs)
        for line in _lines_that_begin(_KEY, events):
            self._take(line, "k", "name", keys, self.keys)

    @staticmethod
    def _take(line: bytes, number: str, name: str, wanted: set[int], into: dict[int, str]) -> None:
        try:
            event = json.loads(line)
            if event[number] in wanted:
                into[event[number]] = text(event[name])
        except (ValueError, KeyError, TypeError):
            pass  # a damaged line; its points are counted as skipped


def _lines_that_begin(start: bytes, events: bytes) -> Iterator[bytes]:
    """Find lines among very many others, without looking at those one by one."""
    if events.startswith(start):
        yield events.partition(b"\n")[0]
    mark = b"\n" + start
    at = events.find(mark)
    while at >= 0:
        end = events.find(b"\n", at + 1)
        yield events[at + 1 : None if end < 0 else end]
        at = events.find(mark, at + 1)
