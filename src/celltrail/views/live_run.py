"""What a run that goes on looks like just now: the numbers, curves and alerts of its live card."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from celltrail.model import SYSTEM_PREFIX, MetricMeaning, is_system_metric
from celltrail.query.artifacts import size_text
from celltrail.views.format import format_metric, format_number
from celltrail.views.growing import GrowingCurve, Points

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from celltrail.query import Run
    from celltrail.store.follow import Increment

__all__ = ["Alert", "LiveRun"]

#: Names of numbers that say how many steps there will be, the surest first.
TOTALS = (
    "epochs", "n_epochs", "num_epochs", "max_epochs", "nb_epoch",
    "num_train_epochs", "steps", "n_steps", "num_steps", "max_steps", "total_steps",
    "iterations", "n_iterations", "num_iterations", "max_iterations", "max_iter", "n_iter",
    "num_boost_round", "n_rounds", "n_trials",
)  # fmt: skip
_METRICS_SHOWN = 12
_ALERTS_SHOWN = 4
#: A metric has not improved for long when it was best before this share of its points …
_STALE_SHARE = 0.5
#: … and so many points ago at least.
_STALE_POINTS = 50
#: A run is far slower than the one before when it takes so many times as long for a step, and has
#: taken so many seconds.
_SLOWER, _SLOW_SECONDS = 2.0, 10.0


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that one would want to know at once.

    Parameters
    ----------
    kind
        ``"not finite"``, ``"stale"`` or ``"slow"``.
    metric
        The metric, if it is of one.
    text
        One sentence.
    """

    kind: str
    metric: str
    text: str


@dataclass(slots=True)
class _Metric:
    curve: GrowingCurve = field(default_factory=GrowingCurve)
    bad_step: int | None = None  # where it was first not finite
    best: float | None = None
    best_count: int = 0  # how many points there were when it was best
    first_time: int = 0
    last_time: int = 0


