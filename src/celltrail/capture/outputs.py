"""The outputs of a cell, kept within bounds while they come."""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["OutputLog", "OutputRecord", "remarks"]

#: Characters of each stream that are kept: its end.
STREAM_TAIL = 65_536
# Somewhat more is kept at first: what is cut before secrets are taken out may begin with
# half of one.
_KEPT = STREAM_TAIL + 1_024
#: Rich outputs that are kept, and how large one and all of them may be (characters, bytes).
MOST_RICH = 50
ONE_RICH = 5 << 20
ALL_RICH = 20 << 20
#: So many parts of a bundle are looked at for its size, and of a list so many.
_MOST_SIZED = 5_000
_MOST_PARTS = 100
#: Characters of the plain text beside a rich output.
_PREVIEW = 4_096
_MOST_WARNINGS = 20
_MAX_ERROR = 30_000
#: Of what an output offers, what is kept: the first that is there.
_MIMES = (
    ("image/png", ".png"),
    ("image/jpeg", ".jpg"),
    ("image/gif", ".gif"),
    ("image/webp", ".webp"),
    ("image/svg+xml", ".svg"),
    ("application/pdf", ".pdf"),
    ("application/vnd.plotly.v1+json", ".plotly.json"),
    ("text/html", ".html"),
    ("text/markdown", ".md"),
    ("text/latex", ".tex"),
    ("application/geo+json", ".geojson"),
    ("application/json", ".json"),
)
_VEGA = re.compile(r"application/vnd\.vega(?:lite)?\.v\d+(?:\.\d+)?\+json")
_BINARY = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf")
_COLOR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# what Python's showwarning writes
_WARNING = re.compile(r"^[^\n]{1,500}?:\d+: (?P<kind>\w*Warning): (?P<text>[^\n]*)$", re.MULTILINE)
_WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True, slots=True)
class OutputRecord:
    """One output as it is recorded.

    Parameters
    ----------
    kind
        ``"stream"``, ``"display"``, ``"result"``, ``"error"`` or ``"warning"``.
    name
        The stream, the class of the error or warning; empty for others.
    mime
        Type of ``data``, or ``text/plain`` where there is only text.
    text
        The text, of a long stream its end.
    data
        Content beside the text.
    ending
        The end of a file name for ``data``.
    size
        Bytes (of texts characters) before anything was cut off.
    truncated
        Whether something was.
    """

    kind: str
    name: str = ""
    mime: str = "text/plain"
    text: str | None = None
    data: bytes | None = None
    ending: str = ""
    size: int = 0
    truncated: bool = False


@dataclass(slots=True, eq=False)
class _Stream:
    """What one stream wrote between two rich outputs."""

    name: str
    chunks: deque[str] = field(default_factory=deque)
    size: int = 0
    cut: bool = False


@dataclass(slots=True, eq=False)
class _Rich:
    """A bundle, kept as the reference that was sent; None when it is too much."""

    kind: str
    bundle: Mapping[str, Any] | None
    display_id: object
    size: int


