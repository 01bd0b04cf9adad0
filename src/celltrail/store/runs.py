"""The rows of runs: their surrogate keys, their numbers, and which run came before."""

from __future__ import annotations

import bisect
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeAlias

from celltrail.store.resume import settle
from celltrail.store.tables import column_names, insert, select_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from duckdb import DuckDBPyConnection

__all__ = ["Kinship", "keys_of", "kinships", "update_runs"]

RunDict: TypeAlias = dict[str, Any]
#: Runs with the same one are executions of the same thing.
Kinship: TypeAlias = tuple[str, ...]

#: What two runs may have in common that are executions of the same thing.
_KIN_COLUMNS = ("source_name", "cell_id", "name", "source")
_NUMBERS = """
SELECT experiment, max(number) FROM (
    SELECT experiment, number FROM runs UNION ALL SELECT experiment, number FROM purged
)
WHERE number IS NOT NULL AND experiment IN (SELECT unnest($1::VARCHAR[])) GROUP BY experiment
"""
# Of those that are older than all new runs only the newest of each kind can come right before
# one: the others are not fetched, so that a merge costs the same after ten runs and after
# ten thousand.
_RELATIVES = f"""
WITH kin AS (
    SELECT run, id, number, experiment, kind, notebook, {", ".join(_KIN_COLUMNS)}
    FROM runs
    WHERE number IS NOT NULL AND experiment IN (SELECT unnest($experiments::VARCHAR[])) AND (
        {" OR ".join(f"{name} IN (SELECT unnest(${name}::VARCHAR[]))" for name in _KIN_COLUMNS)}
    )
)
SELECT * FROM kin WHERE id >= $first
UNION ALL
SELECT * FROM kin WHERE id < $first
QUALIFY {
    " OR ".join(
        f"row_number() OVER (PARTITION BY experiment, {column} ORDER BY id DESC) <= $enough"
        for column in ("kind, source_name", "cell_id", "name", "name IS NULL, notebook, source")
    )
}
ORDER BY id
"""
_NAMES = column_names("runs")
_ENDED = ("finished", "failed", "interrupted", "lost")


def kinships(run: Mapping[str, Any]) -> list[Kinship]:
    """Say of what a run is an execution: the one rule for which run came before another.

    A function is itself wherever it is called. Else it is the cell, where the front end
    says which it is; a cell that has no run yet goes by its run's name, as does any run
    that has one; one without a name goes by the same source in the same notebook.

    Parameters
    ----------
    run
        Columns of ``runs``.

    Returns
    -------
    list of tuple
        The first of these that has an earlier run counts.
    """
    experiment = run["experiment"] or ""
    if run["kind"] == "function" and run["source_name"]:
        return [("function", experiment, run["source_name"])]
    found: list[Kinship] = []
    if run["cell_id"]:
        found.append(("cell", experiment, run["cell_id"]))
    if run["name"]:
        found.append(("name", experiment, run["name"]))
    elif run["source"]:
        found.append(("source", experiment, run["notebook"] or "", run["source"]))
    return found


class _Family:
    """The runs that may come before some new ones; and per experiment the highest number."""

    def __init__(self, con: DuckDBPyConnection, new: Sequence[RunDict]) -> None:
        self._kin: defaultdict[Kinship, list[tuple[str, int]]] = defaultdict(list)
        self._parents = _ancestry(con, new)
        experiments = list({run["experiment"] for run in new})
        self._numbers: defaultdict[str, int] = defaultdict(int)
        self._numbers.update(con.execute(_NUMBERS, [experiments]).fetchall())
        first = min(str(run["id"]) for run in new)
        relatives = con.execute(
            _RELATIVES,
            {
                "experiments": experiments,
                "first": first,
                # An ancestor does not count as a predecessor: so many more have to be looked at.
                "enough": len(self._parents) + 1,
                **{name: list({run[name] for run in new} - {None}) for name in _KIN_COLUMNS},
            },
        ).fetchall()
        names = ("run", "id", "number", "experiment", "kind", "notebook", *_KIN_COLUMNS)
        for row in relatives:
            self.add(dict(zip(names, row, strict=True)))

    def add(self, run: Mapping[str, Any]) -> None:
        experiment = run["experiment"]
        self._numbers[experiment] = max(self._numbers[experiment], run["number"])
        for kin in kinships(run):
            bisect.insort(self._kin[kin], (run["id"], run["run"]))

    def place(self, run: RunDict) -> None:
        """Give a new run its number and its predecessor."""
        run["number"] = self._numbers[run["experiment"]] + 1
        run["previous"] = self._predecessor(run)
        self.add(run)

    def _predecessor(self, run: RunDict) -> int | None:
        ancestors = self._ancestors(run["run"])
        for kin in kinships(run):
            relatives = self._kin[kin]
            for at in reversed(range(bisect.bisect_left(relatives, (run["id"], 0)))):
                before = relatives[at][1]
                # What a run is part of has not ended: a function that calls itself.
                if before not in ancestors:
                    return before
        return None

    def _ancestors(self, run: int) -> set[int]:
        found: set[int] = set()
        parent = self._parents.get(run)
        while parent is not None and parent not in found:
            found.add(parent)
            parent = self._parents.get(parent)
        return found


