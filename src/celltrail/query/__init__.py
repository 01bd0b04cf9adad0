"""Reading: one run, selections of runs, their table and their histories.

Selections are resolved when they are first used: they need numpy, and a notebook may want to
set its number of threads before that is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.lazy import resolver
from celltrail.query.artifacts import StoredArtifact
from celltrail.query.filters import parse_filter, parse_order
from celltrail.query.meaning import define_metric
from celltrail.query.run import Run, load_run

if TYPE_CHECKING:
    from celltrail.query.conditions import Condition, fulfilled, when
    from celltrail.query.find import find_runs
    from celltrail.query.given import as_runs
    from celltrail.query.runs import Runs
    from celltrail.query.table import Column, ColumnKind, RunTable

__all__ = [
    "Column",
    "ColumnKind",
    "Condition",
    "Run",
    "RunTable",
    "Runs",
    "StoredArtifact",
    "as_runs",
    "define_metric",
    "find_runs",
    "fulfilled",
    "load_run",
    "parse_filter",
    "parse_order",
    "when",
]

_MODULES = {
    "Column": "table",
    "ColumnKind": "table",
    "Condition": "conditions",
    "RunTable": "table",
    "Runs": "runs",
    "as_runs": "given",
    "find_runs": "find",
    "fulfilled": "conditions",
    "when": "conditions",
}
__getattr__ = resolver(__name__, _MODULES)


def __dir__() -> list[str]:
    return sorted(__all__)
