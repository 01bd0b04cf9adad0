"""All that a store holds, in a form that knows no surrogate keys and no numbers of runs."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import duckdb

from celltrail.store import Store

_QUERIES = {
    "runs": "SELECT r.id, r.name, r.experiment, r.status, r.started, r.ended, r.note, r.kind, "
    "r.error_type, r.environment, "
    "r.markdown, r.git_diff, r.redactions, a.id, b.id FROM runs r "
    "LEFT JOIN runs a ON a.run = r.parent LEFT JOIN runs b ON b.run = r.previous "
    "WHERE r.number IS NOT NULL",
    "metrics": "SELECT r.id, k.name, m.step, m.time, m.value, m.exact FROM metrics m "
    "JOIN runs r USING (run) JOIN metric_keys k USING (key)",
    "summaries": "SELECT r.id, k.name, s.last, s.last_exact, s.last_step, s.last_time, s.min, "
    "s.max, round(s.sum, 6), s.count, s.nans FROM summaries s JOIN runs r USING (run) "
    "JOIN metric_keys k USING (key)",
    **{
        table: f"SELECT r.id, t.* EXCLUDE (run) FROM {table} t JOIN runs r USING (run)"
        for table in (
            "params",
            "param_changes",
            "tags",
            "artifacts",
            "run_datasets",
            "metric_reasons",
            "outputs",
        )
    },
    "cell_executions": "SELECT c.* EXCLUDE (run), r.id FROM cell_executions c "
    "LEFT JOIN runs r USING (run)",
    **{
        table: f"SELECT * FROM {table}"
        for table in (
            "sources",
            "environments",
            "datasets",
            "blobs",
            "sessions",
            "metric_meanings",
        )
    },
}


#: Before 2.0, DuckDB writes a column's part that is zeros of both signs as one zero.
_KEEPS_SIGNS = int(duckdb.__version__.split(".")[0]) >= 2


def _plain(value: Any, table: str) -> Any:
    """Make NaN equal to itself, and -0.0 another than 0.0 where its sign is kept.

    That of a summary is not: of equal values any may be the least or the last.
    """
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        is_kept = _KEEPS_SIGNS and table != "summaries"
        return (value, math.copysign(1, value)) if is_kept else value + 0.0
    return value


def content(store: Store) -> dict[str, Any]:
    """Read everything, each table as a bag of rows."""
    store.merge()
    with store.access.reading() as con:
        return {
            table: Counter(
                tuple(_plain(value, table) for value in row)
                for row in con.execute(query).fetchall()
            )
            for table, query in _QUERIES.items()
        }


def shown(contents: dict[str, Any], *, but: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Give the same for a readable comparison."""
    return {
        table: sorted(rows.elements(), key=repr)
        for table, rows in contents.items()
        if table not in but
    }
