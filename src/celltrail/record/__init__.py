"""Recording: the live run, what makes it current, and this process's sessions."""

from celltrail.record.active import ActiveRun
from celltrail.record.content import Audio, Histogram
from celltrail.record.current import activate, deactivate
from celltrail.record.ending import describe_error, status_of
from celltrail.record.handle import RunHandle
from celltrail.record.loose import (
    current_run,
    log,
    log_artifact,
    log_model,
    log_params,
    run_here,
    tag,
)
from celltrail.record.resume import resume
from celltrail.record.session import record_cell
from celltrail.record.track import (
    Recording,
    Track,
    begin,
    default_experiment,
    start,
    track,
)

__all__ = [
    "ActiveRun",
    "Audio",
    "Histogram",
    "Recording",
    "RunHandle",
    "Track",
    "activate",
    "begin",
    "current_run",
    "deactivate",
    "default_experiment",
    "describe_error",
    "log",
    "log_artifact",
    "log_model",
    "log_params",
    "record_cell",
    "resume",
    "run_here",
    "start",
    "status_of",
    "tag",
    "track",
]
