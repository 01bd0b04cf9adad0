"""Compares what is in the store at the end with what the diaries say was acknowledged."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from soak_world import World, content, expected

import celltrail as ct
from celltrail.errors import CelltrailError
from celltrail.store import open_store
from celltrail.store.layout import Layout

__all__ = ["Findings", "check"]

_LIMIT = 20
#: So many of the last runs are read one by one.
_READ_WHOLE = 20


@dataclass
class RunFacts:
    """What one run's diaries say of it."""

    name: str | None = None
    killed: bool = False
    leaving: bool = False
    ending: str | None = None
    ended: str | None = None
    parent: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    artifacts: dict[str, int] = field(default_factory=dict)


@dataclass
class Diaries:
    """All that was acknowledged."""

    runs: defaultdict[str, RunFacts] = field(default_factory=lambda: defaultdict(RunFacts))
    #: (Run, key) to the number of points acknowledged, and whether its process was killed.
    streams: dict[tuple[str, str], tuple[int, bool]] = field(default_factory=dict)
    log_us: list[int] = field(default_factory=list)
    merge_us: list[int] = field(default_factory=list)
    alone_us: list[int] = field(default_factory=list)


@dataclass
class Findings:
    """What is there, and all that is wrong with it."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    log_us: list[int] = field(default_factory=list)
    merge_us: list[int] = field(default_factory=list)
    alone_us: list[int] = field(default_factory=list)

    def fault(self, kind: str, text: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= _LIMIT:
            self.faults.append(f"{kind}: {text}")


def read_diaries(folder: Path) -> Diaries:
    """Read what all processes wrote down."""
    found = Diaries()
    for path in sorted(folder.iterdir()):
        # The last line of one that was killed may be torn: then its call had not returned.
        lines = path.read_bytes().rpartition(b"\n")[0].splitlines()
        leaving = any(line.startswith(b'{"leaving"') for line in lines)
        streams: dict[int, tuple[str, list[str]]] = {}
        steps: Counter[int] = Counter()
        for line in lines:
            if line.startswith(b"m "):
                whole, alone = line[2:].split()
                found.merge_us.append(int(whole))
                found.alone_us.append(int(alone))
            elif line[:1].isdigit():
                number, step, microseconds = line.split()
                steps[int(number)] = int(step) + 1
                found.log_us.append(int(microseconds))
            else:
                _take(found, json.loads(line), streams, leaving=leaving)
        for number, (run, keys) in streams.items():
            found.streams.update({(run, key): (steps[number], not leaving) for key in keys})
    return found


def _take(
    found: Diaries, facts: dict[str, Any], streams: dict[int, tuple[str, list[str]]], leaving: bool
) -> None:
    if "stream" in facts:
        streams[facts["stream"]] = facts["run"], facts["keys"]
        return
    if "run" not in facts:
        return
    run = found.runs[facts["run"]]
    if facts.get("began"):
        run.name, run.parent, run.killed = facts["name"], facts.get("parent"), not leaving
    run.ending = facts.get("ending", run.ending)
    run.ended = facts.get("ended", run.ended)
    run.params.update(facts.get("params", {}))
    run.tags.update(facts.get("tags", ()))
    if "artifact" in facts:
        run.artifacts[facts["artifact"]] = facts["size"]


def check(world: World) -> Findings:
    """Merge what is left, and look at everything.

    Parameters
    ----------
    world
        The soak's folder; all of its processes have ended.
    """
    diaries = read_diaries(world.acks)
    findings = Findings(log_us=diaries.log_us, merge_us=diaries.merge_us, alone_us=diaries.alone_us)
    if not open_store(world.store).merge():
        findings.fault("faults", "the last merge was not done")
    _check_folder(world, findings)
    with duckdb.connect(world.store, read_only=True) as con:
        _check_points(con, diaries, findings)
        _check_runs(con, diaries, findings)
        _check_summaries(con, findings)
        _check_artifacts(world, con, diaries, findings)
    _check_by_api(world, diaries, findings)
    return findings


def _check_folder(world: World, findings: Findings) -> None:
    there = {path.name for path in world.folder.iterdir()}
    usual = {"acks", "marks", "logs", "control", "soak.duckdb", "soak.duckdb.files"}
    for name in sorted(there - usual):
        findings.fault("left over", name)


def _check_points(con: duckdb.DuckDBPyConnection, diaries: Diaries, findings: Findings) -> None:
    """Every acknowledged point once, with its value; beyond them one at most, of the killed."""
    left = dict(diaries.streams)
    for run, key, steps, values, exact in _curves(con):
        findings.counts["points"] += len(steps)
        acknowledged, killed = left.pop((run, key), (0, True))
        name = f"{key} of {run}"
        doubled = len(steps) - len(np.unique(steps))
        lost = len(np.setdiff1d(np.arange(acknowledged), steps))
        more = len(steps) - doubled - acknowledged + lost
        findings.counts["acknowledged"] += acknowledged
        findings.counts["unacknowledged"] += more
        if lost:
            findings.counts["points lost"] += lost
            findings.fault("curves with lost points", f"{lost} of {acknowledged}, {name}")
        if doubled:
            findings.counts["points doubled"] += doubled
            findings.fault("curves with doubled points", f"{doubled} of {acknowledged}, {name}")
        if more > killed:
            findings.fault("points that nobody logged", f"{more}, {name}")
        right, right_exact = expected(run, key, steps)
        if not np.array_equal(right, values, equal_nan=True):
            findings.fault("wrong values", name)
        if right_exact is not None and not np.array_equal(right_exact, exact):
            findings.fault("wrong integers", name)
    for (run, key), (acknowledged, _) in left.items():
        if acknowledged:
            findings.counts["points lost"] += acknowledged
            findings.fault("curves with lost points", f"all of {acknowledged}, {key} of {run}")


def _curves(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, Any, Any, Any]]:
    """Give all points, one metric of one run after the other, in the order of steps.

    Without those that celltrail samples of the machine, which nobody has acknowledged.
    """
    ids = dict(con.execute("SELECT run, id FROM runs").fetchall())
    names = dict(con.execute("SELECT key, name FROM metric_keys").fetchall())
    rows = con.execute(
        "SELECT run, key, step, value, coalesce(exact, 0) AS exact FROM metrics "
        "WHERE key NOT IN (SELECT key FROM metric_keys WHERE starts_with(name, 'system/')) "
        "ORDER BY run, key, step"
    ).fetchnumpy()
    if not len(rows["run"]):
        return
    changes = (np.diff(rows["run"]) != 0) | (np.diff(rows["key"]) != 0)
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), len(rows["run"])]
    columns = [np.ma.getdata(rows[name]) for name in ("step", "value", "exact")]
    for start, stop in pairwise(edges):
        place = ids[rows["run"][start]], names[rows["key"][start]]
        step, value, exact = (column[start:stop] for column in columns)
        yield (*place, step, value, exact)


def _check_runs(con: duckdb.DuckDBPyConnection, diaries: Diaries, findings: Findings) -> None:
    rows = con.execute(
        "SELECT r.id, r.status, r.experiment, r.number, above.id FROM runs r "
        "LEFT JOIN runs above ON above.run = r.parent WHERE r.number IS NOT NULL"
    ).fetchall()
    findings.counts["runs"] = len(rows)
    for what, column in (("ids", [r[0] for r in rows]), ("numbers", [r[2:4] for r in rows])):
        for value, times in Counter(column).items():
            if times > 1:
                findings.fault(f"doubled {what}", f"{value}, {times} times")
    there = {run_id: (status, parent) for run_id, status, _, _, parent in rows}
    for run_id, run in diaries.runs.items():
        if run_id in there:
            _check_run(run, *there[run_id], findings)
        elif run.name is not None:
            findings.fault("runs lost", f"{run.name} {run_id}")
    for run_id in there.keys() - diaries.runs.keys():
        # Its beginning had not returned when its process was killed.
        if there[run_id][0] != "lost":
            findings.fault("wrong statuses", f"{run_id}, never begun, is {there[run_id][0]}")


def _check_run(run: RunFacts, status: str, parent: str | None, findings: Findings) -> None:
    findings.counts[f"runs {status}"] += 1
    if status not in _possible(run):
        findings.fault("wrong statuses", f"{run.name} is {status}, not {_possible(run)}")
    if run.parent and parent != run.parent:
        findings.fault("wrong parents", f"{run.name}: {parent}, not {run.parent}")


def _possible(run: RunFacts) -> set[str]:
    """Give the statuses that a run may have: one, unless it was killed right at its end."""
    if run.ended:
        return {run.ended}
    if run.killed:
        return {"lost"} | ({run.ending} if run.ending else set())
    return {"finished"}  # at the exit of its process


def _check_summaries(con: duckdb.DuckDBPyConnection, findings: Findings) -> None:
    """Compare the summaries that merges kept up with those of the points that are there."""
    wrong = con.execute(
        """
        WITH points AS (
            SELECT run, key, count(*) AS count, sum(isnan(value)::INT) AS nans,
                min(value) FILTER (NOT isnan(value)) AS min,
                max(value) FILTER (NOT isnan(value)) AS max,
                max_by(value, step) AS last, max(step) AS last_step, max_by(exact, step) AS exact
            FROM metrics GROUP BY run, key
        )
        SELECT run, key, p, s FROM points p FULL JOIN summaries s USING (run, key)
        WHERE (p.count, p.nans, p.min, p.max, p.last, p.last_step)
            IS DISTINCT FROM (s.count, s.nans, s.min, s.max, s.last, s.last_step)
            OR p.exact IS DISTINCT FROM s.last_exact
        """
    ).fetchall()
    for row in wrong:
        findings.fault("wrong summaries", str(row))
    doubled = con.execute(
        "SELECT run, key FROM summaries GROUP BY run, key HAVING count(*) > 1"
    ).fetchall()
    for row in doubled:
        findings.fault("doubled summaries", str(row))


def _check_artifacts(
    world: World, con: duckdb.DuckDBPyConnection, diaries: Diaries, findings: Findings
) -> None:
    """Every acknowledged artifact is there, and is what was stored."""
    rows = con.execute(
        "SELECT r.id, a.name, a.sha256 FROM artifacts a JOIN runs r ON r.run = a.run"
    ).fetchall()
    there = {(run_id, name): sha256 for run_id, name, sha256 in rows}
    wanted: dict[str, tuple[str, str, int]] = {}
    for run_id, run in diaries.runs.items():
        for name, size in run.artifacts.items():
            findings.counts["artifacts"] += 1
            sha256 = there.get((run_id, name))
            if sha256 is None:
                findings.fault("artifacts lost", f"{name} of {run_id}")
            else:
                wanted[sha256] = run_id, name, size
    for sha256, data in _contents(world, con, wanted):
        run_id, name, size = wanted.pop(sha256, ("", "", 0))
        if run_id and data != content(run_id, name, size):
            findings.fault("artifacts damaged", f"{name} of {run_id}")
    for run_id, name, _ in wanted.values():
        findings.fault("artifacts lost", f"the content of {name} of {run_id}")


def _contents(
    world: World, con: duckdb.DuckDBPyConnection, wanted: Iterable[str]
) -> Iterator[tuple[str, bytes]]:
    """Give the content of all artifacts: of the large ones of those that are wanted."""
    layout = Layout(world.store)
    for sha256 in list(wanted):
        if layout.file(sha256).exists():
            yield sha256, layout.file(sha256).read_bytes()
    found = con.execute("SELECT sha256, data FROM blobs")
    while rows := found.fetchmany(500):
        yield from rows


def _check_by_api(world: World, diaries: Diaries, findings: Findings) -> None:
    """Read what was acknowledged as users do: of all runs the table, and some of them whole."""
    ct.use(world.store)
    runs = ct.runs()
    frame = runs.df()
    known = {run_id: facts for run_id, facts in diaries.runs.items() if run_id in frame.index}
    for key in sorted({key for facts in known.values() for key in facts.params}):
        column = frame[f"params.{key}"].to_dict() if f"params.{key}" in frame else {}
        for run_id, facts in known.items():
            if key in facts.params and column.get(run_id) != facts.params[key]:
                findings.fault("wrong params", f"{key}={column.get(run_id)!r} of {run_id}")
    for run_id, tags in frame["tags"].to_dict().items():
        if run_id in known and (lost := known[run_id].tags - set(tags or ())):
            findings.fault("tags lost", f"{lost} of {run_id}")
    for run in runs[-_READ_WHOLE:]:
        if run.id in known:
            _read_artifacts(run, known[run.id], findings)


def _read_artifacts(run: ct.Run, facts: RunFacts, findings: Findings) -> None:
    for name, size in facts.artifacts.items():
        try:
            right = run.artifact(name).bytes() == content(run.id, name, size)
        except CelltrailError as error:
            findings.fault("artifacts lost", str(error))
        else:
            if not right:
                findings.fault("artifacts damaged", f"{name} of {run.label}")
