"""The tables' columns, and how rows get into them in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["COLUMNS", "RowTuple", "insert", "select_all"]

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
        "git_branch:s git_dirty:b environment:s cpu_seconds:d peak_memory:n deleted:t",
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
        "status:s run:n",
        "merged": "session:s segment:n events:n points:n",
        "purged": "id:s time:t",
        "scattered": "run:n",
    }.items()
}

#: What a column of each type is made of: a list that is bound as one parameter.
_UNNEST = {
    "s": "unnest(${}::VARCHAR[])",
    "n": "unnest(${}::BIGINT[])",
    "d": "unnest(${}::DOUBLE[])",
    "b": "unnest(${}::BOOLEAN[])",
    "x": "unnest(${}::BLOB[])",
    "t": "make_timestamp(unnest(${}::BIGINT[]))",
}
_BULK = 20_000


def _expression(column: tuple[str, str]) -> str:
    name, kind = column
    return f"epoch_us({name})" if kind == "t" else name


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
    columns = COLUMNS[table]
    values = ", ".join(_UNNEST[kind].format(i) for i, (_, kind) in enumerate(columns, 1))
    statement = f"INSERT INTO {table} SELECT {values}"
    everything = list(rows)
    for start in range(0, len(everything), _BULK):
        part = everything[start : start + _BULK]
        con.execute(statement, [list(column) for column in zip(*part, strict=True)])


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
