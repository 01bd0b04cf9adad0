"""Charts of runs: what ``ct.plot`` offers."""

from __future__ import annotations

from celltrail.views.curves import curves

__all__ = ["curves"]
