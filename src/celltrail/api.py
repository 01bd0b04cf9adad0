"""The public functions that read the store and show it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

from celltrail import query, views  # they resolve heavy names at their first use
from celltrail.config import is_disabled, notebook_path, resolve_store, use_store
from celltrail.errors import NoRunsError, RunNotFoundError
from celltrail.model import MetricMeaning
from celltrail.query import Run, load_run
from celltrail.record import ActiveRun, default_experiment
from celltrail.store import Store, open_store
from celltrail.store.notices import take_deferred, warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from celltrail.query import Runs
    from celltrail.store import RunRow
    from celltrail.views import Comparison, RunTableWidget

    _One: TypeAlias = Run | ActiveRun | str | int
    _Given: TypeAlias = Runs | _One | Iterable[_One]

__all__ = [
    "compare",
    "export_html",
    "last_run",
    "metric",
    "notebook_runs",
    "run",
    "runs",
    "sql",
    "table",
    "use",
]


def _store() -> Store:
    for message in take_deferred():
        warn(message)
    return open_store(resolve_store())


def use(path: str | os.PathLike[str] | None) -> None:
    """Choose the store of this process, for recording and reading.

    Parameters
    ----------
    path
        Path of the DuckDB file, which need not exist yet; None for the default: the
        ``CELLTRAIL_STORE`` of the environment, ``[tool.celltrail]`` of ``pyproject.toml``,
        or ``celltrail.duckdb`` in the nearest folder upward that has one.

    Raises
    ------
    UsageError
        When there can be no file of that path, such as where a folder is.

    Notes
    -----
    Runs that are open go on recording where they began.

    Examples
    --------
    >>> import celltrail as ct
    >>> ct.use("team.duckdb")  # doctest: +SKIP
    """
    use_store(None if path is None else resolve_store(path))


def runs(
    where: str | None = None,
    *,
    order_by: str | None = None,
    experiment: str | None = None,
    limit: int | None = None,
) -> Runs:
    """Read runs: all of the store, or those that a filter holds for.

    Parameters
    ----------
    where
        A filter such as ``"params.lr < 0.1 and metrics.acc > 0.9"``. It knows ``and or
        not ( )``, ``= != < <= > >=``, ``in (…)``, ``like '%x%'``, ``is null``,
        ``tags has 'x'``, times as ``started > -7d`` (s, m, h, d, w ago) or
        ``started > '2026-01-31'``, and names in backquotes: ``metrics.`val loss```.
        A comparison with what a run does not have does not hold.
    order_by
        Such as ``"metrics.acc desc, started"``; by default the newest first.
    experiment
        Only the runs of this experiment.
    limit
        At most so many.

    Returns
    -------
    Runs
        A sequence of `Run` that also gives a DataFrame, histories and the best run.

    Raises
    ------
    FilterError, UnknownNameError
        When the filter or the ordering cannot be read or names what no run has.
    StoreError
        When the store cannot be read.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("fit", params={"lr": 0.1}):
    ...     ct.log(accuracy=0.95)
    >>> len(ct.runs("params.lr = 0.1 and metrics.accuracy > 0.9")) > 0
    True
    """
    query.Runs.view_of = _view_of  # only now: it imports numpy
    return query.find_runs(_store(), where, order=order_by, experiment=experiment, limit=limit)


def run(reference: str | int | ActiveRun | Run) -> Run:
    """Read one run.

    Parameters
    ----------
    reference
        An id, or the first six or more characters of one; a name (the newest run of that
        name); a number within an experiment (the newest run with it); an active run, or one
        that was read before: that is read anew, from its own store.

    Raises
    ------
    RunNotFoundError
        When there is none.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("fit") as active:
    ...     pass
    >>> ct.run("fit").status.value, ct.run(active).name
    ('finished', 'fit')
    """
    if isinstance(reference, ActiveRun) and not reference.id:  # celltrail is switched off
        raise RunNotFoundError(reference, resolve_store())
    if isinstance(reference, (ActiveRun, Run)):
        store, run_id = open_store(reference.store_path), reference.id
    else:
        store = _store()
        row = store.run_row(reference)
        if row is None:
            raise RunNotFoundError(reference, store.path)
        return Run(store, row)
    stored = load_run(store, run_id)
    if stored is None:
        raise RunNotFoundError(reference, store.path)
    return stored


def last_run() -> Run:
    """Read the run that began last.

    Raises
    ------
    NoRunsError
        When the store has no runs.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("fit"):
    ...     pass
    >>> ct.last_run().name
    'fit'
    """
    newest = runs(limit=1)
    if not newest:
        raise NoRunsError(resolve_store())
    return newest[0]


def sql(query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Ask the store in SQL; nothing can be changed, and no file read or written.

    Parameters
    ----------
    query
        One ``SELECT`` of DuckDB's SQL. Made for it are the views ``v_runs``,
        ``v_params``, ``v_metrics`` (last values and statistics) and ``v_history``
        (all points).
    parameters
        Values for ``?`` or ``$name`` in the query.

    Returns
    -------
    pandas.DataFrame
        The result.

    Raises
    ------
    SqlError
        When the query is not of this kind, or DuckDB refuses it.

    Examples
    --------
    >>> import celltrail as ct
    >>> ct.sql("SELECT count(*) AS n FROM v_runs WHERE status = ?", ["failed"])["n"].tolist()
    [0]
    """
    return _store().sql(query, parameters)


