"""The words of celltrail as types: what every layer speaks, and nothing that does anything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

__all__ = [
    "METRIC_FORMAT",
    "SYSTEM_PREFIX",
    "UNIT_LENGTH",
    "ArtifactInfo",
    "DatasetInfo",
    "ErrorInfo",
    "Inferred",
    "Number",
    "OutputInfo",
    "ParamValue",
    "Scalar",
    "SourceInfo",
    "Status",
    "Summary",
    "is_system_metric",
]

Number: TypeAlias = int | float
Scalar: TypeAlias = bool | int | float | str | None
#: What a param may be: a scalar, or lists and string-keyed mappings of them (kept as JSON).
ParamValue: TypeAlias = Scalar | Sequence[Any] | Mapping[str, Any]

#: How a metric may be written: what Python's and Vega's formats have in common, and the page
#: writes by the same rules.
METRIC_FORMAT = re.compile(r",?(\.\d{1,2})?[feg%]|,?d", re.ASCII)
#: Characters of a unit at most: it stands beside names and numbers.
UNIT_LENGTH = 40

#: What the names of metrics begin with that are sampled of the machine.
SYSTEM_PREFIX = "system/"
_SYSTEM = re.compile(
    r"system/(?:(?:process_)?cpu_percent|memory_percent|process_memory_bytes"
    r"|gpu\d+_(?:percent|memory_bytes|watts))"
)


def is_system_metric(name: str) -> bool:
    """Say whether a metric is one that celltrail samples itself of the machine.

    Those that users log under names of their own, such as ``system/latency``, are not.

    Examples
    --------
    >>> is_system_metric("system/gpu0_percent"), is_system_metric("system/latency")
    (True, False)
    """
    return name.startswith(SYSTEM_PREFIX) and _SYSTEM.fullmatch(name) is not None


class Status(StrEnum):
    """Where a run stands.

    ``LOST`` is never written by the run itself: whoever merges the store says so
    when the run's process is gone.
    """

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Inferred:
    """A value that was recorded unasked, and why.

    Parameters
    ----------
    value
        The value itself: a scalar, or a small list or mapping of scalars.
    reason
        One short phrase for people, such as ``"assigned a literal on line 2"``.
    """

    value: ParamValue
    reason: str


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """The code that a run executed, and where it stands.

    Parameters
    ----------
    text
        The source text, without celltrail's own head line.
    kind
        ``"cell"``, ``"statement"``, ``"block"``, ``"function"`` or ``"script"``.
    name
        For a function, its qualified name; else empty.
    cell_id
        The front end's id of the cell, where it gives one.
    execution_count
        The ``n`` of ``In[n]``, where there is one.
    notebook
        Path of the notebook or script, where it is known.
    markdown
        The text above the cell in the notebook, where it is known.
    auto
        Whether nobody asked for this run: it was recorded because every cell is.
    """

    text: str
    kind: str = "cell"
    name: str = ""
    cell_id: str | None = None
    execution_count: int | None = None
    notebook: str | None = None
    markdown: str | None = None
    auto: bool = False


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """The exception that ended a run, as text only: no object is ever stored."""

    type: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What one metric came to in one run.

    ``last`` is the value at the greatest step; of several at that step, the one
    that was logged last (a zero without its sign). NaN counts in ``count`` but never
    in ``min``, ``max`` and ``mean``, which are NaN when there is nothing else.

    Parameters
    ----------
    last, last_step
        The last value and its step.
    min, max, mean
        Over the values that are not NaN.
    count
        How many points were logged, NaN included.
    """

    last: Number
    last_step: int
    min: float
    max: float
    mean: float
    count: int


@dataclass(frozen=True, slots=True)
class MetricMeaning:
    """What a metric means, whichever run has it; set by `celltrail.metric`.

    Parameters
    ----------
    name
        The metric's name.
    minimize
        Whether less of it is better; None when nobody knows.
    unit
        Its unit for people, such as ``"s"``; empty for none.
    format
        How it is written, such as ``".3f"`` or ``".1%"``; empty for as it suits.
    primary
        Whether it comes first wherever metrics are shown.
    """

    name: str
    minimize: bool | None = None
    unit: str = ""
    format: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class ArtifactInfo:
    """A stored object of a run: its name and content address, without the content."""

    name: str
    kind: str
    mime: str
    sha256: str
    size: int
    step: int | None = None


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """A light description of data that a run read: shape and types, never the values.

    Parameters
    ----------
    name
        The variable's name in the notebook.
    kind
        The qualified type, such as ``"pandas.DataFrame"``.
    shape
        Rows, columns and so on.
    schema
        Column name to type, or ``{"": dtype}`` for an array.
    size
        Bytes in memory, where that is known without touching the data.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    schema: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None


@dataclass(frozen=True, slots=True)
class OutputInfo:
    """One output of a cell, as it is stored.

    Parameters
    ----------
    position
        Its place among the outputs of the run, from 0.
    kind
        ``"stream"``, ``"display"``, ``"result"``, ``"error"`` or ``"warning"``.
    name
        ``"stdout"`` or ``"stderr"`` of a stream, the artifact's name of what is stored as
        one, the category of a warning.
    mime
        Type of the content.
    text
        The text, of a long stream its end; None for what is no text.
    sha256
        Address of the content that is stored as an artifact.
    size
        Bytes before anything was cut off.
    truncated
        Whether something was cut off.
    """

    position: int
    kind: str
    name: str = ""
    mime: str = "text/plain"
    text: str | None = None
    sha256: str | None = None
    size: int = 0
    truncated: bool = False
