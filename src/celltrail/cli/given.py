"""The values that ``celltrail run -p name=value`` gives to a script or a notebook."""

from __future__ import annotations

import ast
import keyword
import math
from typing import TYPE_CHECKING, Any

from celltrail.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["assigned", "assignments", "parse_given"]

_WORDS = {"true": True, "false": False, "null": None, "nan": math.nan, "inf": math.inf}
_WORDS |= {"+inf": math.inf, "-inf": -math.inf}
#: Names that an error lists.
_LISTED = 8


def parse_given(texts: Iterable[str]) -> dict[str, Any]:
    """Read ``name=value`` pairs.

    Parameters
    ----------
    texts
        As on the command line. Values are read as Python's literals, as ``true``, ``false`` and
        ``null``, else as text.

    Returns
    -------
    dict of str to object
        Numbers, texts, booleans, None, and lists and mappings of them.

    Raises
    ------
    UsageError
        For what is no pair, or whose name can be no variable's.

    Examples
    --------
    >>> parse_given(["lr=1e-3", "layers=[64, 32]", "model=resnet", "quick=true"])
    {'lr': 0.001, 'layers': [64, 32], 'model': 'resnet', 'quick': True}
    """
    given = {}
    for text in texts:
        name, separator, value = text.partition("=")
        name = name.strip()
        if not separator or not name.isidentifier() or keyword.iskeyword(name):
            message = f"-p {text}: a param is given as name=value, such as -p lr=0.1."
            raise UsageError(message)
        given[name] = _value(value.strip())
    return given


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        value = ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text
    return value if _is_plain(value) else text


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    if isinstance(value, dict):
        return all(type(k) is str and _is_plain(item) for k, item in value.items())
    return value is None or isinstance(value, bool | int | float | str)


def assignments(given: Mapping[str, Any]) -> str:
    """Give the code of a cell that assigns the values.

    Examples
    --------
    >>> print(assignments({"lr": 0.1, "model": "resnet"}))
    lr = 0.1
    model = 'resnet'
    """
    return "\n".join(f"{name} = {_written(value)}" for name, value in given.items())


def assigned(tree: ast.Module, given: Mapping[str, Any], script: str) -> ast.Module:
    """Let a script assign other values than those that stand in it.

    Parameters
    ----------
    tree
        The script; it is changed.
    given
        The values by their names. Each takes the place of what the script assigns first to that
        name at its top level.
    script
        How the script is called in an error.

    Raises
    ------
    UsageError
        When it does not assign one of the names at its top level.
    """
    places: dict[str, ast.Assign | ast.AnnAssign] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            target = statement.targets[0] if len(statement.targets) == 1 else None
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target = statement.target
        else:
            continue
        if isinstance(target, ast.Name):
            places.setdefault(target.id, statement)
    for name, value in given.items():
        if name not in places:
            raise UsageError(_no_place(name, list(places), script))
        place = places[name]
        new = ast.parse(_written(value), mode="eval").body
        place.value = ast.copy_location(new, place.value or place)
        ast.fix_missing_locations(place)
    return tree


def _no_place(name: str, names: list[str], script: str) -> str:
    listed = ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
    has = f"it assigns {listed}" if names else "it assigns none there"
    return (
        f"-p {name}: {script} assigns no {name} at its top level ({has}). "
        "What the script itself takes as arguments stands behind it."
    )


def _written(value: object) -> str:
    """Write a value as Python reads it anywhere; of floats not all are literals."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, tuple):
        return f"({''.join(f'{_written(item)}, ' for item in value).rstrip()})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k!r}: {_written(v)}' for k, v in value.items())}}}"
    return repr(value)
