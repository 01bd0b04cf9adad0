"""How far the spool is merged, found out again where the store has forgotten it.

A merge commits rows and how far it read together. When the rows can be saved and that cannot,
the next merge would take in a second time what is there. So each record of the spool is looked
for in the store: what stands before the last one that is found was merged.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from celltrail.errors import SpoolUnreadableError
from celltrail.store.metrics import PointBatch
from celltrail.store.points import RECORD_SIZE
from celltrail.store.spool import Offsets, Spool
from celltrail.store.values import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from celltrail.store.layout import Layout
    from celltrail.store.spool import Slice

__all__ = ["regain_offsets"]

# What has lost its run or its name is still found by its time, which is of microseconds.
_LAST_POINT = """
SELECT max(p.place) FROM looked_for p
LEFT JOIN runs r ON r.id = p.run LEFT JOIN metric_keys k ON k.name = p.key
JOIN metrics m ON m.step = p.step AND epoch_us(m.time) = p.time
    AND (m.run = r.run OR (r.run IS NULL AND m.run NOT IN (SELECT run FROM runs)))
    AND (m.key = k.key OR (k.key IS NULL AND m.key NOT IN (SELECT key FROM metric_keys)))
WHERE p.value IS NULL OR isnan(p.value) OR m.value = p.value
"""
# Kind, what it is of, and when: what one event leaves in the store, and no other.
_SEEN = """
SELECT 'param', key, epoch_us(time) FROM params
UNION SELECT 'param', key, epoch_us(time) FROM param_changes
UNION SELECT 'artifact', name || '/' || sha256, epoch_us(time) FROM artifacts
UNION SELECT 'cell', session, epoch_us(started) FROM cell_executions
UNION SELECT 'output', r.id || '/' || o.position || '/' || o.kind, epoch_us(o.time)
    FROM outputs o JOIN runs r ON r.run = o.run
UNION SELECT 'dataset', r.id || '/' || d.name || '/' || d.dataset, 0
    FROM run_datasets d JOIN runs r ON r.run = d.run
UNION SELECT 'reason', r.id || '/' || m.key || '/' || m.reason, 0
    FROM metric_reasons m JOIN runs r ON r.run = m.run
UNION SELECT 'run', id, 0 FROM runs WHERE number IS NOT NULL
UNION SELECT 'run_end', id, epoch_us(ended) FROM runs
"""


def regain_offsets(con: DuckDBPyConnection, layout: Layout) -> list[str]:
    """Find out how far segments were merged of which the store does not say it.

    Parameters
    ----------
    con
        A connection that uses the store, in no transaction. The exclusive lock must be held.
    layout
        Where the spool is.

    Returns
    -------
    list of str
        What was done, as whole sentences.

    Raises
    ------
    StoreError
        When somebody's spool cannot be read: its records would be merged twice.
    """
    known = set(con.execute("SELECT session, segment FROM merged").fetchall())
    seen: set[tuple[Any, ...]] | None = None
    done = []
    for part in _unknown(layout, known):
        if seen is None:
            seen = set(con.execute(_SEEN).fetchall())
        points = _points_there(con, part)
        events = _events_there(part, seen)
        if not (points or events):
            continue  # nothing of it was merged
        con.execute(
            "INSERT INTO merged VALUES ($1, $2, $3, $4)",
            [part.session, part.segment, events, points],
        )
        done.append(
            f"looked in the store for what segment {part.segment} of {layout.writer(part.session)} "
            f"holds: {points // RECORD_SIZE:,} of {part.end.points // RECORD_SIZE:,} points are "
            "there, and the next merge takes the others in"
        )
    return done


def _unknown(layout: Layout, known: set[tuple[str, int]]) -> Iterator[Slice]:
    for writer in Spool(layout).writers():
        error = writer.unreadable()
        if error is not None:
            raise SpoolUnreadableError(writer.folder, error) from error
        for segment in writer.segments:
            if (writer.session, segment.number) not in known:
                yield segment.read(Offsets())


def _points_there(con: DuckDBPyConnection, part: Slice) -> int:
    """Give the end, in bytes, of the last point of a segment that is in the store."""
    import numpy as np

    batch = PointBatch()
    batch.add(part.points, part.events)
    end = 0
    for points, names in batch.parts:
        columns = {name: getattr(points, name) for name in ("run", "key", "step", "time", "value")}
        columns["place"] = np.arange(1, len(points.run) + 1)
        con.register("looked_for_numbers", columns)
        con.execute("CREATE TEMP TABLE meant (number BIGINT, name VARCHAR, is_run BOOLEAN)")
        meant = [(n, name, True) for n, name in names.runs.items()]
        meant += [(n, name, False) for n, name in names.keys.items()]
        if meant:
            con.executemany("INSERT INTO meant VALUES ($1, $2, $3)", meant)
        con.execute(
            "CREATE TEMP TABLE looked_for AS SELECT p.place, r.name AS run, k.name AS key, "
            "p.step, p.time, p.value FROM "
            "looked_for_numbers p "
            "JOIN meant r ON r.is_run AND r.number = p.run "
            "JOIN meant k ON NOT k.is_run AND k.number = p.key"
        )
        (last,) = con.execute(_LAST_POINT).fetchall()[0]
        con.execute("DROP TABLE looked_for; DROP TABLE meant")
        con.unregister("looked_for_numbers")
        end = (last or 0) * RECORD_SIZE
    return end


def _events_there(part: Slice, seen: set[tuple[Any, ...]]) -> int:
    """Give the end, in bytes, of the last event of a segment that is in the store.

    Those behind it that leave no trace of their own, such as tags and notes, are taken in
    again by the next merge: they say once more what they said.
    """
    end = at = 0
    for line in part.events.splitlines(keepends=True):
        at += len(line)
        try:
            event = json.loads(line)
            if not event.get("again") and _trace(event, part.session) in seen:
                end = at
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue  # damaged: a merge passes it over too
    return end


def _trace(event: dict[str, Any], session: str) -> tuple[Any, ...] | None:
    kind = event["e"]
    if kind == "param":
        return kind, event["key"], whole(event["t"])
    if kind == "artifact":
        return kind, f"{event['name']}/{event['sha256']}", whole(event["t"])
    if kind == "cell":
        return kind, event.get("session") or session, whole(event["started"])
    if kind == "output":
        return kind, f"{event['run']}/{event['position']}/{event['kind']}", whole(event["t"])
    if kind == "dataset":
        return kind, f"{event['run']}/{event['name']}/{event['sha256']}", 0
    if kind == "reason":
        return kind, f"{event['run']}/{event['metric']}/{event['reason']}", 0
    if kind == "run":
        return kind, event["id"], 0
    if kind == "run_end":
        return kind, event["run"], whole(event["ended"])
    return None
