"""Which columns of the run table are shown, under which heading, and written how."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from celltrail.views.format import format_as, format_duration, format_number, format_time, shorten

if TYPE_CHECKING:
    from celltrail.model import MetricMeaning
    from celltrail.query.table import Column, RunTable

__all__ = ["ShownColumn", "ShownTable", "cell_text", "shown_column", "shown_table"]

_LABELS = {"number": "#", "name": "run"}
_METRIC_DIGITS = 4
_CELL_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """One column as people see it.

    Parameters
    ----------
    column
        The values.
    label
        The heading.
    group
        ``""`` for facts of the run itself, else ``"params"`` or ``"metrics"``.
    decimals
        Digits behind the point that all values of the column are written with, or None.
    blank
        Whether it says nothing, and is shown only when somebody asks for it.
    meaning
        Of a metric, its direction, unit and format.
    """

    column: Column
    label: str
    group: str
    decimals: int | None = None
    blank: bool = False
    meaning: MetricMeaning | None = None

    @property
    def heading(self) -> str:
        """The label, with the unit if there is one."""
        unit = self.meaning.unit if self.meaning is not None else ""
        return f"{self.label} ({unit})" if unit else self.label

    @property
    def numeric(self) -> bool:
        """Whether the values stand at the right edge."""
        return self.column.kind in ("number", "integer", "duration")


@dataclass(frozen=True, slots=True)
class ShownTable:
    """The run table without what says nothing.

    Parameters
    ----------
    ids
        The runs' ids, one a row.
    columns
        What is shown, in order.
    experiment
        The experiment, when it is one for all: then it is no column.
    blank
        The columns that say nothing.
    """

    ids: list[str]
    columns: list[ShownColumn]
    experiment: str
    blank: list[ShownColumn]


def shown_table(table: RunTable) -> ShownTable:
    """Choose and label the columns of a run table.

    Parameters
    ----------
    table
        All columns.

    Returns
    -------
    ShownTable
        Columns in which every run lacks a value are left out, and so is the experiment
        when all runs share it.
    """
    everything = [shown_column(column, table) for column in table.columns.values()]
    experiment = table.columns.get("experiment")
    is_one = experiment is not None and len(table.ids) > 0 and _constant(experiment)
    return ShownTable(
        list(table.ids),
        [shown for shown in everything if not shown.blank],
        str(experiment.values[0]) if experiment is not None and is_one else "",
        [shown for shown in everything if shown.blank],
    )


def _says_nothing(column: Column) -> bool:
    if len(column.missing) and bool(column.missing.all()):
        return True
    if column.name == "experiment":
        return len(column.values) > 0 and _constant(column)
    if column.name == "tags":
        return not any(_present(column))
    return column.name in ("note", "name") and _blank(column)


def _present(column: Column) -> list[Any]:
    return [v for v, gone in zip(column.values, column.missing, strict=True) if not gone]


def _blank(column: Column) -> bool:
    return len(column.values) > 0 and not any(str(v).strip() for v in _present(column))


def _constant(column: Column) -> bool:
    return not column.missing.any() and len(set(map(str, column.values))) == 1


def shown_column(column: Column, table: RunTable) -> ShownColumn:
    """Say how one column of a table is shown."""
    group, dot, rest = column.name.partition(".")
    blank = _says_nothing(column)
    if not dot or group not in ("params", "metrics"):
        return ShownColumn(column, _LABELS.get(column.name, column.name), "", blank=blank)
    if group == "params":
        return ShownColumn(column, rest, group, blank=blank)
    return ShownColumn(column, rest, group, _decimals(column), blank, table.meaning(rest))


def _decimals(column: Column) -> int | None:
    """Find digits behind the point that suit every value of a column, if there are such."""
    if column.kind != "number":
        return None
    values = np.abs(column.values[~column.missing].astype(np.float64))
    values = values[np.isfinite(values) & (values > 0)]
    if not len(values) or bool((values == np.floor(values)).all()):
        return None
    largest, smallest = float(values.max()), float(values.min())
    decimals = _METRIC_DIGITS - 1 - math.floor(math.log10(largest))
    if not 0 <= decimals <= 8 or largest >= 1e7:
        return None
    # What would come out as two digits or fewer is told apart no more: let each its own.
    return decimals if smallest >= 10.0 ** (1 - decimals) else None


def cell_text(shown: ShownColumn, row: int) -> str:
    """Write one cell as plain text; what is missing is an empty text."""
    column = shown.column
    if column.missing[row]:
        return ""
    value = column.values[row]
    if shown.meaning is not None and shown.meaning.format:
        return format_as(value.item(), shown.meaning.format)
    if column.kind == "number":
        return format_number(float(value), decimals=shown.decimals)
    if column.kind == "integer":
        return format_number(int(value))
    if column.kind == "duration":
        return format_duration(float(value))
    if column.kind == "time":
        return format_time(int(value))
    if column.kind == "json":
        return shorten(plain_text(value), _CELL_CHARACTERS)
    return shorten(str(value), _CELL_CHARACTERS)


def plain_text(value: object) -> str:
    """Write a JSON value for a cell: a list of texts (tags) bare, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)
