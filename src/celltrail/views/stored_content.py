"""Stored content on its way to a page: as a text, or as a picture in which nothing runs."""

from __future__ import annotations

import base64

from celltrail.views.format import plural

__all__ = ["PICTURE_TYPES", "bounded_text", "data_uri"]

#: An ``<img>`` runs no script in any of these, not even in SVG.
PICTURE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")

_TEXT = 20_000


def bounded_text(text: str, limit: int = _TEXT) -> str:
    """Cut a text that is too long to be read, and say how much was cut off."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n… {plural(len(text) - limit, 'character')} more"


def data_uri(mime: str, content: bytes) -> str:
    """Give the address of an ``<img>`` that holds its content itself."""
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"