class LiveRun:
    """Gathers what a run logs, as far as its card shows it.

    Parameters
    ----------
    started
        When it began, in seconds since 1970.
    previous
        The run to compare with.
    meanings
        What is said of a metric.
    totals
        Gives numbers that may say how many steps there will be, by their names.
    """

    def __init__(
        self,
        started: float,
        previous: Run | None,
        meaning: Callable[[str], MetricMeaning],
        totals: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._started = started
        self._previous = previous
        self._before = previous.summaries if previous is not None else {}
        self._meaning = meaning
        self._totals = totals
        self._metrics: dict[str, _Metric] = {}
        self._system: dict[str, float] = {}

    def add(self, points: Sequence[Increment]) -> None:
        """Take in points of the run."""
        for each in points:
            if is_system_metric(each.metric):
                name = each.metric.removeprefix(SYSTEM_PREFIX)
                self._system[name] = float(each.value[-1])
                continue
            metric = self._metrics.setdefault(each.metric, _Metric())
            before = metric.curve.count
            if not before:
                metric.first_time = int(each.time[0])
            metric.last_time = int(each.time[-1])
            metric.curve.add(Points(each.step, each.step, each.time, each.value))
            self._judge(each, metric, before)

    def _judge(self, each: Increment, metric: _Metric, before: int) -> None:
        """See where it is not finite, and when it was best."""
        import numpy as np

        finite = np.isfinite(each.value)
        if metric.bad_step is None and not finite.all():
            metric.bad_step = int(each.step[np.flatnonzero(~finite)[0]])
        lower = self._meaning(each.metric).minimize
        if lower is None or not finite.any():
            return
        values = np.where(finite, each.value, np.inf if lower else -np.inf)
        place = int(values.argmin() if lower else values.argmax())
        best = float(values[place])
        if metric.best is None or (best < metric.best if lower else best > metric.best):
            metric.best, metric.best_count = best, before + place + 1

    def alerts(self) -> list[Alert]:
        """Give what is not as one would want it, the worst first."""
        found = []
        for name, metric in self._metrics.items():
            if metric.bad_step is not None:
                text = f"{name} is not finite since step {metric.bad_step:,}"
                if math.isfinite(metric.curve.last or 0.0):
                    text = f"{name} was not finite at step {metric.bad_step:,}"
                found.append(Alert("not finite", name, text))
        for name, metric in self._metrics.items():
            since = metric.curve.count - metric.best_count
            if metric.best is not None and since >= max(
                _STALE_POINTS, _STALE_SHARE * metric.curve.count
            ):
                best = format_metric(metric.best, self._meaning(name))
                found.append(
                    Alert("stale", name, f"{name} was best {since:,} points ago, at {best}")
                )
        slow = self._slowness()
        if slow is not None:
            found.append(slow)
        return found

    def _slowness(self) -> Alert | None:
        """Say whether it is far slower than the run before, by the time of a step."""
        elapsed = time.time() - self._started
        before = self._previous
        if before is None or not before.duration or elapsed < _SLOW_SECONDS:
            return None
        shared = [name for name in self._metrics if name in self._before]
        if not shared:
            return None
        name = max(shared, key=lambda name: self._before[name].count)
        done, all_before = self._metrics[name].curve.count, self._before[name].count
        if done < 2 or all_before < 2:
            return None
        times = elapsed / done / (before.duration / all_before)
        if times < _SLOWER:
            return None
        text = f"{format_number(times, digits=2)} times as long for a step as {before.label}"
        return Alert("slow", name, text)

    def progress(self) -> dict[str, Any]:
        """Say how far it has come, if that is known.

        Returns
        -------
        dict
            ``done`` and ``total`` in steps with ``of``, where the total comes from; or
            ``total`` alone in seconds, as long as the run before took; ``left`` in seconds.
        """
        for name, total in _ordered(self._totals()):
            counted = [m for m in self._metrics.values() if (m.curve.last_step or 0) < total]
            if total < 2 or not counted:
                continue
            metric = max(counted, key=lambda m: m.curve.last_step or 0)
            done = max(metric.curve.last_step or 0, metric.curve.count - 1) + 1
            if done > total:
                continue
            spent = (metric.last_time - metric.first_time) / 1e6
            steps = metric.curve.count - 1
            left = spent / steps * (total - done) if steps > 0 else None
            return {"done": done, "total": total, "of": name, "left": left}
        before = self._previous
        if before is not None and before.duration and before.status == "finished":
            left = before.duration - (time.time() - self._started)
            return {"seconds": before.duration, "of": before.label, "left": left}
        return {}

    def state(self) -> dict[str, Any]:
        """Give what the card shows now."""
        names = sorted(self._metrics, key=lambda name: not self._meaning(name).primary)
        alerts = self.alerts()
        bad = {alert.metric: alert.kind for alert in reversed(alerts)}
        metrics = []
        for name in names[:_METRICS_SHOWN]:
            curve = self._metrics[name].curve
            assert curve.last is not None
            metrics.append(
                {
                    "name": name,
                    "text": format_metric(curve.last, self._meaning(name)),
                    "step": curve.last_step,
                    "count": curve.count,
                    "curve": curve.drawn(),
                    "alert": bad.get(name, ""),
                }
            )
        return {
            "metrics": metrics,
            "more": max(0, len(names) - _METRICS_SHOWN),
            "progress": self.progress(),
            "alerts": _said(alerts),
            "machine": _machine(self._system),
        }


def _said(alerts: Sequence[Alert]) -> list[str]:
    said = [alert.text for alert in alerts[:_ALERTS_SHOWN]]
    more = len(alerts) - len(said)
    return [*said, f"and {more:,} more like these"] if more else said


def _ordered(totals: Mapping[str, int]) -> list[tuple[str, int]]:
    known = {name.lower(): (name, total) for name, total in totals.items()}
    return [known[name] for name in TOTALS if name in known]


def _machine(system: Mapping[str, float]) -> list[str]:
    """Say in words how busy the machine is."""
    said = []
    if "cpu_percent" in system:
        said.append(f"CPU {system['cpu_percent']:.0f} %")
    if "process_memory_bytes" in system:
        said.append(f"memory {size_text(int(system['process_memory_bytes']))}")
    for name, value in system.items():
        if name.startswith("gpu") and name.endswith("_percent"):
            number = name.removeprefix("gpu").removesuffix("_percent")
            said.append(f"GPU {number} {value:.0f} %")
    return said
