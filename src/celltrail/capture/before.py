"""What a cell reads, taken before it runs."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from celltrail.capture.calls import functions_used, may_bind_unseen, names_read_by_functions
from celltrail.capture.datasets import describe_dataset
from celltrail.capture.measures import is_data_name
from celltrail.capture.plots import is_appearance
from celltrail.capture.special import is_path
from celltrail.capture.values import Nothing, flat, numbers_of, plain
from celltrail.model import DatasetInfo, Inferred

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from celltrail.capture.names import CellNames

__all__ = ["Before", "add_param", "for_itself", "look_before"]

#: Above this many names, only those that the cell itself names are compared.
_MAX_COMPARED = 5_000
_VERSION = re.compile(r"[<>=~^]*\d+(?:\.\d+)+\w*")


def _nothing_is(_name: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of the namespace before the cell runs.

    Parameters
    ----------
    names
        What the cell's source does with names.
    params
        The settings that the cell reads from earlier cells.
    datasets
        The frames and arrays that it reads.
    numbers
        Every number of the namespace; numbers are small, so keeping them keeps nothing
        alive that matters, and comparing by identity is then exact.
    whole
        Whether ``numbers`` covers the whole namespace: where something may bind names unseen.
    ignored
        Says of a name that nothing is inferred from it.
    """

    names: CellNames
    params: Mapping[str, Inferred] = field(default_factory=dict)
    datasets: Sequence[DatasetInfo] = ()
    numbers: Mapping[str, object] = field(default_factory=dict)
    whole: bool = True
    ignored: Callable[[str], bool] = _nothing_is


def look_before(
    names: CellNames,
    namespace: dict[str, object],
    functions: dict[str, object] | None = None,
    *,
    origin: str = "an earlier cell",
    ignored: Callable[[str], bool] = _nothing_is,
    helpers: frozenset[str] = frozenset(),
) -> Before:
    """Take what the cell reads, before it runs.

    Parameters
    ----------
    names
        What the cell does with names.
    namespace
        Where the code finds its names.
    functions
        The notebook's namespace, where that is another: functions defined there are
        followed to what they read.
    origin
        Where what is read comes from, for the reasons.
    ignored
        Says of a name that nothing is inferred from it.
    helpers
        Names that earlier cells bound to counters, indices, sizes and loop targets.
    """
    space = namespace.copy()  # atomic, while other threads may go on binding names
    late = dict(names.late)
    functions = namespace if functions is None else functions
    used = functions_used([*names.reads, *late], functions)
    for name, function in names_read_by_functions(used, functions).items():
        late.setdefault(name, function)
    params: dict[str, Inferred] = {}
    datasets = []
    drawn = names.usage.only_drawn
    for name in dict.fromkeys([*names.reads, *late]):
        if name not in space or name.startswith("_") or ignored(name):
            continue
        value = space[name]
        with for_itself():
            dataset = describe_dataset(name, value)
            if dataset is not None:
                datasets.append(dataset)
            elif (
                (name in names.reads or name not in names.binds)
                and name not in helpers
                and not is_appearance(name)
                and (name not in drawn or name in late)
                # where a function saves its figures to is no setting of the cell that calls it
                and (name in names.reads or not is_path(value))
            ):
                where = "" if name in names.reads else f" by {late[name]}"
                add_param(params, name, value, f"read{where} from {origin}")
    whole = len(space) <= _MAX_COMPARED and may_bind_unseen(names.usage, used)
    compared = space if whole else {n: space[n] for n in names.binds if n in space}
    return Before(names, params, datasets, numbers_of(compared), whole, ignored)


def for_itself() -> AbstractContextManager[None]:
    """Let a value that cannot be read be left out, and take no other with it.

    There are values that nobody has thought of, such as a number too long to be written.
    Of what is left out nothing is said: like any object of an unknown class.

    Examples
    --------
    >>> with for_itself():
    ...     raise ValueError("too long to be written")
    """
    return suppress(Exception)


def add_param(params: dict[str, Inferred], name: str, value: object, reason: str) -> None:
    """Add a setting, if it is one: neither data written out nor the versions of libraries.

    Parameters
    ----------
    params
        To what it is added; the parts of a mapping one by one.
    name, value, reason
        The name, its value, and why it is recorded.

    Examples
    --------
    >>> found = {}
    >>> add_param(found, "lr", 0.1, "assigned a literal on line 1")
    >>> add_param(found, "X_new", [[5.5, 1.7]], "assigned a literal on line 2")
    >>> list(found)
    ['lr']
    """
    if (_is_table(value) and is_data_name(name)) or _are_versions(value):
        return
    found = plain(value)
    if not isinstance(found, Nothing):
        for key, part in flat(name, found).items():
            params[key] = Inferred(part, reason)


def _is_table(value: object) -> bool:
    """Say whether it is a list, or a mapping of lists, such as a frame is made of."""
    if type(value) is dict:
        return bool(value) and all(type(part) is list for part in list(value.values()))
    return type(value) is list


def _are_versions(value: object) -> bool:
    """Say whether all of a mapping's values are versions, such as ``"1.21.2"``.

    One of them has to look like no decimal number.
    """
    if type(value) is not dict or not value:
        return False
    parts = list(value.values())
    if not all(type(part) is str and _VERSION.fullmatch(part) for part in parts):
        return False
    return any(part.count(".") > 1 or not part[0].isdigit() for part in parts)
