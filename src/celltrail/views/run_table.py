"""The run table as a widget: filter, sort, select, and have all of it as values in Python."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from celltrail.errors import FilterError, UnknownNameError
from celltrail.query.evaluate import find_column, matches
from celltrail.query.filters import parse_filter, parse_order, with_zones
from celltrail.query.frame import to_frame
from celltrail.query.removal import delete, restore, with_restored
from celltrail.query.table import Column, RunTable
from celltrail.views.bundles import bundle_bytes, bundle_text
from celltrail.views.columns import shown_table
from celltrail.views.curve_cells import GrowingCells, curve_cells
from celltrail.views.deleted import deleted_rows
from celltrail.views.details import run_details
from celltrail.views.feed import is_told_all
from celltrail.views.following import Following
from celltrail.views.format import plural
from celltrail.views.grouped import grouped_frame, groups_of
from celltrail.views.kept import SELECTION
from celltrail.views.rpc import Binary, answer_questions
from celltrail.views.selecting import Selecting
from celltrail.views.sending import sent_table
from celltrail.views.shown import PINNED, Layout, shown_columns, shown_rows
from celltrail.views.snapshot import STILL_BYTES, Snapshot, size
from celltrail.views.static_table import Asked, DrawnTable, draw, drawn_html, drawn_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from celltrail.query import Runs
    from celltrail.store.follow import News

__all__ = ["RunTableWidget"]

#: Which columns are shown, and where.
_COLUMNS = ("hidden", "shown", "pinned", "column_order")
#: The traits that make up what is shown, apart from the runs and the selection.
_STATE = (
    "where",
    "order_by",
    *_COLUMNS,
    "column_widths",
    "only_differences",
    "group_by",
    "baseline",
    "coloured",
    "curves",
)

#: Those of them that the still picture shows.
_DRAWN = ("group_by", "where", "order_by", "only_differences", *_COLUMNS)


def _names() -> Any:
    return traitlets.List(traitlets.Unicode()).tag(sync=True)


class RunTableWidget(Following, Selecting, Snapshot, anywidget.AnyWidget):
    """Runs as a table that is filtered, sorted and selected, in the page and from Python alike.

    Parameters
    ----------
    runs
        The runs to show, in this order.
    **options
        Any of the attributes below, to begin with.

    Attributes
    ----------
    selected_ids : list of str
        Ids of the selected runs.
    where : str
        Only runs for which this filter holds are shown; as in `celltrail.runs`, of columns
        that the table has. Times without a zone are given that of this machine. Of more than
        100,000 runs the kernel filters and sorts, and the page gets the first 100,000.
    order_by : str
        How they are ordered; as in `celltrail.runs`. Empty for the order of ``runs``.
    hidden, shown : list of str
        Columns that are left out, and such that are shown although they say nothing.
    pinned, column_order : list of str
        Columns that stay at the left, and those that come first after them.
    column_widths : dict of str to float
        Widths in pixels that were set by dragging.
    only_differences : bool
        Whether columns are left out in which all runs shown have the same.
    group_by : list of str
        Columns by whose values runs are put together, with means and spreads.
    baseline : str
        Id of the run with which all others are compared; empty for none.
    coloured : list of str
        Columns with a colour scale.
    live : bool
        Whether it follows runs that go on, and takes in new ones, while it is shown.
    curves : dict of str to bool
        Columns of metrics in which the curve of each run stands beside its last value, or
        does not; those that are not named have one where there is room for all. The line of a
        group has none: a mean of curves would be nobody's.

    Notes
    -----
    All attributes are traits: they can be observed, and linked with those of another table by
    ``traitlets.link``. A change in the page is one in Python, and the other way round.

    Examples
    --------
    >>> table = ct.table(ct.runs())  # doctest: +SKIP
    >>> table.where = "metrics.accuracy > 0.9"  # doctest: +SKIP
    >>> table.selected.df()  # doctest: +SKIP
    """

    selected_ids = _names()
    where = traitlets.Unicode("").tag(sync=True)
    order_by = traitlets.Unicode("").tag(sync=True)
    hidden = _names()
    shown = _names()
    pinned = traitlets.List(traitlets.Unicode(), list(PINNED)).tag(sync=True)
    column_order = _names()
    column_widths = traitlets.Dict(
        key_trait=traitlets.Unicode(), value_trait=traitlets.Float()
    ).tag(sync=True)
    only_differences = traitlets.Bool(False).tag(sync=True)
    group_by = _names()
    baseline = traitlets.Unicode("").tag(sync=True)
    coloured = _names()
    curves = traitlets.Dict(key_trait=traitlets.Unicode(), value_trait=traitlets.Bool()).tag(
        sync=True
    )
    _ids = _names()
    _columns = traitlets.Unicode("[]").tag(sync=True)
    _data = traitlets.Bytes(b"").tag(sync=True)
    _parents = traitlets.Bytes(b"").tag(sync=True)
    _experiment = traitlets.Unicode("").tag(sync=True)
    _beyond = traitlets.List(traitlets.Int()).tag(sync=True)
    _mark = traitlets.Unicode("").tag(sync=True)
    _tools = traitlets.Bytes(b"").tag(sync=True)
    _live = traitlets.Unicode("").tag(sync=True)
    live = traitlets.Bool(True)
    _laid_out: tuple[RunTable, Asked, DrawnTable] | None = None

    def __init__(self, runs: Runs, **options: Any) -> None:
        # As class attributes they would be read when this module is imported, and a checkout
        # whose widgets are not built yet could not even import it.
        self._esm = bundle_text("run_table.js")
        self._css = bundle_text("run_table.css")
        self._runs = runs
        self._before = runs.ids  # deleted ones too: they may come back to their places
        self._table = runs.table()
        tools = bundle_bytes("tools.js.gz")
        sent = sent_table(runs, options.get("where", ""), options.get("order_by", ""))
        super().__init__(_mark=self._new_mark(), _tools=tools, **sent, **options)
        self._growing = GrowingCells()
        self._begin_following()
        answers: dict[str, Callable[..., Any]] = {
            "code": lambda: self.code,
            "curves": self._curves,
            "delete": self._delete,
            "deleted": lambda: deleted_rows(self._runs.store_path),
            "details": self._details,
            "edit": self._edit,
            "restore": self._restore,
        }
        answer_questions(self, answers)

    @property
    def runs(self) -> Runs:
        """The runs that are shown; set it to show others."""
        return self._runs

    @runs.setter
    def runs(self, runs: Runs) -> None:
        self._before = runs.ids
        self._show(runs)

    def _show(self, runs: Runs, *, by_itself: bool = False) -> None:
        """Show runs; by itself it changes neither what is asked for nor the still picture."""
        with self._showing:
            table = runs.table()
            self._runs, self._table = runs, table
            known = set(table.ids)
            with self.hold_sync():
                self._live = ""
                self._send_runs()
                self.selected_ids = [id for id in self.selected_ids if id in known]
                if self.baseline not in known:
                    self.baseline = ""
                if not by_itself:
                    self._drop_unknown()
        if self._displayed and not by_itself:
            self.refresh_snapshot()

    def _drop_unknown(self) -> None:
        """Ask for nothing that these runs do not have."""
        if any(name != "id" and name not in self._table.columns for name, _down in self._order()):
            self.order_by = ""
        if not self._fits(self.where):
            self.where = ""

    @property
    def view(self) -> pd.DataFrame:
        """What is shown, as a DataFrame: these runs, these columns, in this order.

        Grouped runs come as one row a group: the count of its runs, and of each numeric
        param and metric ``(name, mean)``, ``sd`` (of a sample), ``min``, ``max`` and ``n``.
        """
        table = self._table
        rows = shown_rows(table, self.where, self.order_by)
        columns = [c.column for c in shown_columns(shown_table(table), self._layout(), rows)]
        by = [name for name in self.group_by if name in table.columns]
        if not by:
            return to_frame(_part(table, rows, columns))
        return grouped_frame(table, columns, by, groups_of(table, rows, by, self._order()))

    @property
    def state(self) -> dict[str, Any]:
        """What was chosen, to be kept and set again: filter, order, columns, groups."""
        return {name: getattr(self, name) for name in _STATE}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        with self.hold_sync():
            for name, value in state.items():
                if name not in _STATE:
                    message = f'a table has no "{name}"; its state has {", ".join(_STATE)}'
                    raise FilterError(message)
                setattr(self, name, value)

    @property
    def code(self) -> str:
        """A line of Python that gives what is shown: the runs, or a DataFrame of some columns."""
        asked = self._runs.asked
        if asked is not None:
            asked = asked.narrowed(self.where.strip(), self.order_by.strip())
        rows = shown_rows(self._table, self.where, self.order_by)
        line = f"ct.runs().select({[self._table.ids[row] for row in rows]!r})"
        if asked is not None:
            line = asked.code()
        if self.group_by:
            usual = {"pinned": list(PINNED)}
            chosen = {n: v for n, v in self.state.items() if v and v != usual.get(n)}
            for name in ("where", "order_by", "column_widths", "coloured", "curves", "baseline"):
                chosen.pop(name, None)
            options = ", ".join(f"{name}={value!r}" for name, value in chosen.items())
            order = f", order_by={self.order_by!r}" if self.order_by else ""
            return f"ct.table({line}, {options}{order}).view"
        everything = shown_table(self._table)
        names = [c.column.name for c in shown_columns(everything, self._layout(), rows)]
        plain = [c.column.name for c in shown_columns(everything, Layout(), rows)]
        return line if names == plain else f"{line}.df()[{names!r}]"

    def _curves(self, wanted: Mapping[str, Sequence[str]], pixels: int) -> Binary:
        # What nobody tells it of it cannot keep up to date.
        growing = self._growing if is_told_all(self) else None
        return curve_cells(self._runs, self._table, wanted, pixels, growing)

    def _take_news(self, news: News) -> None:
        self._growing.take(news)
        super()._take_news(news)

    def _details(self, id: str) -> dict[str, Any]:
        return run_details(self._runs.select([id])[0])

    def _edit(
        self, id: str, name: str | None = None, note: str | None = None, tags: Any = None
    ) -> dict[str, Any]:
        """Change what is said of a run, and give its details as they are then."""
        run = self._runs.select([id])[0]
        if name is not None and name != (run.name or ""):
            run.rename(name)
        if note is not None and note != run.note:
            run.note = note
        if tags is not None:
            before, after = set(run.tags), {str(tag) for tag in tags}
            run.tag(*sorted(after - before))
            run.untag(*sorted(before - after))
        self._show(self._runs.again())
        return self._details(id)

    def _delete(self, ids: Sequence[str]) -> dict[str, int]:
        """Delete runs of this table, which are no rows of it then."""
        count = delete(self._runs.store_path, self._known(ids))
        self._show(self._runs.again())
        return {"deleted": count}

    def _restore(self, ids: Sequence[str]) -> dict[str, int]:
        """Restore runs, and say how many of them are rows of this table now."""
        count = restore(self._runs.store_path, ids)
        self._show(with_restored(self._runs, self._before, ids))
        return {"restored": count, "shown": len(self._known(ids))}

    def _send_runs(self) -> None:
        sent = sent_table(self._runs, *self._usable())
        for name, value in sent.items():
            setattr(self, name, value)

    def _usable(self) -> tuple[str, str]:
        """Give filter and order as far as these runs have what they name."""
        known = all(name in {"id", *self._table.columns} for name, _down in self._order())
        return self.where if self._fits(self.where) else "", self.order_by if known else ""

    def _order(self) -> Sequence[tuple[str, bool]]:
        return parse_order(self.order_by) if self.order_by.strip() else []

    @traitlets.observe(*_DRAWN)
    def _redraw(self, _change: Any) -> None:
        self._changed()

    @traitlets.observe("where", "order_by")
    def _ask_anew(self, _change: Any) -> None:
        """Send what comes first now, where the page has not got all runs."""
        if self._beyond:
            with self.hold_sync():
                self._send_runs()

    def _layout(self) -> Layout:
        return Layout(
            self.hidden, self.shown, self.pinned, self.column_order, self.only_differences
        )

    def _fits(self, where: str) -> bool:
        """Say whether a filter names only what these runs have."""
        try:
            shown_rows(self._table, where, "")
        except UnknownNameError:
            return False
        return True

    @traitlets.validate("where")
    def _check_where(self, proposal: Any) -> str:
        text = str(proposal["value"])
        if not text.strip():
            return text
        matches(parse_filter(text), self._table, text)
        columns = self._table.columns
        return with_zones(text, lambda n: n in columns and columns[n].kind == "time", _zone)

    @traitlets.validate("order_by")
    def _check_order(self, proposal: Any) -> str:
        text = str(proposal["value"])
        for name, _descending in parse_order(text) if text.strip() and self._table.ids else []:
            find_column(self._table, name)
        return text

    def _still_html(self, most: int = STILL_BYTES) -> str:
        page = drawn_html(self._picture())
        for rows in (8, 3):
            if size(page) > most:
                page = drawn_html(draw(self._table, self._asked(), rows))
        return page

    def _picture(self) -> DrawnTable:
        """Give what the picture shows: the same for its HTML and its text."""
        table, asked = self._table, self._asked()
        if self._laid_out is None or self._laid_out[0] is not table or self._laid_out[1] != asked:
            self._laid_out = table, asked, draw(table, asked)
        return self._laid_out[2]

    def _kept_parts(self) -> dict[str, Any]:
        return {"table": (self, (*_STATE, SELECTION))}

    def _known_ids(self) -> Sequence[str]:
        return self._table.ids

    def _asked(self) -> Asked:
        return Asked(*self._usable(), self._layout(), self.group_by)

    def _still_text(self) -> str:
        return drawn_text(self._picture())

    def __repr__(self) -> str:
        return f"<RunTableWidget of {plural(len(self._runs), 'run')}>"


def _zone(moment: str) -> str:
    """Give the zone that a moment without one has here."""
    zone = f"{dt.datetime.fromisoformat(moment).astimezone():%z}"
    return f"{zone[:3]}:{zone[3:5]}"


def _part(table: RunTable, rows: Any, columns: list[Column]) -> RunTable:
    """Give some rows and columns of a table."""
    kept = {c.name: replace(c, values=c.values[rows], missing=c.missing[rows]) for c in columns}
    return RunTable([table.ids[row] for row in rows], kept)
