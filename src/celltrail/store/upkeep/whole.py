"""The rows of runs on their way from an attached store ``other`` into the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from celltrail.store.tables import COLUMNS, column_names, insert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from duckdb import DuckDBPyConnection

__all__ = ["insert_new_runs", "unite_runs", "united"]

RunDict: TypeAlias = dict[str, Any]

_NAMES = column_names("runs")
#: What comes from one side as a whole: how the run ended.
_END = (
    "status",
    "ended",
    "error_type",
    "error_message",
    "error_traceback",
    "cpu_seconds",
    "peak_memory",
    "redactions",
)
#: What each store decides for itself.
_OWN = ("run", "id", "number", "previous", "parent", "deleted")
_OTHERS = [name for name in _NAMES if name not in (*_END, *_OWN)]
_RANKS = {"running": 0, "lost": 1}
_FINAL = 2

_EXPRESSIONS = ", ".join(
    f"epoch_us({{0}}.{name})" if kind == "t" else f"{{0}}.{name}" for name, kind in COLUMNS["runs"]
)
_COMPARED = ", ".join(f"{{0}}.{name}" for name in (*_END, *_OTHERS))
_COUNTS = ", ".join(
    f"(SELECT {what} FROM {{1}}{table} x WHERE x.run = {{0}}.run)"
    for table, what in (
        ("summaries", "coalesce(sum(x.count), 0)::BIGINT"),
        ("params", "count(*)"),
        ("param_changes", "count(*)"),
        ("tags", "count(*)"),
    )
)


def insert_new_runs(con: DuckDBPyConnection) -> tuple[int, int]:
    """Insert the rows of runs that are not here, or only known by reference.

    A run keeps its number where that is free in its experiment. The others get numbers
    behind all that both stores have, so that none of those that keep theirs is in the way.

    Returns
    -------
    tuple of int
        How many there were, and how many got another number.
    """
    rows = con.execute(
        f"SELECT p.ours, {_EXPRESSIONS.format('t')} FROM other.runs t "
        "JOIN pairs p ON p.theirs = t.run WHERE p.is_unknown ORDER BY t.id"
    ).fetchall()
    if not rows:
        return 0, 0
    new = [{**dict(zip(_NAMES, row[1:], strict=True)), "run": row[0]} for row in rows]
    renumbered = _number(con, new)
    for run in new:
        run["parent"] = run["previous"] = None  # `copy_references` knows them
    con.execute("DELETE FROM runs WHERE run IN (SELECT ours FROM pairs WHERE is_unknown)")
    insert(con, "runs", ([run[name] for name in _NAMES] for run in new))
    return len(new), renumbered


def _number(con: DuckDBPyConnection, new: Iterable[RunDict]) -> int:
    taken = set(
        con.execute(
            "SELECT experiment, number FROM runs WHERE number IS NOT NULL "
            "UNION ALL SELECT experiment, number FROM purged WHERE number IS NOT NULL"
        ).fetchall()
    )
    last: dict[str, int] = dict(
        con.execute(
            "SELECT experiment, max(number) FROM (SELECT experiment, number FROM runs "
            "UNION ALL SELECT experiment, number FROM purged "
            "UNION ALL SELECT experiment, number FROM other.runs "
            "WHERE id NOT IN (SELECT id FROM runs WHERE number IS NOT NULL)) "
            "WHERE number IS NOT NULL GROUP BY experiment"
        ).fetchall()
    )
    renumbered = 0
    for run in new:
        experiment = run["experiment"]
        if (experiment, run["number"]) in taken:
            last[experiment] += 1
            run["number"] = last[experiment]
            renumbered += 1
        taken.add((experiment, run["number"]))
    return renumbered


def unite_runs(con: DuckDBPyConnection) -> set[int]:
    """Bring what the other store knows of runs into the rows that are here.

    Returns
    -------
    set of int
        The runs whose rows changed.
    """
    differing = (
        "SELECT p.ours, p.theirs FROM pairs p JOIN runs o ON o.run = p.ours "
        "JOIN other.runs t ON t.run = p.theirs WHERE NOT p.is_unknown AND "
        f"row({_COMPARED.format('o')}) IS DISTINCT FROM row({_COMPARED.format('t')})"
    )
    ours = _rows(con, differing, "ours", "")
    theirs = _rows(con, differing, "theirs", "other.")
    changed = []
    for place, (here, here_counts) in ours.items():
        there, there_counts = theirs[place]
        row = united(here, here_counts, there, there_counts)
        if row != here:
            changed.append(row)
    if changed:
        con.execute(
            "DELETE FROM runs WHERE run IN (SELECT unnest($1::BIGINT[]))",
            [[row["run"] for row in changed]],
        )
        insert(con, "runs", ([row[name] for name in _NAMES] for row in changed))
    return {row["run"] for row in changed}


def _rows(
    con: DuckDBPyConnection, differing: str, side: str, catalog: str
) -> dict[int, tuple[RunDict, tuple[int, ...]]]:
    """Give, by the run's key here, its row on one side and how much that side knows of it."""
    rows = con.execute(
        f"SELECT d.ours, {_EXPRESSIONS.format('r')}, {_COUNTS.format('r', catalog)} "
        f"FROM {catalog}runs r JOIN ({differing}) d ON d.{side} = r.run"
    ).fetchall()
    end = 1 + len(_NAMES)
    return {row[0]: (dict(zip(_NAMES, row[1:end], strict=True)), row[end:]) for row in rows}


def united(
    here: RunDict, here_counts: tuple[int, ...], there: RunDict, there_counts: tuple[int, ...]
) -> RunDict:
    """Make one row of two that tell of the same run, whichever of them is whose.

    How it ended comes from the side on which it has ended (``finished``, ``failed`` and
    ``interrupted`` over ``lost`` over ``running``), and where it has on both, later.
    Anything else, such as its name and its note, comes from the side that has it; where
    both have it and differ, from the one that is ahead: on which it has ended, else with
    the later end, more points, more params, more tags; where they are equal in all of that,
    the longer text, and of equally long ones the greater.

    Parameters
    ----------
    here, there
        Columns of ``runs``.
    here_counts, there_counts
        How many points, params, changes of params and tags each side has.

    Returns
    -------
    dict
        The row of here, with what is better of there.
    """
    row = dict(here)
    if _ending(there) > _ending(here):
        row.update({name: there[name] for name in _END})
    ahead = (_ending(there)[:2], there_counts) > (_ending(here)[:2], here_counts)
    behind = (_ending(there)[:2], there_counts) < (_ending(here)[:2], here_counts)
    for name in _OTHERS:
        mine, other = here[name], there[name]
        if mine == other or other in (None, ""):
            continue
        if mine in (None, "") or ahead or (not behind and _weight(other) > _weight(mine)):
            row[name] = other
    return row


def _ending(run: RunDict) -> tuple[int, int, str, str]:
    status = str(run["status"])
    rest = repr([run[name] for name in _END])
    ended = run["ended"]
    return _RANKS.get(status, _FINAL), -1 if ended is None else ended, status, rest


def _weight(value: Any) -> tuple[int, str]:
    text = str(value)
    return len(text), text
