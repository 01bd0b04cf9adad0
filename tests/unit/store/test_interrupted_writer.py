"""A signal handler that logs, at every line of the code that writes the spool."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from celltrail.ids import new_id
from celltrail.store import SpoolWriter, writer
from celltrail.store.events import now_us
from celltrail.store.layout import Layout
from celltrail.store.points import decode
from celltrail.store.segment_names import SegmentNames
from celltrail.store.spool import Offsets, Spool

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="needs signals")

WATCHED = ("writer.py", "current.py", "segment.py", "numbers.py")


@contextmanager
def signal_at(line: int) -> Iterator[list[int]]:
    """Send this process a signal at the so many-th line of the writing code; counts up to it."""
    seen = [0]

    def trace(frame: FrameType, event: str, _argument: Any) -> Callable[..., Any] | None:
        path = Path(frame.f_code.co_filename)
        if path.name not in WATCHED or path.parent.name != "store":
            return None
        if event == "line":
            seen[0] += 1
            if seen[0] == line:
                sys.settrace(None)
                os.kill(os.getpid(), signal.SIGUSR1)
                return None
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield seen
    finally:
        sys.settrace(before)


def points(store: Path) -> Counter[tuple[str, str, int, float]]:
    """Read run, key, step and value of everything in the spool, with what its segment says."""
    found: Counter[tuple[str, str, int, float]] = Counter()
    for one in Spool(Layout(store)).writers():
        for segment in one.segments:
            part = segment.read(Offsets())
            rows, names = decode(part.points), SegmentNames()
            names.read(part.events, set(rows.run.tolist()), set(rows.key.tolist()))
            for run, key, step, value in zip(
                rows.run.tolist(), rows.key.tolist(), rows.step, rows.value, strict=True
            ):
                place = names.runs.get(run, "?"), names.keys.get(key, "?")
                found[(*place, int(step), float(value))] += 1
    return found


@pytest.mark.parametrize("what", ["rotates", "moves on", "checks"])
def test_a_handler_that_logs_at_any_moment_of_a_write_mixes_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    line = 0
    is_reached = True
    while is_reached:
        line += 1
        store = tmp_path / str(line) / "s.duckdb"
        spool = SpoolWriter(store, new_id())
        first, second = new_id(), new_id()
        for run, name in ((first, "A"), (second, "B")):
            spool.event("run", id=run, name=name, experiment="e", started=now_us())
        expected = [(first, "loss", 0, 1.0)]
        if what != "moves on":
            spool.append(first, now_us(), [("loss", 0, 1.0)])
        else:
            expected = []
            spool.append(second, now_us(), [("loss", 0, 1.0)])
            shutil.rmtree(spool.folder)
        if what != "rotates":
            spool._next_check = 0

        def handle(*_: object, spool: SpoolWriter = spool, run: str = second) -> None:
            for step in range(3):
                spool.append(run, now_us(), [("handled", step, 100.0 + step)])

        old = signal.signal(signal.SIGUSR1, handle)
        try:
            with monkeypatch.context() as patch, signal_at(line) as seen:
                if what == "rotates":
                    patch.setattr(writer, "_SEGMENT_SIZE", 0)
                spool.append(first, now_us(), [("loss", 1, 2.0)])
            is_reached = seen[0] == line
        finally:
            signal.signal(signal.SIGUSR1, old)
        spool._next_check = 0  # what had to wait for a moment
        spool.append(first, now_us(), [("loss", 2, 3.0)])
        expected += [(first, "loss", 1, 2.0), (first, "loss", 2, 3.0)]
        handled = Counter((second, "handled", step, 100.0 + step) for step in range(3))
        spool._at.close()
        found = points(store)
        # What the handler logs to a folder before it is noticed that it was removed is gone.
        if is_reached and (what != "moves on" or handled & found):
            expected += handled
        assert found == Counter(expected), f"at line {line}"
    assert line > 20
