"""Reading: one run, selections of runs, their table and their histories.

Selections are resolved when they are first used: they need numpy, and a notebook may want to
set its number of threads before that is imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from celltrail.query.artifacts import StoredArtifact
from celltrail.query.filters import parse_filter, parse_order
from celltrail.query.run import Run, load_run

if TYPE_CHECKING:
    from celltrail.query.runs import Runs, find_runs
    from celltrail.query.table import Column, ColumnKind, RunTable

__all__ = [
    "Column",
    "ColumnKind",
    "Run",
    "RunTable",
    "Runs",
    "StoredArtifact",
    "find_runs",
    "load_run",
    "parse_filter",
    "parse_order",
]

_MODULES = {
    "Column": "table",
    "ColumnKind": "table",
    "RunTable": "table",
    "Runs": "runs",
    "find_runs": "runs",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, at its first use."""
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
