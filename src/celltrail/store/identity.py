"""What says which runs a writer's records belong to, kept for as long as they are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from celltrail.store.events import Event

__all__ = ["OpenRuns"]

Fields: TypeAlias = dict[str, Any]


class OpenRuns:
    """The identity of runs that have begun and not ended.

    A segment is removed once it is merged. Should the store be removed after that, the
    events that say what a run is are gone, and the points to come belong to nothing. So
    each segment repeats them for the runs that are open when it begins.
    """

    def __init__(self) -> None:
        self._runs: dict[str, Fields] = {}
        self._sources: dict[str, Fields] = {}

    def take(self, kind: str, fields: Fields) -> None:
        """Look at an event that is being written, and keep what identifies a run."""
        if kind == "source":
            self._sources[str(fields.get("sha256"))] = fields
        elif kind == "run":
            self._runs[str(fields.get("id"))] = dict(fields)
            self._forget_sources()
        elif kind == "run_end":
            self._runs.pop(str(fields.get("run")), None)
            self._forget_sources()
        elif kind in ("name", "note"):
            run = self._runs.get(str(fields.get("run")))
            if run is not None:
                run[kind] = fields.get("name" if kind == "name" else "text")

    def events(self) -> Iterator[Event]:
        """Give the events that a new segment repeats, marked as such."""
        for source in self._sources.values():
            yield "source", source
        for run in self._runs.values():
            yield "run", {**run, "again": True}

    def _forget_sources(self) -> None:
        used = {run.get("source") for run in self._runs.values()}
        self._sources = {sha: fields for sha, fields in self._sources.items() if sha in used}
