"""Record one execution of a cell or a statement: what is taken before it, and after."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from celltrail.capture.before import Before, look_before
from celltrail.capture.chance import depends_on_chance
from celltrail.capture.ignoring import ignored_names
from celltrail.capture.infer import Inference, infer
from celltrail.capture.keywords import seed_params
from celltrail.capture.names import CellNames, analyse
from celltrail.capture.resources import ResourceClock
from celltrail.capture.values import NOTHING, Nothing, flat, number, plain
from celltrail.config import settings
from celltrail.model import ErrorInfo, Inferred, SourceInfo, Status
from celltrail.record import ActiveRun, activate, begin, deactivate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from celltrail.capture.outputs import OutputRecord
    from celltrail.ipython.options import TrackOptions

__all__ = ["Recorder", "say", "tell"]

_NO_NAMES = CellNames({}, {}, {})


def say(sentence: str) -> None:
    """Print one line of celltrail's own to the standard error output of the cell."""
    # at once: standard output is another stream, and may overtake it
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201  # IPython's own messages go the same way


def tell(text: str) -> None:
    """Print what was asked for to the standard output of the cell."""
    print(text, flush=True)  # noqa: T201  # it is the answer to a magic


@dataclass(slots=True)
class Recorder:
    """The recording of one tracked execution.

    Parameters
    ----------
    run
        The run, which is current until `close`.
    options
        What the head line asks for.
    before
        What the code reads, as it was before.
    named
        The variables of ``--params``, as they were before.
    clock
        Counts what it costs.
    alone
        False when other cells ran at the same time: then what changed in the namespace
        may be theirs.
    found
        What was inferred, once it is closed.
    notes
        Sentences for the card.
    seeds
        Those that earlier cells have set, by the functions that take them.
    """

    run: ActiveRun
    options: TrackOptions
    before: Before
    named: Mapping[str, object]
    clock: ResourceClock
    alone: bool = True
    found: Inference = field(default_factory=Inference)
    notes: list[str] = field(default_factory=list)
    seeds: Mapping[str, Inferred] = field(default_factory=dict)
    _done: bool = False

    @classmethod
    def open(
        cls,
        options: TrackOptions,
        source: SourceInfo,
        code: str,
        namespace: dict[str, object],
        notebook_namespace: dict[str, object],
        line_count: int = 0,
        *,
        helpers: frozenset[str] = frozenset(),
        seeds: Mapping[str, Inferred] | None = None,
    ) -> Recorder:
        """Begin a run and make it the current one.

        Parameters
        ----------
        options
            What the head line asks for.
        source
            The code as the user wrote it, and where it stands.
        code
            The same as plain Python.
        namespace
            Where its names are found.
        notebook_namespace
            The globals of functions that are defined in the notebook.
        line_count
            Lines of the whole cell, by which lines within ``%%time`` are counted.
        helpers
            Names that are no settings: see `look_before`.
        seeds
            Those that earlier cells have set.
        """
        is_inferring = options.infer and settings().infer
        names = analyse(code, line_count) if is_inferring else _NO_NAMES
        before = look_before(
            names or _NO_NAMES,
            namespace,
            notebook_namespace,
            origin="an earlier cell" if source.kind == "cell" else "outside the statement",
            ignored=ignored_names(),
            helpers=helpers,
        )
        named = {n: plain(namespace[n]) for n in options.param_names if n in namespace}
        experiment = options.experiment
        if experiment is None and source.notebook is not None:
            experiment = Path(source.notebook).stem
        # before the run begins: that wakes threads which then contend for the interpreter
        clock = ResourceClock()
        run = begin(
            name=options.name,
            experiment=experiment,
            params=options.params or None,
            tags=options.tags,
            note=options.note,
            source=source,
        )
        try:
            known = seeds if seeds and is_inferring else {}
            recorder = cls(run, options, before, named, clock, seeds=known)
            if names is None:
                recorder.notes.append("the code could not be read for params and metrics")
            activate(run)
        except BaseException:  # an interrupt, mostly: the cell does not run, nor may the run go on
            run.finish(Status.INTERRUPTED)
            raise
        return recorder

    def close(
        self,
        namespace: dict[str, object],
        status: Status,
        error: ErrorInfo | None = None,
        result: object = NOTHING,
        *,
        early: bool = False,
        shown: Sequence[OutputRecord] = (),
    ) -> None:
        """End the run with what came of it; a second call does nothing.

        Parameters
        ----------
        namespace
            The names as they are now.
        status, error
            How it ended.
        result
            The value of the last expression.
        early
            Whether it ended before its last line, as it also does by ``sys.exit(0)``.
        shown
            What it has shown, where that is recorded.
        """
        if self._done:
            return
        deactivate(self.run)
        usage = self.clock.read()
        try:
            if self.before.names is not _NO_NAMES:
                found = infer(
                    self.before,
                    namespace,
                    failed=early or status is not Status.FINISHED,
                    alone=self.alone,
                    result=result,
                    shown=shown,
                )
            else:
                found = Inference()
            self._add_seeds(found, namespace)
            self._add_named(found, namespace)
            self.found = found
            self.run.infer(found)
        finally:
            self._done = True
            self.run.finish(
                status, error, cpu_seconds=usage.cpu_seconds, peak_memory=usage.peak_memory
            )

    def _add_seeds(self, found: Inference, namespace: Mapping[str, object]) -> None:
        """Add the seeds of earlier cells where the cell's results may depend on them."""
        calls = self.before.names.usage.calls
        if self.seeds and depends_on_chance(calls, namespace):
            own = seed_params(calls, namespace, by_name=True)
            for key in sorted(self.seeds.keys() - own.keys()):
                found.params.setdefault(key, self.seeds[key])

    def _add_named(self, found: Inference, namespace: Mapping[str, object]) -> None:
        """Let ``--params`` and ``--metrics`` win over what was inferred."""
        binds = self.before.names.binds
        for name in self.options.param_names:
            value = self.named.get(name, NOTHING)
            if name in binds or value is NOTHING:
                value = plain(namespace.get(name, NOTHING))
            if isinstance(value, Nothing):
                self._miss("--params", name, name in namespace, "a plain value")
                continue
            found.metrics.pop(name, None)
            for key, part in flat(name, value).items():  # type: ignore[arg-type]
                found.params[key] = Inferred(part, "named by --params")
        for name in self.options.metric_names:
            measured = number(namespace.get(name, NOTHING))
            if isinstance(measured, Nothing):
                self._miss("--metrics", name, name in namespace, "a number")
                continue
            found.params.pop(name, None)
            found.metrics[name] = Inferred(measured, "named by --metrics")

    def _miss(self, option: str, name: str, exists: bool, wanted: str) -> None:
        what = f"is not {wanted}" if exists else "does not exist"
        self.notes.append(f"{option}: {name} {what} after the cell")
