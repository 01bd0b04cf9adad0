"""Objects as the content of artifacts, one module for each kind. Nothing is pickled here."""

from __future__ import annotations

from celltrail.record.content.audio import Audio
from celltrail.record.content.content import Content
from celltrail.record.content.histogram import Histogram

__all__ = ["Audio", "Content", "Histogram"]
