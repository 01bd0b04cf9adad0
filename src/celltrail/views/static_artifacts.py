"""The artifacts of compared runs as still HTML: their last step, within a bound of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail.query.artifacts import size_text
from celltrail.views.artifact_view import artifact_view
from celltrail.views.format import escape, plural, shorten
from celltrail.views.snapshot import STILL_BYTES, size
from celltrail.views.theme import FAINT, FONT, LINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.query.artifacts import StoredArtifact
    from celltrail.views.artifact_steps import ArtifactSteps

__all__ = ["artifacts_html"]

_NAMES, _RUNS, _TEXT, _ROWS = 6, 8, 1_000, 6
#: Bytes of one artifact: a saved notebook has to stay light.
_ONE = 256 << 10
#: What the markup of a cell takes of the bound, beside what it shows.
_FRAME = 500
_CELL = "padding:4px 14px;border:none;text-align:left;vertical-align:top"


def artifacts_html(steps: ArtifactSteps, labels: Sequence[str], *, limit: int = STILL_BYTES) -> str:
    """Draw what runs show last of each name, side by side.

    Parameters
    ----------
    steps
        Their artifacts.
    labels
        What the runs are called, in the same order.
    limit
        Bytes at most.

    Returns
    -------
    str
        A fragment with inline styles only, everything in it escaped; empty where nothing was
        logged, and where the bound is too small. Of at most 6 names and 8 runs.
    """
    rows, columns = min(len(steps.names), _NAMES), min(len(labels), _RUNS)
    left = limit - _FRAME * (rows + 1) * (columns + 1)
    if not steps.names or left <= 0:
        return ""
    heads = "".join(
        f'<th style="{_CELL};font-weight:600;border-bottom:{LINE}">'
        f"{escape(shorten(label, 40))}</th>"
        for label in labels[:_RUNS]
    )
    body = ""
    for named in steps.names[:_NAMES]:
        cells = ""
        for artifact in steps.at(named.name)[:_RUNS]:
            cell, used = _cell(artifact, left)
            left -= used
            cells += f'<td style="{_CELL};border-bottom:{LINE}">{cell}</td>'
        body += (
            f'<tr style="background-color:transparent"><th style="{_CELL};font-weight:400;'
            f'border-bottom:{LINE}"><span style="{FAINT}">{escape(shorten(named.name, 60))}</span>'
            f"</th>{cells}</tr>"
        )
    parts = [f"{plural(len(steps.names), 'artifact')} logged, the last step of each"]
    if len(steps.names) > _NAMES:
        parts.append(f"{_NAMES} shown")
    if len(labels) > _RUNS:
        parts.append(f"of {_RUNS} of {plural(len(labels), 'run')}")
    caption = escape(" \N{MIDDLE DOT} ".join(parts))
    return (
        f'<div style="{FONT};overflow-x:auto"><table style="border-collapse:collapse;border:none;'
        f'margin:6px 0 0;{FONT}"><tr style="background-color:transparent">'
        f'<th style="{_CELL};border-bottom:{LINE}"></th>{heads}</tr>{body}</table>'
        f'<div style="{FAINT};padding:4px 14px">{caption}</div>'
        "</div>"
    )


def _cell(artifact: StoredArtifact | None, left: int) -> tuple[str, int]:
    """Give one cell, and how many bytes of the bound it takes."""
    if artifact is None:
        return f'<span style="{FAINT}">\N{EN DASH}</span>', 0
    at = "" if artifact.step is None else f"step {artifact.step:,}"
    caption = f'<div style="{FAINT};font-size:11px">{at}</div>' if at else ""
    # As base64 three bytes are four.
    shown = _content(artifact_view(artifact, limit=min(_ONE, max(left, 0) * 3 // 4)), artifact)
    if size(shown) > left:
        shown = _named(f"{artifact.kind}, {size_text(artifact.size)}")
    return caption + shown, size(shown)


def _named(told: str) -> str:
    return f'<span style="{FAINT}">{escape(told)}</span>'


def _content(view: dict[str, Any], artifact: StoredArtifact) -> str:
    if (picture := view.get("picture") or view.get("drawn")) is not None:
        style = "max-width:240px;max-height:200px;height:auto"
        return f'<img src="{picture}" alt="{escape(view["name"])}" style="{style}">'
    if "text" in view:
        text = escape(view["text"][:_TEXT])
        more = " …" if len(view["text"]) > _TEXT else ""
        style = "font-size:12px;line-height:1.4;margin:0;white-space:pre-wrap;max-width:320px"
        return f'<pre style="{style}">{text}{more}</pre>'
    if "table" in view:
        return _table(view["table"])
    return _named(view.get("told") or f"{artifact.kind}, {size_text(artifact.size)}")


def _table(table: dict[str, Any]) -> str:
    style = f"padding:1px 8px;border:none;border-bottom:{LINE};text-align:right;font-size:12px"
    lines = [("th", table["heads"]), *(("td", row) for row in table["rows"][:_ROWS])]
    rows = "".join(
        '<tr style="background-color:transparent">'
        + "".join(f'<{tag} style="{style}">{escape(text)}</{tag}>' for text in texts[:_ROWS])
        + "</tr>"
        for tag, texts in lines
    )
    note = f'<div style="{FAINT};font-size:11px">{escape(table["note"])}</div>'
    return f'<table style="border-collapse:collapse;border:none">{rows}</table>{note}'
