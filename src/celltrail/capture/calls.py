"""Which settings of earlier cells the functions that a cell uses read when they run."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["names_read_by_functions"]

_MAX_FUNCTIONS = 50


def names_read_by_functions(
    names: Iterable[str], namespace: Mapping[str, object]
) -> dict[str, str]:
    """Give the globals that functions of the notebook read, each with the function's name.

    Parameters
    ----------
    names
        Names that the cell reads; those that are functions of the notebook are followed,
        and the functions that these read in turn.
    namespace
        The notebook's namespace. Only plain functions defined in it are looked into, by
        their code; nothing is called.

    Returns
    -------
    dict
        Name to the function that reads it, such as ``{"lr": "fit()"}``.

    Examples
    --------
    >>> space = {"lr": 0.1}
    >>> exec("def fit(): return lr * 2", space)
    >>> names_read_by_functions(["fit"], space)
    {'lr': 'fit()'}
    """
    found: dict[str, str] = {}
    todo = list(names)
    seen: set[str] = set()
    while todo and len(seen) < _MAX_FUNCTIONS:
        name = todo.pop()
        function = namespace.get(name)
        if type(function) is not FunctionType or name in seen:
            continue
        seen.add(name)
        if function.__globals__ is not namespace:
            continue
        for read in _globals_of(function.__code__):
            if read in namespace:
                found.setdefault(read, f"{name}()")
                todo.append(read)
    return found


@lru_cache(maxsize=512)
def _globals_of(code: CodeType) -> tuple[str, ...]:
    reads = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    for inner in code.co_consts:
        if type(inner) is CodeType:
            reads.update(_globals_of(inner))
    return tuple(sorted(reads))
