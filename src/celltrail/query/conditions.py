"""Act as soon as the metrics of a run that goes on fulfil a condition.

One thread looks some times a second at what the runs of this process have logged, as the live
card does: `log` itself takes no longer by it.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from celltrail.errors import CelltrailError, UsageError
from celltrail.query.evaluate import matches
from celltrail.query.filters import And, Clause, Not, Or, parse_filter
from celltrail.query.table import Column, RunTable
from celltrail.record import ActiveRun, current_run
from celltrail.record.current import is_of_main_thread, open_runs
from celltrail.store.follow import Follower
from celltrail.store.notices import defer
from celltrail.store.system import interrupt_main
from celltrail.store.ticker import Ticker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from celltrail.query.filters import Node
    from celltrail.store.follow import Increment

__all__ = ["Condition", "fulfilled", "when"]

#: Seconds between two looks, and while no run is open.
INTERVAL, _IDLE = 0.2, 0.5
_PREFIX = "metrics."
#: The param that says of a run what stopped it.
STOPPED_BY = "celltrail.stopped_by"


@dataclass(slots=True, eq=False)
class Condition:
    """A condition on metrics, from `celltrail.when`.

    Attributes
    ----------
    text : str
        The condition.
    stop : bool
        Whether it stops what runs.
    hits : dict of str to str
        For the ids of the runs that have fulfilled it, a sentence that says where.
    """

    text: str
    stop: bool = False
    hits: dict[str, str] = field(default_factory=dict)
    _node: Node | None = None
    _then: Callable[[ActiveRun], object] | None = None
    _run: ActiveRun | None = None
    _last: dict[str, dict[str, float]] = field(default_factory=dict)
    _on: bool = True

    def __repr__(self) -> str:
        what = "stops" if self.stop else "watches"
        return f"<Condition {self.text!r} {what}, {len(self.hits)} hits>"

    @property
    def is_on(self) -> bool:
        """Whether it is still looked at."""
        return self._on and (self._run is None or self._run.is_open)

    def cancel(self) -> None:
        """Look at it no more."""
        self._on = False
        self.let_go()

    def concerns(self, run_id: str) -> bool:
        """Say whether it is about a run, and has not been fulfilled by it."""
        is_of = self._run is None or self._run.id == run_id
        return self._node is not None and is_of and run_id not in self.hits

    def let_go(self) -> None:
        """Keep nothing alive: it is over."""
        self._node = self._then = self._run = None
        self._last.clear()
        self._on = False


_lock = threading.Lock()
_conditions: list[Condition] = []
#: So many conditions that are over are remembered, for the cards of their runs.
_MOST_OVER = 200


def when(
    condition: str,
    *,
    stop: bool = False,
    then: Callable[[ActiveRun], object] | None = None,
) -> Condition:
    """Act when the metrics of a run fulfil a condition, once for each run.

    Within a run it is about that run, elsewhere about each run of this process from here on.

    Parameters
    ----------
    condition
        As the filters of `celltrail.runs`, of metrics by their names: ``"loss > 10"``,
        ``"loss = nan or grad_norm > 1e3"``. A metric that was not logged yet fulfils nothing.
        With several metrics, each point is seen beside the last ones of the others.
    stop
        Whether the code is stopped, as an interrupt does: the run is recorded as
        ``interrupted``, with the param ``celltrail.stopped_by``.
    then
        Called with the run, in a thread of celltrail's.

    Returns
    -------
    Condition
        Its ``hits`` say which runs have fulfilled it, and where; `Condition.cancel` ends it.

    Raises
    ------
    FilterError
        When the condition cannot be read.
    UsageError
        When there can be no thread to look at it.

    Notes
    -----
    Looked at five times a second, so that the code goes on for up to that long. What fulfils
    it stands on the run's card.

    Examples
    --------
    >>> import time
    >>> import celltrail as ct
    >>> with ct.track("fit") as run:
    ...     condition = ct.when("loss > 10")
    ...     run.log(loss=12.0)
    ...     while not condition.hits:
    ...         time.sleep(0.01)
    >>> condition.hits[run.id]
    'loss > 10: loss is 12 at step 0'
    """
    node = _of_metrics(parse_filter(condition))
    run = current_run()
    made = Condition(
        condition,
        stop,
        _node=node,
        _then=then,
        _run=run if isinstance(run, ActiveRun) else None,
    )
    with _lock:
        over = [each for each in _conditions if not each.is_on]
        for each in over[:-_MOST_OVER]:
            _conditions.remove(each)
        _conditions.append(made)
    if not _ticker.start():
        with _lock:
            _conditions.remove(made)
        message = "conditions are looked at by a thread, and this process can start none"
        raise UsageError(message)
    return made


def fulfilled(run_id: str) -> list[str]:
    """Give sentences about the conditions that a run has fulfilled."""
    return [each.hits[run_id] for each in list(_conditions) if run_id in each.hits]


def _of_metrics(node: Node) -> Node:
    """Let plain names mean metrics."""
    if isinstance(node, Clause):
        name = node.name
        return node if name.startswith(_PREFIX) else replace(node, name=f"{_PREFIX}{name}")
    if isinstance(node, Not):
        return Not(_of_metrics(node.part))
    return type(node)(tuple(_of_metrics(part) for part in node.parts))


def _names(node: Node) -> set[str]:
    if isinstance(node, Clause):
        return {node.name.removeprefix(_PREFIX)}
    parts: Sequence[Node] = node.parts if isinstance(node, And | Or) else [node.part]
    return set().union(*(_names(part) for part in parts))


# -- in the thread ----------------------------------------------------------------------
_followers: dict[Path, Follower] = {}
#: The runs that were open at the last look: what they logged before their end counts too.
_seen: dict[str, ActiveRun] = {}


def _look() -> float | None:
    """See what is new; give the seconds until the next look."""
    with _lock:
        live = [each for each in _conditions if each.is_on or each._run is not None]
        ended = [each for each in live if not each.is_on]
    if not live:
        _close()
        return None
    open_now = {run.id: run for run in open_runs() if isinstance(run, ActiveRun)}
    runs = {**_seen, **open_now}
    for run_id, found in _points(runs).items():
        for condition in live:
            if condition.concerns(run_id):
                _judge(condition, runs[run_id], found)
    _seen.clear()
    _seen.update(open_now)
    for condition in ended:
        condition.let_go()
    return INTERVAL if open_now else _IDLE


def _points(runs: Mapping[str, ActiveRun]) -> dict[str, list[Increment]]:
    """Give what these runs have logged since the last look."""
    for run in runs.values():
        if run.store_path not in _followers:
            follower = Follower(run.store_path, since_start=run.session_id)
            _followers[run.store_path] = follower
    points: dict[str, list[Increment]] = {}
    for follower in _followers.values():
        for each in follower.look().points:
            if each.run in runs:
                points.setdefault(each.run, []).append(each)
    return points


def _close() -> None:
    _seen.clear()
    for follower in _followers.values():
        follower.close()
    _followers.clear()


def _judge(condition: Condition, run: ActiveRun, points: Sequence[Increment]) -> None:
    """See whether one of these points fulfils the condition, and act if so."""
    if condition._node is None:  # it was cancelled meanwhile
        return
    names = sorted(_names(condition._node))
    last = condition._last.setdefault(run.id, {})
    of_it = [each for each in points if each.metric in names]
    if not of_it:
        return
    table, steps = _rows(of_it, names, last)
    try:
        held = matches(condition._node, table, condition.text)
    except CelltrailError as error:
        condition.cancel()
        defer(f"when({condition.text!r}): {error}")
        return
    for name in names:
        column = table.columns.get(f"{_PREFIX}{name}")
        if column is not None and not column.missing[-1]:
            last[name] = float(column.values[-1])
    if held.any():
        _act(condition, run, _said(condition, table, names, int(held.argmax()), steps))


def _rows(
    points: Sequence[Increment], names: Sequence[str], last: dict[str, float]
) -> tuple[RunTable, Any]:
    """Put points into a row each, in the order of their times, beside the last ones of others."""
    times = np.concatenate([each.time for each in points])
    order = np.argsort(times, kind="stable")
    steps = np.concatenate([each.step for each in points])[order]
    columns = {}
    for name in names:
        values = np.concatenate(
            [each.value if each.metric == name else np.zeros(len(each.value)) for each in points]
        )[order]
        is_new = np.concatenate([np.full(len(p.value), p.metric == name) for p in points])[order]
        if not is_new.any() and name not in last:
            columns[name] = (np.zeros(len(steps)), np.ones(len(steps), bool))
            continue
        # the place of the newest value up to each row, 0 for the one from before
        place = np.maximum.accumulate(np.where(is_new, np.arange(1, len(steps) + 1), 0))
        known = np.concatenate([[last.get(name, 0.0)], values])
        columns[name] = (known[place], (place == 0) & (name not in last))
    made = {
        f"{_PREFIX}{name}": Column(f"{_PREFIX}{name}", "number", values, missing)
        for name, (values, missing) in columns.items()
    }
    return RunTable([""] * len(steps), made), steps


def _said(condition: Condition, table: RunTable, names: Sequence[str], row: int, steps: Any) -> str:
    parts = []
    for name in names:
        column = table.columns[f"{_PREFIX}{name}"]
        if not column.missing[row]:
            parts.append(f"{name} is {column.values[row]:.6g}")
    return f"{condition.text}: {', '.join(parts)} at step {steps[row]:,}"


def _act(condition: Condition, run: ActiveRun, said: str) -> None:
    condition.hits[run.id] = said
    if condition._then is not None:
        try:
            condition._then(run)
        except Exception as error:  # noqa: BLE001  # the user's own; it must not end the watch
            defer(f"when({condition.text!r}): what was to be done failed: {error!r}")
    # what runs in another thread than the main one cannot be stopped: it would hit another cell
    if condition.stop and run.is_open and run.is_ours and is_of_main_thread(run):
        run.log_params({STOPPED_BY: said})
        interrupt_main()


_ticker = Ticker("celltrail-when", _look)


def _forget() -> None:
    """Start afresh in a forked child: its parent goes on looking."""
    global _lock
    _lock = threading.Lock()
    _conditions.clear()
    _seen.clear()
    _followers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
