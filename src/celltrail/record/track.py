"""Begin runs: the block, the function, and the run over several cells."""

from __future__ import annotations

import functools
import inspect
import linecache
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar, overload

from celltrail.capture.blocks import block_source
from celltrail.capture.caches import cache_hits
from celltrail.config import is_disabled, notebook_path, resolve_store
from celltrail.errors import UsageError
from celltrail.model import SourceInfo, Status
from celltrail.record.active import ActiveRun
from celltrail.record.context import describe_later
from celltrail.record.current import activate, deactivate, enclosing_run, is_inside
from celltrail.record.disabled import DisabledRun
from celltrail.record.ending import describe_error, status_of
from celltrail.record.journal import warn_user
from celltrail.record.opening import open_run
from celltrail.record.values import to_number, to_text

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType, TracebackType

__all__ = [
    "Recording",
    "Track",
    "begin",
    "block_info",
    "default_experiment",
    "start",
    "track",
]

F = TypeVar("F", bound=Callable[..., Any])


def default_experiment() -> str:
    """Give the experiment that a run belongs to unless it says another: the notebook's name."""
    path = notebook_path()
    return "default" if path is None else path.stem


def begin(
    *,
    name: str | None = None,
    experiment: str | None = None,
    params: object = None,
    tags: Iterable[str] | None = (),
    note: str | None = "",
    source: SourceInfo | None = None,
    store: str | Path | None = None,
) -> ActiveRun:
    """Begin a run without making it the current one.

    Parameters
    ----------
    name, experiment, params, tags, note
        As for `track`.
    source
        The code that it runs.
    store
        The store's path; by default the one that `celltrail.use` and the config say.

    Returns
    -------
    ActiveRun
        The open run, whose parent is the run that is current here.
    """
    if is_disabled():
        return DisabledRun(name)
    path = resolve_store(store)
    parent = enclosing_run()
    run = open_run(
        path,
        experiment=to_text(experiment or default_experiment()),
        name=None if name is None else to_text(name),
        params=params,
        tags=_several(tags),
        note="" if note is None else to_text(note),
        source=source,
        parent=parent.id if parent is not None and parent.store_path == path else None,
    )
    describe_later(run, source)
    return run


def _several(tags: object) -> list[object]:
    """Give tags as a list, also one alone and none at all."""
    if tags is None:
        return []
    return list(tags) if isinstance(tags, Iterable) and not isinstance(tags, str) else [tags]


def start(
    name: str | None = None,
    *,
    params: object = None,
    tags: Iterable[str] | None = (),
    note: str | None = "",
    experiment: str | None = None,
) -> ActiveRun:
    """Begin a run that goes over several cells, until its ``finish()``.

    Parameters
    ----------
    name, params, tags, note, experiment
        As for `track`.

    Returns
    -------
    ActiveRun
        The open run, which is current until it ends. At the end of the process it is
        finished, or failed where an exception ended a script (``sys.exit(3)`` counts as
        finished: Python tells nobody of it; call ``finish("failed")`` before). When the
        process is killed, also by ``SIGTERM``, its status becomes ``lost``.

    Examples
    --------
    >>> import celltrail as ct
    >>> run = ct.start("long training")
    >>> run.log(loss=0.5)
    >>> run.finish()
    """
    run = begin(
        name=name,
        experiment=experiment,
        params=params,
        tags=tags,
        note=note,
        source=block_info(sys._getframe(1)),
    )
    activate(run, spanning=True)
    return run


class Recording(AbstractContextManager[ActiveRun]):
    """Keeps a run current for a block of code, and ends it as the block ends.

    Parameters
    ----------
    run
        A run that was just begun.
    """

    def __init__(self, run: ActiveRun) -> None:
        self.run = run
        #: Caches that had given values before the block began.
        self.caches: frozenset[int] = frozenset()

    def __enter__(self) -> ActiveRun:
        activate(self.run)
        return self.run

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        deactivate(self.run)
        if not self.run.is_ours:
            return  # a forked child leaves the block; its parent's run goes on
        if error is None:
            self.run.finish()
        else:
            status = status_of(error)
            self.run.finish(status, None if status is Status.FINISHED else describe_error(error))


