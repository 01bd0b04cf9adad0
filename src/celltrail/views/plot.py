"""Charts of runs: what ``ct.plot`` offers."""

from __future__ import annotations

from celltrail.views.curve_chart import curves

__all__ = ["curves"]