def _ancestry(con: DuckDBPyConnection, new: Sequence[RunDict]) -> dict[int, int]:
    """Give the parent of each new run that has one, of that, and so on."""
    found: dict[int, int] = {run["run"]: run["parent"] for run in new if run["parent"] is not None}
    unknown = set(found.values()) - found.keys()
    while unknown:
        rows = con.execute(
            "SELECT run, parent FROM runs WHERE parent IS NOT NULL "
            "AND run IN (SELECT unnest($1::BIGINT[]))",
            [list(unknown)],
        ).fetchall()
        found.update(rows)
        unknown = {parent for _, parent in rows} - found.keys()
    return found


def keys_of(con: DuckDBPyConnection, ids: Iterable[str]) -> dict[str, int]:
    """Give the surrogate keys of those of some runs that the store has a row of."""
    query = "SELECT id, run FROM runs WHERE id IN (SELECT unnest($1::VARCHAR[]))"
    return dict(con.execute(query, [list(ids)]).fetchall())


def update_runs(
    con: DuckDBPyConnection,
    stored: Mapping[str, int],
    changes: Mapping[str, RunDict],
    again: Mapping[str, RunDict] | None = None,
) -> dict[str, int]:
    """Bring changes of runs into the table; a run that is new gets its place.

    Parameters
    ----------
    con
        A connection that uses the store, in a transaction.
    stored
        What `keys_of` gives for these runs.
    changes
        Run id to new values of columns, ``parent`` as an id.
    again
        The same for some of these runs, for when they are not known by more than a reference.

    Returns
    -------
    dict of str to int
        The surrogate key of each of these runs.
    """
    keys = dict(stored)
    new = sorted(changes.keys() - keys.keys())
    if new:
        (last,) = con.execute("SELECT coalesce(max(run), 0) FROM runs").fetchall()[0]
        keys.update({run_id: last + i for i, run_id in enumerate(new, 1)})
    known: dict[str, RunDict] = {}
    wanted = [run_id for run_id in stored if changes[run_id] or run_id in (again or {})]
    for row in select_all(con, "runs", "id", wanted):
        run = dict(zip(_NAMES, row, strict=True))
        known[run["id"]] = run
    changes = {
        run_id: {**_unknown(again, run_id, known.get(run_id), change), **change}
        for run_id, change in changes.items()
    }
    parents = _parents(con, changes, keys)
    touched = []
    for run_id, change in changes.items():
        if run_id in stored and not change:
            continue  # only referred to
        run = known.get(run_id) or {**dict.fromkeys(_NAMES), "id": run_id, "run": keys[run_id]}
        _apply(run, change, parents)
        touched.append(run)
    _place(con, touched)
    gone = [run["run"] for run in touched if run["id"] in known]
    if gone:
        con.execute("DELETE FROM runs WHERE run IN (SELECT unnest($1::BIGINT[]))", [gone])
    insert(con, "runs", ([run[name] for name in _NAMES] for run in touched))
    return keys


def _unknown(
    again: Mapping[str, RunDict] | None, run_id: str, known: RunDict | None, change: RunDict
) -> RunDict:
    """Give what was said of a run again, unless it was said before."""
    if again is None or (known is not None and known["number"] is not None):
        return {}
    return {} if "experiment" in change else again.get(run_id, {})


def _parents(
    con: DuckDBPyConnection, changes: Mapping[str, RunDict], keys: Mapping[str, int]
) -> dict[str, int]:
    """Give the keys of those parents that are runs; of others there is nothing to point to."""
    wanted = {change["parent"] for change in changes.values() if change.get("parent")}
    if not wanted:
        return {}
    query = (
        "SELECT id, run FROM runs WHERE number IS NOT NULL AND id IN (SELECT unnest($1::VARCHAR[]))"
    )
    found: dict[str, int] = dict(con.execute(query, [list(wanted)]).fetchall())
    new = (run_id for run_id in wanted & changes.keys() if "experiment" in changes[run_id])
    return {**found, **{run_id: keys[run_id] for run_id in new}}


def _apply(run: RunDict, change: RunDict, parents: Mapping[str, int]) -> None:
    status, owner = run["status"], run["session"]
    resumes, ends = change.pop("resumes", []), change.pop("ends", {})
    redacted = [run["redactions"], change.pop("redacted", None)]
    run.update(change)
    if "parent" in change:
        run["parent"] = parents.get(change["parent"])
    if status in _ENDED and change.get("status") == "running":
        run["status"] = status
    if owner is not None:
        run["session"] = owner
    settle(run, resumes)
    run.update(ends.get(run["session"], {}))
    # Outputs and changes in git are written after the end: the count only grows.
    redacted.append(run["redactions"])
    run["redactions"] = max((n for n in redacted if n is not None), default=None)


def _place(con: DuckDBPyConnection, runs: list[RunDict]) -> None:
    """Give a number to those that have no number yet and are known by more than a reference."""
    new = [run for run in runs if run["number"] is None and run["experiment"] is not None]
    if not new:
        return
    family = _Family(con, new)
    for run in sorted(new, key=lambda run: str(run["id"])):
        family.place(run)
