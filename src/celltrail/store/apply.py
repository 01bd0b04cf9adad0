"""One batch of spool records into the database, in a transaction that is not begun here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celltrail.store.blobs import read_intact
from celltrail.store.changes import Changes
from celltrail.store.compact import note_scattered
from celltrail.store.meanings import put_meanings
from celltrail.store.metrics import PURGED, PointBatch, insert_points
from celltrail.store.runs import keys_of, update_runs
from celltrail.store.tables import column_names, insert, select_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from celltrail.store.layout import Layout
    from celltrail.store.owner import SessionOwner
    from celltrail.store.spool import Offsets, Slice

__all__ = ["Gathered", "apply_slices", "gather", "mark_lost"]

#: Where the run stands among the columns of an execution.
_CELL_RUN = column_names("cell_executions").index("run")
_SUPERSEDED = """
INSERT INTO param_changes
SELECT p.* FROM params p JOIN (SELECT unnest($1::BIGINT[]) AS run, unnest($2::VARCHAR[]) AS key) n
ON p.run = n.run AND p.key = n.key
"""
_PARAM_TIMES = """
SELECT p.run, p.key, epoch_us(p.time) FROM params p
JOIN (SELECT unnest($1::BIGINT[]) AS run, unnest($2::VARCHAR[]) AS key) n
ON p.run = n.run AND p.key = n.key WHERE p.time IS NOT NULL
"""
_DELETE_PARAMS = """
DELETE FROM params USING (SELECT unnest($1::BIGINT[]) AS run, unnest($2::VARCHAR[]) AS key) n
WHERE params.run = n.run AND params.key = n.key
"""
_DELETE_TAGS = """
DELETE FROM tags USING (SELECT unnest($1::BIGINT[]) AS run, unnest($2::VARCHAR[]) AS tag) n
WHERE tags.run = n.run AND tags.tag = n.tag
"""
_DELETE_MERGED = """
DELETE FROM merged USING (
    SELECT unnest($1::VARCHAR[]) AS session, unnest($2::BIGINT[]) AS segment
) n
WHERE merged.session = n.session AND merged.segment = n.segment
"""


def apply_slices(
    con: DuckDBPyConnection,
    layout: Layout,
    found: Gathered,
    owners: Mapping[str, SessionOwner],
    *,
    take_blobs: bool = True,
) -> tuple[int, list[tuple[str, str]]]:
    """Insert everything that is in some slices, and how far they go.

    Parameters
    ----------
    con
        A connection that uses the store, in a transaction.
    layout
        Where blobs are.
    found
        What to insert.
    owners
        Session id to the process that wrote.
    take_blobs
        Whether the content of small artifacts is inserted too.

    Returns
    -------
    tuple
        How many records made no sense, and (session, sha256) of the blobs that are in the
        database now.
    """
    changes, points = found.changes, found.points
    stored = keys_of(con, changes.runs) if changes.runs else {}
    unknown = changes.runs.keys() - stored.keys()
    purged = unknown - _new(con, "purged", "id", unknown)
    changes.forget(purged)
    runs = update_runs(con, stored, changes.runs, changes.again)
    runs.update(dict.fromkeys(purged, PURGED))
    # Who wrote into this segment before is known.
    _sessions(con, changes, {part.session for part in found.slices if not part.known}, owners)
    _content(con, changes)
    _params(con, changes, runs, set(stored.values()))
    _tags(con, changes, runs)
    put_meanings(con, ((*place, *said) for place, said in changes.meanings.items()))
    insert(con, "metric_reasons", ((runs[row[0]], *row[1:]) for row in changes.reasons))
    insert(con, "artifacts", ((runs[row[0]], *row[1:]) for row in changes.artifacts))
    insert(con, "run_datasets", ((runs[row[0]], *row[1:]) for row in changes.run_datasets))
    insert(con, "outputs", ((runs[row[0]], *row[1:]) for row in changes.outputs))
    cells = (
        (*rest[:_CELL_RUN], None if run is None else runs[run], *rest[_CELL_RUN:])
        for run, *rest in changes.cells
    )
    insert(con, "cell_executions", cells)
    blobs = _blobs(con, layout, changes) if take_blobs else []
    skipped = insert_points(con, points, runs)
    ended = [runs[run_id] for run_id, change in changes.runs.items() if change.get("ends")]
    note_scattered(con, ended)
    _offsets(con, found.slices)
    return skipped + changes.skipped, blobs


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is in some slices: those of one session in their order.

    Parameters
    ----------
    slices
        The slices themselves.
    changes
        What their events change; all runs of theirs are among its runs.
    points
        Their points.
    """

    slices: Sequence[Slice]
    changes: Changes
    points: PointBatch


def gather(slices: Sequence[Slice]) -> Gathered:
    """Read what is in some slices; those of one session must be in their order."""
    changes, points = Changes(), PointBatch()
    written: dict[str, bytes] = {}
    for part in slices:
        written[part.session] = written.get(part.session, b"") + part.events
    changes.read(written)
    for part in slices:
        points.add(part.points, part.known + part.events)
    for run_id in points.run_ids():
        changes.run(run_id)
    return Gathered(slices, changes, points)


