"""Queries over an attached store, each fetched whole into rows or columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from celltrail.model import ArtifactInfo, DatasetInfo, ErrorInfo, OutputInfo, Status
from celltrail.store.rows import (
    HistoryColumns,
    ParamChange,
    ParamColumns,
    RunRow,
    SummaryColumns,
)
from celltrail.store.values import PARAM_KINDS, decode_param

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from duckdb import DuckDBPyConnection

__all__ = [
    "artifacts",
    "contents",
    "datasets",
    "history",
    "logged_artifacts",
    "metric_reasons",
    "outputs",
    "param_changes",
    "params",
    "run_rows",
    "summaries",
    "tags",
]

_STATUSES = {status.value: status for status in Status}

_RUNS = """
SELECT r.run, r.id, r.number, r.name, r.experiment, r.session, r.status, epoch_us(r.started),
    epoch_us(r.ended), r.note, r.kind, r.source, r.source_name, r.cell_id, r.execution_count,
    r.notebook, before.id, above.id, r.error_type, r.error_message, r.error_traceback,
    r.git_commit, r.git_branch, r.git_dirty, r.environment, r.cpu_seconds, r.peak_memory,
    epoch_us(r.resumed), r.markdown, r.git_diff, r.redactions, r.auto
FROM runs r
LEFT JOIN runs before ON before.run = r.previous
LEFT JOIN runs above ON above.run = r.parent
WHERE r.number IS NOT NULL AND r.deleted IS NULL {which}
ORDER BY r.id
"""
_SOME = "AND {column} IN (SELECT unnest($some::{type}[]))"
#: Of runs that are deleted, or only known by reference, nothing is shown.
_SHOWN = "number IS NOT NULL AND deleted IS NULL"
_KNOWN = f"{{column}} IN (SELECT run FROM runs WHERE {_SHOWN})"
_KEYS = f"SELECT id, run FROM runs WHERE {_SHOWN} AND id IN (SELECT unnest($1::VARCHAR[]))"

_PARAMS = f"""
WITH p AS (SELECT * FROM params WHERE {{which}}),
names AS (SELECT unnest($names::VARCHAR[]) AS name, unnest(range(len($names))) AS code)
SELECT p.run, names.code AS key,
    (list_position({list(PARAM_KINDS)!r}, p.kind) - 1)::UTINYINT AS kind,
    coalesce(p.number, CASE WHEN p.kind = 'float' THEN 'NaN'::DOUBLE ELSE 0 END) AS number,
    p.text, coalesce(p.bool, false) AS bool, p.json, p.reason
FROM p JOIN names ON names.name = p.key
ORDER BY p.run, names.code
"""
_LAST = """
s.run, s.key, s.last, coalesce(s.last_exact, 0) AS last_exact, s.last_exact IS NOT NULL AS is_exact
"""
#: Rows differ from each other, so that none cancels another out.
_FINGERPRINT = """
SELECT (SELECT bit_xor(hash(r)) FROM runs r), (SELECT bit_xor(hash(run, tag)) FROM tags),
    (SELECT bit_xor(hash(m)) FROM metric_meanings m)
"""
_STATISTICS = """
, s.last_step, coalesce(s.min, 'NaN'::DOUBLE) AS min, coalesce(s.max, 'NaN'::DOUBLE) AS max,
CASE WHEN s.count > s.nans THEN s.sum / (s.count - s.nans) ELSE 'NaN'::DOUBLE END AS mean, s.count
"""
_HISTORY = """
SELECT m.run, m.step, epoch_us(m.time) AS time, m.value, coalesce(m.exact, 0) AS exact,
    m.exact IS NOT NULL AS is_exact
