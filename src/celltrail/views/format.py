"""How values are written for people: the same rules as ``js/src/format.ts``, tested on one list."""

from __future__ import annotations

import html
import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.model import MetricMeaning

__all__ = [
    "escape",
    "format_age",
    "format_as",
    "format_duration",
    "format_metric",
    "format_number",
    "format_shape",
    "format_time",
    "format_value",
    "plural",
    "shorten",
]

_MINUS = "\N{MINUS SIGN}"
#: From here on the page writes floats with an exponent.
_LONGEST = 1e21
#: So many digits behind the last one tell a half from what is next to it.
_BEHIND = 40
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def format_number(
    value: int | float, *, digits: int = 5, decimals: int | None = None, sign: bool = False
) -> str:
    """Write a number compactly: short, comparable by eye, never misleading.

    Parameters
    ----------
    value
        The number; NaN and the infinities are numbers too.
    digits
        Significant digits of a float.
    decimals
        Exactly so many digits behind the point instead, for columns that align.
    sign
        Write a plus before what is not negative.

    Returns
    -------
    str
        With a real minus sign, and commas from five digits up.

    Examples
    --------
    >>> format_number(0.96491228), format_number(60000), format_number(1e-5)
    ('0.96491', '60,000', '1e-5')
    """
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    prefix = _MINUS if value < 0 else "+" if sign else ""
    size = abs(value)
    if size == math.inf:
        return prefix + "\N{INFINITY}"
    if isinstance(value, int):
        return prefix + _group(str(size))
    if decimals is not None:
        return prefix + _group(_rounded(size, decimals, "f"))
    return prefix + _general(size, digits)


def format_as(value: int | float, spec: str) -> str:
    """Write a number as somebody asked for it.

    Parameters
    ----------
    value
        The number.
    spec
        As `celltrail.metric` takes it, such as ``".1%"``; empty for `format_number`.

    Returns
    -------
    str
        With a real minus sign; NaN, the infinities and what is too long for the format as
        `format_number` has them.

    Examples
    --------
    >>> format_as(0.9137, ".1%"), format_as(12345.6, ",d"), format_as(0.5, "")
    ('91.4%', '12,346', '0.5')
    """
    size = abs(value) * 100 if spec.endswith("%") else abs(value)
    if not spec or not size < _LONGEST:
        return format_number(value)
    asked, _, precision = spec[:-1].partition(".")
    digits = int(precision) if precision else 6
    kind = spec[-1]
    if kind == "g":
        body = _general(size, max(1, digits))
    elif kind == "e":
        mantissa, _, power = _rounded(size, digits, "e").partition("e")
        body = f"{mantissa}e{int(power)}"
    elif kind == "d":
        body = str(size) if isinstance(size, int) else _rounded(size, 0, "f")
    else:
        body = _rounded(size, digits, "f")
    if asked and kind in "df%":
        whole, point, rest = body.partition(".")
        body = f"{int(whole):,}{point}{rest}"
    sign = _MINUS if value < 0 and body.strip("0.e-") else ""
    return f"{sign}{body}{'%' if kind == '%' else ''}"


def format_metric(value: int | float, meaning: MetricMeaning) -> str:
    """Write the value of a metric in its format and with its unit."""
    text = format_as(value, meaning.format)
    return f"{text} {meaning.unit}" if meaning.unit else text


def _general(size: float, digits: int) -> str:
    if size == 0:
        return "0"
    mantissa, _, power = _rounded(size, digits - 1, "e").partition("e")
    exponent = int(power)
    if exponent < -4 or exponent >= 7:
        return f"{_strip(mantissa)}e{exponent}"
    # No more than the page can: JavaScript writes 100 digits behind a point.
    return _group(_strip(_rounded(size, min(100, max(0, digits - 1 - exponent)), "f")))


def _rounded(size: float, digits: int, kind: str) -> str:
    """Write a number as the page and Vega do: a half goes up, not to the even digit."""
    rest = f"{size:.{digits + _BEHIND}{kind}}".partition("e")[0][-_BEHIND:]
    if rest.rstrip("0") == "5":
        size = math.nextafter(size, math.inf)
    return f"{size:.{digits}{kind}}"


