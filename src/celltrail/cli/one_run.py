"""``celltrail show``: all that is known of one run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from celltrail import api
from celltrail.cli.output import say, say_json
from celltrail.cli.printable import printable
from celltrail.cli.terminal import STATUS_STYLES, console, show_table, styled
from celltrail.errors import RunNotFoundError
from celltrail.store import CurveQuery, open_store
from celltrail.views.format import format_duration, format_metric, format_shape, format_value
from celltrail.views.sparkline import sparkline

if TYPE_CHECKING:
    import argparse

    from celltrail.query import Run

__all__ = ["add_parser", "find_run"]

_WIDTH = 24
_OUTPUT = 40


def add_parser(commands: Any) -> None:
    """Add the subcommand to what ``ArgumentParser.add_subparsers()`` gave."""
    show = commands.add_parser(
        "show",
        help="show one run",
        description="Show all that is known of a run: params with the reason why they were "
        "recorded, metrics with their curves, code, outputs, data, artifacts and error.",
    )
    show.add_argument("reference", metavar="RUN", help="its id, its beginning, a name or a number")
    show.add_argument("--json", action="store_true", help="the same as JSON")
    show.set_defaults(run=_show)


def find_run(reference: str) -> Run:
    """Read a run by what stands on the command line; a whole number is a number or a name."""
    try:
        return api.run(reference)
    except RunNotFoundError:
        if not reference.isascii() or not reference.isdigit():
            raise
        return api.run(int(reference))


def _curve(run: Run, metric: str) -> str:
    """Draw a metric of a run as a line of text."""
    found = open_store(run.store_path).curves([run.id], metric, CurveQuery(buckets=_WIDTH))
    return sparkline(found.value.tolist(), _WIDTH)


def _show(arguments: argparse.Namespace) -> int:
    run = find_run(arguments.reference)
    if arguments.json:
        say_json(_as_json(run))
        return 0
    _head(run)
    reasons = run.reasons
    if run.params:
        _section("params")
        rows = [
            [name, format_value(value, limit=120), reasons.get(name, "")]
            for name, value in run.params.items()
        ]
        show_table(["param", "value", "why"], rows)
    if run.metrics:
        _section("metrics")
        show_table(["metric", "last", "least", "greatest", "points", "curve"], _metrics(run))
    if run.artifacts:
        _section("artifacts")
        rows = [
            [a.name, a.kind, "" if a.step is None else str(a.step), f"{a.size:,}"]
            for a in run.artifacts
        ]
        show_table(["artifact", "kind", "step", "bytes"], rows)
    if run.datasets:
        _section("data")
        rows = [[d.name, d.kind, format_shape(d.shape)] for d in run.datasets]
        show_table(["name", "type", "shape"], rows)
    _texts(run)
    return 0


def _head(run: Run) -> None:
    parts = [run.status.value, run.experiment, f"run {run.number}", run.id]
    if run.duration is not None:
        parts.insert(1, format_duration(run.duration))
    parts.append(f"{run.started.astimezone():%Y-%m-%d %H:%M:%S %Z}")
    if sys.stdout.isatty():
        line = styled(run.label, "bold")
        line.append("  ● ", style=STATUS_STYLES[run.status])
        console().print(line.append_text(styled(" · ".join(parts))))
    else:
        say(f"{run.label}: {', '.join(parts)}")
    if run.tags:
        say(f"tags: {', '.join(run.tags)}")
    if run.note:
        say(f"note: {run.note}")


def _section(name: str) -> None:
    if not sys.stdout.isatty():
        say("")
        say(f"{name}:")


def _metrics(run: Run) -> list[list[str]]:
    rows = []
    for name, found in run.summaries.items():
        meaning = run.meaning(name)
        values = [format_metric(v, meaning) for v in (found.last, found.min, found.max)]
        curve = _curve(run, name) if found.count > 1 else ""
        rows.append([name, *values, f"{found.count:,}", curve])
    return rows


def _texts(run: Run) -> None:
    if run.source:
        _section("code")
        if sys.stdout.isatty():
            from rich.syntax import Syntax

            code = Syntax(printable(run.source), "python", theme="ansi_dark", line_numbers=True)
            console().print(code)
        else:
            say(run.source)
    shown = [output for output in run.outputs if output.text and output.kind != "error"]
    if shown:
        _section("outputs")
        for output in shown:
            lines = (output.text or "").rstrip("\n").split("\n")
            for line in lines[-_OUTPUT:]:
                say(f"│ {line}")
    if run.error is not None:
        _section("error")
        say(run.error.traceback or f"{run.error.type}: {run.error.message}")


def _as_json(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "number": run.number,
        "name": run.name,
        "experiment": run.experiment,
        "status": run.status.value,
        "started": run.started.isoformat(),
        "duration": run.duration,
        "tags": run.tags,
        "note": run.note,
        "params": run.params,
        "reasons": run.reasons,
        "metrics": {
            name: {"last": s.last, "min": s.min, "max": s.max, "mean": s.mean, "count": s.count}
            for name, s in run.summaries.items()
        },
        "artifacts": [
            {"name": a.name, "kind": a.kind, "step": a.step, "bytes": a.size, "sha256": a.sha256}
            for a in run.artifacts
        ],
        "datasets": [
            {"name": d.name, "type": d.kind, "shape": list(d.shape)} for d in run.datasets
        ],
        "source": run.source,
        "outputs": [{"kind": o.kind, "name": o.name, "text": o.text} for o in run.outputs],
        "error": None
        if run.error is None
        else {"type": run.error.type, "message": run.error.message},
        "git": run.git,
        "environment": run.environment,
    }
