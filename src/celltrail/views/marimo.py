"""What marimo shows of views that are boxes: it knows anywidgets, and no boxes of widgets.

Widgets that are one anywidget it shows by itself, and under ``mo.ui.anywidget`` too.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from celltrail.views.format import escape

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["stacked"]


def stacked(parts: Iterable[Any]) -> Any:
    """Put parts below each other, as marimo shows them.

    Parameters
    ----------
    parts
        What marimo shows itself, and texts, which are headings.

    Returns
    -------
    object
        A stack of marimo's; where there is no marimo, the parts.
    """
    marimo: Any = sys.modules.get("marimo")  # who calls this has imported it
    if marimo is None:
        return list(parts)
    shown = [
        marimo.Html(f"<b>{escape(part)}</b>") if isinstance(part, str) else part for part in parts
    ]
    return marimo.vstack(shown)
