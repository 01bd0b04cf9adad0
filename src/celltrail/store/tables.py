"""The tables' columns, and how rows get into them in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from celltrail.store.values import EARLIEST, LATEST

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["COLUMNS", "OF_RUNS", "TABLES", "RowTuple", "column_names", "insert", "select_all"]

RowTuple: TypeAlias = Sequence[Any]

_PARAM = "run:n key:s kind:s number:d text:s bool:b json:s reason:s time:t"

#: Table to its columns and their types, in the order in which `insert` takes them.
COLUMNS: dict[str, list[tuple[str, str]]] = {
    table: [(name, kind) for name, _, kind in (word.partition(":") for word in text.split())]
    for table, text in {
        "sessions": "id:s host:s pid:n process_started:d boot:s started:t ended:t kind:s "
        "notebook:s environment:s",
        "environments": "sha256:s description:s",
        "sources": "sha256:s text:s",
        "runs": "run:n id:s number:n name:s experiment:s session:s status:s started:t ended:t "
        "note:s kind:s source:s source_name:s cell_id:s execution_count:n notebook:s "
        "previous:n parent:n error_type:s error_message:s error_traceback:s git_commit:s "
        "git_branch:s git_dirty:b environment:s cpu_seconds:d peak_memory:n deleted:t resumed:t "
        "markdown:s git_diff:s redactions:n auto:b",
        "params": _PARAM,
        "param_changes": _PARAM,
        "metric_keys": "key:n name:s",
        "metric_reasons": "run:n key:s reason:s",
        "tags": "run:n tag:s",
        "blobs": "sha256:s size:n data:x",
        "artifacts": "run:n name:s kind:s mime:s step:n sha256:s size:n time:t",
        "datasets": "sha256:s kind:s shape:s schema:s size:n",
        "run_datasets": "run:n name:s dataset:s",
        "cell_executions": "session:s execution_count:n cell_id:s source:s started:t ended:t "
        "status:s run:n reads:s binds:s mutated:s deleted:s",
        "outputs": "run:n position:n kind:s name:s mime:s text:s sha256:s size:n truncated:b "
        "time:t",
        "merged": "session:s segment:n events:n points:n",
        "purged": "id:s time:t experiment:s number:n",
        "scattered": "run:n claimed:t",
        "metric_meanings": "metric:s field:s value:s time:t",
    }.items()
}

#: Every table but that of the migrations; the last two are not filled by `insert`.
TABLES = (*COLUMNS, "metrics", "summaries")
#: Those whose rows are of runs. Users may have made others that have a column ``run``.
OF_RUNS = (
    *(table for table, columns in COLUMNS.items() if "run" in dict(columns)),
    "metrics",
    "summaries",
)

#: What a column of each type is made of, and what it is in the database.
_TYPES: dict[str, tuple[Any, str]] = {
    "s": (object, "VARCHAR"),
    "n": ("int64", "BIGINT"),
    "t": ("int64", "TIMESTAMP"),
    "d": ("float64", "DOUBLE"),
    "b": ("bool", "BOOLEAN"),
}
_BULK = 20_000
_INSERT_BLOBS = """
INSERT INTO blobs SELECT unnest($1::VARCHAR[]), unnest($2::BIGINT[]), unnest($3::BLOB[])
"""
#: Blobs have up to 1 MiB each.
_FEW = 32


def _expression(column: tuple[str, str]) -> str:
    name, kind = column
    return f"epoch_us({name})" if kind == "t" else name


def column_names(table: str) -> list[str]:
    """Give the names of a table's columns, in the order in which `insert` takes them."""
    return [name for name, _ in COLUMNS[table]]


def insert(con: DuckDBPyConnection, table: str, rows: Iterable[RowTuple]) -> None:
    """Insert rows, a whole column at a time: far faster than ``executemany``.

    Parameters
    ----------
    con
        A connection that uses the store.
    table
        One of `COLUMNS`.
    rows
        Values in the order of `COLUMNS`; times in microseconds since 1970.
    """
    everything = list(rows)
    if table == "blobs":  # bytes cannot be read out of an array
        for start in range(0, len(everything), _FEW):
            part = everything[start : start + _FEW]
            con.execute(_INSERT_BLOBS, [list(column) for column in zip(*part, strict=True)])
        return
    for start in range(0, len(everything), _BULK):
        part = everything[start : start + _BULK]
        arrays: dict[str, Any] = {}
        expressions = [
            _column(arrays, name, kind, values)
            for (name, kind), values in zip(COLUMNS[table], zip(*part, strict=True), strict=True)
        ]
        con.register("new_rows", arrays)
        con.execute(f"INSERT INTO {table} SELECT {', '.join(expressions)} FROM new_rows")
        con.unregister("new_rows")


def _column(arrays: dict[str, Any], name: str, kind: str, values: Sequence[Any]) -> str:
    """Add a column to the arrays that DuckDB reads, and say what is to be read of them."""
    import numpy as np

    dtype, sql_type = _TYPES[kind]
    missing = np.fromiter((value is None for value in values), np.bool_, len(values))
    if dtype is object:
        arrays[name] = np.empty(len(values), object)
        arrays[name][:] = values
        return f"{name}::{sql_type}"
    filled = [0 if value is None else value for value in values] if missing.any() else values
    arrays[name] = np.array(filled, dtype)
    read = name
    if kind == "t":
        arrays[name] = np.clip(arrays[name], EARLIEST, LATEST)
        read = f"make_timestamp({name})"
    # DuckDB takes NaN in an array for a missing value, and not every version of it reads the
    # mask of a masked array: both are told by arrays of their own.
    if kind == "d" and (nan := np.isnan(arrays[name])).any():
        arrays[f"{name}_nan"] = nan
        read = f"CASE WHEN {name}_nan THEN 'NaN'::DOUBLE ELSE {read} END"
    if missing.any():
        arrays[f"{name}_missing"] = missing
        read = f"CASE WHEN NOT {name}_missing THEN {read} END"
    return read


def select_all(con: DuckDBPyConnection, table: str, where: str, values: Sequence[Any]) -> list[Any]:
    """Fetch whole rows as `insert` takes them.

    Parameters
    ----------
    con
        A connection that uses the store.
    table
        One of `COLUMNS`.
    where
        The column that must be one of ``values``, all texts.
    values
        What to look for.
    """
    if not values:
        return []
    expressions = ", ".join(_expression(column) for column in COLUMNS[table])
    return con.execute(
        f"SELECT {expressions} FROM {table} WHERE {where} IN (SELECT unnest($1::VARCHAR[]))",
        [list(values)],
    ).fetchall()
