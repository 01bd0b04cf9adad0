"""What was chosen in a view's page, kept in the notebook: its cell, run again, takes it up.

The choices stand in the metadata of the view's output, so they are saved with the notebook and
travel with it. When the cell runs again they are known from this process, or read from the
notebook's file as it was last saved.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, OrderedDict
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from IPython.core.getipython import get_ipython

from celltrail.capture.frontend import notebook_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import ipywidgets

__all__ = ["METADATA", "SELECTION", "Choices", "Place", "next_place"]

#: Under this name they stand in the metadata of an output.
METADATA = "celltrail"
#: The trait of which only runs that are shown are taken up, and which may be left out.
SELECTION = "selected_ids"
#: Characters of choices that a notebook keeps.
_MOST = 20_000
#: Larger notebooks are not read for a few choices.
_MAX_FILE = 64 << 20
#: Cells whose choices this process knows.
_CELLS = 1_000
#: With this VS Code's names of cells begin.
_VSCODE = "vscode-notebook-cell:"

#: By part and trait: what the cell's code asked for, and what was chosen instead.
Made = dict[str, dict[str, list[Any]]]


class Place(NamedTuple):
    """The cell in which a view stands, and which of the cell's views it is.

    ``saved`` is the cell's name in the notebook's file.
    """

    cell: str
    number: int
    saved: str


#: The request that was last seen, and how many views it has shown.
_counted: tuple[str, int] = ("", 0)
#: The choices of the view that was shown last in each place: the view's own, which it changes.
_known: OrderedDict[tuple[str, int], Made] = OrderedDict()


def next_place(parent: Mapping[str, Any] | None) -> Place | None:
    """Give the place of a view that is shown now; None where no front end says the cell.

    Parameters
    ----------
    parent
        The request that shows it.
    """
    global _counted
    parent = parent or {}
    metadata = parent.get("metadata") or {}
    cell = metadata.get("cellId") or (metadata.get("colab") or {}).get("cell_id")
    if not isinstance(cell, str) or not cell:
        return None
    message = str((parent.get("header") or {}).get("msg_id", ""))
    count = _counted[1] if _counted[0] == message else 0
    _counted = (message, count + 1)
    saved = cell
    if cell.startswith(_VSCODE):
        # That is a name of this session: in the file the cell has another, and this code.
        saved = _code_name(str((parent.get("content") or {}).get("code", "")))
    return Place(cell, count, saved)


def _code_name(code: str) -> str:
    digest = hashlib.sha1(code.encode("utf-8", "replace"), usedforsecurity=False)
    return f"code {digest.hexdigest()}"


class Choices:
    """What is chosen in the page of a view, and where that is kept.

    Parameters
    ----------
    parts
        The widgets of the view by a name, each with those of its traits that are kept.
    known_ids
        Gives the ids of the runs that are shown.
    changed
        Is called when there is something new to keep.
    """

    def __init__(
        self,
        parts: Mapping[str, tuple[ipywidgets.Widget, Sequence[str]]],
        known_ids: Callable[[], Sequence[str]],
        changed: Callable[[], None],
    ) -> None:
        self._parts, self._known_ids, self._changed = parts, known_ids, changed
        self._place: Place | None = None
        self._made: Made = {}
        self._given = {
            (part, name): getattr(widget, name)
            for part, (widget, names) in parts.items()
            for name in names
        }
        for part, (widget, names) in parts.items():
            widget.observe(partial(self._note, part), list(names))

    def stand(self, place: Place) -> None:
        """Say where the view is shown; the first time it takes up what was chosen there."""
        is_first, self._place = self._place is None, place
        key = place[:2]
        if is_first and not self._made:
            self._take_up(_known[key] if key in _known else _saved(place))
        _known[key] = self._made
        _known.move_to_end(key)
        if len(_known) > _CELLS:
            _known.popitem(last=False)

    def _take_up(self, made: Any) -> None:
        """Choose what was chosen, where the cell's code asks for the same as it did then."""
        for part, name, given, value in _entries(made):
            if part not in self._parts or name not in self._parts[part][1]:
                continue
            if _text(self._given[part, name]) != _text(given):
                continue
            widget, before = self._parts[part][0], self._given[part, name]
            if name == SELECTION:
                shown = set(self._known_ids())
                value = [each for each in value if each in shown]
            if value == before:
                continue
            try:
                with widget.hold_sync():
                    setattr(widget, name, value)
            except Exception:  # noqa: BLE001  # of columns that are gone, or anybody's notebook
                with suppress(Exception):
                    setattr(widget, name, before)
                continue
            self._made.setdefault(part, {})[name] = [given, value]

    def _note(self, part: str, change: Any) -> None:
        name, widget = change["name"], change["owner"]
        # What the page says is set under this lock; what code says is said again by the code.
        if name in widget._property_lock:
            given = self._given[part, name]
            if change["new"] != given:
                self._made.setdefault(part, {})[name] = [given, change["new"]]
                self._changed()
                return
        if self._made.get(part, {}).pop(name, None) is not None:
            self._changed()

    def metadata(self) -> dict[str, Any]:
        """Give the metadata of the view's output: empty where nothing was chosen."""
        made = {part: dict(said) for part, said in self._made.items() if said}
        if len(json.dumps(made)) > _MOST:  # thousands of runs are selected, more likely than not
            for said in made.values():
                said.pop(SELECTION, None)
        if self._place is None or not made or len(json.dumps(made)) > _MOST:
            return {}
        return {METADATA: {"view": self._place.number, "chosen": made}}


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


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
    return _read(path, there.st_mtime_ns).get((place.saved, place.number))


@lru_cache(maxsize=1)
def _read(path: str, _changed: int) -> dict[tuple[str, int], Any]:
    """Read all choices of a notebook, once for each version of the file."""
    try:
        content = Path(path).read_bytes()
        if f'"{METADATA}"'.encode() not in content:
            return {}
        cells: Any = json.loads(content)["cells"]
        codes = [_code_name("".join(cell.get("source", ""))) for cell in cells]
        times = Counter(codes)  # of cells with the same code nobody could tell which it is
        return {
            (name, kept["view"]): kept.get("chosen")
            for cell, code in zip(cells, codes, strict=True)
            for kept in map(_kept, cell.get("outputs", ()))
            if kept is not None
            for name in (str(cell.get("id")), code)
            if name != code or times[code] == 1
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}  # it is being written, or none


def _kept(output: Any) -> dict[str, Any] | None:
    """Give what an output keeps, if that can be read and is of the size that is ever written."""
    kept = output.get("metadata", {}).get(METADATA)
    if not isinstance(kept, dict) or not isinstance(kept.get("view"), int):
        return None
    text = json.dumps(kept.get("chosen"), ensure_ascii=False)
    try:
        return kept if len(text.encode()) <= 4 * _MOST else None
    except UnicodeError:  # half of a pair of surrogates: no page could be told it
        return None
