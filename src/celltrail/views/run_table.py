"""The run table as a widget: sort, select, and take the selected runs into Python."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from celltrail.views.arrow import columns_to_arrow
from celltrail.views.bundles import bundle_text
from celltrail.views.columns import ShownTable, shown_table
from celltrail.views.snapshot import Snapshot
from celltrail.views.static_table import table_html, table_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from celltrail.query import Run, Runs
    from celltrail.query.table import RunTable

__all__ = ["RunTableWidget"]


class RunTableWidget(Snapshot, anywidget.AnyWidget):  # type: ignore[misc]
    """Runs as a table that sorts on a click and whose selected rows Python sees.

    Parameters
    ----------
    runs
        The runs to show, in this order.

    Attributes
    ----------
    selected_ids : list of str
        Ids of the selected runs; set it to select.
    selected : Runs
        The same as runs, in the order of ``runs``.

    Examples
    --------
    >>> table = ct.table(ct.runs())  # doctest: +SKIP
    >>> table.selected.df()  # doctest: +SKIP
    """

    selected_ids = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _ids = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _columns = traitlets.Unicode("[]").tag(sync=True)
    _data = traitlets.Bytes(b"").tag(sync=True)
    _experiment = traitlets.Unicode("").tag(sync=True)
    _mark = traitlets.Unicode("").tag(sync=True)

    def __init__(self, runs: Runs, **options: Any) -> None:
        # As class attributes they would be read when this module is imported, and a checkout
        # whose widgets are not built yet could not even import it.
        self._esm = bundle_text("run_table.js")
        self._css = bundle_text("run_table.css")
        self._runs = runs
        self._table = runs.table()
        super().__init__(_mark=self._new_mark(), **_state(self._table), **options)

    @property
    def runs(self) -> Runs:
        """The runs that are shown; set it to show others."""
        return self._runs

    @runs.setter
    def runs(self, runs: Runs) -> None:
        table = runs.table()
        self._runs, self._table = runs, table
        known = set(table.ids)
        with self.hold_sync():
            for name, value in _state(table).items():
                setattr(self, name, value)
            self.selected_ids = [id for id in self.selected_ids if id in known]
        if self._displayed:
            self.refresh_snapshot()

    @property
    def selected(self) -> Runs:
        """The selected runs, in the order of ``runs``; settable with runs or ids."""
        chosen = set(self.selected_ids)
        return self._runs.select([id for id in self._ids if id in chosen])

    @selected.setter
    def selected(self, runs: Iterable[Run | str]) -> None:
        wanted = {run if isinstance(run, str) else run.id for run in runs}
        self.selected_ids = [id for id in self._ids if id in wanted]

    def _still_html(self) -> str:
        return table_html(self._table)

    def _still_text(self) -> str:
        return table_text(self._table)

    def __repr__(self) -> str:
        return f"<RunTableWidget of {len(self._ids)} runs>"


def _state(table: RunTable) -> dict[str, Any]:
    shown = shown_table(table)
    return {
        "_ids": shown.ids,
        "_columns": json.dumps(_column_heads(shown)),
        "_data": columns_to_arrow(shown.columns, len(shown.ids)) if shown.ids else b"",
        "_experiment": shown.experiment,
    }


def _column_heads(shown: ShownTable) -> list[dict[str, Any]]:
    return [
        {
            "name": column.column.name,
            "label": column.label,
            "group": column.group,
            "kind": column.column.kind,
            "decimals": column.decimals,
        }
        for column in shown.columns
    ]
