"""A chart that is drawn when somebody asks for it, with a choice of what it shows."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import anywidget
import ipywidgets
import traitlets

from celltrail.errors import CelltrailError, OptionError, UnknownNameError
from celltrail.views.bundles import bundle_text
from celltrail.views.chart import Chart
from celltrail.views.marimo import stacked
from celltrail.views.rpc import answer_questions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from celltrail.views.drawing import Drawing

__all__ = ["ChartSection", "Choice", "Shown"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen.

    Parameters
    ----------
    name
        What the drawing function calls it.
    label
        What people read beside it.
    options
        The values.
    chosen
        The value to begin with.
    grouped
        Whether they are names of columns, such as ``params.lr``, which stand in groups.
    """

    name: str
    label: str
    options: Sequence[str]
    chosen: str
    grouped: bool = False


class Shown(NamedTuple):
    """What a section shows for a choice: a drawing, and a sentence of what it stands on."""

    drawing: Drawing
    note: str = ""


class SectionHead(anywidget.AnyWidget):
    """The heading of a section: its title, choices, and a button that shows the chart."""

    chosen = traitlets.Dict(key_trait=traitlets.Unicode(), value_trait=traitlets.Unicode()).tag(
        sync=True
    )
    opened = traitlets.Bool(False).tag(sync=True)
    _title = traitlets.Unicode("").tag(sync=True)
    _choices = traitlets.Unicode("[]").tag(sync=True)
    _note = traitlets.Unicode("").tag(sync=True)
    _said = traitlets.Unicode("").tag(sync=True)

    def __init__(self, title: str, choices: Sequence[Choice], said: str) -> None:
        self._esm = bundle_text("chart_section.js")
        self._css = bundle_text("chart_section.css")
        sent = [asdict(one) for one in choices]
        super().__init__(
            chosen={one.name: one.chosen for one in choices},
            _title=title,
            _choices=json.dumps(sent),
            _said=said,
        )


class ChartSection(ipywidgets.VBox):  # type: ignore[misc]
    """A heading with choices, and below it a chart once it was asked for.

    Parameters
    ----------
    title
        Of the section.
    choices
        What can be chosen.
    draw
        Draws the chart for what was chosen, by name.
    said
        A sentence that stands in the place of the button, where there is nothing to draw.
    is_slow
        Whether to draw it takes seconds: then it is drawn only when somebody asks for it.

    Attributes
    ----------
    selected_ids : list of str
        Ids of the selected runs, as in the chart.
    chart : Chart or None
        The chart, once it was shown.
    """

    selected_ids = traitlets.List(traitlets.Unicode())

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        draw: Callable[..., Shown],
        *,
        said: str = "",
        is_slow: bool = False,
    ) -> None:
        self._choices = {one.name: one for one in choices}
        self._draw = draw
        self.title, self.said, self.is_slow = title, said, is_slow
        self.head = SectionHead(title, choices, said)
        self.chart: Chart | None = None
        super().__init__([self.head])
        answer_questions(self.head, {"show": self._asked, "hide": self.hide})

    @property
    def chosen(self) -> dict[str, str]:
        """What is chosen, by name."""
        return dict(self.head.chosen)

    def drawn(self) -> Shown:
        """Draw the chart for what is chosen, and show it nowhere."""
        return self._draw(**self.chosen)

    def show(self, **chosen: str) -> Chart:
        """Draw the chart, and show it below the heading.

        Parameters
        ----------
        **chosen
            What shall be chosen; what is not named stays as it is.

        Returns
        -------
        Chart
            The same each time: another choice is drawn in its place.

        Raises
        ------
        OptionError
            When there is no such choice, or the chart cannot be drawn.
        UnknownNameError
            When it is none of the options.
        """
        wanted = {**self.chosen, **chosen}
        for name, value in wanted.items():
            if name not in self._choices:
                known = ", ".join(self._choices) or "nothing"
                message = f"{name} cannot be chosen here; choose {known}."
                raise OptionError(message)
            if value not in self._choices[name].options:
                raise UnknownNameError(name, value, self._choices[name].options)
        shown = self._draw(**wanted)
        if self.chart is None:
            self.chart = Chart.of(shown.drawing)
            traitlets.link((self, "selected_ids"), (self.chart, "selected_ids"))
        else:
            self.chart.draw(shown.drawing)
        with self.head.hold_sync():  # the page gets all at once
            self.head.chosen, self.head.opened = wanted, True
            self.head._note = shown.note
        self._stack(self.chart)
        return self.chart

    def _display_(self) -> Any:
        """Give what marimo shows: there is no box there that a chart could come into later."""
        heading = ", ".join([self.title, *(f"{name}: {v}" for name, v in self.chosen.items())])
        said = self.said
        if self.is_slow and self.chart is None and not said:
            said = "Call show() of this part of the comparison to draw it."
        if said:
            return stacked([f"{heading}. {said}"])
        try:
            return stacked([heading, self.chart or self.show()])
        except CelltrailError as error:
            return stacked([f"{heading}. {error}"])

    def hide(self) -> None:
        """Take the chart away; it can be shown again."""
        self._stack()
        self.head.opened = False

    def _asked(self, chosen: Mapping[str, str]) -> None:
        """Show it for the page; where it cannot be drawn the chart of before is no answer."""
        try:
            self.show(**chosen)
        except Exception:  # whatever a drawing raises; the page shows it, as the answer
            self.hide()
            raise

    def _stack(self, *below: ipywidgets.Widget) -> None:
        self.children = (self.head, *below)