class OutputLog:
    """Takes the messages of one execution.

    Whatever a cell prints and shows, so much is kept and no more: of each stream the last
    64 KiB, and 50 rich outputs of 5 MiB each and 20 MiB together. Of the rest it is counted
    how much there was. A message costs the same after a million others. Threads may call.

    Examples
    --------
    >>> log = OutputLog()
    >>> log.take("stream", {"name": "stdout", "text": "hello"})
    >>> [(record.name, record.text) for record in log.records()]
    [('stdout', 'hello')]
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[_Stream | _Rich] = []
        self._streams: dict[str, _Stream] = {}
        self._kept: dict[str, int] = {}
        self._chunks: dict[str, deque[_Stream]] = {}
        self._rich = self._rich_size = 0
        self._left_out = self._left_out_size = 0
        self._error: Mapping[str, Any] | None = None
        self._clears = False

    def take(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take one message: its type and its content, as Jupyter defines them."""
        with self._lock:
            if kind == "clear_output":
                self._clears = True
                if not content.get("wait"):
                    self._clear()
                return
            if self._clears:
                self._clear()
            if kind == "stream":
                self._stream(content.get("name"), content.get("text"))
            elif kind in ("display_data", "execute_result"):
                self._show("result" if kind == "execute_result" else "display", content)
            elif kind == "update_display_data":
                self._update(content)
            elif kind == "error":
                self._error = content

    def _clear(self) -> None:
        self._clears = False
        self._entries.clear()
        self._streams.clear()
        self._kept.clear()
        self._chunks.clear()
        self._rich = self._rich_size = 0
        self._left_out = self._left_out_size = 0

    def _stream(self, name: object, text: object) -> None:
        if type(name) is not str or type(text) is not str or not text:
            return
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = _Stream(name)
            self._entries.append(stream)
        stream.size += len(text)
        if len(text) > _KEPT:
            text, stream.cut = text[-_KEPT:], True
        stream.chunks.append(text)
        places = self._chunks.setdefault(name, deque())
        places.append(stream)
        kept = self._kept.get(name, 0) + len(text)
        while kept > _KEPT and len(places) > 1:
            oldest = places.popleft()
            kept -= len(oldest.chunks.popleft())
            oldest.cut = True
        self._kept[name] = kept

    def _show(self, kind: str, content: Mapping[str, Any]) -> None:
        bundle = content.get("data")
        if not isinstance(bundle, dict):
            return
        size = _size_of(bundle)
        is_much = size > ONE_RICH or self._rich_size + size > ALL_RICH
        if self._rich >= MOST_RICH:
            self._left_out += 1
            self._left_out_size += size
            return
        transient = content.get("transient")
        display_id = transient.get("display_id") if isinstance(transient, dict) else None
        self._entries.append(_Rich(kind, None if is_much else dict(bundle), display_id, size))
        self._rich += 1
        self._rich_size += 0 if is_much else size
        self._streams.clear()  # what is printed from here on stands behind this

    def _update(self, content: Mapping[str, Any]) -> None:
        transient, bundle = content.get("transient"), content.get("data")
        display_id = transient.get("display_id") if isinstance(transient, dict) else None
        if display_id is None or not isinstance(bundle, dict):
            return
        size = _size_of(bundle)
        for entry in self._entries:
            if isinstance(entry, _Rich) and entry.display_id == display_id:
                before = 0 if entry.bundle is None else entry.size
                fits = size <= ONE_RICH and self._rich_size - before + size <= ALL_RICH
                self._rich_size += (size if fits else 0) - before
                entry.bundle, entry.size = (dict(bundle) if fits else None), size

    def records(self) -> list[OutputRecord]:
        """Give what is recorded, in order; the error and the warnings come last."""
        with self._lock:
            entries = list(self._entries)
            error, left_out, size = self._error, self._left_out, self._left_out_size
        found = []
        stderr = []
        for entry in entries:
            if isinstance(entry, _Rich):
                found.append(_rich_record(entry))
            else:
                written = "".join(entry.chunks)
                if entry.name == "stderr":
                    stderr.append(written)
                found.append(_stream_record(entry, written))
        if left_out:
            text = f"{left_out:,} more outputs, {size:,} characters, were too much to be kept"
            found.append(OutputRecord("display", text=text, size=size, truncated=True))
        if error is not None:
            found.append(_error_record(error))
        return [*found, *_warnings("".join(stderr))]


def _size_of(bundle: Mapping[str, Any]) -> int:
    """Give about how many characters a bundle is, without writing it out.

    Of a long list the first part speaks for the rest.
    """
    total = 0.0
    todo: list[tuple[Any, float]] = [(bundle, 1.0)]
    left = _MOST_SIZED
    while todo and left and total <= ALL_RICH:
        value, weight = todo.pop()
        left -= 1
        if type(value) is str:
            total += len(value) * weight
        elif type(value) is bytes:
            total += len(value) * weight * 4 / 3  # as base64
        elif type(value) is dict or type(value) is list or type(value) is tuple:
            parts = list(value.values()) if type(value) is dict else value
            first = parts[:_MOST_PARTS]
            if first:
                more = weight * len(parts) / len(first)
                todo += [(part, more) for part in first]
            if type(value) is dict:
                total += 20 * len(value) * weight
        else:
            total += 12 * weight
    looked = _MOST_SIZED - left
    return int(total * (looked + len(todo)) / looked)


