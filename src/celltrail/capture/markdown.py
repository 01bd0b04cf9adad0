"""The text above a cell, read from the notebook's file."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["markdown_above"]

#: Larger notebooks are not read for a few lines of text: mostly it is pictures that they hold.
_MAX_FILE = 30 << 20
#: Characters that are kept: the last ones, next to the cell.
_MAX_TEXT = 4_096


def markdown_above(notebook: str, cell_id: str | None, source: str) -> str | None:
    """Give the text that stands right above a cell, as the notebook was last saved.

    Parameters
    ----------
    notebook
        The notebook's path.
    cell_id
        The cell's id, which notebooks have since format 4.5.
    source
        The cell's code, by which it is found where it has no id, if no other cell is equal.

    Returns
    -------
    str or None
        The Markdown cells between the cell and the code cell above it. None where there are
        none, the notebook cannot be read, or the cell is not in it: it may never have been
        saved.

    Notes
    -----
    See "The Jupyter Notebook Format". Not the front end's state, but the file is read, so
    this may be older than the run.
    """
    cells = _cells(notebook)
    place = _place(cells, cell_id, source)
    if place is None:
        return None
    texts: list[str] = []
    for kind, _, text in reversed(cells[:place]):
        if kind == "code":
            break
        if kind == "markdown" and text.strip():
            texts.insert(0, text.strip())
    return "\n\n".join(texts)[-_MAX_TEXT:] or None


def _place(cells: tuple[tuple[str, str, str], ...], cell_id: str | None, source: str) -> int | None:
    if cell_id:
        for place, (_, its_id, _) in enumerate(cells):
            if its_id == cell_id:
                return place
    wanted = source.strip()
    equal = [
        place
        for place, (kind, _, text) in enumerate(cells)
        if kind == "code" and wanted and text.strip().endswith(wanted)
    ]
    return equal[0] if len(equal) == 1 else None


def _cells(notebook: str) -> tuple[tuple[str, str, str], ...]:
    path = Path(notebook)
    if path.suffix != ".ipynb":
        return ()
    try:
        there = path.stat()
    except (OSError, ValueError):
        return ()
    if there.st_size > _MAX_FILE:
        return ()
    return _read(path, there.st_mtime_ns, there.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, _size: int) -> tuple[tuple[str, str, str], ...]:
    """Read kind, id and text of each cell, once for each version of the file."""
    try:
        found: Any = json.loads(path.read_text("utf-8"))
        cells = found["cells"]
        return tuple(
            (str(cell.get("cell_type")), str(cell.get("id", "")), _text(cell.get("source", "")))
            for cell in cells
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()  # it is being written, or none


def _text(source: object) -> str:
    return "".join(source) if isinstance(source, list) else str(source)
