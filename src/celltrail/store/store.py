"""One store as this process sees it: merging into it and reading out of it."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, SupportsIndex, TypeVar

from celltrail.errors import StoreUnwritableError, UnknownNameError
from celltrail.store import curves, reads
from celltrail.store.access import PATIENCE, Access
from celltrail.store.blobs import open_blob, read_intact
from celltrail.store.lookup import find_run, tried_before
from celltrail.store.meanings import read_meanings
from celltrail.store.notices import warn
from celltrail.store.rows import (
    HistoryColumns,
    ParamChange,
    ParamColumns,
    RunRow,
    SummaryColumns,
    Surroundings,
    TableData,
    empty,
)
from celltrail.store.sql_query import ask
from celltrail.store.system import at_fork

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from duckdb import DuckDBPyConnection

    from celltrail.model import ArtifactInfo, DatasetInfo, MetricMeaning, OutputInfo
    from celltrail.store.curves import CurveColumns, CurveQuery

__all__ = ["Store", "open_store"]

_T = TypeVar("_T")


class Store:
    """A DuckDB file with its spool; see `open_store`.

    Every read shows what any process has logged so far, merged or not.

    Parameters
    ----------
    path
        The DuckDB file; made by the first merge.

    Attributes
    ----------
    path
        The same, absolute.
    access
        The locks of the file, for what upkeep does to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.access = Access(path)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    # -- merging -----------------------------------------------------------------------------

    def pending(self) -> bool:
        """Say whether a merge has something to do; cheap, it only looks at sizes of files."""
        return self.access.pending()

    def merge(self, *, wait: float = PATIENCE) -> bool:
        """Bring into the store what every process has logged, each record exactly once.

        Makes the file when it is missing, and says of runs whose process is gone that
        they are lost.

        Parameters
        ----------
        wait
            Seconds to wait while others use the store; 0 tries once.

        Returns
        -------
        bool
            False when they still did.

        Raises
        ------
        StoreError
            When the store cannot be written; nothing that was logged is lost by that.
        """
        return self.access.merge(wait)

    # -- reading -----------------------------------------------------------------------------

    def _read(self, query: Callable[[DuckDBPyConnection], _T], default: _T) -> _T:
        """Run a query over all that was logged; the default where nothing ever was."""
        self.access.freshen()
        if not self.path.exists():
            return default
        with self.access.reading() as con:
            return query(con)

    def run_rows(self, *, ids: Sequence[str] | None = None) -> list[RunRow]:
        """Read runs, oldest first.

        Parameters
        ----------
        ids
            Only these; those that are not there are left out.
        """
        return self._read(lambda con: reads.run_rows(con, ids), [])

    def find_run(self, ref: str | SupportsIndex | None) -> str | None:
        """Find a run's id.

        Parameters
        ----------
        ref
            An id; or a name, of which the newest run counts; or the first characters (at
            least six) of one id; or, as an integer of any type, a number, of which the
            newest counts.

        Returns
        -------
        str or None
            None when there is no such run, as there is none for None.
        """
        return self._read(lambda con: find_run(con, ref), None)

    def tried_before(self, run_id: str) -> str | None:
        """Find the newest run of the same experiment that finished with the same params."""
        return self._read(lambda con: tried_before(con, run_id), None)

    def run_row(self, ref: str | SupportsIndex | None) -> RunRow | None:
        """Read the run that `find_run` finds."""

        def query(con: DuckDBPyConnection) -> RunRow | None:
            run_id = find_run(con, ref)
            return None if run_id is None else reads.run_rows(con, [run_id])[0]

        return self._read(query, None)

    def table_data(self, ids: Sequence[str] | None = None, *, statistics: bool = True) -> TableData:
        """Read runs with their params, summaries and tags, all of one moment.

        Parameters
        ----------
        ids
            Only these runs.
        statistics
            Whether more of the summaries is read than the last values.
        """

        def query(con: DuckDBPyConnection) -> TableData:
            rows = reads.run_rows(con, ids)
            runs = None if ids is None else [row.run for row in rows]
            return TableData(
                rows,
                reads.params(con, runs),
                reads.summaries(con, runs, statistics=statistics),
                reads.tags(con, runs),
                read_meanings(con),
            )

        nothing = TableData([], empty(ParamColumns), empty(SummaryColumns), {}, {})
        return self._read(query, nothing)

    def history(
        self, ids: Sequence[str], metric: str, *, since_step: int | None = None
    ) -> HistoryColumns:
        """Read the points that some runs have of a metric, by run, step and time.

        Parameters
        ----------
        ids
            The runs, in the order in which they shall come; ``run`` of the result is a
            place among them.
        metric
            The metric's name.
        since_step
            Only points of greater steps.
        """
        return self._read(
            lambda con: reads.history(con, ids, metric, since_step), empty(HistoryColumns)
        )

    def curves(
        self, ids: Sequence[str], metric: str, query: CurveQuery | None = None
    ) -> CurveColumns:
        """Read the curves that some runs have of a metric, thinned to what a screen shows.

        Parameters
        ----------
        ids
            The runs; ``run`` of the result is a place among them.
        metric
            The metric's name.
        query
            Over what, of which range, and how finely.
        """
        read = partial(self._read, default=None)
        return curves.read_curve_columns(read, ids, metric, query or curves.CurveQuery())

    def meanings(self) -> dict[str, MetricMeaning]:
        """Read what is said of metrics, by their names: those said of last come last."""
        return self._read(read_meanings, {})

    def stepped_metrics(self, ids: Sequence[str]) -> list[str]:
        """Read the names of the metrics of which one of some runs has more than one point."""
        return self._read(lambda con: curves.stepped_metrics(con, ids), [])

    def fingerprint(self) -> tuple[int | None, ...]:
        """Read what differs when there are other runs, or one has another status, name or tag."""
        return self._read(reads.fingerprint, ())

    def metric_reasons(self, run_id: str) -> dict[str, str]:
        """Read why metrics of a run were recorded that nobody logged, by their names."""
        return self._read(lambda con: reads.metric_reasons(con, [run_id])[run_id], {})

    def param_changes(self, run_id: str) -> list[ParamChange]:
        """Read every value that a run's params had, the current one last."""
        return self._read(lambda con: reads.param_changes(con, run_id), [])

    def artifacts(self, run_id: str) -> list[ArtifactInfo]:
        """Read what a run stored, without the content."""
        return self._read(lambda con: reads.artifacts(con, run_id), [])

    def logged_artifacts(self, ids: Sequence[str], limit: int) -> dict[str, list[ArtifactInfo]]:
        """Read what was logged to runs, without the content; at most ``limit`` of all of them."""
        return self._read(lambda con: reads.logged_artifacts(con, ids, limit), {})

    def outputs(self, run_id: str) -> list[OutputInfo]:
        """Read what a run showed, in order."""
        return self._read(lambda con: reads.outputs(con, [run_id])[run_id], [])

    def datasets(self, run_id: str) -> list[DatasetInfo]:
        """Read descriptions of the data that a run read."""
        return self._read(lambda con: reads.datasets(con, [run_id])[run_id], [])

    def surroundings(self, rows: Sequence[RunRow], *, outputs: bool = False) -> Surroundings:
        """Read at once the code, the environments and the data of several runs, and outputs."""
        ids = [row.id for row in rows]

        def query(con: DuckDBPyConnection) -> Surroundings:
            environments = reads.contents(
                con, "environments", "description", [r.environment for r in rows if r.environment]
            )
            return Surroundings(
                sources=reads.contents(
                    con, "sources", "text", [r.source_sha for r in rows if r.source_sha]
                ),
                environments={sha: json.loads(text) for sha, text in environments.items()},
                datasets=reads.datasets(con, ids),
                reasons=reads.metric_reasons(con, ids),
                outputs=reads.outputs(con, ids) if outputs else None,
            )

        return self._read(query, Surroundings({}, {}, {}, {}, None))

    def open_artifact(self, sha256: str) -> BinaryIO:
        """Open an artifact's content, checked against its address while it is read.

        Raises
        ------
        ArtifactLostError
            When it is missing; also while it is read, when it is damaged.
        """
        return open_blob(self.access.layout, sha256, partial(self._small, sha256))

    def _small(self, sha256: str) -> bytes | None:
        """Give the content of a small artifact: out of the spool, or once merged the file."""
        for path in self.access.layout.spool.glob(f"*/blobs/{sha256}"):
            with suppress(OSError):
                data = read_intact(path, sha256)
                if data is not None:
                    return data
        stored: bytes | None = self._content("blobs", "data", sha256)
        return stored

    def source(self, sha256: str) -> str:
        """Read a source text; UnknownNameError when there is none."""
        text = self._content("sources", "text", sha256)
        if text is None:
            raise UnknownNameError("source", sha256, [])
        return str(text)

    def environment(self, sha256: str) -> dict[str, Any]:
        """Read the description of an environment; UnknownNameError when there is none."""
        description = self._content("environments", "description", sha256)
        if description is None:
            raise UnknownNameError("environment", sha256, [])
        loaded: dict[str, Any] = json.loads(description)
        return loaded

    def _content(self, table: str, column: str, sha256: str) -> Any:
        def query(con: DuckDBPyConnection) -> Any:
            found = con.execute(
                f"SELECT {column} FROM {table} WHERE sha256 = $1", [sha256]
            ).fetchall()
            return found[0][0] if found else None

        return self._read(query, None)

    def sql(
        self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """Run one SELECT over the store, which can neither write nor read any other file.

        Parameters
        ----------
        query
            The statement; ``v_runs``, ``v_params``, ``v_metrics`` and ``v_history`` are
            the views for people.
        parameters
            Values of its ``?`` or ``$1``, or of its ``$name``.

        Returns
        -------
        pandas.DataFrame
            The result; numbers that can be missing are of pandas' nullable types, so that
            NaN and missing are two things.

        Raises
        ------
        SqlError
            For anything else than one query, or when DuckDB refuses it.
        """
        why: object = None
        try:
            if not self.access.merge():
                why = f"{self.path} is in use all the time."
        except StoreUnwritableError as error:
            if not self.path.exists():
                raise
            why = error
        if why is not None:
            warn(f"{why} What was logged since is not seen by queries.", stacklevel=3)
        return ask(self.access, query, parameters)


_stores: dict[Path, Store] = {}
_stores_lock = threading.Lock()


def _renew_lock() -> None:
    global _stores_lock
    _stores_lock = threading.Lock()


at_fork(before=lambda: None, parent=lambda: None, child=_renew_lock)


def open_store(path: Path) -> Store:
    """Give this process's one `Store` of a path.

    Parameters
    ----------
    path
        The DuckDB file, which need not exist.

    Examples
    --------
    >>> import tempfile
    >>> store = open_store(Path(tempfile.mkdtemp()) / "s.duckdb")
    >>> store.run_rows()
    []
    """
    resolved = Path(path).expanduser().resolve()
    with _stores_lock:
        return _stores.setdefault(resolved, Store(resolved))
