"""Artifacts of compared runs, asked for by the page: names and steps first, contents one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail.errors import OptionError
from celltrail.views.artifact_steps import ArtifactSteps
from celltrail.views.artifact_view import artifact_view
from celltrail.views.format import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from celltrail.query import Runs
    from celltrail.query.artifacts import StoredArtifact

__all__ = ["SideArtifacts"]

_NAMES = 100


class SideArtifacts:
    """Answers what a page asks of the artifacts of runs.

    Parameters
    ----------
    runs
        The runs.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.steps = ArtifactSteps(runs.logged_artifacts())

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """What may be asked, by name."""
        return {"artifacts": self._list, "artifacts_at": self._at, "artifact": self._show}

    def _list(self) -> dict[str, Any]:
        """Give names and steps, read anew: a run may still be going on."""
        self.steps = ArtifactSteps(self._runs.logged_artifacts())
        names, (steps, count) = self.steps.names, self.steps.steps()
        notes = []
        if len(names) > _NAMES:
            notes.append(f"{_NAMES} of {len(names):,} names are shown, those of most runs first.")
        if count > len(steps):
            notes.append(f"The slider goes to {len(steps):,} of {count:,} steps.")
        return {
            "names": [
                {"name": one.name, "kind": shorten(one.kind, 60), "runs": one.runs}
                for one in names[:_NAMES]
            ],
            # As texts: JavaScript's numbers do not hold every step.
            "steps": [str(step) for step in steps],
            "notes": notes,
        }

    def _at(self, name: str, step: str | None) -> list[dict[str, Any] | None]:
        """Say what each run shows of a name at a step; None for runs that never have it."""
        found = self.steps.at(name, None if step is None else int(step))
        return [
            _told_of(artifact) if there else None
            for artifact, there in zip(found, self.steps.has(name), strict=True)
        ]

    def _show(self, id: str, name: str, step: str | None, draw: bool = False) -> dict[str, Any]:
        """Give the content that a run shows of a name at a step."""
        artifact = self.steps.at(name, None if step is None else int(step))[
            self._runs.ids.index(id)
        ]
        if artifact is None:
            message = f"run {id!r} has no artifact {name!r} at this step."
            raise OptionError(message)
        return artifact_view(artifact, draw=bool(draw))


def _told_of(artifact: StoredArtifact | None) -> dict[str, Any]:
    """Name what is shown: what has the same key looks the same; no key before the first step."""
    if artifact is None:
        return {"key": "", "step": None}
    step = None if artifact.step is None else str(artifact.step)
    return {"key": f"{artifact.sha256} {artifact.kind} {artifact.mime}", "step": step}
