"""Take the line ``%%track`` off a cell, so that IPython runs the rest as if it never was.

The transformers keep nothing between cells: IPython calls them twice for most cells, and
for some three times or only once. What the line says is read again from the raw cell by
whoever needs it, with `head_of`.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.core import inputtransformer2

from celltrail.ipython.options import split_statement

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Head", "HeadStripper", "head_of", "padded"]

_CELL = re.compile(r"[ \t]*%%track(?=\s|$)(?P<rest>[^\r\n]*)")
_LINE = re.compile(r"(?P<indent>[ \t]*)%track(?=\s|$)(?P<rest>[^\r\n]*)(?P<end>[\r\n]*)")
#: Cell magics that run their body in place, after transforming it once more.
_AROUND = re.compile(r"[ \t]*%%(?:time|timeit|prun)(?=\s|$)")
_MAGIC_CALL = "get_ipython().run_cell_magic("


@dataclass(frozen=True, slots=True)
class Head:
    """How a cell is tracked.

    Parameters
    ----------
    options
        The text of the options.
    body
        The code that is run.
    kind
        ``"cell"`` for ``%%track``, ``"statement"`` for ``%track STATEMENT``.
    """

    options: str
    body: str
    kind: str


def head_of(raw_cell: str) -> Head | None:
    r"""Tell whether and how a cell is tracked.

    Parameters
    ----------
    raw_cell
        The cell as the user wrote it.

    Returns
    -------
    Head or None
        None for a cell that is not tracked.

    Examples
    --------
    >>> head_of("%%track base -t cv\nx = 1")
    Head(options='base -t cv', body='x = 1', kind='cell')
    >>> head_of("x = 1") is None
    True
    """
    if "%track" not in raw_cell:
        return None
    lines = raw_cell.splitlines(keepends=True)
    return _head_in(lines) or _head_in(_cleaned(lines))


def _cleaned(lines: list[str]) -> list[str]:
    """Do what IPython does to pasted prompts."""
    cleanups: list[Any] = [
        inputtransformer2.leading_empty_lines,
        inputtransformer2.leading_indent,
        inputtransformer2.classic_prompt,
        inputtransformer2.ipython_prompt,
    ]
    for clean in cleanups:
        lines = clean(lines)
    return lines


def _head_in(lines: list[str]) -> Head | None:
    first = _first_line(lines)
    around = first
    while around < len(lines) and _AROUND.match(lines[around]):
        around += 1
    match = _CELL.match(lines[around]) if around < len(lines) else None
    if match is not None:
        body = [*lines[first:around], *lines[around + 1 :]]
        while body and _CELL.match(body[0]):
            body.pop(0)
        return Head(match["rest"].strip(), "".join(body), "cell")
    statement = _only_statement(lines)
    if statement is None:
        return None
    options, code = split_statement(statement["rest"])
    return Head(options, code, "statement")


def _first_line(lines: list[str]) -> int:
    return next((i for i, line in enumerate(lines) if line.strip()), len(lines))


def _only_statement(lines: list[str]) -> re.Match[str] | None:
    """Give ``%track STATEMENT`` where it is all that the cell has."""
    first = _first_line(lines)
    if first == len(lines) or any(line.strip() for line in lines[first + 1 :]):
        return None
    match = _LINE.match(lines[first])
    if match is None or match["rest"].endswith("\\") or not split_statement(match["rest"])[1]:
        return None
    return match


class HeadStripper:
    """The three input transformers.

    ``first`` stands before IPython's own, since after them an indented or blank-led body
    could not be told from the user's; ``pasted`` stands after them, for heads within
    pasted prompts; ``pad`` at the very end puts an empty line in the place of the head, so
    that the lines of tracebacks and breakpoints are those of the notebook. Earlier it would
    hide ``%%time`` on the next line, and make two lines of a one-line body, which IPython
    then does not autocall.
    """

    def __init__(self) -> None:
        self._local = threading.local()

    def first(self, lines: list[str]) -> list[str]:
        """Take the head off the cell as the user wrote it."""
        self._local.removed = 0
        return self._strip(lines)

    def pasted(self, lines: list[str]) -> list[str]:
        """Take the head off a cell whose prompts have been taken off."""
        return self._strip(lines)

    def pad(self, lines: list[str]) -> list[str]:
        """Put as many empty lines in front as were taken off."""
        try:
            removed = getattr(self._local, "removed", 0)
            self._local.removed = 0
            if not removed or (len(lines) == 1 and lines[0].startswith(_MAGIC_CALL)):
                return lines
            return ["\n"] * removed + lines
        except Exception:  # noqa: BLE001  # a fault of ours must not stop the cell; only the line numbers differ
            return lines

    # IPython leaves such transformers out when it asks whether the input is complete:
    # without its head a cell would be sent off at the first Enter in a terminal.
    first.has_side_effects = True  # type: ignore[attr-defined]
    pasted.has_side_effects = True  # type: ignore[attr-defined]
    pad.has_side_effects = True  # type: ignore[attr-defined]

    def _strip(self, lines: list[str]) -> list[str]:
        try:
            start = _first_line(lines)
            end = start
            while end < len(lines) and _CELL.match(lines[end]):
                end += 1
            if end > start:
                self._local.removed = getattr(self._local, "removed", 0) + end
                return lines[end:] or ["\n"]
            match = _only_statement(lines)
            if match is None:
                return lines
            code = split_statement(match["rest"])[1]
            return [*lines[:start], match["indent"] + code + (match["end"] or "\n")]
        except Exception:  # noqa: BLE001  # a fault of ours must not stop the cell: then IPython finds the magic
            return lines


def padded(code: str, transformers: Iterable[Any]) -> str:
    """Do to a cell what the last of our own transformers does."""
    for transformer in transformers:
        if isinstance(getattr(transformer, "__self__", None), HeadStripper):
            code = "".join(transformer(code.splitlines(keepends=True)))
    return code
