"""Runs: a selection of the store's runs, in an order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, overload

import numpy as np

from celltrail.errors import RunNotFoundError, UnknownNameError, UsageError
from celltrail.query.build import build_table, take, without_system_metrics
from celltrail.query.frame import to_frame
from celltrail.query.history import history_frame
from celltrail.query.run import Run
from celltrail.query.together import artifacts_together, runs_together

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from celltrail.model import MetricMeaning, Number
    from celltrail.query.artifacts import StoredArtifact
    from celltrail.query.asked import Asked
    from celltrail.query.table import RunTable
    from celltrail.store import CurveColumns, CurveQuery, HistoryColumns, RunRow, Store

__all__ = ["Runs"]


class Runs(Sequence[Run]):
    """Some runs of a store as they were when they were read, in an order.

    Given by `celltrail.runs`. A sequence of `Run`: it has a length, is iterated over, and
    ``runs[0]`` is the first; ``runs[:10]`` is again `Runs`.

    Examples
    --------
    >>> import celltrail as ct
    >>> runs = ct.runs("metrics.accuracy > 0.9", order_by="metrics.accuracy desc")
    >>> runs.df()[["name", "metrics.accuracy"]]  # doctest: +SKIP
    """

    #: Makes what a notebook shows of runs; set by the layer that knows views.
    view_of: ClassVar[Callable[[Runs], Any] | None] = None

    def __init__(
        self,
        store: Store,
        rows: Sequence[RunRow],
        table: RunTable,
        asked: Asked | None = None,
        find: Callable[[], Runs] | None = None,
    ) -> None:
        self._store = store
        self._rows = list(rows)
        self._table = table
        self._asked = asked
        self._find = find
        self._stepped: list[str] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: int | slice) -> Run | Runs:
        if isinstance(index, slice):
            return self._take(np.arange(len(self))[index])
        return Run(self._store, self._rows[index])

    def __iter__(self) -> Iterator[Run]:
        return (Run(self._store, row) for row in self._rows)

    def __repr__(self) -> str:
        return f"<{len(self)} run{'' if len(self) == 1 else 's'} of {self._store.path.name}>"

    def _ipython_display_(self) -> None:
        if Runs.view_of is None:
            raise NotImplementedError  # IPython then takes the forms below
        Runs.view_of(self)._ipython_display_()

    def _display_(self) -> Any:
        """Give what marimo shows."""
        return self.df() if Runs.view_of is None else Runs.view_of(self)

    def _repr_html_(self) -> str:
        return str(self.df().to_html(max_rows=20, notebook=True))

    @property
    def store_path(self) -> Path:
        """The store that they were read from."""
        return self._store.path

    @property
    def ids(self) -> list[str]:
        """The runs' ids, in order."""
        return list(self._table.ids)

    @property
    def asked(self) -> Asked | None:
        """The question to which these runs are the answer; None of runs that were picked out."""
        return self._asked

    @property
    def parent_ids(self) -> list[str | None]:
        """The id of each run's parent, or None; the parent need not be among these runs."""
        return [row.parent for row in self._rows]

    def table(self, *, system: bool = False) -> RunTable:
        """Give the runs as typed columns, which views are made of; ``system`` as for `df`."""
        return self._table if system else without_system_metrics(self._table)

    def df(self, *, system: bool = False) -> pd.DataFrame:
        """Give one row a run, with params, metrics and tags as typed columns.

        Parameters
        ----------
        system
            Whether columns for what was sampled of the machine are there too, such as
            ``metrics.system/cpu_percent``. Filters and orderings may always name them.

        Returns
        -------
        pandas.DataFrame
            Indexed by run id. ``number``, ``name``, ``status``, ``experiment``,
            ``started`` (UTC), ``duration`` (seconds), ``tags``, ``note``, then
            ``params.*`` and ``metrics.*`` (last values). A value that a run does not have
            is missing (``pandas.NA``, NaT or None); a metric that is NaN is NaN in a
            column without missing values, and both are null to pandas otherwise.

        Examples
        --------
        >>> import celltrail as ct
        >>> frame = ct.runs().df()
        """
        return to_frame(self.table(system=system))

    def history(
        self, metric: str | Sequence[str], *, since_step: int | None = None
    ) -> pd.DataFrame:
        """Give the points of one or several metrics as a long DataFrame.

        Parameters
        ----------
        metric
            The metric's name, or several.
        since_step
            Only points of greater steps: what is new since the last look at runs that
            go on. What was logged a moment ago is there, by whichever process.

        Returns
        -------
        pandas.DataFrame
            ``run_id``, ``name``, ``metric``, ``step``, ``time`` (UTC) and ``value``.

        Raises
        ------
        UnknownNameError
            When none of these runs has such a metric.

        Examples
        --------
        >>> import celltrail as ct
        >>> with ct.track("fit"):
        ...     for loss in (0.3, 0.2):
        ...         ct.log(loss=loss)
        >>> ct.runs("name = 'fit'").history("loss")["value"].tolist()[:2]
        [0.3, 0.2]
        """
        import pandas as pd

        names = [metric] if isinstance(metric, str) else list(metric)
        for name in names:
            self._require(name)
        parts = [
            history_frame(self._store, self._rows, name, since_step=since_step) for name in names
        ]
        return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)

    def points(self, metric: str) -> HistoryColumns:
        """Give the points of one metric as numpy columns, which is faster than `history`.

        Returns
        -------
        HistoryColumns
            ``run`` is the place among these runs; ordered by it, then by step and time, which
            is microseconds since 1970.

        Raises
        ------
        UnknownNameError
            When none of these runs has such a metric.
        """
        self._require(metric)
        return self._store.history([row.id for row in self._rows], metric)

    def with_metric(self, metric: str) -> list[int]:
        """Give the places of those of these runs that have a metric.

        Raises
        ------
        UnknownNameError
            When none of these runs has such a metric.
        """
        self._require(metric)
        missing = self._table.columns[f"metrics.{metric}"].missing
        return [int(place) for place in np.flatnonzero(~missing)]

    def curves(
        self, metric: str, query: CurveQuery, ids: Sequence[str] | None = None
    ) -> CurveColumns:
        """Give the curves of one metric, thinned inside the store to what a screen shows.

        Returns
        -------
        CurveColumns
            ``run`` is the place among these runs, or the ``ids`` of some of them; ordered by
            it, then by x and time.

        Raises
        ------
        UnknownNameError
            When none of these runs has such a metric.
        """
        self._require(metric)
        return self._store.curves(self.ids if ids is None else ids, metric, query)

    def with_curves(self) -> list[str]:
        """Give the names of the metrics of which one of these runs has more than one point."""
        if self._stepped is None:
            self._stepped = self._store.stepped_metrics(self.ids)
        return self._stepped

    def _require(self, metric: str) -> None:
        if f"metrics.{metric}" not in self._table.columns:
            raise UnknownNameError("metric", metric, self.metric_names())

    def best(self, metric: str, *, minimize: bool | None = None) -> Run:
        """Give the run with the best last value of a metric.

        Parameters
        ----------
        metric
            The metric's name; ``"loss.min"`` and the like rank by another statistic.
        minimize
            Whether less is better; by default as `celltrail.metric` said, else as the name
            says, such as of a loss or an error, and otherwise that more is.

        Raises
        ------
        UnknownNameError
            When none of these runs has such a metric.
        UsageError
            When it is NaN in all of them: NaN is never the best.

        Notes
        -----
        Of equals, the first in order.

        Examples
        --------
        >>> import celltrail as ct
        >>> ct.runs().best("accuracy")  # doctest: +SKIP
        """
        values = self._values_of(metric)
        if minimize is None:
            minimize = self.meaning(metric).minimize is True
        ranked = [(v if minimize else -v, i) for i, v in values if not math.isnan(v)]
        if not ranked:
            message = f'"{metric}" is NaN in all of these runs, so none of them is the best.'
            raise UsageError(message)
        return self[min(ranked)[1]]

    def _values_of(self, metric: str) -> list[tuple[int, Number]]:
        """Give the values of a metric, or a statistic of it, each with its run's place."""
        table = self._table
        if f"metrics.{metric}" not in table.columns:
            table = self._with_statistics
        column = table.columns.get(f"metrics.{metric}")
        if column is None:
            raise UnknownNameError("metric", metric, self.metric_names())
        place = {run_id: i for i, run_id in enumerate(self.ids)}
        found = [
            (place[table.ids[i]], column.values[i].item()) for i in np.flatnonzero(~column.missing)
        ]
        return sorted(found)

    @cached_property
    def _with_statistics(self) -> RunTable:
        """The table of those that are still there, with statistics, in the store's order."""
        return build_table(self._store.table_data(ids=self.ids), statistics=True)

    def meaning(self, metric: str) -> MetricMeaning:
        """Give what a metric means: as `celltrail.metric` said, or as far as its name tells.

        Examples
        --------
        >>> import celltrail as ct
        >>> ct.runs().meaning("val_loss").minimize
        True
        """
        return self._table.meaning(metric)

    def metric_names(self) -> list[str]:
        """Give the names of the metrics that these runs have, sorted, primary ones first."""
        return [name[8:] for name in self.table().columns if name.startswith("metrics.")]

    def param_names(self) -> list[str]:
        """Give the names of the params that these runs have, sorted."""
        return [name[7:] for name in self._table.columns if name.startswith("params.")]

    def again(self, ids: Sequence[str] | None = None) -> Runs:
        """Read these runs anew, or those of ``ids``: such as are still there, in that order.

        Examples
        --------
        >>> import celltrail as ct
        >>> runs = ct.runs()
        >>> len(runs.again()) == len(runs)
        True
        """
        wanted = self.ids if ids is None else list(ids)
        data = self._store.table_data(ids=wanted, statistics=False)
        place = {row.id: i for i, row in enumerate(data.runs)}
        index = np.array([place[id] for id in wanted if id in place], dtype=np.intp)
        rows = [data.runs[i] for i in index]
        return Runs(self._store, rows, take(build_table(data), index), self._asked, self._find)

    def now(self) -> Runs:
        """Give what the same question for runs gives now; runs that were picked out, anew.

        Examples
        --------
        >>> import celltrail as ct
        >>> runs = ct.runs()
        >>> with ct.track():
        ...     pass
        >>> len(runs.now()) - len(runs)
        1
        """
        return self.again() if self._find is None else self._find()

    def together(self, *, outputs: bool = False) -> list[Run]:
        """Give the runs as a list, with all that is compared of them read at once."""
        return runs_together(self._store, self._rows, outputs=outputs)

    def logged_artifacts(self, limit: int = 100_000) -> list[list[StoredArtifact]]:
        """Give what was logged to each of the runs, in order: at most ``limit`` in all."""
        return artifacts_together(self._store, self._rows, limit)

    def select(self, ids: Iterable[str]) -> Runs:
        """Give those of these runs that have the given ids, in the order of the ids.

        Raises
        ------
        RunNotFoundError
            When an id is not among these runs.
        """
        place = {run_id: i for i, run_id in enumerate(self._table.ids)}
        index = []
        for run_id in ids:
            if run_id not in place:
                raise RunNotFoundError(run_id, self._store.path)
            index.append(place[run_id])
        return self._take(np.array(index, dtype=np.intp))

    def _take(self, index: Any) -> Runs:
        return Runs(self._store, [self._rows[i] for i in index], take(self._table, index))
