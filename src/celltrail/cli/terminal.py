"""What a terminal shows better than a pipe: tables with colours, as wide as it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from celltrail.cli.output import say_table
from celltrail.cli.printable import printable
from celltrail.model import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = ["STATUS_STYLES", "console", "rich_table", "show_table", "styled"]

#: Colours of a terminal's own palette: its owner has chosen them for its background.
STATUS_STYLES = {
    Status.RUNNING: "blue",
    Status.FINISHED: "green",
    Status.FAILED: "red",
    Status.INTERRUPTED: "yellow",
    Status.LOST: "magenta",
}


def console() -> Console:
    """Give what writes to the terminal; it heeds ``NO_COLOR`` and where nobody looks, no colour."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False)


def styled(cell: str, style: str = "") -> Text:
    """Give a text in which nothing is taken for a command, whoever wrote it."""
    from rich.text import Text

    return Text(printable(" ".join(cell.split())), style=style)


def rich_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Make a table of texts; a cell that is a status has its colour."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    right = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(headings))]
    for heading, to_right in zip(headings, right, strict=True):
        table.add_column(
            styled(heading),
            justify="right" if to_right else "left",
            overflow="ellipsis",
            no_wrap=True,
        )
    for row in rows:
        table.add_row(*(styled(cell, STATUS_STYLES.get(cell, "")) for cell in row))  # type: ignore[call-overload]
    return table


def _is_number(cell: str) -> bool:
    text = cell.replace(",", "").replace("\N{MINUS SIGN}", "-").rstrip("%s ")
    try:
        float(text or "0")
    except ValueError:
        return False
    return True


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Show a table: with colours at a terminal, else as lines that programs can cut up."""
    if sys.stdout.isatty():
        console().print(rich_table(headings, rows))
    else:
        say_table(headings, rows)
