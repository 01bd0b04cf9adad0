"""Store objects and files as artifacts of a run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celltrail.errors import ArtifactError, StoreError
from celltrail.record.content.arrays import array_content, is_array
from celltrail.record.content.audio import Audio, audio_content
from celltrail.record.content.content import Content, mime_of
from celltrail.record.content.figures import figure_content
from celltrail.record.content.histogram import Histogram, histogram_content
from celltrail.record.content.plain import (
    file_contents,
    json_content,
    stream_content,
    text_content,
)
from celltrail.record.content.tables import table_content
from celltrail.record.models import model_content
from celltrail.record.values import short_repr, to_text
from celltrail.store.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from celltrail.record.journal import Journal

__all__ = ["store_artifact", "store_model", "to_contents"]

#: So many files that could not be stored are named in one warning.
_MOST_NAMED = 10


def store_artifact(journal: Journal, value: object, name: str | None, step: int | None) -> None:
    """Store an object, a file or a folder: see `ActiveRun.log_artifact`.

    What cannot be stored is a warning, and so is every fault.

    Parameters
    ----------
    journal
        The run's.
    value, name, step
        What to store, what it is called, and where it belongs; the step is a whole number
        of 64 bits.
    """
    layout = Layout(journal.store)
    what = name or (str(value) if isinstance(value, Path) else short_repr(value).strip("'"))
    _store(journal, what, step, lambda: to_contents(value, name, layout))


def store_model(
    journal: Journal, model: object, name: str | None, step: int | None, *, pickle: bool
) -> None:
    """Store a model: see `ActiveRun.log_model`; otherwise as `store_artifact`."""
    what = name or f"of {type(model).__qualname__}"
    try:
        with tempfile.TemporaryDirectory(prefix="celltrail-", ignore_cleanup_errors=True) as folder:

            def describe() -> Sequence[tuple[str, Content]]:
                content = model_content(model, Path(folder), pickle=pickle)
                return [(name or content.name, content)]

            _store(journal, what, step, describe)
    except OSError as error:  # no folder for temporary files, or a full one
        journal.warn(_topic(what), f"model {what!r} was not stored: {to_text(error)}")


def _store(
    journal: Journal,
    what: str,
    step: int | None,
    describe: Callable[[], Sequence[tuple[str, Content]]],
) -> None:
    """Store what `describe` gives; what fails is a warning, and the rest is stored."""
    failed: list[str] = []
    try:
        contents = describe()
        for name, content in contents:
            try:
                _put(journal, name, content, step)
            except OSError as error:
                if not isinstance(content.data, Path):
                    raise
                failed.append(f"{content.data} ({to_text(error)})")
    except (ArtifactError, StoreError, OSError) as error:
        journal.warn(_topic(what), to_text(error))
    except Exception as error:  # noqa: BLE001  # an object may fail to draw or save itself in any way; the warning says how
        journal.fault(_topic(what), error)
    if failed:
        some = "; ".join(failed[:_MOST_NAMED]) + ("; …" if len(failed) > _MOST_NAMED else "")
        which = "" if len(contents) == 1 else f"{len(failed)} of {len(contents)} files of "
        journal.warn(_topic(what), f"{which}artifact {what!r} could not be stored: {some}")


def _topic(what: str) -> str:
    return f"artifact {what}"


def _put(journal: Journal, name: str, content: Content, step: int | None) -> None:
    sha256, size = journal.session.writer.add_blob(content.data)
    journal.redactions += content.redactions
    journal.event(
        "artifact",
        name=name,
        kind=content.kind,
        mime=content.mime,
        step=step,
        sha256=sha256,
        size=size,
    )


def to_contents(value: Any, name: str | None, layout: Layout) -> list[tuple[str, Content]]:
    """Give what to store of an object, a path or a folder, each with its name.

    Parameters
    ----------
    value
        See `ActiveRun.log_artifact`.
    name
        The artifact's name, which tells a text from a misspelt path, and whose end may
        choose a format; in the place of a folder's own name.
    layout
        The store's paths.

    Raises
    ------
    ArtifactError
        When a file is not there, or the object is of no kind that can be stored.

    Examples
    --------
    >>> [(name, content)] = to_contents({"a": 1}, "settings", Layout(Path("s.duckdb")))
    >>> name, content.kind, content.mime
    ('settings', 'json', 'application/json')
    """
    path = _path(value, name)
    if path is None:
        content = _object(value, name)
        return [(name or content.name, content)]
    contents = file_contents(path, layout)
    if name is None:
        return [(content.name, content) for content in contents]
    if not path.is_dir():
        return [(name, contents[0])]
    return [(f"{name}/{content.name.partition('/')[2]}", content) for content in contents]


def _path(value: object, name: str | None) -> Path | None:
    """Give the path that is meant, if one is."""
    if isinstance(value, os.PathLike):
        return Path(value)
    if not isinstance(value, str) or "\n" in value:
        return None
    try:
        path = Path(value)
        # With a name, a word that is also a folder's is more likely a text.
        is_folder = (name is None or value.endswith(("/", os.sep))) and path.is_dir()
        return path if is_folder or path.is_file() else None
    except (OSError, ValueError):  # too long for a path, or with a NUL in it
        return None


def _object(value: Any, name: str | None) -> Content:
    if isinstance(value, str):
        return text_content(value, name)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return Content(bytes(value), "bytes", mime_of(name), "bytes")
    if isinstance(value, Histogram):
        return histogram_content(value)
    if isinstance(value, Audio):
        return audio_content(value)
    content = figure_content(value, name) or table_content(value, name)
    if content is not None:
        return content
    if is_array(value):
        return array_content(value, name)
    if isinstance(value, (dict, list, tuple)) or hasattr(type(value), "__dataclass_fields__"):
        return json_content(value)
    if callable(getattr(value, "read", None)):
        return stream_content(value)
    message = (
        f"an object of type {type(value).__qualname__} cannot be stored as an artifact: save it "
        "to a file and give the path, or give a figure, an image, a table, a text or bytes. "
        "Models are stored by log_model()."
    )
    raise ArtifactError(message)
