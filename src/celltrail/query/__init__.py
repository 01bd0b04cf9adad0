"""Reading: one run, selections of runs, their table and their histories."""

from celltrail.query.artifacts import StoredArtifact
from celltrail.query.filters import parse_filter, parse_order
from celltrail.query.run import Run, load_run
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
