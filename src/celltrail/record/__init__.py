"""Recording: the live run, what makes it current, and this process's sessions."""

from celltrail.record.active import ActiveRun
from celltrail.record.current import activate, current_run, deactivate
from celltrail.record.loose import log, log_artifact, log_params, run_here, tag
from celltrail.record.session import record_cell
from celltrail.record.track import (
    Recording,
    Track,
    begin,
    default_experiment,
    describe_error,
    start,
    status_of,
    track,
)

__all__ = [
    "ActiveRun",
    "Recording",
    "Track",
    "activate",
    "begin",
    "current_run",
    "deactivate",
    "default_experiment",
    "describe_error",
    "log",
    "log_artifact",
    "log_params",
    "record_cell",
    "run_here",
    "start",
    "status_of",
    "tag",
    "track",
]
