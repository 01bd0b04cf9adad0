"""The run that records nothing, for when celltrail is switched off."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from celltrail.model import Status
from celltrail.record.active import ActiveRun
from celltrail.record.ending import as_status
from celltrail.record.handle import RunHandle

__all__ = ["DisabledRun"]


class DisabledRun(ActiveRun):
    """Takes every call of an `ActiveRun` and does nothing with it."""

    def __init__(self, name: str | None = None) -> None:
        self.id = ""
        self.name = name
        self.experiment = ""
        self.status = Status.RUNNING
        self._note = ""

    @classmethod
    def attached(cls, handle: RunHandle[Any]) -> Self:
        """Give another that records nothing."""
        return cls(handle.name)

    def handle(self) -> RunHandle[ActiveRun]:
        """Give a handle that records nothing either."""
        return RunHandle("", self.name, "", Path(), None, DisabledRun)

    @property
    def label(self) -> str:
        """Its name."""
        return self.name or "run"

    @property
    def store_path(self) -> Path:
        """No store: an empty path."""
        return Path()

    @property
    def redactions(self) -> int:
        """None."""
        return 0

    @property
    def warnings(self) -> list[str]:
        """None."""
        return []

    @property
    def note(self) -> str:
        """The note, which is kept nowhere else."""
        return self._note

    @note.setter
    def note(self, text: str | None) -> None:
        self._note = text or ""

    @property
    def is_ours(self) -> bool:
        """Nobody has to end it."""
        return False

    def log(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""

    def log_params(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""

    def log_artifact(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""

    def log_model(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""

    def tag(self, *tags: str) -> None:
        """Do nothing."""

    def untag(self, *tags: str) -> None:
        """Do nothing."""

    def infer(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""

    def add_outputs(self, *args: Any, **options: Any) -> None:
        """Do nothing."""

    def set_context(self, **facts: Any) -> None:
        """Do nothing."""

    def add_text(self, text: str) -> str:
        """Do nothing."""
        return ""

    def add_environment(self, *args: Any) -> None:
        """Do nothing."""

    def add_warning(self, message: str) -> None:
        """Do nothing."""

    def finish(
        self, status: Status | str = Status.FINISHED, error: object = None, **cost: Any
    ) -> None:
        """Only the status changes."""
        self.status = as_status(status) or (Status.FAILED if error else Status.FINISHED)
