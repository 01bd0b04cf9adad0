"""The metrics that a cell prints and keeps nowhere: ``print("accuracy", model.score(X, y))``."""

from __future__ import annotations

import ast
import re
import unicodedata
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from celltrail.capture.binds import is_size
from celltrail.capture.measures import is_measure
from celltrail.capture.redact import is_secret_name, redact_text
from celltrail.capture.results import name_of, unwrapped
from celltrail.capture.series import Series
from celltrail.capture.templates import Template, templates_of, texts_in
from celltrail.capture.values import NOTHING, Nothing, number
from celltrail.model import Inferred

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from celltrail.capture.outputs import OutputRecord
    from celltrail.capture.usage import Usage
    from celltrail.model import Number

__all__ = ["Printed", "printed_metrics"]

_MAX_PRINTS = 50
_MAX_LINE = 1_000
_MAX_GROUPS = 50
_MAX_LABEL = 40
#: Of most numbers this is enough, and it is fast.
_PLAIN = re.compile(r"[+-]?\d{1,15}(?:\.\d*)?")
_NUMBER = re.compile(
    r"(?P<digits>[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+))(?:e(?P<exponent>[+-]?\d+))?"
    r"|[+-]?(?:nan|inf)",
    re.IGNORECASE,
)
#: Above this a float does not hold every whole number.
_MAX_WHOLE = 2**53
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


def printed_metrics(
    usage: Usage,
    namespace: Mapping[str, object],
    shown: Iterable[OutputRecord],
    exact: Mapping[str, Inferred],
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
    templates = [
        template
        for call, looped in usage.prints[:_MAX_PRINTS]
        for template in templates_of(call, looped=looped)
    ]
    wanted = [
        (template, measured)
        for template in templates
        if (measured := _measured(template, usage.looped, exact))
    ]
    if not wanted:
        return found
    streams = [one for one in shown if one.kind == "stream" and one.name == "stdout"]
    text = "".join(one.text or "" for one in streams)
    is_whole = not any(one.truncated for one in streams)
    lines = [line.rpartition("\r")[2] for line in text.split("\n") if len(line) <= _MAX_LINE]
    if not is_whole:
        del lines[0]  # what is left of it may be half a number
    for template, measured in wanted:
        if not all(literal in text for literal in template.literals):
            continue
        rows = [row for line in lines if (row := _row(line, template, measured)) is not None]
        keys = _keys(template, wanted)
        alike = [one for one in templates if one.literals == template.literals]
        for one in measured:
            if template.looped and all(_keys(other, wanted) == keys for other in alike):
                _add(found, template, one, rows, namespace, exact, is_whole=is_whole)
            elif not template.looped:
                _add_once(found, alike, template, one, rows)
    return found


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


def _keys(template: Template, wanted: Iterable[tuple[Template, list[_Measured]]]) -> set[str]:
    """Give the names of the metrics that a line holds."""
    return {one.key for other, measured in wanted if other is template for one in measured}


def _row(line: str, template: Template, measured: Sequence[_Measured]) -> list[str] | None:
    """Read a line in the way in which there are numbers where they belong."""

    def numbers(texts: list[str]) -> int:
        return sum(_number(texts[one.place], one.scale) is not None for one in measured)

    ways = texts_in(line, template)
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
    template: Template,
    measured: _Measured,
    rows: Sequence[Sequence[str]],
    namespace: Mapping[str, object],
    exact: Mapping[str, Inferred],
    *,
    is_whole: bool,
) -> None:
    """Add one metric of the lines that a call in a loop has printed."""
    pairs = [(row, _number(row[measured.place], measured.scale)) for row in rows]
    good = [(row, value) for row, value in pairs if value is not None]
    key = measured.key
    reason = f"printed in a loop on line {template.line}"
    group = _group_slot(template, [row for row, _ in good])
    groups: dict[str, list[tuple[Sequence[str], Number]]] = {}
    for row, value in good:
        name = key if group is None else f"{_label(row[group])}.{key}"
        groups.setdefault(name, []).append((row, value))
    for name, members in list(groups.items())[:_MAX_GROUPS]:
        values = [value for _, value in members]
        if len(values) == 1:
            found.metrics.setdefault(name, Inferred(values[0], reason))
            continue
        where, steps = _steps(len(template.slots), [row for row, _ in members])
        if where is None and not is_whole:
            continue  # the first lines are not kept, so the rounds cannot be counted
        series = Series(values, reason, steps)
        known = number(exact[name].value) if name in exact else NOTHING
        if not isinstance(known, Nothing):
            counter = None if where is None else template.slots[where].expression
            now = _count_now(counter, namespace)
            text = members[-1][0][measured.place]
            ended = _completed(series, known, text, now, measured.scale)
            series = Series(ended[0], reason, ended[1])
        found.series.setdefault(name, series)


def _add_once(
    found: Printed,
    alike: Sequence[Template],
    template: Template,
    measured: _Measured,
    rows: Sequence[Sequence[str]],
) -> None:
    """Add the metric of a line that is printed once, if it is known which line that is."""
    values = [_number(row[measured.place], measured.scale) for row in rows]
    good = [value for value in values if value is not None]
    if any(one.looped for one in alike) or len(good) != len(alike):
        return
    place = next(place for place, one in enumerate(alike) if one is template)
    reason = f"printed on line {template.line}"
    found.metrics.setdefault(measured.key, Inferred(good[place], reason))


def _number(text: str, scale: int) -> Number | None:
    """Read a number as it was printed, without its factor of per cent."""
    text = text.strip()
    if scale == 1 and _PLAIN.fullmatch(text):
        return float(text) if "." in text else int(text)
    text = text.removesuffix("%").rstrip()
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    if match["digits"] is None:
        return float(text)
    # by the decimal point, so that 93.2 % is 0.932 and not 0.9320000000000001
    exponent = int(match["exponent"] or 0) - (2 if scale == 100 else 0)
    value = float(f"{match['digits'].replace(',', '')}e{exponent}")
    is_whole = scale == 1 and "." not in text and match["exponent"] is None
    return int(value) if is_whole and abs(value) < _MAX_WHOLE else value


def _group_slot(template: Template, rows: Sequence[Sequence[str]]) -> int | None:
    """Find the slot whose text says of what a number is, such as the name of a model."""
    for place in range(len(template.slots)):
        match template.slots[place].expression:
            case ast.Constant():
                continue
            case ast.Name(id=name) if is_secret_name(name):
                continue
        if rows and all(_label(row[place]) for row in rows):
            return place
    return None


def _steps(slots: int, rows: Sequence[Sequence[str]]) -> tuple[int | None, list[int]]:
    """Find the slot that counts the rounds, and what it counts."""
    for place in range(slots):
        texts = [row[place].strip() for row in rows]
        if all(re.fullmatch(r"\d{1,18}", text) for text in texts):
            steps = [int(text) for text in texts]
            if all(a < b for a, b in pairwise(steps)):
                return place, steps
    return None, list(range(len(rows)))


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
