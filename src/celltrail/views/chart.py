"""Altair charts as a widget that draws them without a network.

Vega and Vega-Lite come with celltrail. They are large, so they are not part of the
widget's own script, which every chart sends: the page asks for them once, and keeps them.
"""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import anywidget
import traitlets

from celltrail.views.bundles import bundle_bytes, bundle_text
from celltrail.views.snapshot import Snapshot

__all__ = ["Chart", "chart_spec"]


class Chart(Snapshot, anywidget.AnyWidget):  # type: ignore[misc]
    """A chart that draws offline, and stays in the saved notebook as a picture.

    Parameters
    ----------
    chart
        Any Altair chart.
    still_html, still_text
        Its still forms. They show the data as it came, also when ``chart`` is changed.

    Attributes
    ----------
    chart : altair.Chart
        The Altair chart. Set it, or change it before the view is shown.

    Examples
    --------
    >>> view = ct.plot.curves(ct.runs(), "loss")  # doctest: +SKIP
    >>> view.chart = view.chart.properties(height=400)  # doctest: +SKIP
    """

    _spec = traitlets.Unicode("").tag(sync=True)
    _mark = traitlets.Unicode("").tag(sync=True)

    def __init__(self, chart: Any, *, still_html: str, still_text: str, **options: Any) -> None:
        self._esm = bundle_text("chart.js")
        self._css = bundle_text("chart.css")
        self._chart = chart
        self._html, self._text = still_html, still_text
        super().__init__(_mark=self._new_mark(), _spec=chart_spec(chart), **options)
        self.on_msg(self._answer)

    @property
    def chart(self) -> Any:
        """The Altair chart; set it to draw another."""
        return self._chart

    @chart.setter
    def chart(self, chart: Any) -> None:
        self._chart = chart
        self._spec = chart_spec(chart)

    def _ipython_display_(self, **options: Any) -> None:
        self._spec = chart_spec(self._chart)  # it may have been changed in place
        super()._ipython_display_(**options)

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        """Send the drawing library to a page that has not got it yet."""
        if isinstance(content, dict) and content.get("kind") == "want-vega":
            self.send({"kind": "vega"}, buffers=[bundle_bytes("vega.js.gz")])

    def _still_html(self) -> str:
        return self._html

    def _still_text(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<Chart: {self._text.splitlines()[0] if self._text else 'empty'}>"


def chart_spec(chart: Any) -> str:
    """Write an Altair chart as JSON, its data as columns rather than as rows.

    Parameters
    ----------
    chart
        The chart.

    Returns
    -------
    str
        A Vega-Lite specification; each value of ``datasets`` is
        ``{"fields": […], "columns": [[…], …]}``, a third of the size of rows.
    """
    # Altair's own limit of 5,000 rows guards notebooks against charts with all data inside.
    with alt.data_transformers.enable("default", max_rows=None, consolidate_datasets=True):
        spec = chart.to_dict()
    datasets = spec.get("datasets", {})
    spec["datasets"] = {name: _columnar(rows) for name, rows in datasets.items()}
    return json.dumps(spec, separators=(",", ":"), ensure_ascii=False)


def _columnar(rows: Any) -> Any:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        return rows
    fields = list(dict.fromkeys(field for row in rows for field in row))
    return {"fields": fields, "columns": [[row.get(field) for row in rows] for field in fields]}
