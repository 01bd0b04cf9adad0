"""What the functions of a notebook do with its names when a cell calls them."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from celltrail.capture.usage import Usage

__all__ = [
    "found_at",
    "functions_used",
    "is_defined_in",
    "may_bind_unseen",
    "names_read_by_functions",
    "words_of",
]

_MAX_FUNCTIONS = 50
#: What runs code that the cell's source does not show.
_RUNNERS = frozenset(
    {
        "eval", "ex", "exec", "globals", "push", "run_cell", "run_cell_magic", "run_line_magic",
        "runpy", "safe_execfile", "update", "setattr", "vars",
    }
)  # fmt: skip


def is_defined_in(namespace: Mapping[str, object], found: object) -> bool:
    """Say whether an object is a plain function that the notebook itself defined.

    Parameters
    ----------
    namespace
        The notebook's namespace.
    found
        Any object. Nothing of it is called.

    Examples
    --------
    >>> space = {}
    >>> exec("def fit(): pass", space)
    >>> is_defined_in(space, space["fit"]), is_defined_in(space, print)
    (True, False)
    """
    return type(found) is FunctionType and found.__globals__ is namespace


def found_at(path: Sequence[str], namespace: Mapping[str, object]) -> tuple[object, bool]:
    """Find what a dotted name stands for, as far as it leads through modules.

    Parameters
    ----------
    path
        The parts of the name.
    namespace
        The notebook's names. Nothing is asked of any object but of modules.

    Returns
    -------
    tuple
        The object, None where there is none; and whether parts are left, so that what is
        called is a method of it.

    Examples
    --------
    >>> import math
    >>> found_at(["math", "sqrt"], {"math": math})[0] is math.sqrt
    True
    >>> found_at(["text", "upper"], {"text": "a"})
    ('a', True)
    """
    found = namespace.get(path[0])
    for part in path[1:]:
        if type(found) is not ModuleType:
            return found, found is not None
        found = ModuleType.__getattribute__(found, "__dict__").get(part)
    return found, False


def functions_used(
    names: Iterable[str], namespace: Mapping[str, object]
) -> list[tuple[str, FunctionType]]:
    r"""Give the functions of the notebook among some names, and those that they use in turn.

    Parameters
    ----------
    names
        Names that the cell reads.
    namespace
        The notebook's namespace. Only plain functions defined in it are looked into, by
        their code; nothing is called.

    Examples
    --------
    >>> space = {}
    >>> exec("def fit(): return step()\ndef step(): return 1", space)
    >>> [name for name, _ in functions_used(["fit"], space)]
    ['fit', 'step']
    """
    found = []
    todo = list(names)
    seen: set[str] = set()
    while todo and len(seen) < _MAX_FUNCTIONS:
        name = todo.pop()
        function = namespace.get(name)
        if type(function) is not FunctionType or name in seen:
            continue
        seen.add(name)
        if is_defined_in(namespace, function):
            found.append((name, function))
            todo += _globals_of(function.__code__)
    return found


def names_read_by_functions(
    functions: Iterable[tuple[str, FunctionType]], namespace: Mapping[str, object]
) -> dict[str, str]:
    """Give the globals that functions of the notebook read, each with the function's name.

    Parameters
    ----------
    functions
        What `functions_used` gives.
    namespace
        The notebook's namespace.

    Returns
    -------
    dict
        Name to the function that reads it, such as ``{"lr": "fit()"}``.

    Examples
    --------
    >>> space = {"lr": 0.1}
    >>> exec("def fit(): return lr * 2", space)
    >>> names_read_by_functions(functions_used(["fit"], space), space)
    {'lr': 'fit()'}
    """
    found: dict[str, str] = {}
    for name, function in functions:
        for read in _globals_of(function.__code__):
            if read in namespace:
                found.setdefault(read, f"{name}()")
    return found


def may_bind_unseen(usage: Usage, functions: Iterable[tuple[str, FunctionType]]) -> bool:
    """Say whether what a cell runs may bind names that its source does not show.

    Parameters
    ----------
    usage
        What the cell does.
    functions
        What `functions_used` gives.

    Examples
    --------
    >>> from celltrail.capture.names import analyse
    >>> may_bind_unseen(analyse("exec('x = 1')").usage, [])
    True
    """
    if usage.declares_global or any(call.name in _RUNNERS for call in usage.calls):
        return True
    return any(_stores_globals(function.__code__) for _, function in functions)


@lru_cache(maxsize=512)
def words_of(code: CodeType) -> frozenset[str]:
    """Give the globals and attributes that a function names, with those of functions within it.

    Examples
    --------
    >>> sorted(words_of((lambda x: np.mean(x)).__code__))
    ['mean', 'np']
    """
    inner = [words_of(part) for part in code.co_consts if type(part) is CodeType]
    return frozenset(code.co_names).union(*inner)


@lru_cache(maxsize=512)
def _stores_globals(code: CodeType) -> bool:
    if any(i.opname in ("STORE_GLOBAL", "DELETE_GLOBAL") for i in dis.get_instructions(code)):
        return True
    return any(_stores_globals(inner) for inner in code.co_consts if type(inner) is CodeType)


@lru_cache(maxsize=512)
def _globals_of(code: CodeType) -> tuple[str, ...]:
    reads = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    for inner in code.co_consts:
        if type(inner) is CodeType:
            reads.update(_globals_of(inner))
    return tuple(sorted(reads))
