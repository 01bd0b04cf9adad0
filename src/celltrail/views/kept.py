"""What was chosen in a view's page, kept in the notebook: its cell, run again, takes it up.

The choices stand in the metadata of the view's output, so they are saved with the notebook and
travel with it. When the cell runs again they are known from this process, or read from the
notebook's file as it was last saved.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import traitlets
from IPython.core.getipython import get_ipython

from celltrail.capture.frontend import notebook_of
from celltrail.errors import CelltrailError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import ipywidgets

__all__ = ["METADATA", "Choices", "Place", "next_place", "request"]

#: Under this name they stand in the metadata of an output.
METADATA = "celltrail"
#: Characters of choices that a notebook keeps; of more (thousands of runs selected) none.
_MOST = 20_000
#: Larger notebooks are not read for a few choices.
_MAX_FILE = 64 << 20
#: With this VS Code's names of cells begin.
_VSCODE = "vscode-notebook-cell:"
#: Cells whose choices this process knows.
_CELLS = 1_000

Made = dict[str, dict[str, list[Any]]]


class Place(NamedTuple):
    """The cell in which a view stands, and which of the cell's views it is."""

    cell: str
    number: int


#: The request that was last seen, and how many views it has shown.
_counted: tuple[str, int] = ("", 0)
_known: OrderedDict[Place, Made] = OrderedDict()


def request() -> dict[str, Any] | None:
    """Give the request in which the kernel runs a cell now."""
    shell: Any = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else None
    return parent if isinstance(parent, dict) else None


def next_place(parent: Mapping[str, Any] | None) -> Place | None:
    """Give the place of a view that is shown now; None where no front end says the cell.

    Parameters
    ----------
    parent
        The request that shows it.
    """
    global _counted
    cell = _cell_of(parent or {})
    if not cell:
        return None
    message = str(((parent or {}).get("header") or {}).get("msg_id", ""))
    count = _counted[1] if _counted[0] == message else 0
    _counted = (message, count + 1)
    return Place(cell, count)


def _cell_of(parent: Mapping[str, Any]) -> str:
    metadata = parent.get("metadata") or {}
    cell = metadata.get("cellId") or (metadata.get("colab") or {}).get("cell_id")
    if isinstance(cell, str) and cell.startswith(_VSCODE):
        # It is of this session: in the notebook's file the cell has another id, and this code.
        return _code_id(str((parent.get("content") or {}).get("code", "")))
    return cell if isinstance(cell, str) else ""


def _code_id(code: str) -> str:
    return f"code {hashlib.sha1(code.encode(), usedforsecurity=False).hexdigest()}"


class Choices:
    """What is chosen in the page of a view, and where that is kept.

    Parameters
    ----------
    parts
        The widgets of the view by a name, each with those of its traits that are kept.
    place
        Where the view stands.
    changed
        Is called when there is something new to keep.
    """

    def __init__(
        self,
        parts: Mapping[str, tuple[ipywidgets.Widget, Sequence[str]]],
        place: Place,
        changed: Callable[[], None],
    ) -> None:
        self._parts, self._place, self._changed = parts, place, changed
        self._given = {
            (part, name): getattr(widget, name)
            for part, (widget, names) in parts.items()
            for name in names
        }
        self._made: Made = {}
        self._take_up(_known.get(place) or _saved(place))
        for part, (widget, names) in parts.items():
            widget.observe(partial(self._note, part), list(names))

    def _take_up(self, made: Any) -> None:
        """Choose what was chosen, where the cell's code asks for the same as it did then."""
        for part, name, given, value in _entries(made):
            if part not in self._parts or name not in self._parts[part][1]:
                continue
            if json.dumps(self._given[part, name]) != json.dumps(given):
                continue
            try:
                setattr(self._parts[part][0], name, value)
            except (CelltrailError, traitlets.TraitError, TypeError, ValueError):
                continue  # of runs or columns that are gone
            self._made.setdefault(part, {})[name] = [given, value]
        self._keep()

    def _note(self, part: str, change: Any) -> None:
        name, widget = change["name"], change["owner"]
        # What the page says is set under this lock; what code says is said again by the code.
        if name in widget._property_lock:
            said = [self._given[part, name], change["new"]]
            self._made.setdefault(part, {})[name] = said
        else:
            self._made.get(part, {}).pop(name, None)
        self._keep()
        self._changed()

    def _keep(self) -> None:
        made = {
            part: kept
            for part, said in self._made.items()
            if (kept := {name: both for name, both in said.items() if both[0] != both[1]})
        }
        _known[self._place] = made
        _known.move_to_end(self._place)
        if len(_known) > _CELLS:
            _known.popitem(last=False)

    def metadata(self) -> dict[str, Any]:
        """Give the metadata of the view's output: empty where nothing was chosen."""
        made = _known.get(self._place)
        if not made or len(json.dumps(made)) > _MOST:
            return {}
        return {METADATA: {"view": self._place.number, "chosen": made}}


def _entries(made: Any) -> list[tuple[str, str, Any, Any]]:
    """Read choices that may be from anybody's notebook."""
    found = []
    for part, said in made.items() if isinstance(made, dict) else ():
        for name, both in said.items() if isinstance(said, dict) else ():
            if isinstance(both, list) and len(both) == 2:
                found.append((str(part), str(name), both[0], both[1]))
    return found


def _saved(place: Place) -> Any:
    """Give the choices that the notebook's file has for a place."""
    shell: Any = get_ipython()
    path = notebook_of(getattr(shell, "user_ns", {}))
    if path is None or not path.endswith(".ipynb"):
        return None
    try:
        there = Path(path).stat()
    except (OSError, ValueError):
        return None
    if there.st_size > _MAX_FILE:
        return None
    return _read(path, there.st_mtime_ns).get(place)


@lru_cache(maxsize=1)
def _read(path: str, _changed: int) -> dict[Place, Any]:
    """Read all choices of a notebook, once for each version of the file."""
    try:
        content = Path(path).read_bytes()
        if f'"{METADATA}"'.encode() not in content:
            return {}
        cells: Any = json.loads(content)["cells"]
        return {
            Place(name, kept["view"]): kept.get("chosen")
            for cell in cells
            for output in cell.get("outputs", ())
            if isinstance(kept := output.get("metadata", {}).get(METADATA), dict)
            and isinstance(kept.get("view"), int)
            for name in (str(cell.get("id")), _code_id("".join(cell.get("source", ""))))
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # it is being written, or none
