"""What a command says, and asks."""

from __future__ import annotations

import datetime as dt
import json
import math
import sys
from typing import TYPE_CHECKING, Any

from celltrail.cli.printable import printable, printable_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from celltrail.store.upkeep import FoundRun

__all__ = ["confirm", "moment", "say", "say_data", "say_json", "say_result", "say_table"]


#: Runs that are shown before something is done to them.
_SHOWN = 20
_TIME = "%Y-%m-%d %H:%M:%S"


def say(text: str) -> None:
    """Write a line, or several, for people."""
    sys.stdout.write(f"{printable(text)}\n")


def say_data(text: str) -> None:
    """Write what programs read as it is, unless it is a terminal that reads it."""
    sys.stdout.write(f"{printable(text) if sys.stdout.isatty() else text}\n")


def say_result(result: object) -> None:
    """Write what was done, as it shows itself."""
    say(repr(result).removeprefix("<").removesuffix(">"))


def say_json(value: Any) -> None:
    """Write JSON, in which NaN and the infinities are null: other programs know none."""
    say(printable_json(json.dumps(_plain(value), ensure_ascii=False, indent=2)))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def say_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write texts in columns, numbers to the right."""
    for line in _table(headings, rows):
        say(line)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    lines = [[printable(" ".join(cell.split())) for cell in line] for line in (headings, *rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    right = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(headings))]
    for line in lines:
        cells = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _is_number(cell: str) -> bool:
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True


def moment(microseconds: int) -> dt.datetime:
    """Give a moment in local time."""
    return dt.datetime.fromtimestamp(microseconds / 1e6, dt.UTC).astimezone()


def confirm(arguments: argparse.Namespace, what: str, runs: Sequence[FoundRun]) -> bool:
    """Ask before something is destroyed, unless ``--yes`` was given.

    Parameters
    ----------
    arguments
        With ``yes``.
    what
        What is about to happen, as a sentence without its end.
    runs
        The runs that it happens to, which are shown.

    Returns
    -------
    bool
        False when it must not be done; then that was said.
    """
    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        sys.stderr.write(f"celltrail: {what}: give --yes, there is no terminal to ask at.\n")
        return False
    rows = [
        [run.id, run.name or f"run {run.number}", run.experiment, f"{moment(run.started):{_TIME}}"]
        for run in runs[:_SHOWN]
    ]
    for line in _table(["id", "name", "experiment", "started"], rows):
        sys.stderr.write(f"{line}\n")
    if len(runs) > _SHOWN:
        sys.stderr.write(f"… and {len(runs) - _SHOWN:,} more\n")
    sys.stderr.write(f"{what}. Go on? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    sys.stderr.write("celltrail: nothing was done.\n")
    return False