FROM metrics m
WHERE m.key = {key} AND m.run IN ({runs}) {since}
"""
_RUN = "(SELECT run FROM runs WHERE id = $1)"
_CHANGES = f"""
SELECT key, kind, number, text, bool, json, reason, epoch_us(time)
FROM (
    SELECT *, 0 AS current, rowid AS place FROM param_changes WHERE run = {_RUN}
    UNION ALL SELECT *, 1, rowid FROM params WHERE run = {_RUN}
)
ORDER BY key, current, place
"""


def _which(column: str, runs: Sequence[int] | None) -> tuple[str, dict[str, list[int]]]:
    """Give the condition that keeps what is of all runs, or of some, and its parameter."""
    condition = _KNOWN.format(column=column)
    if runs is None:
        return condition, {}
    return f"{condition} {_SOME.format(column=column, type='BIGINT')}", {"some": list(runs)}


def _plain(column: Any) -> Any:
    """Turn a masked object column into one with None, and drop masks that hide nothing."""
    import numpy as np

    if not isinstance(column, np.ma.MaskedArray):
        return column
    if column.dtype == object:
        data = column.data.copy()
        data[np.ma.getmaskarray(column)] = None
        return data
    return column.data


def _columns(con: DuckDBPyConnection, query: str, values: Mapping[str, Any]) -> dict[str, Any]:
    fetched: Mapping[str, Any] = con.execute(query, dict(values)).fetchnumpy()
    return {name: _plain(column) for name, column in fetched.items()}


def run_rows(con: DuckDBPyConnection, ids: Sequence[str] | None) -> list[RunRow]:
    """Read runs, oldest first, or only those of some ids."""
    which = "" if ids is None else _SOME.format(column="r.id", type="VARCHAR")
    values = {} if ids is None else {"some": list(ids)}
    rows = con.execute(_RUNS.format(which=which), values).fetchall()
    return [_run_row(row) for row in rows]


def fingerprint(con: DuckDBPyConnection) -> tuple[int | None, ...]:
    """Read numbers that differ when a run has come, gone, ended, or was changed or tagged."""
    return tuple(con.execute(_FINGERPRINT).fetchall()[0])


def _run_row(row: Sequence[Any]) -> RunRow:
    error = ErrorInfo(row[18], row[19] or "", row[20] or "") if row[18] else None
    status = _STATUSES.get(row[6], Status.LOST)
    values = (*row[:6], status, *row[7:9], row[9] or "", *row[10:18], error, *row[21:])
    return RunRow._make(values)


def params(con: DuckDBPyConnection, runs: Sequence[int] | None) -> ParamColumns:
    """Read current params."""
    which, values = _which("run", runs)
    query = f"SELECT DISTINCT key FROM params WHERE {which} ORDER BY key"
    names = [name for (name,) in con.execute(query, values).fetchall()]
    columns = _columns(con, _PARAMS.format(which=which), {**values, "names": names})
    return ParamColumns(**columns, names=names)


def summaries(
    con: DuckDBPyConnection, runs: Sequence[int] | None, *, statistics: bool = True
) -> SummaryColumns:
    """Read summaries of metrics, or only the last values."""
    import numpy as np

    which, values = _which("s.run", runs)
    wanted = f"{_LAST}{_STATISTICS}" if statistics else _LAST
    columns = _columns(con, f"SELECT {wanted} FROM summaries s WHERE {which}", values)
    names: dict[int, str] = dict(con.execute("SELECT key, name FROM metric_keys").fetchall())
    used = sorted(np.flatnonzero(np.bincount(columns["key"])).tolist(), key=names.__getitem__)
    codes = np.zeros(max(used, default=0) + 1, np.int64)
    codes[used] = np.arange(len(used))
    columns["key"] = codes[columns["key"]]
    columns = _sorted(columns, "run", "key")
    if not statistics:
        columns |= {name: np.zeros(0) for name in ("min", "max", "mean")}
        columns |= {name: np.zeros(0, np.int64) for name in ("last_step", "count")}
    return SummaryColumns(**columns, names=[names[key] for key in used])


def _sorted(columns: dict[str, Any], *by: str) -> dict[str, Any]:
    """Sort rows by some columns, and else as they lie in the file.

    Mostly they are sorted already, as compaction leaves them; DuckDB would sort them anyway,
    which takes seconds for millions.
    """
    import numpy as np

    ordered: Any = True
    for name in reversed(by):
        before, after = columns[name][:-1], columns[name][1:]
        ordered = (before < after) | ((before == after) & ordered)
    if np.all(ordered):
        return columns
    order = np.lexsort([columns[name] for name in reversed(by)])
    return {name: column[order] for name, column in columns.items()}


def tags(con: DuckDBPyConnection, runs: Sequence[int] | None) -> dict[int, list[str]]:
    """Read tags, sorted, of those runs that have any."""
    which, values = _which("run", runs)
    query = f"SELECT run, list(tag ORDER BY tag) FROM tags WHERE {which} GROUP BY run"
    return dict(con.execute(query, values).fetchall())


def history(
    con: DuckDBPyConnection, ids: Sequence[str], metric: str, since_step: int | None
) -> HistoryColumns:
    """Read the points of one metric, of all steps or of those after one."""
    import numpy as np

    places = {run_id: place for place, run_id in enumerate(ids)}
    runs = {run: places[run_id] for run_id, run in con.execute(_KEYS, [list(ids)]).fetchall()}
    found = con.execute("SELECT key FROM metric_keys WHERE name = $1", [metric]).fetchall()
    # Numbers of ours in the text itself: by them DuckDB skips what lies elsewhere in the file,
    # which it does not do for a list that is bound.
    query = _HISTORY.format(
        key=found[0][0] if found else 0,
        runs=", ".join(map(str, sorted(runs))) or "0",
        since="" if since_step is None else f"AND m.step > {int(since_step)}",
    )
    columns = _columns(con, query, {})
    keys = np.array(sorted(runs), np.int64)
    place = np.array([runs[run] for run in keys.tolist()], np.int64)
    columns["run"] = place[np.searchsorted(keys, columns["run"])]
    return HistoryColumns(**_sorted(columns, "run", "step", "time"))


def metric_reasons(con: DuckDBPyConnection, run_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Read why metrics of runs were recorded that nobody logged, by the runs' ids and by names."""
    rows = con.execute(
        "SELECT r.id, m.key, m.reason FROM metric_reasons m JOIN runs r ON r.run = m.run "
        "WHERE r.id IN (SELECT unnest($1::VARCHAR[])) ORDER BY m.rowid",
        [list(run_ids)],
    ).fetchall()
    found: dict[str, dict[str, str]] = {run_id: {} for run_id in run_ids}
    for run_id, key, reason in rows:
        found[run_id][key] = reason
    return found


