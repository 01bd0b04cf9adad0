"""The run of a script: what is taken before it, what is heard meanwhile, and its end."""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from celltrail.capture.before import Before, look_before
from celltrail.capture.ignoring import ignored_names
from celltrail.capture.infer import infer
from celltrail.capture.names import CellNames, analyse
from celltrail.capture.outputs import OutputLog, OutputRecord
from celltrail.capture.resources import ResourceClock
from celltrail.cli.recorded import say_recorded
from celltrail.cli.streams import complain
from celltrail.config import settings
from celltrail.model import SourceInfo, Status
from celltrail.record import ActiveRun, activate, begin, deactivate, describe_error, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["ScriptRun"]

#: Characters of each stream that are kept, as of a cell: its end.
_KEPT = 65_536
_NO_NAMES = CellNames({}, {}, {})


class _Heard:
    """The end of what was written to a standard stream.

    Without a lock: a signal handler may print in the middle of a print, and a fork may come.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._texts: deque[str] = deque()
        self._size = self._kept = 0
        self._stream = getattr(sys, name)
        self._original = getattr(self._stream, "write", None)
        if self._original is not None:
            self._stream.write = self._write  # it stays the object that it is

    def _write(self, text: str, /) -> Any:
        assert self._original is not None
        if type(text) is str:
            self._take(text)  # first: an interrupt may come as soon as it is written
        return self._original(text)

    def _take(self, text: str) -> None:
        self._texts.append(text)
        self._size += len(text)
        self._kept += len(text)
        while self._kept > 2 * _KEPT and len(self._texts) > 1:
            try:
                self._kept -= len(self._texts.popleft())
            except IndexError:  # somebody else was quicker
                break

    def stop(self) -> None:
        """Hear no more."""
        if self._original is not None and vars(self._stream).get("write") == self._write:
            del self._stream.write

    def end(self) -> tuple[str, int]:
        """Give the end of what was written, and how much that was."""
        return "".join(self._texts)[-_KEPT:], self._size


@dataclass(slots=True)
class ScriptRun:
    """A script that is recorded.

    Parameters
    ----------
    run
        Its run, current until the process ends.
    before
        What it does with names.
    space
        Its names.
    quiet
        Whether nothing is said of it.
    error
        What ended it.
    """

    run: ActiveRun
    before: Before
    space: dict[str, Any]
    quiet: bool
    clock: ResourceClock
    heard: list[_Heard] = field(default_factory=list)
    error: BaseException | None = None

    @classmethod
    def begin(
        cls,
        text: str,
        space: dict[str, Any],
        path: Path,
        *,
        name: str | None,
        experiment: str | None,
        params: Mapping[str, Any],
        tags: Iterable[str],
        note: str | None,
        quiet: bool,
    ) -> ScriptRun:
        """Begin the run of a script, before it is executed.

        Parameters
        ----------
        text
            Its source.
        space
            Where its names will be.
        path
            The file; its name is that of the run and of the experiment, unless others are given.
        name, experiment, params, tags, note
            As for `celltrail.track`.
        quiet
            Whether nothing is said of it.
        """
        names = (analyse(text) if settings().infer else None) or _NO_NAMES
        before = look_before(names, space, origin="outside the script", ignored=ignored_names())
        run = begin(
            name=name or path.stem,
            experiment=experiment or path.stem,
            params=dict(params) or None,
            tags=tags,
            note=note,
            source=SourceInfo(text, kind="script", notebook=str(path.resolve())),
        )
        activate(run, spanning=True)
        heard = []
        if run.id and settings().capture == "full":
            heard = [_Heard(stream) for stream in ("stdout", "stderr")]
        return cls(run, before, space, quiet, ResourceClock(), heard)

    def close(self) -> None:
        """End the run as the script has ended, and say what came of it."""
        for each in self.heard:
            each.stop()
        if not self.run.is_ours or not self.run.id:  # a forked child, or celltrail is off
            return
        try:
            self._end()
            if not self.quiet:
                say_recorded(self.run.store_path, [self.run.id])
        except KeyboardInterrupt:
            self.run.finish(Status.INTERRUPTED)
        except Exception as error:  # noqa: BLE001  # any: the script has run
            complain(f"celltrail: the run of the script is not recorded as a whole ({error!r}).")

    def _end(self) -> None:
        deactivate(self.run)
        usage = self.clock.read()
        status = Status.FINISHED if self.error is None else status_of(self.error)
        shown: list[OutputRecord] = []
        try:
            shown = _records(self.heard)
            self.run.add_outputs(shown, at_once=True)
            if self.before.names is not _NO_NAMES:
                failed = self.error is not None
                self.run.infer(infer(self.before, self.space, failed=failed, shown=shown))
        finally:
            told = None
            if self.error is not None and status is not Status.FINISHED:
                told = describe_error(self.error)
            self.run.finish(
                status, told, cpu_seconds=usage.cpu_seconds, peak_memory=usage.peak_memory
            )


def _records(heard: Iterable[_Heard]) -> list[OutputRecord]:
    log, sizes = OutputLog(), {}
    for each in heard:
        text, sizes[each.name] = each.end()
        log.take("stream", {"name": each.name, "text": text})
    return [
        replace(record, size=sizes[record.name], truncated=sizes[record.name] > len(record.text))
        if record.kind == "stream" and record.text is not None
        else record
        for record in log.records()
    ]
