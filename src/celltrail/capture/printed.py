"""The metrics that a cell prints and keeps nowhere: ``print("accuracy", model.score(X, y))``."""

from __future__ import annotations

import ast
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from celltrail.capture.binds import is_size
from celltrail.capture.measures import is_measure
from celltrail.capture.printed_texts import counter_slot, is_name, printed_number
from celltrail.capture.redact import is_secret_name, redact_text
from celltrail.capture.results import name_of, unwrapped
from celltrail.capture.series import Series
from celltrail.capture.templates import Template, templates_of, texts_in
from celltrail.capture.values import NOTHING, Nothing, number
from celltrail.model import Inferred

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from celltrail.capture.outputs import OutputRecord
    from celltrail.capture.usage import Usage
    from celltrail.model import Number

__all__ = ["Printed", "printed_metrics"]

#: Lines that calls of ``print`` make, and lines of the output that are compared with them.
_MAX_PRINTS = 50
_MAX_EFFORT = 5_000
_MAX_LINE = 1_000
_MAX_GROUPS = 50
_MAX_LABEL = 40
_MAX_TEXT = 200
#: Words of a label that say nothing.
_FILLERS = frozenset({"a", "an", "are", "equals", "is", "of", "our", "the", "was", "were"})


@dataclass(slots=True)
class Printed:
    """The metrics of one step, and those of several."""

    metrics: dict[str, Inferred] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Measured:
    """A slot that holds a metric: the name, and by what the printed number was multiplied."""

    place: int
    key: str
    scale: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A line that may be printed, and what of it is a metric."""

    template: Template
    measured: Sequence[_Measured]

    @property
    def keys(self) -> set[str]:
        return {one.key for one in self.measured}

    def holds(self, place: int) -> bool:
        """Say whether a slot is one of the metrics."""
        return any(one.place == place for one in self.measured)


def printed_metrics(
    usage: Usage,
    namespace: Mapping[str, object],
    shown: Iterable[OutputRecord],
    exact: Mapping[str, Inferred],
    ended: Container[str] = (),
) -> Printed:
    """Give the metrics in what a cell has printed.

    Parameters
    ----------
    usage
        What the cell does.
    namespace
        The names after the cell.
    shown
        Its outputs.
    exact
        The metrics that are known of its names.
    ended
        Names that are given another value after the loops.

    Returns
    -------
    Printed
        Numbers that the cell's own code, not its functions, computes within a call of
        ``print``, and that the text before them or the name of what is called shows to be a
        measure. In a loop also names, such as ``loss``, whose values are otherwise gone: as
        several steps, or by a text of the same line, such as the name of a model. They have
        the digits that were printed.

    Examples
    --------
    >>> from celltrail.capture.names import analyse
    >>> from celltrail.capture.outputs import OutputRecord
    >>> usage = analyse("print('Test accuracy:', model.score(X, y))").usage
    >>> output = OutputRecord("stream", "stdout", text="Test accuracy: 0.93")
    >>> printed_metrics(usage, {}, [output], {}).metrics["test_accuracy"].value
    0.93
    """
    found = Printed()
    templates = _templates(usage)
    wanted = [_Wanted(t, _measured(t, usage.looped, exact)) for t in templates]
    if not any(one.measured for one in wanted):
        return found
    alike: dict[tuple[str, ...], list[_Wanted]] = {}
    for one in wanted:
        alike.setdefault(tuple(one.template.literals), []).append(one)
    lines, is_whole = _lines_of(shown)
    known = {name: metric for name, metric in exact.items() if name not in ended}
    effort = _MAX_EFFORT
    for literals, group in alike.items():
        keys = group[0].keys
        looped = [one.template.looped for one in group]
        if not any(one.measured for one in group) or (any(looped) and not all(looped)):
            continue  # it is not known which lines are whose
        fixed = max(literals, key=len)
        near = [line for line in lines if fixed in line]
        effort -= len(near)
        if effort < 0:
            break
        for one in group if not looped[0] else group[:1]:
            rows = [row for line in near if (row := _row(line, one)) is not None]
            for measured in one.measured:
                if not looped[0]:
                    _add_once(found, group, one, measured, rows)
                elif all(other.keys == keys for other in group):
                    _add(found, one, measured, rows, namespace, known, is_whole=is_whole)
    return found


def _templates(usage: Usage) -> list[Template]:
    found: list[Template] = []
    for call, looped in usage.prints:
        if len(found) >= _MAX_PRINTS:
            break
        found += templates_of(call, looped=looped)
    return found[:_MAX_PRINTS]


def _lines_of(shown: Iterable[OutputRecord]) -> tuple[list[str], bool]:
    """Give the lines that were printed, and whether these are all."""
    streams = [one for one in shown if one.kind == "stream" and one.name == "stdout"]
    text = "".join(one.text or "" for one in streams)
    lines = [line.rpartition("\r")[2] for line in text.split("\n") if len(line) <= _MAX_LINE]
    is_whole = not any(one.truncated for one in streams)
    return (lines if is_whole else lines[1:]), is_whole  # half a line may be half a number


def _measured(
    template: Template, looped: set[str], exact: Mapping[str, Inferred]
) -> list[_Measured]:
    found = []
    for place, slot in enumerate(template.slots):
        expression, scale = _unwrapped(slot.expression)
        match expression:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if (
                f"{name}.{attribute.rstrip('_')}" in exact
            ):
                continue  # with all its digits: the best score of a search
        key = _key(expression, template.literals[place], looped if template.looped else None)
        if key:
            found.append(_Measured(place, key, 100 if slot.is_percent else scale))
    return found


def _row(line: str, wanted: _Wanted) -> list[str] | None:
    """Read a line in the way in which there are numbers where they belong."""

    def numbers(texts: list[str]) -> int:
        return sum(
            printed_number(texts[one.place], one.scale) is not None for one in wanted.measured
        )

    ways = texts_in(line, wanted.template)
    return max(ways, key=numbers) if len(ways) > 1 else ways[0] if ways else None


def _unwrapped(node: ast.expr) -> tuple[ast.expr, int]:
    """Give what is printed without ``round()``, ``.item()`` and the factor of per cent."""
    match node:
        case ast.Call() if (wrapped := unwrapped(node)) is not None:
            return _unwrapped(wrapped)
        case (
            ast.BinOp(left=inner, op=ast.Mult(), right=ast.Constant(value=100 | 100.0))
            | ast.BinOp(left=ast.Constant(value=100 | 100.0), op=ast.Mult(), right=inner)
        ):
            return _unwrapped(inner)[0], 100
        case _:
            return node, 1


def _key(expression: ast.expr, literal: str, looped: set[str] | None) -> str | None:
    """Name the metric that a slot holds, None where it holds none.

    ``looped`` are the targets of loops; None where the line is in no loop.
    """
    label = _label(literal)
    match expression:
        case ast.Constant() | ast.Compare() | ast.BoolOp():
            return None
        case ast.Name(id=name):
            # without a loop the name still has its value, with all digits
            if looped is None or name in looped or name.startswith("_"):
                return None
            if is_measure(name):
                return name
            return label.lower() if is_measure(label) else None
    if is_size(expression):
        return None
    name = name_of(expression)
    if is_measure(label):
        is_same = name.rpartition(".")[2] == label.lower()
        return name if is_same else label.lower()
    if name != "result" and is_measure(name):
        return f"{label}.{name}" if label else name
    return None


def _label(literal: str) -> str:
    """Make a name of the text before a slot: ``accuracy_on_test_set``; empty if it is none."""
    literal = literal[-_MAX_TEXT:]
    text = unicodedata.normalize("NFKC", literal)
    text = re.sub(r"\([^)]*\)|\[[^]]*\]|[\^'’]", "", text)  # people type both
    text = re.split(r"[,;|]\s", text.strip().strip(",;|"))[-1]
    words = [word for word in re.split(r"[\W_]+", text) if word and word.lower() not in _FILLERS]
    label = "_".join(words)
    if len(label) > _MAX_LABEL or not re.search(r"[^\W\d_]", label) or redact_text(literal)[1]:
        return ""
    return label


def _add(
    found: Printed,
    wanted: _Wanted,
    measured: _Measured,
    rows: Sequence[Sequence[str]],
    namespace: Mapping[str, object],
    exact: Mapping[str, Inferred],
    *,
    is_whole: bool,
) -> None:
    """Add one metric of the lines that a call in a loop has printed."""
    template = wanted.template
    pairs = [(row, printed_number(row[measured.place], measured.scale)) for row in rows]
    good = [(row, value) for row, value in pairs if value is not None]
    key = measured.key
    reason = f"printed in a loop on line {template.line}"
    free = [place for place in range(len(template.slots)) if not wanted.holds(place)]
    counter = counter_slot(free, [row for row, _ in good])
    group = _group_slot(template, free, measured.place, [row for row, _ in good], counter)
    groups: dict[str, list[tuple[Sequence[str], Number]]] = {}
    for row, value in good:
        name = key if group is None else f"{_label(row[group])}.{key}"
        groups.setdefault(name, []).append((row, value))
    for name, members in list(groups.items())[:_MAX_GROUPS]:
        values = [value for _, value in members]
        if len(values) == 1:
            found.metrics.setdefault(name, Inferred(values[0], reason))
            continue
        texts = [row for row, _ in members]
        where = counter_slot(free, texts)
        if where is None and not is_whole:
            continue  # the first lines are not kept, so the rounds cannot be counted
        steps = list(range(len(texts))) if where is None else [int(row[where]) for row in texts]
        series = Series(values, reason, steps)
        known = number(exact[name].value) if name in exact else NOTHING
        if not isinstance(known, Nothing):
            count = None if where is None else template.slots[where].expression
            now = _count_now(count, namespace)
            ended = _completed(series, known, texts[-1][measured.place], now, measured.scale)
            series = Series(ended[0], reason, ended[1])
        found.series.setdefault(name, series)


def _add_once(
    found: Printed,
    alike: Sequence[_Wanted],
    wanted: _Wanted,
    measured: _Measured,
    rows: Sequence[Sequence[str]],
) -> None:
    """Add the metric of a line that is printed once, if it is known which line that is."""
    values = [printed_number(row[measured.place], measured.scale) for row in rows]
    good = [value for value in values if value is not None]
    if len(good) != len(alike):
        return
    place = next(place for place, one in enumerate(alike) if one is wanted)
    reason = f"printed on line {wanted.template.line}"
    found.metrics.setdefault(measured.key, Inferred(good[place], reason))


def _group_slot(
    template: Template,
    free: Sequence[int],
    before: int,
    rows: Sequence[Sequence[str]],
    counter: int | None,
) -> int | None:
    """Find the slot whose text says of what a number is, such as the name of a model.

    It is not the same in all lines. Where the lines are counted, or where it stands behind the
    number, each has a text of its own: else they are rounds of one thing, told with a word.
    """
    for place in free:
        match template.slots[place].expression:
            case ast.Constant():
                continue
            case ast.Name(id=name) if is_secret_name(name):
                continue
        texts = [row[place].strip() for row in rows]
        if not texts or not all(map(is_name, texts)):
            continue
        different = len(set(texts))
        as_many = different == len(texts)
        if not as_many and (different == 1 or counter is not None or place > before):
            continue
        if all(map(_label, texts)):
            return place
    return None


def _completed(
    series: Series, exact: Number, text: str, now: int | None, scale: int
) -> tuple[list[Number], list[int]]:
    """End a series with the value that its name has after the loop, with all its digits."""
    values, steps = list(series.values), list(series.steps or range(len(series.values)))
    mantissa, _, exponent = text.lower().partition("e")
    digits = len(mantissa.partition(".")[2].strip(" %"))
    unit = 10.0 ** (int(exponent or 0) - digits) / scale
    if abs(exact - values[-1]) <= 0.5001 * unit or exact != exact:
        values[-1] = exact
    else:  # the last rounds were not printed
        values.append(exact)
        steps.append(now if now is not None and now > steps[-1] else steps[-1] + 1)
    return values, steps


def _count_now(expression: ast.expr | None, namespace: Mapping[str, object]) -> int | None:
    """Give what ``epoch`` or ``epoch + 1`` is after the loop."""
    ahead = 0
    match expression:
        case ast.BinOp(left=inner, op=ast.Add(), right=ast.Constant(value=int(ahead))):
            expression = inner
    count = namespace.get(expression.id) if isinstance(expression, ast.Name) else None
    return count + ahead if type(count) is int else None
