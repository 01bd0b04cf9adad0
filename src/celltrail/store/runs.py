"""The rows of runs: their surrogate keys, their numbers, and which run came before."""

from __future__ import annotations

import bisect
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeAlias

from celltrail.store.tables import COLUMNS, insert, select_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from duckdb import DuckDBPyConnection

__all__ = ["Kinship", "kinships", "update_runs"]

RunDict: TypeAlias = dict[str, Any]
#: Runs with the same one are executions of the same thing.
Kinship: TypeAlias = tuple[str, ...]

_NAMES = [name for name, _ in COLUMNS["runs"]]
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
    """Per kinship the runs by id, that is by time; and the highest number so far."""

    def __init__(self, con: DuckDBPyConnection, experiments: Iterable[str]) -> None:
        self._kin: defaultdict[Kinship, list[tuple[str, int]]] = defaultdict(list)
        self._numbers: defaultdict[str, int] = defaultdict(int)
        names = ("run", "id", "number", "experiment", "kind", "source_name", "cell_id", "name")
        rows = con.execute(
            f"SELECT {', '.join(names)}, notebook, source FROM runs "
            "WHERE number IS NOT NULL AND experiment IN (SELECT unnest($1::VARCHAR[])) "
            "ORDER BY id",
            [list(experiments)],
        ).fetchall()
        for row in rows:
            self.add(dict(zip((*names, "notebook", "source"), row, strict=True)))

    def add(self, run: Mapping[str, Any]) -> None:
        experiment = run["experiment"]
        self._numbers[experiment] = max(self._numbers[experiment], run["number"])
        for kin in kinships(run):
            bisect.insort(self._kin[kin], (run["id"], run["run"]))

    def place(self, run: RunDict) -> None:
        """Give a new run its number and its predecessor."""
        run["number"] = self._numbers[run["experiment"]] + 1
        for kin in kinships(run):
            relatives = self._kin[kin]
            at = bisect.bisect_left(relatives, (run["id"], 0))
            if at:
                run["previous"] = relatives[at - 1][1]
                break
        self.add(run)


def update_runs(con: DuckDBPyConnection, changes: Mapping[str, RunDict]) -> dict[str, int]:
    """Bring changes of runs into the table; a run that is new gets its place.

    Parameters
    ----------
    con
        A connection that uses the store, in a transaction.
    changes
        Run id to new values of columns, ``parent`` as an id.

    Returns
    -------
    dict of str to int
        The surrogate key of each of these runs.
    """
    if not changes:
        return {}
    known: dict[str, RunDict] = {}
    for row in select_all(con, "runs", "id", list(changes)):
        run = dict(zip(_NAMES, row, strict=True))
        known[run["id"]] = run
    keys = {run_id: run["run"] for run_id, run in known.items()}
    (last,) = con.execute("SELECT coalesce(max(run), 0) FROM runs").fetchall()[0]
    for run_id in sorted(changes.keys() - keys.keys()):
        last += 1
        keys[run_id] = last
    touched = []
    for run_id, change in changes.items():
        if run_id in known and not change:
            continue  # only referred to
        run = known.get(run_id) or {**dict.fromkeys(_NAMES), "id": run_id, "run": keys[run_id]}
        _apply(run, change, keys)
        touched.append(run)
    _place(con, touched)
    gone = [run["run"] for run in touched if run["id"] in known]
    if gone:
        con.execute("DELETE FROM runs WHERE run IN (SELECT unnest($1::BIGINT[]))", [gone])
    insert(con, "runs", ([run[name] for name in _NAMES] for run in touched))
    return keys


def _apply(run: RunDict, change: RunDict, keys: Mapping[str, int]) -> None:
    status = run["status"]
    run.update(change)
    if change.get("parent") is not None:
        run["parent"] = keys[change["parent"]]
    if status in _ENDED and change.get("status") == "running":
        run["status"] = status


def _place(con: DuckDBPyConnection, runs: list[RunDict]) -> None:
    """Give a number to those that have no number yet and are known by more than a reference."""
    new = [run for run in runs if run["number"] is None and run["experiment"] is not None]
    if not new:
        return
    family = _Family(con, {run["experiment"] for run in new})
    for run in sorted(new, key=lambda run: str(run["id"])):
        family.place(run)
