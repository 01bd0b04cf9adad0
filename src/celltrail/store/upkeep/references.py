"""What runs refer to, and what refers to them, taken from an attached store ``other``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail.store.tables import COLUMNS, insert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

__all__ = ["copy_executions", "copy_references", "copy_sessions"]

_SESSION = [name for name, _ in COLUMNS["sessions"]]
_EXECUTION = [name for name, _ in COLUMNS["cell_executions"] if name != "run"]
_SHOWN = ", ".join(
    "o.run" if name == "run" else f"epoch_us(c.{name})" if kind == "t" else f"c.{name}"
    for name, kind in COLUMNS["cell_executions"]
)


def copy_sessions(con: DuckDBPyConnection) -> None:
    """Take sessions, and of those that both have what is known only there, such as the end."""
    known = " OR ".join(f"(o.{name} IS NULL AND t.{name} IS NOT NULL)" for name in _SESSION)
    values = ", ".join(f"coalesce(o.{name}, t.{name}) AS {name}" for name in _SESSION)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE richer AS SELECT {values} FROM other.sessions t "
        f"LEFT JOIN sessions o ON o.id = t.id WHERE o.id IS NULL OR {known}"
    )
    con.execute("DELETE FROM sessions WHERE id IN (SELECT id FROM richer)")
    con.execute("INSERT INTO sessions BY NAME SELECT * FROM richer")
    con.execute("DROP TABLE richer")
    con.execute(
        "INSERT INTO environments BY NAME SELECT * FROM other.environments WHERE sha256 IN "
        "(SELECT environment FROM sessions) AND sha256 NOT IN (SELECT sha256 FROM environments)"
    )


def copy_references(con: DuckDBPyConnection) -> None:
    """Say of runs without a parent or a predecessor which one they have there.

    One that is not here, because it was purged, is passed over for the next one.
    """
    theirs = con.execute("SELECT run, id, parent, previous FROM other.runs").fetchall()
    ids = {row[0]: row[1] for row in theirs}
    here = {
        row[1]: row
        for row in con.execute(
            "SELECT run, id, parent, previous FROM runs WHERE number IS NOT NULL"
        ).fetchall()
    }
    keys = {run_id: row[0] for run_id, row in here.items()}
    for place, column in ((2, "parent"), (3, "previous")):
        pointers = {row[0]: row[place] for row in theirs}
        found = [
            (keys[run_id], target)
            for run, run_id in ids.items()
            if run_id in keys
            and here[run_id][place] is None
            and (target := _nearest(pointers, run, ids, keys)) is not None
        ]
        if found:
            con.execute(
                f"UPDATE runs SET {column} = n.target FROM (SELECT unnest($1::BIGINT[]) AS run, "
                "unnest($2::BIGINT[]) AS target) n WHERE runs.run = n.run",
                [list(part) for part in zip(*found, strict=True)],
            )


def _nearest(
    pointers: Mapping[int, int | None], run: int, ids: Mapping[int, str], keys: Mapping[str, int]
) -> int | None:
    seen = {run}
    target = pointers.get(run)
    while target is not None and target not in seen:
        key = keys.get(ids.get(target, ""))
        if key is not None:
            return key
        seen.add(target)
        target = pointers.get(target)
    return None


def copy_executions(con: DuckDBPyConnection) -> None:
    """Take executions of cells, but those of runs that are not here, and their texts."""
    columns = ", ".join(f"c.{name}" for name in _EXECUTION)
    rows: list[Any] = con.execute(
        f"SELECT {_SHOWN} FROM ("
        f"SELECT {columns}, r.id AS run_id FROM other.cell_executions c "
        "LEFT JOIN other.runs r ON r.run = c.run "
        "WHERE c.run IS NULL OR r.id IN (SELECT id FROM runs WHERE number IS NOT NULL) "
        f"EXCEPT ALL SELECT {columns}, r.id FROM cell_executions c "
        "LEFT JOIN runs r ON r.run = c.run) c LEFT JOIN runs o ON o.id = c.run_id "
        "ORDER BY c.session, c.started"
    ).fetchall()
    insert(con, "cell_executions", rows)
    con.execute(
        "INSERT INTO sources BY NAME SELECT * FROM other.sources WHERE sha256 IN "
        "(SELECT source FROM cell_executions) AND sha256 NOT IN (SELECT sha256 FROM sources)"
    )