def _new(con: DuckDBPyConnection, table: str, key: str, values: Iterable[str]) -> set[str]:
    """Give those of ``values`` that the table does not hold yet."""
    wanted = list(values)
    if not wanted:
        return set()
    found = con.execute(
        f"SELECT {key} FROM {table} WHERE {key} IN (SELECT unnest($1::VARCHAR[]))", [wanted]
    ).fetchall()
    return set(wanted) - {value for (value,) in found}


def _content(con: DuckDBPyConnection, changes: Changes) -> None:
    """Insert what is addressed by its content and so never changes."""
    new = _new(con, "sources", "sha256", changes.sources)
    insert(con, "sources", ((sha, changes.sources[sha]) for sha in new))
    new = _new(con, "environments", "sha256", changes.environments)
    insert(con, "environments", ((sha, changes.environments[sha]) for sha in new))
    new = _new(con, "datasets", "sha256", changes.datasets)
    insert(con, "datasets", (changes.datasets[sha] for sha in new))


def _sessions(
    con: DuckDBPyConnection,
    changes: Changes,
    sessions: set[str],
    owners: Mapping[str, SessionOwner],
) -> None:
    names = column_names("sessions")
    if not (sessions or changes.sessions):
        return
    known = {
        row[0]: dict(zip(names, row, strict=True))
        for row in select_all(con, "sessions", "id", list(sessions | changes.sessions.keys()))
    }
    touched = {}
    for session in sessions | changes.sessions.keys():
        row = known.get(session)
        if row is None:
            row = {**dict.fromkeys(names), "id": session}
        elif session not in changes.sessions:
            continue
        row.update(changes.sessions.get(session, {}))
        owner = owners.get(session)
        if owner is not None:
            row.update(
                host=owner.host,
                pid=owner.pid,
                process_started=owner.process_started,
                boot=owner.boot,
            )
        touched[session] = row
    if touched:
        con.execute(
            "DELETE FROM sessions WHERE id IN (SELECT unnest($1::VARCHAR[]))", [list(touched)]
        )
    insert(con, "sessions", ([row[name] for name in names] for row in touched.values()))


def _params(
    con: DuckDBPyConnection, changes: Changes, runs: Mapping[str, int], old: set[int]
) -> None:
    """Make the last value of each param the current one, and keep those before it."""
    current: dict[tuple[int, str], tuple[Any, ...]] = {}
    superseded = []
    for run_id, *rest in changes.params:
        row = (runs[run_id], *rest)
        place = row[0], row[1]
        if place in current:
            superseded.append(current[place])
        current[place] = row
    if not current:
        return
    there = [place for place in current if place[0] in old]  # of a new run nothing is there
    if there:
        places = [list(column) for column in zip(*there, strict=True)]
        for run, key, time in con.execute(_PARAM_TIMES, places).fetchall():
            # Another process said something later, and was merged before.
            if time > (current[run, key][-1] or 0):
                superseded.append(current.pop((run, key)))
        there = [place for place in there if place in current]
    if there:
        places = [list(column) for column in zip(*there, strict=True)]
        con.execute(_SUPERSEDED, places)
        con.execute(_DELETE_PARAMS, places)
    insert(con, "param_changes", superseded)
    insert(con, "params", current.values())


def _tags(con: DuckDBPyConnection, changes: Changes, runs: Mapping[str, int]) -> None:
    if not changes.tags:
        return
    tags = [(runs[run_id], tag) for run_id, tag in changes.tags]
    con.execute(_DELETE_TAGS, [list(column) for column in zip(*tags, strict=True)])
    on = (row for row, is_on in zip(tags, changes.tags.values(), strict=True) if is_on)
    insert(con, "tags", on)


def _blobs(con: DuckDBPyConnection, layout: Layout, changes: Changes) -> list[tuple[str, str]]:
    """Take small artifacts into the database; large ones are files already."""
    new = _new(con, "blobs", "sha256", changes.blobs)
    done = []
    taken = []
    for sha256, sessions in changes.blobs.items():
        for session in sorted(sessions):
            path = layout.blob(session, sha256)
            if not path.is_file():
                continue
            # A file that is not what it is named after (the disk was full) is no such blob:
            # another session may have a good one.
            if sha256 in new and (data := read_intact(path, sha256)) is not None:
                taken.append((sha256, len(data), data))
                new.discard(sha256)
            done.append((session, sha256))
    insert(con, "blobs", taken)
    return done


def _offsets(con: DuckDBPyConnection, slices: Sequence[Slice]) -> None:
    rows: dict[tuple[str, int], Offsets] = {(s.session, s.segment): s.end for s in slices}
    con.execute(_DELETE_MERGED, [list(column) for column in zip(*rows, strict=True)])
    insert(con, "merged", ((*place, end.events, end.points) for place, end in rows.items()))


def mark_lost(con: DuckDBPyConnection, ended: Iterable[str]) -> None:
    """Say of runs whose process is gone, and that never ended, that they are lost.

    Parameters
    ----------
    con
        A connection that uses the store, in a transaction.
    ended
        Sessions that will write nothing more, and are wholly merged.
    """
    rows = con.execute(
        "UPDATE runs SET status = 'lost' WHERE status = 'running' "
        "AND session IN (SELECT unnest($1::VARCHAR[])) RETURNING run",
        [list(ended)],
    ).fetchall()
    note_scattered(con, [run for (run,) in rows])
