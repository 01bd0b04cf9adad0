"""What a command says, and asks."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
import sys
from typing import TYPE_CHECKING, Any

from celltrail.cli.printable import printable, printable_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from celltrail.store.upkeep import FoundRun

__all__ = [
    "confirm",
    "frame_records",
    "moment",
    "say",
    "say_csv",
    "say_data",
    "say_json",
    "say_result",
    "say_table",
]


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


def say_csv(rows: Iterable[Sequence[object]]) -> None:
    """Write rows as CSV; what is None is an empty field."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    say_data(text.getvalue().removesuffix("\n"))


def frame_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a DataFrame's rows as JSON can hold them, numbers with all their digits.

    What is missing is None, as are NaN and the infinities; moments are ISO 8601.
    """
    columns = {str(name): [_jsonable(value) for value in frame[name]] for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _jsonable(value: Any) -> Any:
    import pandas as pd

    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    value = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    value = value.tolist() if hasattr(value, "tolist") else value
    known = isinstance(value, (str, int, float, bool, list, tuple, dict)) or value is None
    return _plain(value if known else str(value))


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
