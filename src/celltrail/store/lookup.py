"""Finding the runs that are meant by an id, a name, a number or the beginning of an id."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, SupportsIndex

from celltrail.store.values import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from celltrail.store.access import Access

__all__ = ["FoundRun", "find_run", "look_up", "tried_before"]

#: Of a name or a number the newest run counts, among those that are there and those deleted.
_NEWEST = "QUALIFY row_number() OVER (PARTITION BY deleted IS NULL ORDER BY id DESC) = 1"
_SHORTEST_PREFIX = 6
#: More runs than so many are not told of what could be several.
_ENOUGH = 20


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run that something may mean.

    Parameters
    ----------
    id, number, name, experiment
        As of any run.
    started
        Microseconds since 1970 in UTC.
    is_deleted
        Whether it is hidden.
    """

    id: str
    number: int
    name: str | None
    experiment: str
    started: int
    is_deleted: bool


def look_up(access: Access, references: Sequence[str | SupportsIndex]) -> list[list[FoundRun]]:
    """Find runs by id, name, number or the beginning of an id.

    Parameters
    ----------
    access
        The store's locks.
    references
        What to look for; an integer of any type is a number.

    Returns
    -------
    list of list of FoundRun
        For each the runs that it may mean, none where there is no such run: the one of that
        id; or of that name or number the newest that is there and the newest deleted one;
        or those whose ids begin so.
    """
    if not references:
        return []
    access.freshen()
    if not access.path.exists():
        return [[] for _ in references]
    texts = [reference for reference in references if isinstance(reference, str)]
    with access.reading() as con:
        by_id = {run.id: run for run in _select(con, "id IN (SELECT unnest($1))", texts)}
        return [
            [by_id[reference]]
            if isinstance(reference, str) and reference in by_id
            else _known_otherwise(con, reference)
            for reference in references
        ]


def find_run(con: DuckDBPyConnection, reference: str | SupportsIndex | None) -> str | None:
    """Find the id of the run that is meant, among those that are not deleted."""
    if reference is None:
        return None
    among = "deleted IS NULL"
    found = []
    if isinstance(reference, str):
        found = _select(con, f"{among} AND id = $1", reference)
    found = found or _known_otherwise(con, reference, among)
    return found[0].id if len(found) == 1 else None


def _known_otherwise(
    con: DuckDBPyConnection, reference: str | SupportsIndex, among: str = "true"
) -> list[FoundRun]:
    """Find runs by what is not the whole id, among those that a condition holds for."""
    if not isinstance(reference, str):
        number = whole(operator.index(reference))
        return [] if number is None else _select(con, f"{among} AND number = $1 {_NEWEST}", number)
    found = _select(con, f"{among} AND name = $1 {_NEWEST}", reference)
    if found or len(reference) < _SHORTEST_PREFIX:
        return found
    return _select(con, f"{among} AND starts_with(id, $1)", reference.upper())[:_ENOUGH]


def _select(con: DuckDBPyConnection, which: str, value: str | int | list[str]) -> list[FoundRun]:
    """Give the runs that a condition holds for, the newest first."""
    rows = con.execute(
        "SELECT id, number, name, experiment, coalesce(epoch_us(started), 0), "
        f"deleted IS NOT NULL FROM runs WHERE number IS NOT NULL AND {which} ORDER BY id DESC",
        [value],
    ).fetchall()
    return [FoundRun(*row) for row in rows]


_TRIED = """
WITH mine AS (SELECT key, kind, number, text, bool, json FROM params WHERE run = $run)
SELECT r.id FROM params p
JOIN mine m ON p.key = m.key AND p.kind = m.kind
    AND p.number IS NOT DISTINCT FROM m.number AND p.text IS NOT DISTINCT FROM m.text
    AND p.bool IS NOT DISTINCT FROM m.bool AND p.json IS NOT DISTINCT FROM m.json
JOIN runs r ON r.run = p.run
WHERE r.run <> $run AND r.experiment = $experiment AND r.status = 'finished'
    AND r.number IS NOT NULL AND r.deleted IS NULL
GROUP BY r.run, r.id
HAVING count(*) = (SELECT count(*) FROM mine)
    AND count(*) = (SELECT count(*) FROM params q WHERE q.run = r.run)
ORDER BY r.id DESC LIMIT 1
"""


def tried_before(con: DuckDBPyConnection, run_id: str) -> str | None:
    """Find the newest other run of the same experiment that finished with the same params.

    Returns
    -------
    str or None
        Its id; None when there is none, or the run has no params.
    """
    found = con.execute("SELECT run, experiment FROM runs WHERE id = $1", [run_id]).fetchall()
    if not found:
        return None
    run, experiment = found[0]
    rows = con.execute(_TRIED, {"run": run, "experiment": experiment}).fetchall()
    return str(rows[0][0]) if rows else None
