"""Apply a filter or an ordering to the run table, column by column."""

from __future__ import annotations

import datetime as dt
import json
import math
import operator
import re
import time
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from celltrail.errors import FilterError, UnknownNameError
from celltrail.query.filters import Ago, And, Clause, Node, Not, Or, Value
from celltrail.query.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from celltrail.query.table import RunTable

__all__ = ["find_column", "json_text", "matches", "natural_key", "order_by"]

Mask: TypeAlias = npt.NDArray[np.bool_]

_COMPARE = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
#: Up to here a float holds every integer.
_EXACT = 2**53
_FIRST_YEAR = 1900
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DIGITS = re.compile("[0-9]+")
_MOST_DIGITS = 0xD7FF  # the last sign before the halves of pairs, which are no text
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
# The same for Python's own values, of which integers may be larger than numpy's.
_PLAIN: dict[Any, Any] = {
    np.equal: operator.eq,
    np.not_equal: operator.ne,
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
}


def find_column(table: RunTable, name: str) -> Column:
    """Give a column by its name.

    Raises
    ------
    UnknownNameError
        When there is none; the message names the nearest.
    """
    column = _column(table, name)
    if column is not None:
        return column
    for kind in ("metric", "param"):
        prefix = f"{kind}s."
        if name.startswith(prefix):
            known = [n.removeprefix(prefix) for n in table.columns if n.startswith(prefix)]
            raise UnknownNameError(kind, name.removeprefix(prefix), known)
    raise UnknownNameError("column", name, table.columns)


def _column(table: RunTable, name: str) -> Column | None:
    if name != "id":
        return table.columns.get(name)
    ids = np.array(table.ids, dtype=object)
    return Column("id", "text", ids, np.zeros(len(ids), dtype=bool))


def matches(node: Node, table: RunTable, text: str = "") -> Mask:
    """Say for each run whether a filter holds.

    A comparison with something that a run does not have does not hold; so for such a run
    ``not`` of it does. Without any runs there are no names to be wrong about.

    Parameters
    ----------
    node
        From `celltrail.query.filters.parse_filter`.
    table
        The runs.
    text
        The filter's text, for messages.

    Returns
    -------
    array of bool
        One a run.

    Raises
    ------
    FilterError
        When a value does not fit its column.
    UnknownNameError
        For a name that no run has; only ``is null`` may ask for one.
    """
    if isinstance(node, And):
        return reduce(np.logical_and, (matches(part, table, text) for part in node.parts))
    if isinstance(node, Or):
        return reduce(np.logical_or, (matches(part, table, text) for part in node.parts))
    if isinstance(node, Not):
        return ~matches(node.part, table, text)
    known = _column(table, node.name)
    if not table.ids or node.op == "null":
        missing = np.ones(len(table.ids), dtype=bool)
        return missing if known is None else known.missing.copy()
    column = find_column(table, node.name)
    found = np.zeros(len(table.ids), dtype=bool)
    for value in node.values:
        found |= _holds(column, node, value, text)
    return found & ~column.missing


def _holds(column: Column, clause: Clause, value: Value, text: str) -> Mask:
    if clause.op == "has":
        if column.name != "tags":
            raise FilterError("only tags can be asked with has", text, clause.position)
        return _each(column, lambda tags: value in tags)
    if clause.op == "like":
        is_like = _like(str(value))
        return _each(column, lambda item: isinstance(item, str) and is_like(item))
    compare = _COMPARE["=" if clause.op == "in" else clause.op]
    if column.kind in ("text", "json"):
        return _compare_objects(column, compare, value)
    number = _as_number(column, value, clause, text)
    if _needs_exact(column, number):
        plain = _PLAIN[compare]
        return _each(column, lambda item: plain(item.item(), number))
    with np.errstate(invalid="ignore"):
        if number != number:  # asked for NaN: equal to itself here, as users mean
            is_nan: Mask = np.isnan(column.values.astype(float))
            return is_nan if clause.op in ("=", "in") else ~is_nan
        return np.asarray(compare(column.values, number), dtype=bool)


def _needs_exact(column: Column, number: float) -> bool:
    """Say whether a comparison by numpy would round one of its sides."""
    if number != number:
        return False
    if isinstance(number, int) and not isinstance(number, bool):
        return column.kind != "integer" and abs(number) > _EXACT
    whole = column.kind == "integer" and bool(column.values.size)
    return whole and bool(np.any(np.abs(column.values.astype(np.float64)) >= _EXACT))


def _each(column: Column, test: Any) -> Mask:
    return np.fromiter(
        (
            not absent and test(value)
            for value, absent in zip(column.values, column.missing, strict=True)
        ),
        dtype=bool,
        count=len(column.values),
    )


def _compare_objects(column: Column, compare: Any, value: Value) -> Mask:
    """Compare values of one type with each other; values of different types are unequal."""
    kinds: tuple[type, ...] = (type(value),)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        kinds = (int, float)
    plain = _PLAIN[compare]
    differs = compare is np.not_equal
    return _each(column, lambda item: plain(item, value) if type(item) in kinds else differs)


