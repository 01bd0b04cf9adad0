"""The hooks around each cell: IPython runs the cell itself, these stand beside it."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from IPython.display import display

from celltrail.capture.frontend import notebook_of, told_by_vscode
from celltrail.capture.level import described_level, recorded_source
from celltrail.capture.names import analyse, forget_trees
from celltrail.capture.outputs import remarks
from celltrail.capture.values import NOTHING
from celltrail.config import is_disabled, settings, tell_notebook
from celltrail.ipython.auto import MOST_NAMES, Auto, explanation
from celltrail.ipython.cards import card_for
from celltrail.ipython.guard import guarded
from celltrail.ipython.live import LiveCards, LivePlace, is_notebook
from celltrail.ipython.options import TrackOptions, parse_options
from celltrail.ipython.outcome import outcome, raised_in
from celltrail.ipython.recorder import Recorder, say, tell
from celltrail.ipython.tap import Tap
from celltrail.ipython.transform import Head, head_of, padded
from celltrail.model import SourceInfo, Status
from celltrail.record import record_cell
from celltrail.store.events import now_us
from celltrail.store.idle import note_cells
from celltrail.store.instance import note_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from celltrail.capture.outputs import OutputRecord

__all__ = ["CellHooks"]

#: What a cell is recorded with that nobody asked for.
_UNASKED = TrackOptions(quiet=True)


@dataclass(slots=True, eq=False)
class _Frame:
    """One cell that is being executed.

    ``info`` is IPython's own object for it, kept so that its id stays taken; ``served`` the
    request of the front end within which it runs, ``request`` what its outputs are found by.
    """

    info: Any
    raw: str
    started: int = field(default_factory=now_us)
    thread: int = field(default_factory=threading.get_ident)
    nested: bool = False
    code: str | None = None
    served: str | None = None
    request: str | None = None
    recorder: Recorder | None = None
    live: LivePlace | None = None


class CellHooks:
    """What ``pre_run_cell`` and ``post_run_cell`` do.

    Parameters
    ----------
    shell
        The shell whose cells are watched.

    Notes
    -----
    Cells may run within cells and beside each other, so there is no current cell: an
    execution is found by the object that IPython hands to both hooks.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._frames: dict[int, _Frame] = {}
        # read once: looking for a pyproject.toml before each cell would touch the disk
        self._disabled = is_disabled()
        self._config = settings(anew=True)
        self.auto = Auto(is_on=self._config.auto)
        self.tap = Tap(shell)
        self._live = LiveCards(self.tap.show)
        self._ahead = 1
        self._count_after: int | None = None
        #: Called once, as soon as no tracked cell is being executed.
        self.when_idle: Callable[[], None] | None = None

    @property
    def is_recording(self) -> bool:
        """Whether a tracked cell is being executed right now."""
        return any(frame.recorder is not None for frame in self._frames.values())

    @property
    def is_disabled(self) -> bool:
        """Whether celltrail is switched off."""
        return is_disabled() if "CELLTRAIL_DISABLED" in os.environ else self._disabled

    def learn_notebook(self) -> None:
        """Let blocks, functions and ``%track`` know which notebook VS Code says this is."""
        told = told_by_vscode(self._shell.user_ns)
        if told is not None:
            tell_notebook(told)

    def say_level(self) -> None:
        """Say once what is recorded of a cell; where that is nothing, there is nothing to say."""
        if self.is_disabled:
            return
        which = "every cell that computes something" if self.auto.is_on else "tracked cells"
        level = self._config.capture
        tell(f'celltrail records of {which}: {described_level(level)} (capture = "{level}")')

    # The hooks take any arguments: IPython calls its event hooks experimental. ---------
    @guarded(before_cell=True)
    def before_cell(self, info: Any = None, *_args: Any, **_kwargs: Any) -> None:
        """Open the record of a cell that is about to run."""
        raw = getattr(info, "raw_cell", None)
        if type(raw) is not str or self.is_disabled:
            return
        self.learn_notebook()
        frame = _Frame(info, raw)
        frame.served = self.tap.request()
        self._drop_stale(frame)
        others = list(self._frames.values())
        frame.nested = any(other.thread == frame.thread for other in others)
        self._frames[id(info)] = frame
        note_cells(running=True)
        head = head_of(raw)
        if head is None:
            self._not_alone(frame)
            self._before_untracked(frame)
            return
        options = parse_options(head.options)
        if options.auto is not None:
            self.auto.is_on = options.auto
        if options.problem is not None:
            sign = "%%track" if head.kind == "cell" else "%track"
            say(f"{sign}: {options.problem} (the cell runs and is recorded; {sign}? shows help)")
        if not head.body.strip():
            say("%%track: there is nothing to track, the cell is empty below this line")
            return
        frame.code = self._code(info, raw)
        self._open(frame, options, self._source(info, head))
        self._not_alone(frame)
        if not (options.quiet or frame.nested):
            self._watch(frame)

    def _drop_stale(self, frame: _Frame) -> None:
        """Close the records of cells whose end IPython did not tell.

        ``run_cell_async`` tells the beginning alone. No request lies within another one of the
        same thread: what ran within an earlier one is over.
        """
        for key, other in list(self._frames.items()):
            is_over = other.thread == frame.thread and other.served != frame.served
            if is_over and frame.served is not None:
                del self._frames[key]
                self._end_live(other, None)
                if other.recorder is not None:
                    self._close(other, None)

    def _before_untracked(self, frame: _Frame) -> None:
        """Record a cell that nobody asked for, if it is worth it."""
        is_auto = self.auto.is_on and getattr(frame.info, "store_history", False)
        if frame.nested or not (is_auto or self._config.capture_cells):
            return
        frame.code = self._code(frame.info, frame.raw)
        if not is_auto:
            return
        count = self._number(frame.info)
        lines = len(frame.raw.splitlines())
        if self.auto.judge(frame.code, self._shell.user_ns, count, lines).is_run:
            self._open(frame, _UNASKED, self._source(frame.info, Head("", frame.raw, "cell"), True))

    def _open(self, frame: _Frame, options: TrackOptions, source: SourceInfo) -> None:
        space = self._shell.user_ns
        frame.recorder = Recorder.open(
            options,
            source,
            frame.code or "",
            space,
            space,
            len(frame.raw.splitlines()),
            helpers=frozenset(self.auto.helpers),
            seeds=dict(self.auto.seeds),
        )
        if not frame.nested and self._config.capture == "full":
            frame.request = self.tap.begin()

    def _watch(self, frame: _Frame) -> None:
        """Show a live card for the cell, should it run for a while in a notebook."""
        if frame.recorder is None or frame.served is None or not self._config.live:
            return
        before, given = frame.recorder.before, frame.recorder.options.params
        names, space = [*before.params, *before.names.binds], self._shell.user_ns

        def totals() -> dict[str, int]:
            found = {**{name: space.get(name) for name in names}, **given}
            return {name: value for name, value in found.items() if type(value) is int}

        parent = self._shell.kernel.get_parent()
        if not (is_notebook(parent) or told_by_vscode(space)):
            return
        frame.live = self._live.watch(frame.recorder.run, parent, totals)
        if frame.live is not None:
            self.tap.hear(frame.served, frame.live.note_output)

    @guarded(before_cell=False)
    def after_cell(self, result: Any = None, *_args: Any, **_kwargs: Any) -> None:
        """Close the record of a cell that has run, and show its card."""
        frame = self._take(result)
        self._count_after = self._shell.execution_count
        if frame is None:
            return
        try:
            self._after(frame, result)
        finally:
            self._end_live(frame, None)  # where there was no card to take its place
        forget_trees(frame.code or "")
        if self.when_idle is not None and not self.is_recording:
            self.when_idle()
            self.when_idle = None

    def _after(self, frame: _Frame, result: Any) -> None:
        """Close the record, and say what there is to be said of it."""
        try:
            self._close(frame, result)
        except KeyboardInterrupt:
            self._close(frame, result)  # the cell is over; its record is to be whole
        recorder = frame.recorder
        if recorder is not None and recorder.options.explain:
            verdict = self.auto.judge(frame.code or "", {}, None)
            tell(explanation(verdict, recorder.found))
        if recorder is not None and not recorder.options.quiet:
            self._show_card(frame, recorder)

    def _close(self, frame: _Frame, result: Any) -> None:
        status, error = outcome(result, self._shell)
        if result is None:
            status = Status.INTERRUPTED  # IPython has lost the result: the cell was cut off
        run_id = None
        recorder = frame.recorder
        if recorder is not None:
            value = getattr(result, "result", None)
            shown = NOTHING if value is None else value
            early = raised_in(result) is not None
            outputs: list[OutputRecord] = []
            try:
                if not frame.nested and self._config.capture == "full":
                    count = getattr(result, "execution_count", None)
                    outputs = self.tap.end(frame.request, count)
                    recorder.run.add_outputs(outputs)
                    recorder.notes += remarks(outputs)
            finally:
                space = self._shell.user_ns
                recorder.close(space, status, error, shown, early=early, shown=outputs)
            run_id = recorder.run.id
        if not frame.nested:
            self._note_execution(frame, result, status, run_id)

    def _note_execution(
        self, frame: _Frame, result: Any, status: Status, run_id: str | None
    ) -> None:
        """Record that the cell was executed, and what it did with names."""
        names = None if frame.code is None else analyse(frame.code, len(frame.raw.splitlines()))
        listed: dict[str, list[str]] = {}
        if names is not None:
            self.auto.learn(names, self._shell.user_ns, getattr(result, "execution_count", None))
            listed = {
                "reads": [name for name in names.reads if name in self._shell.user_ns],
                "binds": list(names.binds),
                "mutated": list(names.usage.mutated),
                "deleted": sorted(names.usage.deleted),
            }
        if not self._config.capture_cells and run_id is None:
            return
        record_cell(
            execution_count=getattr(result, "execution_count", None),
            cell_id=getattr(frame.info, "cell_id", None),
            source=recorded_source(frame.raw, self._config.capture),
            started=frame.started,
            ended=now_us(),
            status=status.value,
            run=run_id,
            **{kind: found[:MOST_NAMES] for kind, found in listed.items()},
        )

    def _show_card(self, frame: _Frame, recorder: Recorder) -> None:
        card = card_for(recorder.run, recorder.notes)
        bundle = None if card is None else card._repr_mimebundle_()
        if not self._end_live(frame, bundle) and bundle is not None:
            # as a raw bundle: an error in formatting an object would be shown in the cell
            display(bundle, raw=True)  # type: ignore[no-untyped-call, unused-ignore]

    def _end_live(self, frame: _Frame, bundle: Mapping[str, str] | None) -> bool:
        """Let the cell's live card go; say whether the still card stands in its place now."""
        live, frame.live = frame.live, None
        if live is None:
            return False
        self.tap.hear_no_more(frame.served or "")
        return self._live.end(live, bundle)

    def _take(self, result: Any) -> _Frame | None:
        """Find the frame of a result; blank cells have none."""
        info = getattr(result, "info", None)
        frame = self._frames.get(id(info))
        if frame is None or frame.info is not info:
            # After some failures IPython gives another info or none at all: then it is
            # the newest of this thread with the same text.
            raw = getattr(info, "raw_cell", None)
            here = threading.get_ident()
            frame = next(
                (
                    f
                    for f in reversed(list(self._frames.values()))
                    if f.thread == here and raw in {None, f.raw}
                ),
                None,
            )
        if frame is not None:
            self._frames.pop(id(frame.info), None)
            note_cells(running=bool(self._frames))
            note_engine()
        return frame

    def _not_alone(self, frame: _Frame) -> None:
        """Mark recordings that run beside a cell of another thread."""
        for other in list(self._frames.values()):
            if other.thread != frame.thread:
                for one in (other.recorder, frame.recorder):
                    if one is not None:
                        one.alone = False

    def _source(self, info: Any, head: Head, auto: bool = False) -> SourceInfo:
        return SourceInfo(
            head.body,
            kind=head.kind,
            cell_id=getattr(info, "cell_id", None),
            execution_count=self._number(info),
            notebook=notebook_of(self._shell.user_ns),
            auto=auto,
        )

    def _number(self, info: Any) -> int | None:
        """Give the cell's number, which the hook before the cell is not told.

        Versions of IPython differ in whether they count a cell before or after it runs:
        seen by whether the count has moved since the end of the last cell.
        """
        count = self._shell.execution_count
        if not getattr(info, "store_history", False):
            return None
        if len(self._frames) == 1 and self._count_after is not None:
            self._ahead = 1 if count > self._count_after else 0
        return int(count) - self._ahead

    def _code(self, info: Any, raw: str) -> str:
        code = getattr(info, "transformed_cell", None)
        if type(code) is str:
            return code
        # Older versions of IPython do not say it. The user's own transformers that come last are
        # left out, since they would see the cell twice.
        code = str(self._shell.input_transformer_manager.transform_cell(raw))
        return padded(code, self._shell.input_transformers_post)
