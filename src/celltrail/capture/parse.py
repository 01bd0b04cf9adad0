"""Parse source code without a trace in the warnings that the user sees."""

from __future__ import annotations

import ast
import contextlib
import warnings
from functools import lru_cache

__all__ = ["parse_quietly"]

#: Stands for the file in what the parser warns of, so that one filter hits only that.
_NAME = "<celltrail parses>"
_FILTER = ("ignore", None, Warning, _NAME, 0)


@lru_cache(maxsize=2)  # several look at the cell that is about to run
def parse_quietly(code: str) -> ast.Module:
    r"""Parse code, with no warning shown, counted or made an error.

    Parameters
    ----------
    code
        Python code.

    Returns
    -------
    ast.Module
        The tree, to be read only: others are given it too.

    Raises
    ------
    SyntaxError, ValueError, RecursionError, MemoryError
        For what `ast.parse` cannot read.

    Notes
    -----
    The parser warns of things such as ``"\d"``; the user gets that from the compilation
    of the code itself. ``warnings.catch_warnings`` would do more than is wanted: entering
    and leaving it makes Python forget which warnings it has shown, so a warning that is
    shown once would be shown again after every parse. So one filter is put in front of the
    list and taken out again. It holds for no warning of anything else, hence threads that
    warn meanwhile, and lists that they copy meanwhile, come to no harm, and no lock is
    needed.

    Examples
    --------
    >>> len(parse_quietly("a = 1\nb = 2").body)
    2
    """
    filters: list[object] = warnings.filters  # type: ignore[assignment]
    try:
        filters.insert(0, _FILTER)
        return ast.parse(code, _NAME)
    finally:
        with contextlib.suppress(ValueError):  # reset by another thread
            filters.remove(_FILTER)
