"""Ways to write a secret beside its name that are no plain assignment of a text in quotes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["mark_named", "redact_spellings"]

# As in the module of redaction: each pattern takes time in proportion to the text.
_QUOTED = r"""["'](?P<text>[^"'\\\n]{1,500}+)["']"""
#: setdefault("API_KEY", "..."), setattr(settings, "password", "...")
_GIVEN = re.compile(
    rf"""
    \b(?:set_?default|putenv|setenv|getenv|set_key|set_option|set_password
      | setattr\([ \t]*+[\w.]{{1,60}}+[ \t]*+,)
    \(?[ \t]*+["'](?P<name>[\w.\-]{{1,80}}+)["'][ \t]*+,\s*+{_QUOTED}
    """,
    re.VERBOSE,
)
#: NAME=value as `env` and files of settings write it; the value has a digit, so is no name.
_LINE = re.compile(
    r"""
    (?:^|[\s;&])(?P<name>[A-Z][A-Z0-9_]{2,60}+)=
    (?P<text>(?=[^\s0-9]*+[0-9])[\w+/=\-~!@#$%^&*.:]{6,500}+)(?=[\s;]|$)
    """,
    re.VERBOSE,
)
#: --password=value on a line of a shell
_FLAG = re.compile(
    r"(?<![\w-])--(?P<name>[A-Za-z][\w\-]{1,60}+)=(?P<text>[^\s\"'\[\](){}$]{4,500}+)"
)
#: JSON within a text of JSON
_ESCAPED = re.compile(
    r'\\"(?P<name>[\w.\-]{1,80}+)\\"[ \t]*+:[ \t]*+\\"(?P<text>[^"\\\n]{1,500}+)\\"'
)
#: user, password = "me", "..."
_TUPLE = re.compile(
    r"""
    ^[ \t]*+(?P<names>[A-Za-z_][\w.]*+(?:[ \t]*+,[ \t]*+[A-Za-z_][\w.]*+)++)
    [ \t]*+=(?!=)[ \t]*+(?P<values>[^\n]++)
    """,
    re.VERBOSE | re.MULTILINE,
)
_PART = re.compile(
    r"""[ \t(]*+(?:[rRbBuUfF]{0,2}(?P<q>["'])(?P<text>[^"'\\\n]++)(?P=q)|[^,"'\n]++)"""
)


def redact_spellings(text: str, mark: str, is_secret: Callable[[str], bool]) -> tuple[str, int]:
    """Mark values that are written beside a secret's name.

    Parameters
    ----------
    text
        Source code or output.
    mark
        What is put in the place of a secret.
    is_secret
        Says of a name whether secrets have it.

    Returns
    -------
    (str, int)
        The text, and how many there were.

    Examples
    --------
    >>> redact_spellings("setattr(s, 'pin', 'a1')", "[x]", lambda name: name == "pin")
    ("setattr(s, 'pin', '[x]')", 1)
    >>> redact_spellings("who, pin = 'me', 'a1'", "[x]", lambda name: name == "pin")
    ("who, pin = 'me', '[x]'", 1)
    """
    total = 0
    for pattern, pieces in (
        (_GIVEN, ("set", "env")),
        (_LINE, ("=",)),
        (_FLAG, ("--",)),
        (_ESCAPED, ('\\"',)),
    ):
        if any(piece in text for piece in pieces):
            text, count = mark_named(pattern, text, mark, is_secret)
            total += count
    if "," in text:
        text, count = _mark_tuples(text, mark, is_secret)
        total += count
    return text, total


def mark_named(
    pattern: re.Pattern[str], text: str, mark: str, is_secret: Callable[[str], bool]
) -> tuple[str, int]:
    """Mark what the last group of a match holds, if the group before is a secret's name.

    Parameters
    ----------
    pattern
        One without groups for names has only groups to be marked.
    text, mark, is_secret
        As for `redact_spellings`.

    Examples
    --------
    >>> pattern = re.compile(r"(?P<name>[a-z]+)=(?P<text>[0-9]+)")
    >>> mark_named(pattern, "pin=1 page=2", "[x]", lambda name: name == "pin")
    ('pin=[x] page=2', 1)
    """
    count = 0
    named = any(group.startswith("name") for group in pattern.groupindex)

    def replace(match: re.Match[str]) -> str:
        nonlocal count
        index = match.lastindex or 0
        if mark in match[index]:
            return match[0]
        if named and not is_secret(match[index - 1]):
            return match[0]
        count += 1
        start, end = (i - match.start() for i in match.span(index))
        return match[0][:start] + mark + match[0][end:]

    return pattern.sub(replace, text), count


def _mark_tuples(text: str, mark: str, is_secret: Callable[[str], bool]) -> tuple[str, int]:
    count = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal count
        names = [name.strip() for name in match["names"].split(",")]
        if not any(map(is_secret, names)):
            return match[0]
        values, place, parts = match["values"], 0, []
        for name in names:
            part = _PART.match(values, place)
            if part is None:
                break
            said = part[0]
            if part["text"] and is_secret(name) and mark not in said:
                said = said.replace(part["text"], mark)
                count += 1
            end = part.end()
            parts.append(said + values[end : end + 1])
            place = end + 1
        head = match[0][: match.start("values") - match.start()]
        return head + "".join(parts) + values[place:]

    return _TUPLE.sub(replace, text), count
