"""What a call of ``print`` writes: fixed text, and places for the values of expressions."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from string import Formatter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Slot", "Template", "templates_of", "texts_in"]

#: Places of values in the way of printf: ``%5.2f``, ``%s``.
_PERCENT = re.compile(r"%(?P<flags>[-+ #0]*\d*(?:\.\d+)?)(?P<kind>[a-zA-Z%])")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a line holds the value of an expression.

    Parameters
    ----------
    expression
        What is printed there.
    is_percent
        Whether it is written as a percentage, 0.5 as ``50%``.
    """

    expression: ast.expr
    is_percent: bool = False


@dataclass(slots=True)
class Template:
    """One line that a call of ``print`` writes.

    Parameters
    ----------
    literals
        The fixed text before, between and behind the slots: one more than there are slots.
    slots
        The places of values.
    line
        Where the call is, from 1.
    looped
        Whether it is in a loop.
    ends
        Whether the line ends with it.
    """

    literals: list[str]
    slots: list[Slot]
    line: int
    looped: bool
    ends: bool = True


@dataclass(slots=True)
class _Lines:
    """Puts pieces together, and cuts them where a new line begins."""

    lines: list[tuple[list[str], list[Slot]]] = field(default_factory=lambda: [([""], [])])

    def add(self, piece: str | Slot) -> None:
        literals, slots = self.lines[-1]
        if isinstance(piece, Slot):
            slots.append(piece)
            literals.append("")
            return
        first, *others = piece.split("\n")
        literals[-1] += first
        self.lines += [([text], []) for text in others]


def templates_of(call: ast.Call, *, looped: bool) -> list[Template]:
    """Give the lines that a call of ``print`` writes, those that have slots.

    Parameters
    ----------
    call
        The call.
    looped
        Whether it is in a loop.

    Returns
    -------
    list of Template
        Empty where the call prints elsewhere or unpacks its arguments.

    Examples
    --------
    >>> call = ast.parse("print('loss', f(x), end='!')", mode="eval").body
    >>> [(t.literals, len(t.slots), t.ends) for t in templates_of(call, looped=False)]
    [(['loss ', '!'], 1, False)]
    """
    separator, end = " ", "\n"
    for keyword in call.keywords:
        match keyword.arg, keyword.value:
            case "sep", ast.Constant(value=str(separator)):
                pass
            case "end", ast.Constant(value=str(end)):
                pass
            case "flush", _:
                pass
            case _:
                return []
    lines = _Lines()
    for place, argument in enumerate(call.args):
        if isinstance(argument, ast.Starred):
            return []
        if place:
            lines.add(separator)
        for piece in _pieces(argument):
            lines.add(piece)
    lines.add(end)
    last = len(lines.lines) - 1
    return [
        Template(literals, slots, call.lineno, looped, ends=place < last)
        for place, (literals, slots) in enumerate(lines.lines)
        if slots
    ]


def texts_in(line: str, template: Template) -> list[list[str]]:
    """Give the texts in the slots of a line.

    Parameters
    ----------
    line
        The line, of any length: the time that it takes is proportional to that.
    template
        What may have written it.

    Returns
    -------
    list of list of str
        Ways to read it: from the left, and from the right if that differs, as it does where
        a text in a slot holds what stands between slots. Empty where the line is not of the
        template.

    Examples
    --------
    >>> call = ast.parse("print('of', name, f(x))", mode="eval").body
    >>> texts_in("of Linear SVC 0.91", templates_of(call, looped=False)[0])
    [['Linear', 'SVC 0.91'], ['Linear SVC', '0.91']]
    """
    first, *between, last = template.literals
    start = 0
    if first.strip():  # what was printed before, without a new line, may stand before it
        at = line.find(first)
        if at < 0:
            return []
        start = at + len(first)
    stop = len(line)
    if not template.ends:
        between.append(last)
    elif not line.endswith(last):
        return []
    else:
        stop -= len(last)
    text = line[start:stop] if start <= stop else ""
    count = len(template.slots)
    left, right = _from_left(text, between), _from_right(text, between)
    if left is None or right is None:
        return []
    return [left[:count]] if left == right else [left[:count], right[:count]]


def _from_left(text: str, between: Sequence[str]) -> list[str] | None:
    found = []
    for separator in between:
        before, cut, text = text.partition(separator) if separator else ("", "", text)
        if separator and not cut:
            return None
        found.append(before)
    return [*found, text]


def _from_right(text: str, between: Sequence[str]) -> list[str] | None:
    found = []
    for separator in reversed(between):
        text, cut, after = text.rpartition(separator) if separator else (text, "", "")
        if separator and not cut:
            return None
        found.append(after)
    return [text, *reversed(found)]


def _pieces(node: ast.expr) -> Iterator[str | Slot]:
    """Give what an expression is as text, in the order of the text."""
    match node:
        case ast.Constant(value=value):
            yield str(value)
        case ast.JoinedStr(values=values):
            for value in values:
                yield from _pieces(value)
        case ast.FormattedValue(value=value, format_spec=spec):
            yield Slot(value, _is_percent(spec))
        case ast.Call(func=ast.Name(id="str"), args=[value], keywords=[]):
            yield from _pieces(value)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            yield from _formatted(text, node)
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=right):
            yield from _printf(text, right.elts if isinstance(right, ast.Tuple) else [right])
        case ast.BinOp(left=left, op=ast.Add(), right=right) if _is_text(left) or _is_text(right):
            yield from _pieces(left)
            yield from _pieces(right)
        case _:
            yield Slot(node)


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.JoinedStr() | ast.Constant(value=str()):
            return True
        case ast.Call(func=ast.Name(id="str")):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="format")):
            return True
        case ast.BinOp(left=left, op=ast.Mod()):
            return _is_text(left)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_text(left) or _is_text(right)
        case _:
            return False


def _is_percent(spec: ast.expr | None) -> bool:
    match spec:
        case ast.JoinedStr(values=[*_, ast.Constant(value=str(text))]):
            return text.endswith("%")
        case _:
            return False


def _formatted(text: str, call: ast.Call) -> Iterator[str | Slot]:
    """Read a text that is filled by `str.format`; what cannot be read ends it."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    unnumbered = iter(call.args)
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return
    for literal, name, spec, _ in parts:
        yield literal
        if name is None:
            continue
        if not name:
            value = next(unnumbered, None)
        elif name.isdecimal():
            value = call.args[int(name)] if int(name) < len(call.args) else None
        else:
            value = named.get(name)
        yield Slot(value or ast.Constant(None), (spec or "").endswith("%"))


def _printf(text: str, values: Sequence[ast.expr]) -> Iterator[str | Slot]:
    """Read a text that is filled by ``%``."""
    left = iter(values)
    place = 0
    for match in _PERCENT.finditer(text):
        yield text[place : match.start()]
        place = match.end()
        yield "%" if match["kind"] == "%" else Slot(next(left, ast.Constant(None)))
    yield text[place:]
