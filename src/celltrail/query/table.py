"""The run table: one row a run, one typed column for each thing that is known of runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from celltrail.query.meaning import meaning_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from celltrail.model import MetricMeaning

__all__ = ["Column", "ColumnKind", "RunTable"]

ColumnKind: TypeAlias = Literal["number", "integer", "bool", "text", "time", "duration", "json"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: values, and which of them are missing.

    Parameters
    ----------
    name
        As users write it in filters: ``number``, ``status``, ``params.lr``, ``metrics.acc``.
    kind
        ``number`` (float64, NaN is a value), ``integer`` (int64), ``bool``, ``text``
        (object array of str), ``time`` (int64, microseconds since 1970 in UTC),
        ``duration`` (float64, seconds), ``json`` (object array of Python values; also
        for params that have different types in different runs).
    values
        One value a run; what stands where ``missing`` is true means nothing.
    missing
        True where the run has no such thing. NaN is not missing.
    """

    name: str
    kind: ColumnKind
    values: npt.NDArray[Any]
    missing: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RunTable:
    """Runs as columns, in the order of the runs.

    Parameters
    ----------
    ids
        The runs' ids, one a row.
    columns
        Column name to column, in the order in which they are shown: ``number``,
        ``name``, ``status``, ``experiment``, ``started``, ``duration``, ``tags``,
        ``note``, then ``params.*`` and ``metrics.*``, each sorted by name, primary
        metrics before the others.
    meanings
        What is said of metrics, by their names.
    """

    ids: list[str]
    columns: dict[str, Column]
    meanings: Mapping[str, MetricMeaning] = field(default_factory=dict)

    def meaning(self, metric: str) -> MetricMeaning:
        """Give what a metric means; see `celltrail.query.meaning.meaning_of`."""
        return meaning_of(metric, self.meanings)
