"""The language of filters and orderings: text to tree.

One small grammar serves ``ct.runs``, the table's filter box and the command line::

    filter  = or ;  or = and ("or" and)* ;  and = not ("and" not)*
    not     = "not" not | "(" filter ")" | clause
    clause  = name op value | name "in" "(" value ("," value)* ")" | name "like" text
            | name "is" ["not"] "null" | "tags" "has" text
    op      = "=" | "==" | "!=" | "<" | "<=" | ">" | ">="
    value   = number | text | "true" | "false" | "-7d" (s, m, h, d, w ago)

Names are ``params.lr``, ``metrics.acc``, ``metrics.acc.min``, ``status`` and the other
columns of the run table; one with spaces or signs in it stands in backquotes, in which a
doubled one stands for one. Words are matched without regard to case, texts exactly.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from celltrail.errors import FilterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "LOCAL_TIME",
    "Ago",
    "And",
    "Clause",
    "Node",
    "Not",
    "Or",
    "Value",
    "parse_filter",
    "parse_order",
    "plain_name",
    "with_zones",
]


@dataclass(frozen=True, slots=True)
class Ago:
    """A time before now, in seconds."""

    seconds: float


Value: TypeAlias = bool | float | int | str | Ago
Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "in", "like", "has", "null"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison; for a run without that name it does not hold.

    Parameters
    ----------
    name
        The column.
    op
        How it is compared; ``null`` holds where the column is missing.
    values
        What with: one value, several for ``in``, none for ``null``.
    position
        Where the name stands in the text.
    """

    name: str
    op: Operator
    values: tuple[Value, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where ``part`` does not."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """Holds where all parts do."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Holds where any part does."""

    parts: tuple[Node, ...]


Node: TypeAlias = Clause | Not | And | Or

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<ago>-[0-9]+(?:\.[0-9]+)?[smhdw]\b)
    | (?P<number>[+-]inf\b|[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<quoted>`(?:[^`]|``)+`)
    | (?P<op>==|!=|<>|<=|>=|=|<|>)
    | (?P<mark>[(),])
    | (?P<word>[^\W\d][\w./:-]*)
    )""",
    re.VERBOSE,
)
#: A moment without a zone; its first group is the time of day, where there is one.
LOCAL_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?"
)
_WORDS = frozenset(
    ("and", "or", "not", "in", "like", "is", "has", "null", "true", "false", "nan", "inf")
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_OPS: dict[str, Operator] = {
    "=": "=",
    "==": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_LONGEST = 4_000
_DEEPEST = 100
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "nan": math.nan, "inf": math.inf}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int

    @property
    def word(self) -> str:
        """The keyword that this may be."""
        return (
            self.text.lower() if self.kind == "word" else self.text if self.kind == "mark" else ""
        )


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            msg = f"cannot read {text[start]!r} here"
            raise FilterError(msg, text, start)
        yield _Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup))
        position = match.end()
    yield _Token("end", "", len(text))


class _Parser:
    """A recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._now
        self._at += 1
        return token

    def _fail(self, expected: str, token: _Token | None = None) -> FilterError:
        token = token or self._now
        found = "the end" if token.kind == "end" else token.text
        return FilterError(f"expected {expected}, found {found}", self._text, token.position)

    def _expect(self, word: str) -> None:
        if self._now.word != word:
            msg = f"{word!r}"
            raise self._fail(msg)
        self._take()

    def whole(self) -> Node:
        node = self._either()
        if self._now.kind != "end":
            raise self._fail("'and', 'or' or the end")
        return node

    def _either(self) -> Node:
        parts = [self._both()]
        while self._now.word == "or":
            self._take()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self) -> Node:
        parts = [self._negated()]
        while self._now.word == "and":
            self._take()
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negated(self) -> Node:
        word = self._now.word
        if word not in ("not", "("):
            return self._clause()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FilterError("it is nested too deeply", self._text, self._now.position)
        self._take()
        if word == "not":
            node: Node = Not(self._negated())
        else:
            node = self._either()
            self._expect(")")
        self._depth -= 1
        return node

    def _clause(self) -> Node:
        token = self._take()
        if token.kind not in ("word", "quoted"):
            raise self._fail("a name such as params.lr", token)
        name, position = plain_name(token.text), token.position
        op = self._take()
        if op.kind == "op":
            return Clause(name, _OPS[op.text], (self._value(),), position)
        if op.word == "is":
            return self._null(name, position)
        if op.word == "in":
            return Clause(name, "in", self._values(), position)
        if op.word == "not" and self._now.word == "in":
            self._take()
            return Not(Clause(name, "in", self._values(), position))
        if op.word in ("like", "has"):
            value = self._value()
            if not isinstance(value, str):
                raise self._fail("a text in quotes", self._tokens[self._at - 1])
            return Clause(name, "like" if op.word == "like" else "has", (value,), position)
        raise self._fail("=, !=, <, <=, >, >=, in, like, has or is", op)

    def _null(self, name: str, position: int) -> Node:
        negated = self._now.word == "not"
        if negated:
            self._take()
        self._expect("null")
        clause = Clause(name, "null", (), position)
        return Not(clause) if negated else clause

    def _values(self) -> tuple[Value, ...]:
        self._expect("(")
        values = [self._value()]
        while self._now.word == ",":
            self._take()
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _value(self) -> Value:
        token = self._take()
        if token.kind == "number":
            is_whole = re.fullmatch(r"[+-]?[0-9]+", token.text)
            if len(token.text) > _LONGEST:
                msg = f"a number of at most {_LONGEST} digits"
                raise self._fail(msg, token)
            return int(token.text) if is_whole else float(token.text)
        if token.kind == "text":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.kind == "ago":
            return Ago(float(token.text[1:-1]) * _SECONDS[token.text[-1]])
        if token.word in _CONSTANTS:
            return _CONSTANTS[token.word]
        if token.kind == "word":
            msg = f"a value; a text stands in quotes: '{token.text}'"
            raise self._fail(msg, token)
        raise self._fail("a value", token)


_ORDERED = re.compile(r"\s*(?:(`(?:[^`]|``)+`)|([^\s`]\S*))(?:\s+(asc|desc))?\s*", re.IGNORECASE)


def plain_name(text: str) -> str:
    """Give a name as it is from how it stands in a filter or an ordering."""
    return text[1:-1].replace("``", "`") if text.startswith("`") else text


def with_zones(text: str, is_time: Callable[[str], bool], zone: Callable[[str], str]) -> str:
    """Give the times in a filter their zone, so that they mean the same everywhere.

    Parameters
    ----------
    text
        A filter that can be read.
    is_time
        Says whether a column of this name holds times.
    zone
        Gives the zone of a local time, such as ``"+01:00"``; an empty text leaves it.

    Examples
    --------
    >>> with_zones("started > '2026-01-31'", lambda name: name == "started", lambda _: "Z")
    "started > '2026-01-31 00:00Z'"
    """
    name = ""
    parts, end = [], 0
    for token in _tokens(text):
        if token.kind in ("word", "quoted") and token.word not in _WORDS:
            name = plain_name(token.text)
        local = LOCAL_TIME.fullmatch(token.text[1:-1]) if token.kind == "text" else None
        if local is None or not is_time(name):
            continue
        moment = token.text[1:-1] if local[1] else f"{token.text[1:-1]} 00:00"
        stop = token.position + len(token.text)
        parts += [text[end : token.position], f"'{moment}{zone(moment)}'"]
        end = stop
    return "".join([*parts, text[end:]])


def parse_filter(text: str) -> Node:
    """Read a filter.

    Parameters
    ----------
    text
        Such as ``params.lr < 0.1 and metrics.acc > 0.9``.

    Returns
    -------
    Clause, Not, And or Or
        The tree.

    Raises
    ------
    FilterError
        When it cannot be read; the message marks the place.

    Examples
    --------
    >>> parse_filter("status = 'failed'")
    Clause(name='status', op='=', values=('failed',), position=0)
    """
    return _Parser(text).whole()


def parse_order(text: str) -> list[tuple[str, bool]]:
    """Read an ordering such as ``"metrics.acc desc, started"``.

    Returns
    -------
    list of (str, bool)
        Names, each with whether it is descending.

    Raises
    ------
    FilterError
        When it cannot be read.

    Examples
    --------
    >>> parse_order("metrics.acc desc, started")
    [('metrics.acc', True), ('started', False)]
    """
    order: list[tuple[str, bool]] = []
    for part in re.findall(r"(?:`(?:[^`]|``)*`|[^,`])+", text):
        match = _ORDERED.fullmatch(part)
        if match is None:
            msg = f"cannot read the ordering {part.strip()!r}"
            raise FilterError(msg, text, text.find(part))
        name = plain_name(match[1] or match[2])
        order.append((name, (match[3] or "").lower() == "desc"))
    if not order:
        raise FilterError("the ordering is empty")
    return order
