"""Names in charts: any text may be the name of a metric, and not all of it may be drawn."""

from __future__ import annotations

import re

__all__ = ["ZOOM_HINT", "axis_title", "tooltip_title"]

#: At the end of a caption. A picture does not say it: it cannot be zoomed.
ZOOM_HINT = " \N{MIDDLE DOT} Ctrl and the wheel zoom in"

_RESERVED = ("run", "step", "seconds", "time", "metric", "runs", "group")


def axis_title(name: str, limit: int = 200, unit: str = "") -> str:
    """Give a name as the title of an axis: one line, and not endless.

    Parameters
    ----------
    name
        Any text.
    limit
        Characters at most.
    unit
        The unit, if there is one.

    Examples
    --------
    >>> axis_title("two" + chr(10) + "lines"), axis_title("cost", unit="EUR")
    ('two lines', 'cost (EUR)')
    """
    clean = " ".join(re.sub(r"[\x00-\x1f\x7f\u2028\u2029]", " ", name).split())
    if len(clean) > limit:
        clean = clean[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return f"{clean} ({axis_title(unit, 40)})" if unit else clean


def tooltip_title(name: str, instead: str = "value") -> str:
    """Give a name as it may stand in a tooltip, which has it in an expression, unescaped.

    Parameters
    ----------
    name
        Any text.
    instead
        What stands for it when nothing is left, or a tooltip has that name already.
    """
    clean = axis_title(name.replace("\\", " "))
    return instead if clean in ("", *_RESERVED) else clean
