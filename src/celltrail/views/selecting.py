"""Selected runs as a value: what the table and the comparison have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from celltrail.query import Run, Runs

__all__ = ["Selecting"]


class Selecting:
    """What a view takes in whose runs are selected.

    The view has a trait ``selected_ids``, and its runs in ``_runs``.
    """

    selected_ids: list[str]
    _runs: Runs

    @property
    def selected(self) -> Runs:
        """The selected runs, in the order of ``runs``; settable with runs or ids."""
        return self._runs.select(self._known(self.selected_ids))

    @selected.setter
    def selected(self, runs: Iterable[Run | str]) -> None:
        self.selected_ids = self._known(run if isinstance(run, str) else run.id for run in runs)

    def _known(self, ids: Iterable[str]) -> list[str]:
        """Give those ids that are shown, in the order of the runs: others may be linked."""
        wanted = set(ids)
        return [id for id in self._runs.ids if id in wanted]
