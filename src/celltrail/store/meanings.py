"""What is said of metrics for the whole store: their direction, unit and format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from celltrail.model import METRIC_FORMAT, UNIT_LENGTH, MetricMeaning
from celltrail.store.events import now_us
from celltrail.store.tables import insert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duckdb import DuckDBPyConnection

__all__ = ["put_meanings", "read_meanings"]

#: Metric, field, value as a text, and when it was said, in microseconds.
Said: TypeAlias = tuple[str, str, str, int]

_TRUTHS = ("minimize", "primary")
_DELETE = """
DELETE FROM metric_meanings USING (
    SELECT unnest($1::VARCHAR[]) AS metric, unnest($2::VARCHAR[]) AS field
) n
WHERE metric_meanings.metric = n.metric AND metric_meanings.field = n.field
"""
# An infinite time has no microseconds, and is no time at which anybody said anything.
_ALL = "SELECT metric, field, value, coalesce(epoch_us(time), 0) FROM {0}metric_meanings"


def put_meanings(con: DuckDBPyConnection, said: Iterable[Said] | None = None) -> None:
    """Take in what is said of metrics, where nothing later was said.

    Of two sayings of one moment the greater text counts, so that the order in which stores
    are merged plays no part. What was said in the future (a clock was wrong) was said now, for
    else nobody could say anything else.

    Parameters
    ----------
    con
        A connection that uses the store, in a transaction.
    said
        What was said; by default all that the attached store ``other`` knows.
    """
    rows = list(con.execute(_ALL.format("other.")).fetchall() if said is None else said)
    if not rows:
        return
    now = now_us()
    known: dict[tuple[str, str], tuple[int, str]] = {}
    for metric, field, value, time in con.execute(_ALL.format("")).fetchall():
        known[metric, field] = (time if time <= now else 0, value)
    new = {}
    for metric, field, value, said_at in rows:
        place, time = (metric, field), min(said_at, now)
        if place not in known or known[place] < (time, value):
            known[place] = (time, value)
            new[place] = (metric, field, value, time)
    if new:
        con.execute(_DELETE, [list(part) for part in zip(*new, strict=True)])
        insert(con, "metric_meanings", new.values())


def read_meanings(con: DuckDBPyConnection) -> dict[str, MetricMeaning]:
    """Read what is known of metrics, by their names; what makes no sense is left out."""
    rows = con.execute(f"{_ALL.format('')} ORDER BY time, metric").fetchall()
    found: dict[str, dict[str, Any]] = {}
    for metric, field, text, _time in rows:
        value = _read(field, text)
        if value is not None:
            said = found.setdefault(metric, {})
            said.pop(field, None)
            said[field] = value
    return {metric: MetricMeaning(metric, **said) for metric, said in found.items()}


def _read(field: str, text: str) -> bool | str | None:
    """Read what is said of a metric; None for what `celltrail.metric` would not have taken.

    Another program may have written it, and views bear no more than that.
    """
    if field in _TRUTHS:
        return {"true": True, "false": False}.get(text)
    if field == "unit":
        return " ".join(text.split())[:UNIT_LENGTH]
    is_format = field == "format" and (not text or METRIC_FORMAT.fullmatch(text))
    return text if is_format else None
