"""What a page shows of a stored artifact, bounded in size, so that nothing of it runs.

Pictures travel as such, pages of HTML for a frame without scripts, tables as texts. A chart of
Altair is a program of Vega's: it is drawn when somebody asks for it, outside the page and
without a network.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from celltrail.errors import CelltrailError
from celltrail.query.artifacts import size_text
from celltrail.record.content.content import ARROW_MIME, HISTOGRAM_MIME, VEGALITE_MIME
from celltrail.views.format import format_number, format_shape, plural, shorten
from celltrail.views.histogram_svg import histogram_svg
from celltrail.views.stored_content import PICTURE_TYPES, bounded_text, data_uri
from celltrail.views.theme import vega_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from celltrail.query.artifacts import StoredArtifact

__all__ = ["ARTIFACT_LIMIT", "artifact_view"]

#: What is larger is named and not sent.
ARTIFACT_LIMIT = 4 << 20
_ROWS, _COLUMNS, _CELL = 20, 12, 60
_TABLES = (ARROW_MIME, "text/csv", "application/vnd.apache.parquet")
_SOUNDS = ("audio/wav", "audio/x-wav", "audio/vnd.wave", "audio/mpeg", "audio/ogg", "audio/flac")
_JSON = "application/json"


def artifact_view(
    artifact: StoredArtifact, *, limit: int = ARTIFACT_LIMIT, draw: bool = False
) -> dict[str, Any]:
    """Describe an artifact for a page.

    Parameters
    ----------
    artifact
        The artifact.
    limit
        Of how many bytes its content may be; of a larger one only the size is told.
    draw
        Whether a chart of Altair is drawn, which takes ``celltrail[charts]``.

    Returns
    -------
    dict
        ``kind``, ``name``, ``mime`` and one of ``text``, ``picture`` (a data URI), ``drawn``
        (the same, on no background), ``sound`` (a data URI), ``page`` (HTML, to be shown where
        it can do nothing), ``table`` (``heads``, ``rows`` and a ``note``) and ``told`` (a
        sentence in the place of the content); with ``can_draw`` where drawing it can be asked
        for.
    """
    mime = artifact.mime.partition(";")[0].strip()
    entry = {"kind": artifact.kind, "name": shorten(artifact.name, 200), "mime": mime}
    show = _shower(artifact, mime, draw=draw)
    if show is None:
        return {**entry, "told": _told(artifact)}
    if artifact.size > limit:
        return {**entry, "told": f"{_told(artifact)}: too large to be shown here"}
    try:
        return {**entry, **show(artifact, mime)}
    except CelltrailError as error:  # damaged, missing, or in want of a library
        return {**entry, "told": shorten(str(error), 300)}
    except Exception as error:  # noqa: BLE001  # what was stored as this need not be it
        return {**entry, "told": shorten(f"{_told(artifact)} cannot be read: {error}", 300)}


def _told(artifact: StoredArtifact) -> str:
    kind = "HTML" if artifact.mime.startswith("text/html") else artifact.kind or "artifact"
    return f"{shorten(kind, 60)}, {size_text(artifact.size)}"


def _shower(
    artifact: StoredArtifact, mime: str, *, draw: bool
) -> Callable[[StoredArtifact, str], dict[str, Any]] | None:
    """Find how it is shown; None for what cannot be."""
    if artifact.kind == "bytes" or artifact.kind.startswith("model/"):
        return None
    if mime == VEGALITE_MIME:
        return _drawn if draw else _undrawn
    if mime == "text/html":
        # A chart's page is made by its scripts, and none runs.
        return None if artifact.kind == "chart" else _page
    if mime in _TABLES:
        return _table
    found = {HISTOGRAM_MIME: _histogram, _JSON: _json}.get(mime)
    if found is None and mime in PICTURE_TYPES:
        return _picture
    if found is None and mime in _SOUNDS:
        return _sound
    if found is None and (artifact.kind == "text" or mime.startswith("text/")):
        return _text
    return found


def _picture(artifact: StoredArtifact, mime: str) -> dict[str, Any]:
    return {"picture": data_uri(mime, artifact.bytes())}


def _sound(artifact: StoredArtifact, mime: str) -> dict[str, Any]:
    return {"sound": data_uri(mime, artifact.bytes())}


def _page(artifact: StoredArtifact, mime: str) -> dict[str, Any]:
    del mime
    return {"page": artifact.bytes().decode("utf-8", "replace")}


def _text(artifact: StoredArtifact, mime: str) -> dict[str, Any]:
    del mime
    return {"text": bounded_text(artifact.bytes().decode("utf-8", "replace"))}


def _json(artifact: StoredArtifact, mime: str) -> dict[str, Any]:
    del mime
    text = artifact.bytes().decode("utf-8", "replace")
    with suppress(ValueError, RecursionError):  # a file of that name need not be it
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return {"text": bounded_text(text)}


def _histogram(artifact: StoredArtifact, mime: str) -> dict[str, Any]:
    del mime
    return {"drawn": data_uri("image/svg+xml", histogram_svg(artifact.load()).encode())}


def _undrawn(artifact: StoredArtifact, mime: str) -> dict[str, Any]:
    del mime
    return {"told": _told(artifact), "can_draw": True}


def _drawn(artifact: StoredArtifact, mime: str) -> dict[str, Any]:
    del mime
    try:
        import vl_convert
    except ImportError:
        return {"told": "To draw a chart here takes pip install 'celltrail[charts]'."}
    config = {**vega_config(), "background": None}
    # No address is allowed: what was stored must not fetch anything from where it is shown.
    svg: str = vl_convert.vegalite_to_svg(
        vl_spec=artifact.text(), config=config, allowed_base_urls=[]
    )
    return {"picture": data_uri("image/svg+xml", svg.encode())}


def _table(artifact: StoredArtifact, mime: str) -> dict[str, Any]:
    del mime
    frame = artifact.load()
    if getattr(frame, "ndim", 2) == 1:
        frame = frame.to_frame()
    rows, columns = frame.shape
    part = frame.iloc[:_ROWS, :_COLUMNS]
    # An index that only counts the rows says nothing.
    is_counted = type(frame.index).__name__ == "RangeIndex"
    labels = [[] if is_counted else [_cell(label)] for label in part.index.tolist()]
    columns_of = [part.iloc[:, place].tolist() for place in range(part.shape[1])]
    texts = [
        [*label, *(_cell(column[place]) for column in columns_of)]
        for place, label in enumerate(labels)
    ]
    heads = [*([] if is_counted else [""]), *(_cell(name) for name in part.columns.tolist())]
    cut = [
        f"the first {plural(shown, what)}"
        for shown, all_of_them, what in ((_ROWS, rows, "row"), (_COLUMNS, columns, "column"))
        if all_of_them > shown
    ]
    note = format_shape((rows, columns)) + (f" \N{MIDDLE DOT} {' and '.join(cut)}" if cut else "")
    return {"table": {"heads": heads, "rows": texts, "note": note}}


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return format_number(value)
    return "\N{EN DASH}" if value is None else shorten(str(value), _CELL)
