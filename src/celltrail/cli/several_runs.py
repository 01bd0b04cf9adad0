"""``celltrail compare`` and ``celltrail watch``."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from celltrail import api
from celltrail.cli.one_run import find_run
from celltrail.cli.output import say, say_csv, say_json
from celltrail.cli.terminal import console, rich_table, show_table
from celltrail.errors import UsageError
from celltrail.model import Status
from celltrail.query.seeds import seeds_of
from celltrail.store import CurveQuery
from celltrail.views.comparison import compare_runs
from celltrail.views.format import format_duration, format_metric, plural
from celltrail.views.sparkline import sparkline
from celltrail.views.static_comparison import code_difference

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from celltrail.query import Run, Runs
    from celltrail.views.comparison import ComparedRow

__all__ = ["add_parsers"]

_COMPARED = 12
_CODE = 60
_METRICS = 4
_WIDTH = 16


def add_parsers(commands: Any) -> None:
    """Add the subcommands to what ``ArgumentParser.add_subparsers()`` gave."""
    compare = commands.add_parser(
        "compare",
        help="put runs side by side",
        description="Put runs side by side: params, metrics, data and packages that differ, and "
        "how the code of the first two differs. The best of a metric has a star, and where runs "
        "differ by no more than their seeds make them differ stands an ≈.",
    )
    compare.add_argument("references", metavar="RUN", nargs="*", help="as for show")
    compare.add_argument("--where", metavar="FILTER", help="or the runs that this holds for")
    compare.add_argument("--all", action="store_true", help="also what is the same in all")
    form = compare.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the rows as JSON")
    form.add_argument("--csv", action="store_true", help="the rows as CSV")
    compare.set_defaults(run=_compare)

    watch = commands.add_parser(
        "watch",
        help="follow runs while they are recorded",
        description="Show the newest runs with their curves and follow them, until Ctrl+C. "
        "Where no terminal looks, it says once how they stand.",
    )
    watch.add_argument("where", nargs="?", help="only runs that this filter holds for")
    watch.add_argument("--metric", action="append", metavar="NAME", help="may be given repeatedly")
    watch.add_argument("--limit", type=int, default=15, metavar="N", help="at most so many (15)")
    watch.add_argument(
        "--every", type=float, default=1.0, metavar="SECONDS", help="between two looks (1)"
    )
    watch.add_argument("--once", action="store_true", help="say how they stand and end")
    watch.set_defaults(run=_watch)


def _chosen(arguments: argparse.Namespace) -> Runs:
    if arguments.where is not None:
        if arguments.references:
            message = "give runs or --where, not both."
            raise UsageError(message)
        return api.runs(arguments.where)
    if len(arguments.references) < 2:
        message = "give two runs or more to compare, or --where."
        raise UsageError(message)
    found = [find_run(reference) for reference in arguments.references]
    return api.runs().select([run.id for run in found])


def _compare(arguments: argparse.Namespace) -> int:
    runs = _chosen(arguments)
    if not len(runs):
        say("no runs")
        return 0
    loaded = runs.together()
    compared = compare_runs(loaded, seeds_of(runs))
    rows = [row for row in compared.rows if row.differs or arguments.all]
    heads = [head["label"] for head in compared.heads]
    if arguments.json:
        said = [_as_json(row, loaded) for row in rows]
        runs_said = [{k: head[k] for k in ("id", "label", "status")} for head in compared.heads]
        say_json({"runs": runs_said, "rows": said, "notes": compared.notes})
        return 0
    if arguments.csv:
        lines = [[row.group, row.name, *_values(row, loaded)] for row in rows]
        say_csv([["group", "name", *heads], *lines])
        return 0
    shown = heads[:_COMPARED]
    for note in compared.notes:
        say(note)
    if len(heads) > len(shown):
        say(f"{len(shown)} of {plural(len(heads), 'run')} shown; --csv has all.")
    statuses = ["", "status", *(head["status"] for head in compared.heads[:_COMPARED])]
    show_table(["", "", *shown], [statuses, *(_line(row, len(shown)) for row in rows)])
    for line in code_difference(compared)[:_CODE]:
        say(line)
    return 0


def _values(row: ComparedRow, runs: Sequence[Run]) -> list[Any]:
    """Give what a row compares, numbers with all their digits."""
    if row.group == "params":
        return [run.params.get(row.name) for run in runs]
    if row.group == "metrics":
        return [run.metrics.get(row.name) for run in runs]
    return list(row.texts)


def _as_json(row: ComparedRow, runs: Sequence[Run]) -> dict[str, Any]:
    return {
        "group": row.group,
        "name": row.name,
        "unit": row.unit,
        "values": _values(row, runs),
        "differs": row.differs,
        "best": [runs[place].id for place in row.best],
        "seeds_explain_it": row.is_unsure,
    }


def _line(row: ComparedRow, count: int) -> list[str]:
    name = f"{row.name} ({row.unit})" if row.unit else row.name
    sign = " ≈" if row.is_unsure else ""
    cells = [
        "–" if text is None else f"{text} ★" if place in row.best else text
        for place, text in enumerate(row.texts[:count])
    ]
    return [row.group, f"{name}{sign}", *cells]


def _watch(arguments: argparse.Namespace) -> int:
    if not sys.stdout.isatty() or arguments.once:
        heading, rows = _standing(arguments, {})
        show_table(heading, rows)
        return 0
    from rich.live import Live

    kept: dict[tuple[str, str], str] = {}
    terminal = console()
    # The screen stays as it was: what was watched is still there when it is over.
    with Live(console=terminal, auto_refresh=False, vertical_overflow="ellipsis") as live:
        while True:
            heading, rows = _standing(arguments, kept)
            live.update(rich_table(heading, rows), refresh=True)
            time.sleep(max(0.05, arguments.every))


def _standing(
    arguments: argparse.Namespace, kept: dict[tuple[str, str], str]
) -> tuple[list[str], list[list[str]]]:
    """Give the table of how runs stand; curves of those that are over are kept."""
    runs = api.runs(arguments.where, limit=max(1, arguments.limit))
    known = runs.metric_names()
    names = [name for name in arguments.metric or known[:_METRICS] if name in known]
    order = sorted(runs.together(), key=lambda run: run.status is not Status.RUNNING)
    curves = {name: _curves(runs, order, name, kept) for name in names}
    rows = [
        [
            run.label,
            run.status.value,
            format_duration(_elapsed(run)),
            *(cell for name in names for cell in (_last(run, name), curves[name].get(run.id, ""))),
        ]
        for run in order
    ]
    heading = ["run", "status", "time"]
    for name in names:
        heading += [name, ""]
    return heading, rows


def _elapsed(run: Run) -> float:
    return run.duration if run.duration is not None else time.time() - run.started.timestamp()


def _last(run: Run, metric: str) -> str:
    value = run.metrics.get(metric)
    return "" if value is None else format_metric(value, run.meaning(metric))


def _curves(
    runs: Runs, order: Sequence[Run], metric: str, kept: dict[tuple[str, str], str]
) -> dict[str, str]:
    """Draw the curves of a metric, all that are not known yet by one read."""
    wanted = [
        run.id
        for run in order
        if metric in run.summaries
        and run.summaries[metric].count > 1
        and (run.id, metric) not in kept
    ]
    found = {run.id: kept[run.id, metric] for run in order if (run.id, metric) in kept}
    if not wanted:
        return found
    read = runs.curves(metric, CurveQuery(buckets=_WIDTH, each=True), wanted)
    for place, run_id in enumerate(wanted):
        found[run_id] = sparkline(read.value[read.run == place].tolist(), _WIDTH)
    over = {run.id for run in order if run.status is not Status.RUNNING}
    kept.update({(run_id, metric): found[run_id] for run_id in wanted if run_id in over})
    return found
