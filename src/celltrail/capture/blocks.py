"""Find the source of the block of code that is being executed."""

from __future__ import annotations

import ast
import textwrap

from celltrail.capture.parse import parse_quietly

__all__ = ["block_source"]

#: Beyond this many lines a file is not parsed only to find one block in it.
_MAX_LINES = 5_000


def block_source(source: str, line: int) -> str:
    r"""Give the text of the innermost ``with`` statement around a line, else its statement.

    Parameters
    ----------
    source
        The text of the whole cell or file.
    line
        The line that is executed, counted from 1.

    Returns
    -------
    str
        The block, its indentation taken off; empty when the source cannot be parsed or is
        not known.

    Examples
    --------
    >>> block_source("a = 1\nwith f() as run:\n    b = 2\n", 2)
    'with f() as run:\n    b = 2'
    """
    lines = source.splitlines()
    if not lines or len(lines) > _MAX_LINES:
        return ""
    try:
        tree = parse_quietly(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    blocks = [node for node in around if isinstance(node, (ast.With, ast.AsyncWith))]
    chosen = (blocks or around)[-1:]  # walked from the outside in
    if not chosen:
        return ""
    return textwrap.dedent("\n".join(lines[chosen[0].lineno - 1 : chosen[0].end_lineno]))
