"""Write down what a cell showed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.capture.redact import redact_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.capture.outputs import OutputRecord
    from celltrail.record.journal import Journal
    from celltrail.store.events import Event

__all__ = ["write_outputs"]

_MAX_TEXT = 65_536


def write_outputs(journal: Journal, records: Sequence[OutputRecord]) -> None:
    """Record the outputs of a run, without the secrets in them.

    Parameters
    ----------
    journal
        The run's.
    records
        The outputs in their order. What is more than text becomes an artifact, such as
        ``figure-2.png``, by its place among them.
    """
    events: list[Event] = []
    before = journal.redactions
    for position, record in enumerate(records):
        whole = None if record.text is None else journal.clean(record.text)
        text = None if whole is None else whole[-_MAX_TEXT:]
        output = {
            "position": position,
            "kind": record.kind,
            "name": journal.clean_name(record.name),
            "mime": record.mime,
            "text": text,
            "size": record.size,
            "truncated": record.truncated or text != whole,
        }
        if record.data is not None:
            data = _clean(journal, record.mime, record.data)
            is_image = record.mime.startswith("image/")
            name = f"{'figure' if is_image else 'output'}-{position + 1}{record.ending}"
            sha256, size = journal.session.writer.add_blob(data)
            artifact = {"name": name, "kind": _kind(record.mime), "mime": record.mime}
            events.append(("artifact", {**artifact, "step": None, "sha256": sha256, "size": size}))
            output |= {"name": name, "sha256": sha256}
        events.append(("output", output))
    if journal.redactions > before:
        events.append(("run_context", {"redactions": journal.redactions}))
    journal.events(events)


def _clean(journal: Journal, mime: str, data: bytes) -> bytes:
    """Take secrets out of what is text."""
    if not (mime.startswith("text/") or mime.endswith(("json", "+xml"))):
        return data
    text, count = redact_text(data.decode("utf-8", "surrogatepass"))
    journal.redactions += count
    return text.encode("utf-8", "surrogatepass") if count else data


def _kind(mime: str) -> str:
    if mime.startswith("image/"):
        return "image"
    return "json" if mime.endswith("json") else "text"
