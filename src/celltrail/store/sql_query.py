"""A user's own query, in a DuckDB instance that can reach nothing but the store."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

from celltrail.errors import SqlError
from celltrail.store.instance import ForkedError, interruptible, let_forks_go_first, quoted
from celltrail.store.schema import migrate
from celltrail.store.translation import translated

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    import pandas as pd
    from duckdb import DuckDBPyConnection

    from celltrail.store.access import Access

__all__ = ["ask"]

#: After the store is attached nothing else can be, and no setting can be changed back.
_LOCKED = (
    "SET python_enable_replacements = false",
    "SET enable_progress_bar = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


#: How often a query is begun again that a fork interrupted.
_BEGUN_AGAIN = 2
_EMPTY = "ATTACH ':memory:' AS store"
#: What a query can begin with, after comments and parentheses.
_BEGINNINGS = ("select", "from", "with", "pivot", "pivot_wider")


def ask(
    access: Access, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None
) -> pd.DataFrame:
    """Run one query over a store, which has been merged.

    Parameters
    ----------
    access
        The store; one that nobody made is asked as an empty one.
    query, parameters
        As `Store.sql` takes them.

    Raises
    ------
    SqlError
        For anything else than one query, or when DuckDB refuses it.
    StoreError
        When the store cannot be opened.

    Notes
    -----
    A fork has to wait until nothing is attached. It interrupts a query that takes longer than
    a second; the query is then begun again, and the third time it is left alone.
    """
    if not access.path.exists():
        return _run(access.path, query, parameters, exists=False)
    access.mend()
    for _ in range(_BEGUN_AGAIN):
        with suppress(ForkedError), access.shared():
            return _run(access.path, query, parameters, may_interrupt=True)
        let_forks_go_first()
    with access.shared():
        return _run(access.path, query, parameters)


def _run(
    path: Path,
    query: str,
    parameters: Sequence[Any] | Mapping[str, Any] | None,
    *,
    exists: bool = True,
    may_interrupt: bool = False,
) -> pd.DataFrame:
    import duckdb

    # An instance of its own: the settings below can never be taken back.
    with duckdb.connect(":memory:") as con:
        try:
            con.execute(f"ATTACH {quoted(path)} AS store (READ_ONLY)" if exists else _EMPTY)
            con.execute("USE store")
            if not exists:
                migrate(con, path)
            for setting in _LOCKED:
                con.execute(setting)
        except duckdb.Error as error:
            raise translated(error, path) from error
        try:
            with interruptible(con) if may_interrupt else nullcontext():
                statement = _only_query(con, query)
                return _frame(con.execute(statement, _bound(parameters)))
        except duckdb.Error as error:
            raise SqlError(str(error)) from error


def _bound(parameters: Sequence[Any] | Mapping[str, Any] | None) -> Any:
    if parameters is None:
        return None
    return dict(parameters) if isinstance(parameters, Mapping) else list(parameters)


def _only_query(con: DuckDBPyConnection, query: str) -> duckdb.Statement:
    import duckdb

    statements = con.extract_statements(query)
    if len(statements) != 1:
        message = f"give one query, not {len(statements)} statements."
        raise SqlError(message)
    kind = statements[0].type
    allowed = kind in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    # PIVOT without a list of its columns is several statements in DuckDB: it looks for the
    # columns first. What it makes for that is in this instance, which is gone afterwards.
    if kind == duckdb.StatementType.MULTI:
        allowed = _first_word(query) in _BEGINNINGS
    if not allowed:
        message = f"only queries can be run here, not {kind.name}."
        raise SqlError(message)
    return statements[0]


def _first_word(query: str) -> str:
    """Give the word that says what a statement is, in lower case."""
    import duckdb

    # Positions are those of bytes.
    encoded = query.encode("utf-8", "surrogateescape")
    for start, kind in duckdb.tokenize(query):
        if kind in (duckdb.token_type.keyword, duckdb.token_type.identifier):
            rest = encoded[start:].decode("utf-8", "replace")
            word = re.match(r"\w*", rest)
            return word[0].lower() if word else ""
    return ""


def _frame(result: DuckDBPyConnection) -> pd.DataFrame:
    """Make a DataFrame in which NaN and missing stay apart."""
    import numpy as np
    import pandas as pd

    columns: Mapping[str, Any] = result.fetchnumpy()
    made: dict[str, Any] = {}
    for name, column in columns.items():
        if not isinstance(column, np.ma.MaskedArray):
            made[name] = column
        elif column.dtype.kind in "iufb":
            made[name] = _nullable(column.data, np.ma.getmaskarray(column))
        else:
            made[name] = pd.Series(column.data).mask(np.ma.getmaskarray(column))
    return pd.DataFrame(made)


def _nullable(data: Any, mask: Any) -> Any:
    import pandas as pd

    kinds = {"f": pd.arrays.FloatingArray, "b": pd.arrays.BooleanArray}
    return kinds.get(data.dtype.kind, pd.arrays.IntegerArray)(data, mask)
