"""``celltrail runs`` and ``celltrail sql``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail import api, upkeep
from celltrail.cli.output import frame_records, moment, say, say_data, say_json
from celltrail.cli.terminal import show_table
from celltrail.views.format import format_duration

if TYPE_CHECKING:
    import argparse

    from celltrail.query import Runs

__all__ = ["add_parsers"]

_COLUMNS = ("number", "name", "status", "experiment", "started", "duration")


def add_parsers(commands: Any) -> None:
    """Add the subcommands to what ``ArgumentParser.add_subparsers()`` gave."""
    runs = commands.add_parser(
        "runs",
        help="list runs",
        description="List runs, the newest first.",
    )
    runs.add_argument(
        "where",
        nargs="?",
        help="only runs that this filter holds for, such as "
        '"params.lr < 0.1 and metrics.acc > 0.9" or "started > -7d"',
    )
    runs.add_argument("--order-by", metavar="ORDER", help='such as "metrics.acc desc"')
    runs.add_argument("--experiment", metavar="NAME", help="only runs of this experiment")
    runs.add_argument("--limit", type=int, metavar="N", help="at most so many")
    runs.add_argument(
        "--columns",
        metavar="A,B",
        default="",
        help="further columns, such as params.lr,metrics.acc",
    )
    runs.add_argument(
        "--deleted", action="store_true", help="list the deleted runs, which can be restored"
    )
    form = runs.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything of each run, as JSON")
    form.add_argument("--csv", action="store_true", help="everything of each run, as CSV")
    runs.set_defaults(run=_runs)

    sql = commands.add_parser(
        "sql",
        help="ask the store in SQL",
        description="Run one SELECT over the views v_runs, v_params, v_metrics and v_history. "
        "Nothing can be changed by it, and no other file be read.",
    )
    sql.add_argument("query", help='such as "SELECT name, status FROM v_runs"')
    form = sql.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the rows as JSON")
    form.add_argument("--csv", action="store_true", help="the rows as CSV")
    sql.set_defaults(run=_sql)


def _runs(arguments: argparse.Namespace) -> int:
    if arguments.deleted:
        return _deleted(arguments)
    found = api.runs(
        arguments.where,
        order_by=arguments.order_by,
        experiment=arguments.experiment,
        limit=arguments.limit,
    )
    if arguments.json:
        names = list(found.table().columns)
        say_json([{"id": run_id, **row} for run_id, row in _records(found, names)])
        return 0
    if arguments.csv:
        say_data(str(found.df(system=True).to_csv()).rstrip("\n"))
        return 0
    if not found:
        say("no runs")
        return 0
    further = [name.strip() for name in arguments.columns.split(",") if name.strip()]
    names = [*_COLUMNS, *further]
    rows = [
        [run_id, *(_cell(name, row.get(name)) for name in names)]
        for run_id, row in _records(found, names)
    ]
    show_table(["id", *names], rows)
    return 0


def _records(runs: Runs, names: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """Give id and columns of each run; what a run does not have is left out."""
    table = runs.table(system=True)
    columns = [table.columns[name] for name in names if name in table.columns]
    records = []
    for at, run_id in enumerate(table.ids):
        row = {}
        for column in columns:
            if not column.missing[at]:
                value = column.values[at]
                value = value.item() if hasattr(value, "item") else value
                row[column.name] = moment(value).isoformat() if column.kind == "time" else value
        records.append((run_id, row))
    return records


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "started":
        return str(value)[:19].replace("T", " ")
    if name == "duration":
        return format_duration(value)
    if name == "tags":
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _deleted(arguments: argparse.Namespace) -> int:
    found = upkeep.deleted_runs()
    if arguments.json:
        say_json(
            [
                {
                    "id": run.id,
                    "number": run.number,
                    "name": run.name,
                    "experiment": run.experiment,
                    "status": run.status,
                    "started": moment(run.started).isoformat(),
                    "deleted": moment(run.deleted).isoformat(),
                    "points": run.points,
                }
                for run in found
            ]
        )
    elif not found:
        say("no deleted runs")
    else:
        rows = [
            [
                run.id,
                str(run.number),
                run.name or "",
                run.status,
                run.experiment,
                f"{moment(run.deleted):%Y-%m-%d %H:%M:%S}",
                str(run.points),
            ]
            for run in found
        ]
        show_table(["id", "number", "name", "status", "experiment", "deleted", "points"], rows)
    return 0


def _sql(arguments: argparse.Namespace) -> int:
    frame = api.sql(arguments.query)
    if arguments.json:
        say_json(frame_records(frame))
    elif arguments.csv:
        say_data(str(frame.to_csv(index=False)).rstrip("\n"))
    else:
        say("no rows" if frame.empty else frame.to_string(index=False))
    return 0
