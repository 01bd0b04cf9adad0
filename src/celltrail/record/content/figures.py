"""Figures, charts and pictures of the libraries that draw them."""

from __future__ import annotations

import io
from typing import Any

from celltrail.record.content.content import (
    PLOTLY_MIME,
    VEGALITE_MIME,
    Content,
    is_a,
    mime_of,
    suffix_of,
)

__all__ = ["figure_content"]

#: In what else than PNG a figure of matplotlib is stored, by the end of its name.
_FIGURE_FORMATS = {".svg": "svg", ".pdf": "pdf", ".jpg": "jpeg", ".jpeg": "jpeg"}
_IMAGE_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".gif": "GIF"}


def figure_content(value: Any, name: str | None) -> Content | None:
    """Give a figure (matplotlib), a chart (Altair, Plotly) or a picture (PIL); None for others.

    Parameters
    ----------
    value
        The object; for matplotlib also one that has a ``figure``, such as axes.
    name
        The artifact's name, whose end may choose the format: of figures ``.svg``, ``.pdf``
        and ``.jpg``, of pictures ``.jpg``, ``.webp`` and ``.gif``, of Plotly's ``.html``.
    """
    for describe in (_matplotlib, _altair, _plotly, _pillow):
        content = describe(value, suffix_of(name))
        if content is not None:
            return content
    return None


def _matplotlib(value: Any, suffix: str) -> Content | None:
    module = "matplotlib.figure"
    figure = value if is_a(value, module, "Figure") else getattr(value, "figure", None)
    if not is_a(figure, module, "Figure"):
        return None
    buffer = io.BytesIO()
    kind = _FIGURE_FORMATS.get(suffix, "png")
    figure.savefig(buffer, format=kind, bbox_inches="tight", dpi=144)  # type: ignore[union-attr]
    return Content(buffer.getvalue(), "figure", mime_of(f"x.{kind}"), f"figure.{kind}")


def _altair(value: Any, suffix: str) -> Content | None:
    del suffix
    if not is_a(value, "altair", "TopLevelMixin"):
        return None
    text: str = value.to_json(indent=None)
    return Content(text.encode(), "chart", VEGALITE_MIME, "chart.vl.json")


def _plotly(value: Any, suffix: str) -> Content | None:
    if not is_a(value, "plotly.basedatatypes", "BaseFigure"):
        return None
    if suffix == ".html":  # with all that draws it, so that it shows without a network
        page: str = value.to_html(include_plotlyjs=True)
        return Content(page.encode(), "chart", "text/html", "chart.html")
    text: str = value.to_json()
    return Content(text.encode(), "chart", PLOTLY_MIME, "chart.plotly.json")


def _pillow(value: Any, suffix: str) -> Content | None:
    if not is_a(value, "PIL.Image", "Image"):
        return None
    buffer = io.BytesIO()
    kind = _IMAGE_FORMATS.get(suffix, "PNG")
    if kind == "JPEG" and value.mode not in ("L", "RGB", "CMYK"):  # it has no transparency
        value = value.convert("RGB")
    value.save(buffer, format=kind)
    end = kind.lower()
    return Content(buffer.getvalue(), "image", f"image/{end}", f"image.{end}")