def _strip(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _group(text: str) -> str:
    whole, point, rest = text.partition(".")
    return (f"{int(whole):,}" if len(whole) >= 5 else whole) + point + rest


def format_duration(seconds: float) -> str:
    """Write a span of time with about two significant units.

    Parameters
    ----------
    seconds
        The span; below zero (clocks step) it is written as zero.

    Returns
    -------
    str
        Such as ``"340 ms"``, ``"4.2 s"``, ``"3 min 12 s"`` or ``"2 h 05 min"``.

    Examples
    --------
    >>> format_duration(0.34), format_duration(192.4)
    ('340 ms', '3 min 12 s')
    """
    if math.isnan(seconds):
        return ""
    seconds = max(0.0, seconds)
    if seconds < 0.9995:
        return f"{math.floor(seconds * 1000 + 0.5)} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    total = math.floor(seconds + 0.5)
    if total < 3600:
        return f"{total // 60} min {total % 60:02d} s"
    minutes = math.floor(seconds / 60 + 0.5)
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = math.floor(seconds / 3600 + 0.5)
    return f"{hours // 24} d {hours % 24} h"


def format_age(seconds: float) -> str:
    """Write how long ago something was, with one unit.

    Examples
    --------
    >>> format_age(4), format_age(200), format_age(3 * 86_400)
    ('just now', '3 min ago', '3 days ago')
    """
    for size, unit in ((86_400, "day"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{plural(count, unit) if unit == 'day' else f'{count} {unit}'} ago"
    return "just now"


def format_shape(shape: Sequence[int]) -> str:
    """Write the sizes of a table or an array: ``1,797 × 64``."""
    return " \N{MULTIPLICATION SIGN} ".join(f"{size:,}" for size in shape)


def format_time(moment: datetime | int, *, full: bool = False) -> str:
    """Write a moment in the local time zone.

    Parameters
    ----------
    moment
        An aware datetime, or microseconds since 1970 in UTC.
    full
        With year, seconds and the zone's name, instead of the short form.

    Returns
    -------
    str
        Such as ``"24 Nov 14:32"``, or in full ``"2026-11-24 14:32:05 CET"``.
    """
    if isinstance(moment, int):
        moment = datetime.fromtimestamp(moment / 1e6, UTC)
    local = moment.astimezone()
    if full:
        return local.strftime("%Y-%m-%d %H:%M:%S %Z")
    return f"{local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"


# strftime's %b follows the locale of the process: a saved table would mix languages.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_value(value: Any, *, limit: int = 60) -> str:
    """Write a param's value: numbers as numbers, texts bare, the rest as JSON.

    Parameters
    ----------
    value
        A scalar, or lists and mappings of them.
    limit
        Characters at most; longer ones end in an ellipsis.

    Returns
    -------
    str
        One line, not escaped.
    """
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return format_number(value, digits=6)
    if isinstance(value, str):
        return shorten(value, limit)
    return shorten(json.dumps(value, ensure_ascii=False, default=str), limit)


def shorten(text: str, limit: int) -> str:
    """Bring a text to one line of at most ``limit`` characters, with an ellipsis where cut."""
    # Only the head is looked at: a param may be megabytes of text.
    line = " ".join(text[: 4 * limit + 16].split())
    if len(line) <= limit and len(text) <= 4 * limit + 16:
        return line
    return line[: limit - 1].rstrip() + _ELLIPSIS


def plural(count: int, noun: str) -> str:
    """Write a count with its noun: ``1 run``, ``5,000 runs``."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def escape(text: object) -> str:
    """Make a text safe in HTML and XML, in attributes too, and free of control characters."""
    clean = "".join(
        c if c >= " " or c in "\t\n" else "\N{REPLACEMENT CHARACTER}" for c in str(text)
    )
    # A lone surrogate cannot be encoded, and would break the whole message to the front end.
    clean = clean.encode("utf-8", "replace").decode("utf-8")
    return html.escape(clean, quote=True)
