"""Altair charts as a widget that draws them without a network.

Vega and Vega-Lite come with celltrail. They are large, so they are not part of the
widget's own script, which every chart sends: the page asks for them once, and keeps them.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import altair as alt
import anywidget
import pandas as pd
import traitlets

from celltrail.views.bundles import bundle_bytes, bundle_text
from celltrail.views.chart_data import pack_frames
from celltrail.views.chart_save import save_chart
from celltrail.views.following import Followed
from celltrail.views.rpc import Binary, answer_questions
from celltrail.views.snapshot import STILL_BYTES, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from celltrail.store.follow import News
    from celltrail.views.drawing import Drawing, Growth, Zoom

__all__ = ["NAME_KEY", "Chart", "Spec", "chart_spec"]

#: In the ``attrs`` of a data frame: what its data set is called in the page.
NAME_KEY = "celltrail.name"
_TRANSFORMER = "celltrail"


class Spec(NamedTuple):
    """A chart as it travels: the specification as JSON, and its data, packed."""

    text: str
    data: bytes


class Chart(Followed, Snapshot, anywidget.AnyWidget):
    """A chart that draws offline, and stays in the saved notebook as a picture.

    Parameters
    ----------
    chart
        Any Altair chart.
    still_html, still_text
        Its still forms. They show the data as it came, also when ``chart`` is changed.
    zoom
        Where more points come from when the chart is zoomed.
    growth
        How curves of runs that go on are followed, while the chart is shown.

    Attributes
    ----------
    chart : altair.Chart
        The Altair chart. Set it, or change it before the view is shown.
    selected_ids : list of str
        Ids of the selected runs: others fade, in charts whose data have a ``run_id``. A click
        on a mark selects its run, and so does an interval selection of the name ``brush``.
    zoom : Zoom or None
        Where more points come from when it is zoomed.

    Examples
    --------
    >>> view = ct.plot.curves(ct.runs(), "loss")  # doctest: +SKIP
    >>> view.chart = view.chart.properties(height=400)  # doctest: +SKIP
    """

    selected_ids = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _spec = traitlets.Unicode("").tag(sync=True)
    _data = traitlets.Bytes(b"").tag(sync=True)
    _zoom: Any = traitlets.List().tag(sync=True)
    _mark = traitlets.Unicode("").tag(sync=True)
    live = traitlets.Bool(False)

    @classmethod
    def of(cls, drawing: Drawing) -> Chart:
        """Make a view of a drawing."""
        return cls(
            drawing.chart,
            still_html=drawing.html,
            still_text=drawing.text,
            zoom=drawing.zoom,
            growth=drawing.growth,
        )

    def __init__(
        self,
        chart: Any,
        *,
        still_html: str,
        still_text: str,
        zoom: Zoom | None = None,
        growth: Growth | None = None,
        **options: Any,
    ) -> None:
        self._esm = bundle_text("chart.js")
        self._css = bundle_text("chart.css")
        self._chart = chart
        self._html, self._text = still_html, still_text
        text, data = chart_spec(chart)
        self._as_made = text
        self._drawing = threading.Lock()
        panels = [] if zoom is None else [dict(panel) for panel in zoom.panels]
        self._growth, self.zoom = growth, zoom
        options.setdefault("live", growth is not None)
        super().__init__(_mark=self._new_mark(), _spec=text, _data=data, _zoom=panels, **options)
        self.on_msg(self._answer)
        self._begin_following()
        if zoom is not None:
            answer_questions(self, {"zoom": self._zoomed})

    @property
    def chart(self) -> Any:
        """The Altair chart; set it to draw another."""
        return self._chart

    @chart.setter
    def chart(self, chart: Any) -> None:
        with self._drawing:
            self._chart = chart
            self.live = False  # it may be of anything
        self._renew()

    def draw(self, drawing: Drawing) -> None:
        """Draw another chart in the place of this one, its still forms too."""
        self._html, self._text = drawing.html, drawing.text
        self.chart = drawing.chart

    def save(self, path: str | Path, *, dark: bool = False, scale: float = 2.0) -> Path:
        """Write the chart into a file, without a network.

        Parameters
        ----------
        path
            Its ending says what is written: ``.html``, a page that needs nothing else;
            ``.json``, the Vega-Lite specification; ``.png`` or ``.svg``, which need
            ``pip install celltrail[charts]``.
        dark
            Whether it is made for a dark background.
        scale
            How many pixels of a PNG are one of the chart.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        OptionError
            When the ending is another one, or what it needs is not installed.

        Examples
        --------
        >>> ct.plot.curves(ct.runs(), "loss").save("loss.html")  # doctest: +SKIP
        """
        return save_chart(self._chart, path, dark=dark, scale=scale)

    def _ipython_display_(self, **options: Any) -> None:
        if self._renew() != self._as_made:
            self.live = False  # it was changed in place: that is not to be drawn over
        super()._ipython_display_(**options)

    def _renew(self) -> str:
        with self.hold_sync():  # the page gets both at once
            self._spec, self._data = chart_spec(self._chart)
        return self._spec

    def _answer(self, _widget: object, content: Any, _buffers: object) -> None:
        """Send the drawing library to a page that has not got it yet."""
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "want-vega":
            self.send({"kind": "vega"}, buffers=[bundle_bytes("vega.js.gz")])
        elif kind == "drawn" and self._growth is not None:
            self._growth.all_again()

    @property
    def followed_store(self) -> Path:
        """The store whose news concern it."""
        assert self._growth is not None
        return self._growth.store

    def _take_news(self, news: News) -> None:
        """Send the page the curves of the runs that went on; all others it has."""
        growth = self._growth
        assert growth is not None
        growth.take(news)
        grown = growth.grown()
        if grown is not None:
            ids, frames = grown
            packed = pack_frames(frames)
            self.send({"kind": "grown", "ids": ids, "heads": packed.heads}, [packed.data])
        drawing = growth.drawn_anew()
        if drawing is not None:
            self._take_drawing(drawing)

    def _take_drawing(self, drawing: Drawing) -> None:
        """Show what was drawn anew, and draw the still picture too.

        The page has the curves of the runs that it draws, but for bands. Only where there are
        others it draws the chart again, which undoes its zoom.
        """
        growth, made = self._growth, drawing.growth
        assert growth is not None
        assert made is not None
        spec = chart_spec(drawing.chart, aside=True)
        is_new = (made.run_ids, made.legend) != (growth.run_ids, growth.legend)
        with self._drawing:
            if not self.live:
                return  # the user has changed the chart meanwhile
            made.follow_on(growth)
            self._chart, self._html, self._text = drawing.chart, drawing.html, drawing.text
            self._growth, self.zoom, self._as_made = made, drawing.zoom, spec.text
        if is_new or made.draw is None:
            with self.hold_sync():
                self._spec, self._data = spec
        if self._displayed:
            self.refresh_snapshot(aside=True)

    def _zoomed(self, *, panel: int, low: float, high: float) -> Binary:
        """Answer a page that shows a part of a panel."""
        assert self.zoom is not None
        packed = pack_frames({"zoomed": self.zoom.read(int(panel), float(low), float(high))})
        return Binary(packed.heads["zoomed"], packed.data)

    def _still_html(self, most: int = STILL_BYTES) -> str:
        return self._html

    def _still_text(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<Chart: {self._text.splitlines()[0] if self._text else 'empty'}>"


def chart_spec(
    chart: Any,
    *,
    instead: Callable[[str, pd.DataFrame], pd.DataFrame] | None = None,
    aside: bool = False,
) -> Spec:
    """Take an Altair chart apart into its specification and its data.

    Parameters
    ----------
    chart
        The chart. Its data frames may have any number of rows: Altair's own limit of 5,000
        guards notebooks against charts with all data inside, which these have not.
    instead
        Gives other data for those of a name.
    aside
        Whether this is done in another thread. What takes data out of charts in Altair is a
        setting of the process, by which the user's own charts go at the same time: so it is
        left alone, and the chart's encodings must all say their types.

    Returns
    -------
    Spec
        Vega-Lite as JSON, in which each of ``datasets`` is a head that says where its
        columns stand in the data.
    """
    frames: dict[str, pd.DataFrame] = {}
    if aside:
        spec = _named(chart.copy(deep=True), frames).to_dict()
    else:
        with alt.data_transformers.enable(_transformer(frames), consolidate_datasets=True):
            spec = chart.to_dict()
        alt.data_transformers.register(_TRANSFORMER, None)  # it would keep the data alive
    if instead is not None:
        frames = {name: instead(name, frame) for name, frame in frames.items()}
    packed = pack_frames(frames)
    spec["datasets"] = {**spec.get("datasets", {}), **packed.heads}
    text = json.dumps(spec, separators=(",", ":"), ensure_ascii=True)
    return Spec(text, packed.data if frames else b"")


def _named(part: Any, frames: dict[str, pd.DataFrame]) -> Any:
    """Put names in the place of the data frames of a chart, which is changed."""
    if isinstance(part, alt.SchemaBase):
        for key, value in part._kwds.items():
            if _is_frame(value):
                part._kwds[key] = alt.NamedData(name=_name_of(value, frames))
            else:
                _named(value, frames)
    elif isinstance(part, list):
        for each in part:
            _named(each, frames)
    return part


def _is_frame(data: Any) -> bool:
    return isinstance(data, pd.DataFrame) and all(isinstance(c, str) for c in data.columns)


def _name_of(data: pd.DataFrame, frames: dict[str, pd.DataFrame]) -> str:
    """Give the name of a data frame in the page, and keep it by that."""
    for name, known in frames.items():
        if known is data:
            return name
    name = str(data.attrs.get(NAME_KEY, "data"))
    while name in frames:
        name += "'"
    frames[name] = data
    return name


def _transformer(frames: dict[str, pd.DataFrame]) -> str:
    """Register what takes data frames out of a chart, and gives each a name."""

    def take(data: Any, **_options: Any) -> Any:
        return {"name": _name_of(data, frames)} if _is_frame(data) else alt.to_values(data)

    alt.data_transformers.register(_TRANSFORMER, take)
    return _TRANSFORMER
