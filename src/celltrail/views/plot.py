"""Charts of runs and of predictions: what ``ct.plot`` offers.

Each function gives a view that draws without a network; its ``chart`` is the Altair chart,
to be changed at will and shown again with `show`.
"""

from __future__ import annotations

from celltrail.views.charts.bars import bars
from celltrail.views.charts.confusion import confusion
from celltrail.views.charts.importance import importance
from celltrail.views.charts.parallel import parallel
from celltrail.views.charts.progress import progress
from celltrail.views.charts.residuals import residuals
from celltrail.views.charts.scatter import scatter
from celltrail.views.charts.shown import show
from celltrail.views.charts.thresholds import calibration, pr, roc
from celltrail.views.curve_chart import curves

__all__ = [
    "bars",
    "calibration",
    "confusion",
    "curves",
    "importance",
    "parallel",
    "pr",
    "progress",
    "residuals",
    "roc",
    "scatter",
    "show",
]