def _stream_record(entry: _Stream, written: str) -> OutputRecord:
    text = _as_shown(written)
    return OutputRecord("stream", entry.name, text=text, size=entry.size, truncated=entry.cut)


def _rich_record(entry: _Rich) -> OutputRecord:
    if entry.bundle is None:
        text = f"an output of {entry.size:,} characters was too large to be kept"
        return OutputRecord(entry.kind, text=text, size=entry.size, truncated=True)
    plain = entry.bundle.get("text/plain")
    said = _COLOR.sub("", plain) if type(plain) is str else None
    for mime, ending in _offers(entry.bundle):
        data = _content(mime, entry.bundle[mime])
        if data is not None and len(data) <= ONE_RICH:
            beside = None if said is None else said[:_PREVIEW]
            return OutputRecord(entry.kind, "", mime, beside, data, ending, len(data))
    if said is None:
        return OutputRecord(entry.kind, size=entry.size, truncated=True)
    cut = len(said) > STREAM_TAIL
    return OutputRecord(entry.kind, text=said[:STREAM_TAIL], size=len(said), truncated=cut)


def _offers(bundle: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if _WIDGET in bundle:
        return  # without its model it shows nothing
    for mime in bundle:
        if type(mime) is str and _VEGA.fullmatch(mime):
            yield mime, ".vl.json"
    for mime, ending in _MIMES:
        if mime in bundle:
            yield mime, ending


def _content(mime: str, value: Any) -> bytes | None:
    if mime in _BINARY:
        if type(value) is bytes:
            return value
        try:
            return base64.b64decode(value)
        except (binascii.Error, TypeError, ValueError):
            return None
    if type(value) is str:
        return value.encode("utf-8", "surrogatepass")
    try:
        return json.dumps(value).encode()
    except (TypeError, ValueError, RecursionError):
        return None


def _as_shown(text: str) -> str:
    """Do what a terminal does with a carriage return: progress bars leave their last state."""
    if "\r" not in text:
        return _COLOR.sub("", text)
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        parts = [part for part in line.split("\r") if part]
        lines.append(parts[-1] if parts else "")
    return _COLOR.sub("", "\n".join(lines))


def _error_record(error: Mapping[str, Any]) -> OutputRecord:
    lines = [line for line in error.get("traceback") or () if type(line) is str]
    text = _COLOR.sub("", "\n".join(lines))
    name = error.get("ename")
    return OutputRecord(
        "error",
        name if type(name) is str else "",
        text=text[-_MAX_ERROR:],
        size=len(text),
        truncated=len(text) > _MAX_ERROR,
    )


def _warnings(text: str) -> list[OutputRecord]:
    """Find warnings in what was written to the standard error output.

    Whoever replaced ``warnings.showwarning`` to see them would change what others see.
    """
    found = dict.fromkeys((match["kind"], match["text"]) for match in _WARNING.finditer(text))
    return [
        OutputRecord("warning", kind, text=said[:_PREVIEW], size=len(said))
        for kind, said in list(found)[:_MOST_WARNINGS]
    ]


def remarks(records: Iterable[OutputRecord]) -> list[str]:
    """Say in words what of a cell's outputs is not recorded.

    Examples
    --------
    >>> remarks([OutputRecord("stream", "stdout", text="...", size=10**9, truncated=True)])
    ['of 1,000,000,000 characters on stdout the last 65,536 are recorded']
    """
    cut: dict[str, int] = {}
    said = []
    for record in records:
        if record.kind == "stream":
            cut[record.name] = cut.get(record.name, 0) + record.size
        elif record.truncated and record.kind in ("display", "result") and record.data is None:
            said.append(record.text or "an output could not be recorded")
    streams = [
        f"of {size:,} characters on {name} the last {STREAM_TAIL:,} are recorded"
        for name, size in cut.items()
        if size > STREAM_TAIL
    ]
    return [*streams, *said[:3]]