def _like(pattern: str) -> Callable[[str], bool]:
    """Match SQL's ``%`` (anything) and ``_`` (one character), without regard to case.

    Each stretch between two ``%`` is looked for from where the one before was found: one
    pattern for all would try every way to share the text out among them.
    """
    first, *others = (
        re.compile(
            "".join("." if sign == "_" else re.escape(sign) for sign in part),
            re.IGNORECASE | re.DOTALL,
        )
        for part in pattern.split("%")
    )
    sizes = [len(part) for part in pattern.split("%")]

    def matches(text: str) -> bool:
        if not others:
            return first.fullmatch(text) is not None
        found = first.match(text)
        for part in others[:-1]:
            found = found and part.search(text, found.end())
        start = len(text) - sizes[-1]
        if found is None or start < found.end():
            return False
        return others[-1].fullmatch(text, start) is not None

    return matches


def _as_number(column: Column, value: Value, clause: Clause, text: str) -> float:
    if column.kind == "time":
        return _as_time(value, clause, text)
    if isinstance(value, (bool, int, float)):
        return value
    shown = "a time ago" if isinstance(value, Ago) else repr(value)
    msg = f"{column.name} is a {column.kind}, it cannot be compared with {shown}"
    raise FilterError(
        msg,
        text,
        clause.position,
    )


def _as_time(value: Value, clause: Clause, text: str) -> float:
    if isinstance(value, Ago):
        return (time.time() - value.seconds) * 1e6
    try:
        if not isinstance(value, str) or _TIME.fullmatch(value) is None:
            raise ValueError
        moment = dt.datetime.fromisoformat(value)
        if moment.year < _FIRST_YEAR:
            raise ValueError
    except ValueError:
        msg = f"{clause.name} is a time: give '2026-01-31', '2026-01-31 12:00' or -7d"
        raise FilterError(
            msg,
            text,
            clause.position,
        ) from None
    # a time without a zone is local
    return (moment.astimezone(dt.UTC) - _EPOCH) // dt.timedelta(microseconds=1)


def order_by(
    table: RunTable, order: list[tuple[str, bool]], index: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Put some runs in order by some columns, the first counting most.

    Runs without a value come last in both directions, NaN just before them; equals keep
    their order. Texts sort as people count, whatever their case: `natural_key`.

    Parameters
    ----------
    table
        All runs, whose names may be used.
    order
        From `celltrail.query.filters.parse_order`.
    index
        The runs to put in order.

    Raises
    ------
    UnknownNameError
        For a name that no run has.
    """
    for name, descending in reversed(order if table.ids else []):
        ranks = _ranks(find_column(table, name), descending)[index]
        index = index[np.argsort(ranks, kind="stable")]
    return index


def _ranks(column: Column, descending: bool) -> npt.NDArray[np.float64]:
    present = ~column.missing
    ranks = np.full(len(column.values), np.inf)
    if column.kind in ("text", "json"):
        key = _tags_key if column.name == "tags" else _sort_key
        keys = [key(value) for value in column.values[present]]
        place = {known: i for i, known in enumerate(sorted(set(keys)))}
        found = np.array([place[known] for known in keys], dtype=np.float64)
        is_nan = np.array([value != value for value in column.values[present]], dtype=bool)
    else:
        # exact also for integers beyond 2**53, where a cast to float would not be
        found = np.unique(column.values[present], return_inverse=True)[1].astype(np.float64)
        is_nan = np.isnan(column.values[present].astype(float))
    if descending:
        found = -found
    found[is_nan] = np.finfo(np.float64).max
    ranks[present] = found
    return ranks


def _tags_key(tags: Sequence[str]) -> tuple[int, float, str]:
    return 1, 0, natural_key("\x1f".join(tags))


def _sort_key(value: object) -> tuple[int, float, str]:
    # Python compares integers of any size with floats exactly; a cast would overflow.
    if isinstance(value, (bool, int, float)):
        return 0, (math.inf if value != value else value), ""  # NaN
    return 1, 0, natural_key(value if isinstance(value, str) else json_text(value))


def natural_key(text: str) -> str:
    """Give a key by which texts sort as people count, whatever their case.

    Before the digits of a number stands how many there are: ``run 9`` comes before ``run 10``.

    Examples
    --------
    >>> sorted(["run 10", "Run 9"], key=natural_key)
    ['Run 9', 'run 10']
    """
    return _DIGITS.sub(_counted, text.lower())


def _counted(match: re.Match[str]) -> str:
    digits = match[0].lstrip("0") or "0"
    return f"0{chr(min(len(digits), _MOST_DIGITS))}{digits}"


def json_text(value: object) -> str:
    """Write a value as JSON, as it travels to views: there it is sorted by this text."""
    return json.dumps(value, ensure_ascii=False, default=str)
