"""What was measured: cells of a table, their medians and ratios, and the targets."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass, field

__all__ = ["OURS", "Cell", "Row"]

#: A path of this machine, of which only the end is told.
_PATH = re.compile(r"(?:/[^\s/:'\"]+){2,}(/[^\s/:'\"]+)")

#: The tracker that the others are compared with.
OURS = "celltrail"


@dataclass
class Cell:
    """What one tracker gave for one row.

    Attributes
    ----------
    values
        One figure for each process, in the row's base unit.
    text
        What stands in the table instead of a figure, such as counts or a reason.
    notes
        What a reader must know about the figure, such as that the work was cut short.
    wrong
        What reading back found; a figure that it concerns counts for nothing.
    at_least
        Whether the work was cut short, so that the whole would have cost more.
    facts
        More figures, for the file of results.
    """

    values: list[float] = field(default_factory=list)
    text: str = ""
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    at_least: bool = False
    facts: list[object] = field(default_factory=list)

    @property
    def median(self) -> float | None:
        """The median of the processes, None when nothing was measured."""
        return statistics.median(self.values) if self.values else None

    @property
    def counts(self) -> bool:
        """Whether there is a figure that can be compared."""
        return bool(self.values) and not self.wrong

    def note(self, text: str) -> None:
        """Add a note once."""
        text = _PATH.sub(lambda match: f"…{match[1]}", text)
        if text and text not in self.notes:
            self.notes.append(text)

    def say_wrong(self, text: str) -> None:
        """Add what is wrong once."""
        if text and text not in self.wrong:
            self.wrong.append(text)


@dataclass
class Row:
    """One measurement of all trackers.

    Attributes
    ----------
    key, title
        Its name in the file of results, and in the table.
    unit
        ``s``, ``points/s``, ``%`` or ``B``; empty for a row of words.
    target
        The figure that celltrail must not miss, in the base unit.
    ahead
        How many times celltrail must be ahead of the fastest peer.
    more_is_better
        Whether a greater figure is the better one.
    cells
        By tracker.
    """

    key: str
    title: str
    unit: str = "s"
    target: float | None = None
    ahead: float | None = None
    more_is_better: bool = False
    cells: dict[str, Cell] = field(default_factory=dict)

    def cell(self, tracker: str) -> Cell:
        """Give the cell of a tracker, made when it is first asked for."""
        return self.cells.setdefault(tracker, Cell())

    @property
    def fastest_peer(self) -> str | None:
        """The peer with the best figure, None when no peer has one.

        One that did all of the work goes before those that were stopped.
        """
        able = {name: cell for name, cell in self.cells.items() if name != OURS and cell.counts}
        whole = {name: cell for name, cell in able.items() if not cell.at_least} or able
        peers = {name: statistics.median(cell.values) for name, cell in whole.items()}
        if not peers:
            return None
        best = max if self.more_is_better else min
        return best(peers, key=lambda name: peers[name])

    def ratio(self, peer: str) -> float | None:
        """Give how many times celltrail is ahead of a peer; below one, the peer is ahead."""
        ours, theirs = self.cells.get(OURS, Cell()), self.cells.get(peer, Cell())
        if not ours.counts or not theirs.counts or not ours.median or not theirs.median:
            return None
        return ours.median / theirs.median if self.more_is_better else theirs.median / ours.median

    @property
    def missed(self) -> list[str]:
        """Which targets celltrail missed, as phrases; empty when none, or nothing was measured."""
        ours = self.cells.get(OURS)
        if ours is None:
            return []
        said = []
        if ours.wrong:
            said.append("read back wrong")
        if self.target is not None and ours.median is not None and ours.median > self.target:
            said.append("over the target")
        peer = self.fastest_peer
        ratio = None if peer is None else self.ratio(peer)
        if self.ahead is not None and ratio is not None and ratio < self.ahead:
            said.append(f"not {self.ahead:g} × ahead")
        return said
