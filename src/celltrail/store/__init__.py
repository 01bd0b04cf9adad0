"""The store: one DuckDB file that any number of processes write and read at once.

What is logged goes to an append-only spool first (`SpoolWriter`) and is merged from there
into the file, by whoever comes by (`Store.merge`, `Merger`). Nothing else imports duckdb.
"""

from __future__ import annotations

from celltrail.store.curves import CurveAxis, CurveColumns, CurveQuery
from celltrail.store.merger import Merger
from celltrail.store.owner import SessionOwner
from celltrail.store.rows import (
    HistoryColumns,
    ParamChange,
    ParamColumns,
    RunRow,
    SummaryColumns,
    TableData,
)
from celltrail.store.store import Store, open_store
from celltrail.store.values import PARAM_KINDS
from celltrail.store.writer import SpoolWriter

__all__ = [
    "PARAM_KINDS",
    "CurveAxis",
    "CurveColumns",
    "CurveQuery",
    "HistoryColumns",
    "Merger",
    "ParamChange",
    "ParamColumns",
    "RunRow",
    "SessionOwner",
    "SpoolWriter",
    "Store",
    "SummaryColumns",
    "TableData",
    "open_store",
]
