"""Any Altair chart, drawn without a network."""

from __future__ import annotations

from typing import Any

import altair as alt

from celltrail.errors import OptionError
from celltrail.views.chart import Chart
from celltrail.views.chart_save import svg_of
from celltrail.views.format import escape, shorten
from celltrail.views.svg_chart import image_html
from celltrail.views.theme import FAINT, FONT

__all__ = ["show"]


def show(chart: Any) -> Chart:
    """Draw any Altair chart without a network, in the look of the other charts.

    Parameters
    ----------
    chart
        A chart of Altair; or a view of this module, whose ``chart`` was perhaps changed.

    Returns
    -------
    Chart
        A view. Its picture in the saved notebook is drawn with vl-convert, where
        ``celltrail[charts]`` is installed.

    Raises
    ------
    OptionError
        When it is no Altair chart.

    Examples
    --------
    >>> chart = ct.plot.curves(ct.runs(), "loss").chart  # doctest: +SKIP
    >>> ct.plot.show(chart.properties(width=300))  # doctest: +SKIP
    """
    if isinstance(chart, Chart):
        chart = chart.chart
    if not isinstance(chart, alt.TopLevelMixin):
        message = f"show draws charts of Altair, not {type(chart).__name__}."
        raise OptionError(message)
    text = _describe(chart)
    svg = svg_of(chart)
    picture = f'<div style="{FAINT}">It is drawn when its cell runs.</div>'
    body = image_html(svg, text) if svg else f"<b>{escape(text)}</b>{picture}"
    return Chart(chart, still_html=f'<div style="{FONT}">{body}</div>', still_text=text)


def _describe(chart: alt.TopLevelMixin) -> str:
    title = getattr(chart, "title", alt.Undefined)
    title = getattr(title, "text", title)
    kind = type(chart).__name__
    if isinstance(title, str) and title.strip():
        return f"{shorten(title, 200)} ({kind} of Altair)"
    return f"{kind} of Altair"