def param_changes(con: DuckDBPyConnection, run_id: str) -> list[ParamChange]:
    """Read every value that the params of a run had, the current one last."""
    rows = con.execute(_CHANGES, [run_id]).fetchall()
    return [ParamChange(row[0], decode_param(row[1:6]), row[6], row[7]) for row in rows]


def artifacts(con: DuckDBPyConnection, run_id: str) -> list[ArtifactInfo]:
    """Read what a run stored, in order."""
    rows = con.execute(
        "SELECT name, coalesce(kind, ''), coalesce(mime, ''), sha256, size, step "
        f"FROM artifacts WHERE run = {_RUN} ORDER BY time, rowid",
        [run_id],
    ).fetchall()
    return [ArtifactInfo(*row) for row in rows]


def logged_artifacts(
    con: DuckDBPyConnection, run_ids: Sequence[str], limit: int
) -> dict[str, list[ArtifactInfo]]:
    """Read what was logged to runs, in order, by the runs' ids; not what their cells showed."""
    rows = con.execute(
        "SELECT r.id, a.name, coalesce(a.kind, ''), coalesce(a.mime, ''), a.sha256, a.size, a.step "
        "FROM artifacts a JOIN runs r ON r.run = a.run "
        "WHERE r.id IN (SELECT unnest($1::VARCHAR[])) AND NOT EXISTS (SELECT 1 FROM outputs o "
        "WHERE o.run = a.run AND o.name = a.name AND o.sha256 = a.sha256) "
        "ORDER BY a.time, a.rowid LIMIT $2",
        [list(run_ids), limit],
    ).fetchall()
    found: dict[str, list[ArtifactInfo]] = {run_id: [] for run_id in run_ids}
    for run_id, *info in rows:
        found[run_id].append(ArtifactInfo(*info))
    return found


def datasets(con: DuckDBPyConnection, run_ids: Sequence[str]) -> dict[str, list[DatasetInfo]]:
    """Read what data runs read, in order, by the runs' ids."""
    rows = con.execute(
        "SELECT r.id, n.name, d.kind, d.shape, d.schema, d.size FROM run_datasets n "
        "JOIN datasets d ON d.sha256 = n.dataset JOIN runs r ON r.run = n.run "
        "WHERE r.id IN (SELECT unnest($1::VARCHAR[])) ORDER BY n.rowid",
        [list(run_ids)],
    ).fetchall()
    found: dict[str, list[DatasetInfo]] = {run_id: [] for run_id in run_ids}
    for run_id, name, kind, shape, schema, size in rows:
        shape, schema = tuple(json.loads(shape) or ()), json.loads(schema) or {}
        found[run_id].append(DatasetInfo(name, kind or "", shape, schema, size))
    return found


def contents(
    con: DuckDBPyConnection, table: str, column: str, addresses: Iterable[str]
) -> dict[str, str]:
    """Read texts of a table by their addresses; what is not there is left out."""
    rows = con.execute(
        f"SELECT sha256, {column} FROM {table} WHERE sha256 IN (SELECT unnest($1::VARCHAR[]))",
        [sorted(set(addresses))],
    ).fetchall()
    return dict(rows)


def outputs(con: DuckDBPyConnection, run_ids: Sequence[str]) -> dict[str, list[OutputInfo]]:
    """Read what runs showed, in order, by the runs' ids."""
    rows = con.execute(
        "SELECT r.id, o.position, o.kind, coalesce(o.name, ''), coalesce(o.mime, ''), o.text, "
        "o.sha256, coalesce(o.size, 0), coalesce(o.truncated, false) "
        "FROM outputs o JOIN runs r ON r.run = o.run "
        "WHERE r.id IN (SELECT unnest($1::VARCHAR[])) ORDER BY o.position, o.rowid",
        [list(run_ids)],
    ).fetchall()
    found: dict[str, list[OutputInfo]] = {run_id: [] for run_id in run_ids}
    for run_id, *row in rows:
        found[run_id].append(OutputInfo(*row))
    return found
