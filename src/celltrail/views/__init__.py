"""What people see: the run card, the run table and charts, each live, still and as text.

The names are resolved when they are first used, since the widgets need anywidget and the
charts altair, which take seconds to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from celltrail.lazy import resolver

if TYPE_CHECKING:
    from celltrail.views.card import Card, run_card, tried_note
    from celltrail.views.chart import Chart
    from celltrail.views.compare import Comparison
    from celltrail.views.curve_chart import curves
    from celltrail.views.live_card import LiveCard, ghosts_of
    from celltrail.views.live_run import LiveRun
    from celltrail.views.page_file import export_html
    from celltrail.views.run_table import RunTableWidget
    from celltrail.views.snapshot import view_bundle, view_metadata
    from celltrail.views.static_table import table_html, table_text

__all__ = [
    "Card",
    "Chart",
    "Comparison",
    "LiveCard",
    "LiveRun",
    "RunTableWidget",
    "curves",
    "export_html",
    "ghosts_of",
    "run_card",
    "table_html",
    "table_text",
    "tried_note",
    "view_bundle",
    "view_metadata",
]

_MODULES = {
    "Card": "card",
    "Chart": "chart",
    "Comparison": "compare",
    "LiveCard": "live_card",
    "LiveRun": "live_run",
    "RunTableWidget": "run_table",
    "curves": "curve_chart",
    "export_html": "page_file",
    "ghosts_of": "live_card",
    "run_card": "card",
    "table_html": "static_table",
    "table_text": "static_table",
    "tried_note": "card",
    "view_bundle": "snapshot",
    "view_metadata": "snapshot",
}
__getattr__ = resolver(__name__, _MODULES)


def __dir__() -> list[str]:
    return sorted(__all__)