class Track(AbstractContextManager[ActiveRun]):
    """What `track` gives: a context manager for a block, a decorator for a function.

    Each entry and each call begins a new run, so one object may be used again and again.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._entered: list[Recording] = []

    def __enter__(self) -> ActiveRun:
        frame = sys._getframe(1)
        recording = Recording(begin(**self._options, source=block_info(frame)))
        recording.caches = cache_hits(frame)
        self._entered.append(recording)
        return recording.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Tasks may share this object: each of them leaves the block that it is inside of.
        mine = [recording for recording in self._entered if is_inside(recording.run)]
        recording = (mine or self._entered)[-1]
        self._entered.remove(recording)
        if cache_hits(sys._getframe(1)) - recording.caches:
            recording.run.tag("cached")
        recording.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """Make each call of a function a run: its arguments are params, its result metrics.

        Raises
        ------
        UsageError
            For a generator function, whose code runs between its caller's lines.
        """
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            message = f"{_name_of(function)} is a generator: use `with ct.track():` inside it."
            raise UsageError(message)
        signature = inspect.signature(function)

        @functools.wraps(function)
        async def tracked_async(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            with self._call(function, _arguments(signature, args, kwargs)) as run:
                return _log_result(run, function, await function(*args, **kwargs))

        @functools.wraps(function)
        def tracked(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            with self._call(function, _arguments(signature, args, kwargs)) as run:
                return _log_result(run, function, function(*args, **kwargs))

        chosen = tracked_async if inspect.iscoroutinefunction(function) else tracked
        return chosen  # type: ignore[return-value]

    def _call(self, function: Callable[..., Any], arguments: dict[str, Any]) -> Recording:
        options = {**self._options, "params": arguments}
        options["name"] = options.get("name") or _name_of(function)
        run = begin(**options, source=_function_info(function))
        if self._options.get("params") is not None:
            run.log_params(self._options["params"])
        return Recording(run)


@overload
def track(name: F, /) -> F: ...
@overload
def track(
    name: str | None = None,
    /,
    *,
    params: object = None,
    tags: Iterable[str] | None = (),
    note: str | None = "",
    experiment: str | None = None,
) -> Track: ...
def track(
    name: F | str | None = None,
    /,
    *,
    params: object = None,
    tags: Iterable[str] | None = (),
    note: str | None = "",
    experiment: str | None = None,
) -> F | Track:
    """Record a block or a function as a run.

    Parameters
    ----------
    name
        What the run is called; need not be unique. As a bare decorator (``@ct.track``)
        this is the function, and the runs are called by its name.
    params
        A mapping, dataclass or Namespace, as for `ActiveRun.log_params`.
    tags
        Words to find the run by.
    note
        Why the run is done.
    experiment
        The group of runs that it belongs to; by default the notebook's name.

    Returns
    -------
    Track
        For ``with`` (giving the `ActiveRun`) or as a decorator: the function's arguments
        become params; a returned number or mapping of numbers becomes metrics.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("baseline", params={"lr": 0.1}, tags=["cv"]) as run:
    ...     run.log(loss=0.3)
    >>> @ct.track
    ... def score(depth=3):
    ...     return {"accuracy": 0.9}
    >>> score(depth=5)
    {'accuracy': 0.9}
    """
    block = Track(params=params, tags=tags, note=note, experiment=experiment)
    if callable(name):
        return block(name)
    block._options["name"] = name
    return block


# A block in a loop is entered again and again.
_block_source = functools.lru_cache(maxsize=64)(block_source)


def block_info(frame: FrameType) -> SourceInfo:
    """Describe the ``with`` block, or the one statement, that this frame is executing."""
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    path = notebook_path()
    return SourceInfo(
        _block_source("".join(lines), frame.f_lineno),
        kind="block",
        notebook=None if path is None else str(path),
    )


def _function_info(function: Callable[..., Any]) -> SourceInfo:
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):  # typed into a plain prompt, or written in C
        text = ""
    return SourceInfo(text, kind="function", name=_name_of(function, "__qualname__"))


def _name_of(function: Callable[..., Any], attribute: str = "__name__") -> str:
    """Give a callable's name; a partial or an object that is called goes by its class."""
    return str(getattr(function, attribute, type(function).__qualname__))


def _arguments(
    signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the arguments by name, defaults included, without ``self`` and ``cls``.

    Large objects are data rather than params: only what is a param by nature is kept.
    """
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:  # the call itself is about to say the same
        return {}
    bound.apply_defaults()
    named: dict[str, Any] = {}
    for key, value in bound.arguments.items():
        if signature.parameters[key].kind is inspect.Parameter.VAR_KEYWORD:
            named.update(value)
        elif key not in ("self", "cls"):
            named[key] = value
    return {key: value for key, value in named.items() if not _is_data(value)}


def _is_data(value: object) -> bool:
    try:
        return hasattr(value, "__array__") and to_number(value) is None
    except Exception:  # noqa: BLE001  # any user class may stand here; then it is a param's text
        return False


def _log_result(run: ActiveRun, function: Callable[..., Any], result: Any) -> Any:
    """Log what a tracked function returned, where it is numbers, and hand it on."""
    try:
        if isinstance(result, Mapping):
            numbers = {k: v for k, v in result.items() if to_number(v) is not None}
            if numbers:
                run.log(numbers)
        elif (number := to_number(result)) is not None:
            run.log({_name_of(function): number})
    except Exception as error:  # noqa: BLE001  # a mapping that fails when it is read: the function did not
        message = f"what {_name_of(function)} returned could not be logged: {to_text(error)}"
        run.add_warning(message)
        if run.is_ours:
            warn_user(message)
    return result
