"""What was logged to several runs under the same names, and what each of them shows at a step."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.query.artifacts import StoredArtifact

__all__ = ["ArtifactSteps", "NamedArtifact"]

#: More places than a slider has pixels.
_STEPS = 1_000
_KINDS = ("figure", "image", "chart", "histogram", "table", "text", "audio", "json")


@dataclass(frozen=True, slots=True)
class NamedArtifact:
    """One name under which something was logged.

    Parameters
    ----------
    name
        The name.
    kind
        What stands under it, of the first run that has it.
    runs
        How many runs have it.
    """

    name: str
    kind: str
    runs: int


@dataclass(slots=True)
class _Series:
    """What one run has of one name: what has no step, and the last of each step."""

    without: StoredArtifact | None = None
    by_step: dict[int, StoredArtifact] = field(default_factory=dict)
    steps: list[int] = field(default_factory=list)


class ArtifactSteps:
    """The artifacts of several runs, by name and step.

    Parameters
    ----------
    logged
        For each run what was logged to it, in that order.
    """

    def __init__(self, logged: Sequence[Sequence[StoredArtifact]]) -> None:
        self._runs: list[dict[str, _Series]] = []
        counts: dict[str, tuple[str, int]] = {}
        for artifacts in logged:
            named: dict[str, _Series] = {}
            for artifact in artifacts:
                series = named.setdefault(artifact.name, _Series())
                if artifact.step is None:
                    series.without = artifact
                else:
                    series.by_step[artifact.step] = artifact
            for name, series in named.items():
                series.steps = sorted(series.by_step)
                shown = series.by_step[series.steps[-1]] if series.steps else series.without
                kind, count = counts.get(name, ("" if shown is None else shown.kind, 0))
                counts[name] = (kind, count + 1)
            self._runs.append(named)
        # What most runs have is what can be compared, and what is seen at a glance is seen first.
        order = sorted(counts, key=lambda name: (-counts[name][1], _rank(counts[name][0]), name))
        self.names = tuple(NamedArtifact(name, *counts[name]) for name in order)

    def steps(self) -> tuple[list[int], int]:
        """Give the steps at which any run has anything, at most 1,000, and how many there are."""
        union = sorted({s for named in self._runs for one in named.values() for s in one.steps})
        count = len(union)
        if count <= _STEPS:
            return union, count
        return [union[i * (count - 1) // (_STEPS - 1)] for i in range(_STEPS)], count

    def has(self, name: str) -> list[bool]:
        """Say which runs have anything of a name, at whatever step."""
        return [name in named for named in self._runs]

    def at(self, name: str, step: int | None = None) -> list[StoredArtifact | None]:
        """Give what each run shows of a name at a step.

        Parameters
        ----------
        name
            The name.
        step
            The step; None for the last.

        Returns
        -------
        list of StoredArtifact or None
            For each run its newest of that step or of one before, else what it has without
            a step; None where it has none of these.
        """
        return [_shown(named.get(name), step) for named in self._runs]


def _rank(kind: str) -> int:
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)


def _shown(series: _Series | None, step: int | None) -> StoredArtifact | None:
    if series is None:
        return None
    place = len(series.steps) if step is None else bisect_right(series.steps, step)
    return series.by_step[series.steps[place - 1]] if place else series.without
