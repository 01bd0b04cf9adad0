"""The still form of charts that are not drawn by hand: their numbers, as a small table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.views.format import escape, shorten
from celltrail.views.theme import FAINT, FONT, LINE, TABULAR

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Numbers"]

_ROWS = 12
_CELL = 60


class Numbers:
    """A table of what a chart shows.

    Parameters
    ----------
    title, caption
        What the chart is of, and how much of it is shown.
    heads
        The names of the columns.
    rows
        Texts; of more than 12 the first are shown, and the number of the others.
    """

    def __init__(
        self, title: str, caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]
    ) -> None:
        self.title, self.caption = title, caption
        self.heads = [shorten(head, _CELL) for head in heads]
        self.rows = [[shorten(cell, _CELL) for cell in row] for row in rows[:_ROWS]]
        self.more = max(0, len(rows) - _ROWS)

    def html(self) -> str:
        """Give it as HTML that survives a sanitizer."""
        style = f"padding:2px 14px 2px 0;text-align:left;border-bottom:{LINE};{TABULAR}"
        heads = "".join(
            f'<th style="{style};font-weight:600">{escape(head)}</th>' for head in self.heads
        )
        rows = "".join(
            "<tr>"
            + "".join(f'<td style="{style}"><bdi>{escape(cell)}</bdi></td>' for cell in row)
            + "</tr>"
            for row in self.rows
        )
        more = f'<div style="{FAINT}">and {self.more:,} more</div>' if self.more else ""
        table = (
            f'<table style="border-collapse:collapse;margin:6px 0"><tr>{heads}</tr>{rows}</table>'
        )
        return (
            f'<div style="{FONT}"><b>{escape(shorten(self.title, 200))}</b>'
            f'<div style="{FAINT};font-size:12px">{escape(self.caption)}</div>'
            f"{table if self.rows else ''}{more}</div>"
        )

    def text(self) -> str:
        """Give it as text."""
        table = [self.heads, *self.rows] if self.rows else []
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            for row in table
        ]
        more = [f"  and {self.more:,} more"] if self.more else []
        head = f"{shorten(self.title, 200)} ({self.caption})"
        return "\n".join([head, *(line.rstrip() for line in lines), *more])