def metric(
    name: str,
    *,
    minimize: bool | None = None,
    unit: str | None = None,
    format: str | None = None,
    primary: bool | None = None,
) -> MetricMeaning:
    """Say once what a metric means; it is kept in the store and counts for all of its runs.

    Parameters
    ----------
    name
        The metric's name.
    minimize
        Whether less of it is better. Without it the name tells, such as of a loss.
    unit
        Its unit, which stands beside its name; empty for none.
    format
        How it is written, as in Python: ``".3f"``, ``".1%"``, ``".2e"``, ``".4g"``,
        ``",d"``; empty for as it suits.
    primary
        Whether it comes first in tables, cards and comparisons.

    Returns
    -------
    MetricMeaning
        All that is known of it now. What is None in the call stays as it was.

    Raises
    ------
    OptionError
        When the format is none of these.
    UsageError
        When the name is empty.

    Examples
    --------
    >>> import celltrail as ct
    >>> ct.metric("churn", minimize=True, format=".1%")
    MetricMeaning(name='churn', minimize=True, unit='', format='.1%', primary=False)
    >>> ct.metric("churn").minimize
    True
    """
    if is_disabled():
        return MetricMeaning(name, minimize, unit or "", format or "", bool(primary))
    return query.define_metric(
        _store(), name, minimize=minimize, unit=unit, format=format, primary=primary
    )


def table(runs: _Given | None = None, **options: Any) -> RunTableWidget:
    """Show runs as a table that is filtered, sorted and selected in the page and from Python.

    Parameters
    ----------
    runs
        From `celltrail.runs`, or runs as `celltrail.run` takes them; by default the runs of
        this notebook.
    **options
        What is shown at first, such as ``where=``, ``order_by=``, ``group_by=`` or
        ``only_differences=``: see `celltrail.views.RunTableWidget`.

    Returns
    -------
    RunTableWidget
        Its ``selected`` are the runs that were selected in the table, its ``view`` is what is
        shown as a DataFrame, and its ``code`` a line of Python that gives the same.

    Raises
    ------
    FilterError, UnknownNameError
        When the filter or the ordering cannot be read, or names what no run has.

    Examples
    --------
    >>> import celltrail as ct
    >>> table = ct.table(ct.runs(), order_by="started desc")
    >>> len(table.selected)
    0
    >>> table.code
    "ct.runs(order_by='started desc')"
    """
    shown = notebook_runs() if runs is None else _selected(runs)
    return views.RunTableWidget(shown, **options)


def compare(runs: _Given, *, metrics: str | Sequence[str] | None = None) -> Comparison:
    """Show what tells runs apart: params, metrics, curves, code, environments and outputs.

    Parameters
    ----------
    runs
        From `celltrail.runs`, or runs as `celltrail.run` takes them. All are compared with the
        first; of more than fifty the first fifty are, and it says so.
    metrics
        Metrics whose curves are drawn; by default up to four that have more than one point.

    Returns
    -------
    Comparison
        A box of widgets whose selections are one; its ``selected`` are the selected runs.

    Raises
    ------
    RunNotFoundError
        When there is no such run.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("slow", params={"lr": 0.1}), ct.track("fast", params={"lr": 0.5}):
    ...     pass
    >>> ct.compare(["slow", "fast"])
    <Comparison of 2 runs>
    """
    return views.Comparison(_selected(runs), metrics)


def export_html(view: Any, path: str | os.PathLike[str], **options: Any) -> Path:
    """Write a table, a comparison or a chart into one file that needs no kernel and no network.

    Parameters
    ----------
    view
        From `celltrail.table`, `celltrail.compare` or ``celltrail.plot``, `celltrail.runs`, or
        a list of these; what is selected in one of them is selected in all.
    path
        The file, which ends in ``.html``.
    **options
        ``title=`` and ``most=``: see `celltrail.views.export_html`.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UsageError
        When the view is of no such kind, or the file ends in something else.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("fit", params={"lr": 0.1}):
    ...     ct.log(accuracy=0.95)
    >>> ct.export_html(ct.table(ct.runs()), "runs.html").name
    'runs.html'
    """
    return views.export_html(view, os.fspath(path), **options)


def _selected(runs: _Given) -> Runs:
    if isinstance(runs, query.Runs):
        return runs
    given = [runs] if isinstance(runs, Run | ActiveRun | str | int) else runs
    found = [run(reference) for reference in given]
    return query.as_runs(found) if found else query.find_runs(_store()).select([])


def _view_of(runs: Runs) -> RunTableWidget:
    return views.RunTableWidget(runs)


def notebook_runs() -> Runs:
    """Read the runs of this notebook, the newest first.

    Where the front end does not say which notebook this is, they are those of the
    experiment that this process records to by default.
    """
    path = notebook_path()
    experiment = default_experiment()

    def is_ours(row: RunRow) -> bool:
        if path is not None and row.notebook is not None:
            return row.notebook == str(path)
        return row.experiment == experiment

    return query.find_runs(_store(), keep=is_ours)
