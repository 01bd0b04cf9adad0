"""What reads of the store give back: plain rows and numpy columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from celltrail.store.values import PARAM_KINDS, decode_param

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from celltrail.model import (
        DatasetInfo,
        ErrorInfo,
        MetricMeaning,
        OutputInfo,
        ParamValue,
        Status,
    )

__all__ = [
    "HistoryColumns",
    "ParamChange",
    "ParamColumns",
    "RunRow",
    "SummaryColumns",
    "Surroundings",
    "TableData",
    "empty",
]

_T = TypeVar("_T", "ParamColumns", "SummaryColumns", "HistoryColumns")


class RunRow(NamedTuple):
    """Everything that is known of a run itself.

    A tuple, since a table has very many of them: a dataclass takes ten times as long to make.

    Parameters
    ----------
    run
        Its key within this store, which the other reads take.
    id, number, name, experiment, status
        As users know them.
    started, ended, resumed
        Microseconds since 1970 in UTC; ``resumed`` of a run that another session went on with.
    previous, parent
        Ids of other runs.
    source_sha, git_diff, environment
        Where `Store.source` and `Store.environment` find the content.
    """

    run: int
    id: str
    number: int
    name: str | None
    experiment: str
    session: str | None
    status: Status
    started: int
    ended: int | None
    note: str
    kind: str | None
    source_sha: str | None
    source_name: str | None
    cell_id: str | None
    execution_count: int | None
    notebook: str | None
    previous: str | None
    parent: str | None
    error: ErrorInfo | None
    git_commit: str | None
    git_branch: str | None
    git_dirty: bool | None
    environment: str | None
    cpu_seconds: float | None
    peak_memory: int | None
    resumed: int | None
    markdown: str | None
    git_diff: str | None
    redactions: int | None
    auto: bool | None


@dataclass(frozen=True, slots=True)
class ParamColumns:
    """The current params of some runs, one element a param, ordered by run.

    Parameters
    ----------
    run
        The run's key.
    key
        Index into ``names``.
    names
        The names of all params that occur, sorted.
    kind
        Index into `PARAM_KINDS`.
    number
        Value of int and float params, as float64.
    text, bool, json
        Value of text, of bool, and of json params and very large integers.
    reason
        Why an inferred param was recorded, else None.
    """

    run: npt.NDArray[np.int64]
    key: npt.NDArray[np.int64]
    names: list[str]
    kind: npt.NDArray[np.uint8]
    number: npt.NDArray[np.float64]
    text: npt.NDArray[np.object_]
    bool: npt.NDArray[np.bool_]
    json: npt.NDArray[np.object_]
    reason: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.run)

    def value(self, i: int) -> ParamValue:
        """Give the ``i``-th param's value as it was logged."""
        kind = PARAM_KINDS[self.kind[i]]
        return decode_param(
            (kind, float(self.number[i]), self.text[i], bool(self.bool[i]), self.json[i])
        )


@dataclass(frozen=True, slots=True)
class SummaryColumns:
    """The summaries of metrics of some runs, one element a run and metric, ordered by run.

    Parameters
    ----------
    run, key, names
        As in `ParamColumns`.
    last, last_exact, is_exact
        The last value as float64; as int64 where ``is_exact`` says that it was an integer.
    min, max, mean
        Over what is not NaN; NaN when there is nothing else.
    count
        How many points there are, NaN included.

    Notes
    -----
    Where only the last values were read, the others have no elements.
    """

    run: npt.NDArray[np.int64]
    key: npt.NDArray[np.int64]
    names: list[str]
    last: npt.NDArray[np.float64]
    last_exact: npt.NDArray[np.int64]
    is_exact: npt.NDArray[np.bool_]
    last_step: npt.NDArray[np.int64]
    min: npt.NDArray[np.float64]
    max: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    count: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.run)


@dataclass(frozen=True, slots=True)
class HistoryColumns:
    """The points of one metric, ordered by run, step and time.

    Parameters
    ----------
    value, exact, is_exact
        As in `SummaryColumns`.
    time
        Microseconds since 1970 in UTC.
    """

    run: npt.NDArray[np.int64]
    step: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    exact: npt.NDArray[np.int64]
    is_exact: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.run)


@dataclass(frozen=True, slots=True)
class TableData:
    """All that a table of runs shows, read at one moment."""

    runs: list[RunRow]
    params: ParamColumns
    summaries: SummaryColumns
    tags: dict[int, list[str]]
    meanings: dict[str, MetricMeaning]


@dataclass(frozen=True, slots=True)
class ParamChange:
    """One value that a param had; of one param they are in the order of their setting."""

    key: str
    value: ParamValue
    reason: str | None
    time: int | None


def empty(kind: type[_T]) -> _T:
    """Make columns of a kind with nothing in them, for a store that does not exist yet."""
    import numpy as np

    types: Mapping[str, Any] = {
        "kind": np.uint8,
        **dict.fromkeys(("number", "last", "min", "max", "mean", "value"), np.float64),
        **dict.fromkeys(("bool", "is_exact"), np.bool_),
        **dict.fromkeys(("text", "json", "reason"), np.object_),
    }
    columns: dict[str, Any] = {}
    for name in kind.__dataclass_fields__:
        columns[name] = [] if name == "names" else np.empty(0, types.get(name, np.int64))
    return kind(**columns)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What several runs ran in and on.

    Parameters
    ----------
    sources
        Code, by its address.
    environments
        Descriptions, by their addresses.
    datasets
        What each run read, by the run's id.
    reasons
        Why metrics were recorded that nobody logged, by the run's id and their names.
    outputs
        What each run showed, by the run's id; None when that was not asked for.
    """

    sources: dict[str, str]
    environments: dict[str, dict[str, Any]]
    datasets: dict[str, list[DatasetInfo]]
    reasons: dict[str, dict[str, str]]
    outputs: dict[str, list[OutputInfo]] | None
