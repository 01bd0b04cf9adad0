"""The run card: what one run came to, in a few lines under its cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celltrail.views.format import (
    escape,
    format_age,
    format_duration,
    format_metric,
    format_number,
    format_value,
    shorten,
)
from celltrail.views.theme import CHANGED, FAINT, FONT, LINE, STATUS_COLORS, TABULAR, status_html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.query import Run

__all__ = ["Card", "ShownParam", "run_card", "shown_params", "tried_note"]

_PARAMS_SHOWN = 12
_METRICS_SHOWN = 8
_ITEM = "display:inline-block;margin:0 18px 0 0"


@dataclass(frozen=True, slots=True)
class Card:
    """One output of a notebook: HTML without scripts, style sheets or links, and its text.

    Parameters
    ----------
    html
        Inline styles only, so that also a notebook that is not trusted shows it.
    text
        The same for terminals.
    """

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class ShownParam:
    """A param as a card shows it: ``before`` says what it was, where it differs."""

    key: str
    now: str
    before: str | None


@dataclass(frozen=True, slots=True)
class _Metric:
    key: str
    now: str
    change: str  # "" where there is nothing to compare with


def run_card(run: Run, previous: Run | None = None, notes: Sequence[str] = ()) -> Card:
    """Draw the card of a run.

    Parameters
    ----------
    run
        The run.
    previous
        The run to compare with, usually the one before of the same cell.
    notes
        Sentences for the foot of the card, such as about an option that was not known.

    Returns
    -------
    Card
        Shown by returning or displaying it.
    """
    params = shown_params(run, previous)
    metrics = _metrics(run, previous)
    return Card(
        html=_html(run, previous, params, metrics, notes),
        text=_text(run, previous, params, metrics, notes),
    )


def tried_note(run: Run, earlier: Run) -> str:
    """Say that a configuration was tried before, and what came of it.

    Parameters
    ----------
    run
        The run.
    earlier
        One with the same params.

    Returns
    -------
    str
        Such as ``"same params as run 12, 3 days ago: accuracy 0.91"``.
    """
    age = format_age((run.started - earlier.started).total_seconds())
    meanings = {key: earlier.meaning(key) for key in earlier.metrics}
    told = [key for key, m in meanings.items() if m.primary] or [
        key for key, m in meanings.items() if m.minimize is not None
    ]
    shown = [
        f"{shorten(key, 40)} {format_metric(earlier.metrics[key], meanings[key])}"
        for key in (told or list(earlier.metrics))[:2]
    ]
    label = earlier.label if earlier.label != run.label else f"run {earlier.number}"
    came = f": {', '.join(shown)}" if shown else ""
    return f"same params as {shorten(label, 60)}, {age}{came}"


def shown_params(run: Run, previous: Run | None) -> list[ShownParam]:
    """List the params, those that differ from the run before first."""
    before = previous.params if previous is not None else None
    rows = []
    for key, value in run.params.items():
        old = None
        if before is not None and (key not in before or not _same(before[key], value)):
            old = format_value(before[key]) if key in before else "not set"
        rows.append(ShownParam(key, format_value(value), old))
    rows.sort(key=lambda row: row.before is None)
    return rows


def _same(a: object, b: object) -> bool:
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    return a == b or (a != a and b != b)


def _metrics(run: Run, previous: Run | None) -> list[_Metric]:
    before = previous.metrics if previous is not None else {}
    return [
        _Metric(key, format_metric(now, run.meaning(key)), _change(now, before.get(key)))
        for key, now in run.metrics.items()
    ]


def _change(now: int | float, before: int | float | None) -> str:
    """Say how a metric moved; which way is good is not known here, so no colour says it."""
    if before is None or now != now or before != before:
        return ""
    if now == before:
        return "="
    arrow = (
        "\N{BLACK UP-POINTING TRIANGLE}" if now > before else ("\N{BLACK DOWN-POINTING TRIANGLE}")
    )
    return f"{arrow} {format_number(abs(now - before), digits=3)}"


def _heading(run: Run, previous: Run | None) -> list[str]:
    parts = [format_duration(run.duration)] if run.duration is not None else []
    parts.append(run.experiment)
    if run.name and run.number:
        parts.append(f"run {run.number}")
    if previous is not None:
        same = previous.label == run.label and previous.number
        parts.append(f"against {f'run {previous.number}' if same else previous.label}")
    return [shorten(part, 60) for part in parts if part]


def _html(
    run: Run,
    previous: Run | None,
    params: list[ShownParam],
    metrics: list[_Metric],
    notes: Sequence[str],
) -> str:
    color = STATUS_COLORS.get(run.status, STATUS_COLORS["lost"])
    heading = "".join(
        f'<span style="{FAINT}"> &nbsp;\N{MIDDLE DOT}&nbsp; {escape(part)}</span>'
        for part in _heading(run, previous)
    )
    tags = "".join(
        f' <span style="border:{LINE};border-radius:9px;padding:0 7px;margin-left:4px;'
        f'font-size:11px">{escape(shorten(tag, 30))}</span>'
        for tag in run.tags[:6]
    )
    parts = [
        f'<div><b style="font-weight:600;margin-right:6px">{escape(shorten(run.label, 80))}</b> '
        f"{status_html(run.status)}{heading}{tags}</div>"
    ]
    if metrics:
        parts.append(_row("metrics", map(_metric_html, metrics), len(metrics), _METRICS_SHOWN))
    if params:
        parts.append(_row("params", map(_param_html, params), len(params), _PARAMS_SHOWN))
    if run.error is not None:
        text = shorten(f"{run.error.type}: {run.error.message}".rstrip(": "), 200)
        parts.append(f'<div style="color:{STATUS_COLORS["failed"]}">{escape(text)}</div>')
    if run.note:
        parts.append(f'<div style="font-style:italic">{escape(shorten(run.note, 300))}</div>')
    parts += [f'<div style="{FAINT};font-size:12px">{escape(note)}</div>' for note in notes]
    return (
        f'<div class="celltrail-card" style="{FONT};{TABULAR};display:inline-block;'
        f"box-sizing:border-box;max-width:100%;min-width:min(420px,100%);padding:7px 14px 8px;"
        f"overflow-wrap:anywhere;border:{LINE};border-left:3px solid {color};"
        f'border-radius:4px">{"".join(parts)}</div>'
    )


def _row(title: str, items: Any, count: int, limit: int) -> str:
    shown = [item for item, _ in zip(items, range(limit), strict=False)]
    more = f'<span style="{FAINT}">+{count - limit:,} more</span>' if count > limit else ""
    # The spaces are for readers that take the styles away: words would run together.
    return (
        f'<div style="padding-left:64px;text-indent:-64px">'
        f'<span style="{FAINT};display:inline-block;width:60px;text-indent:0">{title}</span> '
        f'<span style="text-indent:0">{" ".join(shown)}{more}</span></div>'
    )


def _metric_html(metric: _Metric) -> str:
    change = (
        f' <span style="{FAINT};font-size:12px">{metric.change}</span>' if metric.change else ""
    )
    return (
        f'<span style="{_ITEM};text-indent:0"><span style="{FAINT}">'
        f"{escape(shorten(metric.key, 40))}</span>&nbsp; "
        f'<b style="font-weight:600">{metric.now}</b>{change}</span>'
    )


def _param_html(param: ShownParam) -> str:
    value = escape(param.now) or '""'
    if param.before is not None:
        title = escape(f"before: {param.before}")
        value = f'<span title="{title}" style="{CHANGED}">{value}</span>'
    return (
        f'<span style="{_ITEM};text-indent:0"><span style="{FAINT}">'
        f"{escape(shorten(param.key, 40))}</span>&nbsp; {value}</span>"
    )


def _text(
    run: Run,
    previous: Run | None,
    params: list[ShownParam],
    metrics: list[_Metric],
    notes: Sequence[str],
) -> str:
    middle_dot = " \N{MIDDLE DOT} "
    lines = [middle_dot.join([shorten(run.label, 80), run.status, *_heading(run, previous)])]
    if metrics:
        cells = [f"{m.key} {m.now}{f' ({m.change})' if m.change else ''}" for m in metrics]
        lines.append("  metrics  " + _cut(cells, _METRICS_SHOWN))
    if params:
        cells = [f"{p.key} {p.now}{f' (was {p.before})' if p.before else ''}" for p in params]
        lines.append("  params   " + _cut(cells, _PARAMS_SHOWN))
    if run.error is not None:
        lines.append(shorten(f"  {run.error.type}: {run.error.message}", 200))
    if run.note:
        lines.append(f"  {shorten(run.note, 300)}")
    lines += [f"  {note}" for note in notes]
    return "\n".join(lines)


def _cut(cells: list[str], limit: int) -> str:
    more = [f"+{len(cells) - limit:,} more"] if len(cells) > limit else []
    return "   ".join(cells[:limit] + more)
