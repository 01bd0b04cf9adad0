"""What must hold between the rows of a store, and how it is put right where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from celltrail.ids import new_id
from celltrail.store.doctor.finding import Finding
from celltrail.store.metrics import summed
from celltrail.store.tables import OF_RUNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

__all__ = ["CHECKS", "Check", "find_row_faults", "mend_rows"]

#: The tables whose rows belong to a run and say nothing without it.
RUN_TABLES = [table for table in OF_RUNS if table not in ("runs", "cell_executions", "scattered")]
_STATUSES = "('running', 'finished', 'failed', 'interrupted', 'lost')"
_OWNED = " UNION ".join(f"SELECT run FROM {table}" for table in RUN_TABLES)

# The sum depends on the order in which it is taken, and equal steps and times on nothing.
_RECOUNTED = summed("metrics")
_DISAGREE = f"""
SELECT coalesce(s.run, p.run) AS run, coalesce(s.key, p.key) AS key
FROM summaries s FULL JOIN ({_RECOUNTED}) p ON s.run = p.run AND s.key = p.key
WHERE s.run IS NULL OR p.run IS NULL OR s.count != p.count OR s.nans != p.nans
    OR s.min IS DISTINCT FROM p.min OR s.max IS DISTINCT FROM p.max
    OR s.last_step != p.last_step OR s.last_time != p.last_time
    OR (s.last IS DISTINCT FROM p.last AND NOT EXISTS (
        FROM metrics m WHERE m.run = s.run AND m.key = s.key AND m.step = s.last_step
            AND m.time = s.last_time AND m.value IS NOT DISTINCT FROM s.last))
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold.

    Parameters
    ----------
    code
        The code of the finding.
    problem
        What it means that it does not hold; ``{n}`` is how often.
    count
        A query that counts how often it does not.
    mend
        Statements that put it right; none where only a person can.
    done
        What they did.
    note
        Whether it is no fault.
    """

    code: str
    problem: str
    count: str
    mend: tuple[str, ...] = ()
    done: str = ""
    note: bool = False


def _repointed(table: str, key: str) -> tuple[str, ...]:
    """Make rows that were named twice one, and let all that belongs to them follow."""
    name = "id" if table == "runs" else "name"
    users = RUN_TABLES if table == "runs" else ("metrics", "summaries")
    places = [(user, key) for user in users]
    if table == "runs":
        places += [("cell_executions", "run"), ("runs", "previous"), ("runs", "parent")]
    return (
        f"DELETE FROM {table} WHERE rowid NOT IN "
        f"(SELECT min(rowid) FROM {table} GROUP BY {key}, {name})",
        f"CREATE TEMP TABLE same AS SELECT * FROM (SELECT {key} AS old, "
        f"min({key}) OVER (PARTITION BY {name}) AS new FROM {table}) WHERE old != new",
        *(f"UPDATE {user} SET {at} = new FROM same WHERE {at} = old" for user, at in places),
        f"DELETE FROM {table} USING same WHERE {table}.{key} = same.old",
        "DROP TABLE same",
    )


def _renumbered(table: str, key: str) -> tuple[str, ...]:
    """Give rows that share one key keys of their own, all but the first."""
    return (
        f"CREATE TEMP TABLE second AS SELECT rowid AS place, (SELECT max({key}) FROM {table}) "
        f"+ row_number() OVER () AS new FROM {table} "
        f"WHERE rowid NOT IN (SELECT min(rowid) FROM {table} GROUP BY {key})",
        f"UPDATE {table} SET {key} = new FROM second WHERE {table}.rowid = place",
        "DROP TABLE second",
    )


def _twice(table: str, columns: str, where: str = "true") -> str:
    return (
        f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {where} "
        f"GROUP BY {columns} HAVING count(*) > 1)"
    )


def _reference(column: str, table: str, key: str, one: str, many: str) -> Check:
    """Make the check of what runs refer to."""
    dangling = (
        f"{column} IS NOT NULL "
        f"AND {column} NOT IN (SELECT {key} FROM {table} WHERE {key} IS NOT NULL)"
    )
    return Check(
        f"run-{column}",
        f"{{n}} runs name {one} that is not there.",
        f"SELECT count(*) FROM runs WHERE {dangling}",
        (f"UPDATE runs SET {column} = NULL WHERE {dangling}",),
        f"took out references to {many} that are not there",
    )


#: In the order in which they are mended: later ones rely on what earlier ones put right.
CHECKS = (
    Check(
        "run-twice",
        "{n} runs stand in the store more than once.",
        _twice("runs", "id"),
        _repointed("runs", "run"),
        "made one of each run that stood there more than once, with everything logged to it",
    ),
    Check(
        "run-key-twice",
        "{n} keys stand for more than one run.",
        _twice("runs", "run"),
        _renumbered("runs", "run"),
        "gave each run a key of its own",
    ),
    Check(
        "metric-twice",
        "{n} metrics stand in the store more than once.",
        _twice("metric_keys", "name"),
        _repointed("metric_keys", "key"),
        "made one of each metric that stood there more than once",
    ),
    Check(
        "metric-key-twice",
        "{n} keys stand for more than one metric.",
        _twice("metric_keys", "key"),
        _renumbered("metric_keys", "key"),
        "gave each metric a key of its own",
    ),
    Check(
        "rows-without-run",
        "{n} runs are missing of which params, points, tags or artifacts are there.",
        f"SELECT count(*) FROM ({_OWNED}) WHERE run NOT IN (SELECT run FROM runs)",
        ("recovered runs",),
        'made runs in the experiment "recovered" for what belonged to none',
    ),
    Check(
        "points-without-metric",
        "{n} metrics have points and no name.",
        "SELECT count(DISTINCT key) FROM metrics WHERE key NOT IN (SELECT key FROM metric_keys)",
        (
            "INSERT INTO metric_keys SELECT DISTINCT key, 'recovered_' || key FROM metrics "
            "WHERE key NOT IN (SELECT key FROM metric_keys)",
        ),
        'named metrics that had no name "recovered_" with a number',
    ),
    Check(
        "run-number-twice",
        "{n} numbers stand for more than one run of an experiment.",
        _twice("runs", "experiment, number", "number IS NOT NULL"),
        (
            "CREATE TEMP TABLE second AS SELECT r.rowid AS place, top + row_number() OVER "
            "(PARTITION BY experiment ORDER BY r.id) AS new FROM runs r JOIN (SELECT experiment, "
            "max(number) AS top FROM runs GROUP BY experiment) USING (experiment) "
            "WHERE number IS NOT NULL AND r.rowid NOT IN "
            "(SELECT min(rowid) FROM runs WHERE number IS NOT NULL GROUP BY experiment, number)",
            "UPDATE runs SET number = new FROM second WHERE runs.rowid = place",
            "DROP TABLE second",
        ),
        "gave runs that shared a number with another a number of their own",
    ),
    Check(
        "run-status",
        "{n} runs have no status that celltrail knows, or no experiment.",
        "SELECT count(*) FROM runs WHERE number IS NOT NULL AND (status IS NULL "
        f"OR status NOT IN {_STATUSES} OR experiment IS NULL OR started IS NULL)",
        (
            f"UPDATE runs SET status = 'lost' WHERE status IS NULL OR status NOT IN {_STATUSES}",
            "UPDATE runs SET experiment = 'recovered' "
            "WHERE number IS NOT NULL AND experiment IS NULL",
            "UPDATE runs SET started = coalesce(ended, make_timestamp(0)) "
            "WHERE number IS NOT NULL AND started IS NULL",
        ),
        "set what was missing of runs",
    ),
    _reference("previous", "runs", "run", "an earlier run", "earlier runs"),
    _reference("parent", "runs", "run", "a run around them", "surrounding runs"),
    _reference("source", "sources", "sha256", "a source text", "source texts"),
    _reference("git_diff", "sources", "sha256", "a text of changes", "texts of changes"),
    _reference("environment", "environments", "sha256", "an environment", "environments"),
    Check(
        "cell-run",
        "{n} cell executions name a run that is not there.",
        "SELECT count(*) FROM cell_executions WHERE run IS NOT NULL "
        "AND run NOT IN (SELECT run FROM runs) AND run > 0",
        (
            "UPDATE cell_executions SET run = NULL WHERE run IS NOT NULL "
            "AND run NOT IN (SELECT run FROM runs) AND run > 0",
        ),
        "took runs that are not there out of cell executions",
    ),
    Check(
        "run-dataset",
        "{n} datasets are named by runs and not described.",
        "SELECT count(DISTINCT dataset) FROM run_datasets "
        "WHERE dataset NOT IN (SELECT sha256 FROM datasets)",
        (
            "INSERT INTO datasets SELECT DISTINCT dataset, NULL, 'null', 'null', NULL::BIGINT "
            "FROM run_datasets WHERE dataset NOT IN (SELECT sha256 FROM datasets)",
        ),
        "kept the fingerprints of datasets whose description is lost",
    ),
    Check(
        "param-twice",
        "{n} params of a run stand there more than once.",
        _twice("params", "run, key"),
        (
            "DELETE FROM params WHERE rowid NOT IN "
            "(SELECT max(rowid) FROM params GROUP BY run, key)",
        ),
        "kept the last of params that stood there more than once",
    ),
    Check(
        "tag-twice",
        "{n} tags of a run stand there more than once.",
        _twice("tags", "run, tag"),
        ("DELETE FROM tags WHERE rowid NOT IN (SELECT min(rowid) FROM tags GROUP BY run, tag)",),
        "kept one of tags that stood there more than once",
    ),
    Check(
        "meaning-twice",
        "{n} things are said of a metric more than once.",
        _twice("metric_meanings", "metric, field"),
        (
            "DELETE FROM metric_meanings WHERE rowid NOT IN "
            "(SELECT arg_max(rowid, time) FROM metric_meanings GROUP BY metric, field)",
        ),
        "kept what was said last of metrics of which something stood there more than once",
    ),
    Check(
        "summaries",
        "{n} summaries of metrics do not agree with the points.",
        f"SELECT count(*) FROM ({_DISAGREE})",
        (
            f"CREATE TEMP TABLE wrong AS {_DISAGREE}",
            "DELETE FROM summaries USING wrong "
            "WHERE summaries.run = wrong.run AND summaries.key = wrong.key",
            f"INSERT INTO summaries SELECT p.* FROM ({_RECOUNTED}) p "
            "SEMI JOIN wrong ON p.run = wrong.run AND p.key = wrong.key ORDER BY p.run, p.key",
            "DROP TABLE wrong",
        ),
        "computed summaries of metrics anew from their points",
    ),
    Check(
        "blob-damaged",
        "the content of {n} small artifacts is damaged.",
        "SELECT count(*) FROM blobs WHERE sha256(data) != sha256 OR octet_length(data) != size",
        ("DELETE FROM blobs WHERE sha256(data) != sha256 OR octet_length(data) != size",),
        "removed damaged content of small artifacts: logging the same again stores it anew",
    ),
    Check(
        "run-unknown",
        "{n} runs are only known because other records name them: their own are in a spool that "
        "is lost, or on another machine.",
        "SELECT count(*) FROM runs WHERE number IS NULL",
        note=True,
    ),
    Check(
        "point-twice",
        "{n} points stand there more than once, with the same step, time and value; when a spool "
        "was put back from a backup they are copies.",
        _twice("metrics", "run, key, step, time, value, exact"),
        note=True,
    ),
)


def find_row_faults(con: DuckDBPyConnection) -> Iterator[Finding]:
    """Try every check on a store that the connection uses, and that can be read whole."""
    for check in CHECKS:
        count = _count(con, check)
        if count:
            yield Finding(
                check.code,
                check.problem.format(n=f"{count:,}"),
                repairable=bool(check.mend),
                note=check.note,
            )


def mend_rows(con: DuckDBPyConnection) -> Iterator[str]:
    """Put right what the checks find, all in the transaction that is open, and say what."""
    for check in CHECKS:
        count = _count(con, check) if check.mend else 0
        if not count:
            continue
        if check.code == "rows-without-run":
            _recover_runs(con)
        else:
            for statement in check.mend:
                con.execute(statement)
        yield f"{check.done} ({count:,})"


def _count(con: DuckDBPyConnection, check: Check) -> int:
    return int(con.execute(check.count).fetchall()[0][0])


def _recover_runs(con: DuckDBPyConnection) -> None:
    """Make a run for every key that rows belong to and no run has: nothing is thrown away."""
    query = (
        f"SELECT DISTINCT run FROM ({_OWNED}) WHERE run NOT IN (SELECT run FROM runs) ORDER BY 1"
    )
    keys = [key for (key,) in con.execute(query).fetchall()]
    (number,) = con.execute(
        "SELECT coalesce(max(number), 0) FROM runs WHERE experiment = 'recovered'"
    ).fetchall()[0]
    for place, key in enumerate(keys, 1):
        con.execute(
            "INSERT INTO runs BY NAME SELECT $1 AS run, $2 AS id, $3 AS number, "
            "'recovered' AS experiment, 'lost' AS status, coalesce((SELECT min(time) FROM metrics "
            "WHERE run = $1), (SELECT min(time) FROM params WHERE run = $1), make_timestamp(0)) "
            "AS started, '' AS note",
            [key, new_id(), number + place],
        )
