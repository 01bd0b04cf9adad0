"""Views as a page of its own: one file that sorts, filters and zooms without kernel and network.

The page holds the scripts that the views have in a notebook, what a kernel would send to them,
and the answers to what they may ask; ``js/src/page.ts`` stands in for the front end and the
kernel. Everything in it is packed, so that no text of a run is ever part of the page's markup.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import json
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celltrail._version import __version__
from celltrail.errors import UsageError
from celltrail.views.bundles import bundle_bytes, bundle_text
from celltrail.views.format import escape, format_time
from celltrail.views.page_parts import Budget, parts_of
from celltrail.views.snapshot import snapshot_html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from celltrail.views.page_parts import Part

__all__ = ["MOST", "export_html"]

#: Characters that details, outputs and artifacts come to at most, before they are packed.
MOST = 50_000_000

# Nothing is loaded, and nothing goes out: what is in the page is all there is. Of scripts the one
# in the page runs, and what that unpacks. Vega makes functions of its expressions, which is what
# 'unsafe-eval' is for.
_POLICY = (
    "default-src 'none'; script-src 'sha256-{hash}' 'unsafe-eval' blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; media-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{
  --jp-layout-color0: #fff; --jp-content-font-color1: rgba(0, 0, 0, .87);
  --jp-content-font-color2: rgba(0, 0, 0, .6); --jp-brand-color1: #1976d2;
}}
@media (prefers-color-scheme: dark) {{
  :root {{
    --jp-layout-color0: #111; --jp-content-font-color1: #fff;
    --jp-content-font-color2: rgba(255, 255, 255, .7); --jp-brand-color1: #42a5f5;
  }}
}}
body {{
  margin: 24px; background: var(--jp-layout-color0); color: var(--jp-content-font-color1);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}}
h1 {{ font-size: 20px; font-weight: 600; margin: 0 0 2px }}
h2 {{ font-size: 15px; font-weight: 600; margin: 0 0 6px }}
header p, footer p {{ color: var(--jp-content-font-color2); font-size: 12px; margin: 0 0 4px }}
section {{ margin: 20px 0; overflow-x: auto }}
section[data-of="run_table"] {{ overflow-x: visible }}
</style>
</head>
<body>
<header><h1>{title}</h1><p>{said}</p></header>
<main>
{sections}
</main>
<footer>{notes}</footer>
{packed}
<script type="module">{script}</script>
</body>
</html>
"""


@dataclass(slots=True)
class _Packed:
    """What stands packed in the page, in its order; the same content stands there once."""

    texts: list[str] = field(default_factory=list)
    places: dict[bytes, int] = field(default_factory=dict)

    def add(self, content: bytes, *, as_is: bool = False) -> int:
        """Add content, gzipped unless it is that already, and give its place."""
        if content not in self.places:
            self.places[content] = len(self.texts)
            kind = "as is" if as_is else "gzip"
            # without a time stamp: the same content gives the same text
            data = content if as_is else gzip.compress(content, 6, mtime=0)
            text = base64.b64encode(data).decode("ascii")
            self.texts.append(f'<script type="text/plain" data-packed="{kind}">{text}</script>')
        return self.places[content]


def export_html(view: Any, path: str | Path, *, title: str | None = None, most: int = MOST) -> Path:
    """Write views into one file that works in any browser, without a kernel and a network.

    Parameters
    ----------
    view
        A table, a comparison, a chart, runs, or a list of these; what is selected in one of
        them is selected in all.
    path
        The file, which ends in ``.html``. One that is there is replaced.
    title
        Stands above the views; by default the file's name.
    most
        Characters that details, outputs and artifacts may come to. What goes beyond is left
        out, and the page says so. They are packed: the file is several times smaller.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UsageError
        When the view is of no such kind, or the file ends in something else.

    Notes
    -----
    Tables sort, filter and group, charts zoom and brush as in a notebook; what only Python can
    do, such as to rename a run, is not offered. Curves have four times as many points as in a
    notebook, where a kernel brings more when they are zoomed.

    Examples
    --------
    >>> import celltrail as ct
    >>> with ct.track("fit", params={"lr": 0.1}):
    ...     ct.log(accuracy=0.95)
    >>> ct.export_html(ct.runs(), "runs.html").name
    'runs.html'
    """
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        message = f"a page is not written as {target.name!r}: end the name in .html."
        raise UsageError(message)
    budget = Budget(most)
    parts = parts_of(view, budget)
    if not parts:
        raise UsageError("there is nothing to show in a page.")
    page = _page(parts, title or target.stem, budget.notes)
    fresh = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    try:
        fresh.write_text(page, "utf-8")
        fresh.replace(target)  # a page that is there stays whole until this one is
    finally:
        fresh.unlink(missing_ok=True)
    return target


def _page(parts: Sequence[Part], title: str, notes: Sequence[str]) -> str:
    packed = _Packed()
    packed.texts.append("")  # the place of what tells the page about all others
    names = list(dict.fromkeys(part.bundle for part in parts))
    bundles = {
        name: {
            "script": packed.add(bundle_text(f"{name}.js").encode()),
            "style": packed.add(bundle_text(f"{name}.css").encode()),
        }
        for name in names
    }
    is_drawn = "chart" in names
    sent = {
        "bundles": bundles,
        "vega": packed.add(bundle_bytes("vega.js.gz"), as_is=True) if is_drawn else None,
        "views": [_sent(part, packed) for part in parts],
    }
    contents = _Packed()
    contents.add(json.dumps(sent, separators=(",", ":")).encode())
    packed.texts[0] = contents.texts[0]
    # within a script nothing but its end could be taken for markup
    script = bundle_text("page.js").replace("</script", "<\\/script")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    now = int(dt.datetime.now(dt.UTC).timestamp() * 1e6)
    return _PAGE.format(
        policy=_POLICY.format(hash=digest),
        title=escape(title),
        said=escape(f"{format_time(now, full=True)} · celltrail {__version__}"),
        sections="\n".join(_section(place, part) for place, part in enumerate(parts)),
        notes="".join(f"<p>{escape(note)}</p>" for note in notes),
        packed="\n".join(packed.texts),
        script=script,
    )


def _sent(part: Part, packed: _Packed) -> dict[str, Any]:
    state = {
        name: {"$packed": packed.add(value, as_is=name == "_tools")}
        if isinstance(value, bytes)
        else value
        for name, value in part.state.items()
    }
    curves = part.curves
    return {
        "bundle": part.bundle,
        "state": state,
        "answers": [asdict(question) for question in part.answers],
        "curves": None
        if curves is None
        else {"heads": curves.result, "data": {"$packed": packed.add(curves.data)}},
    }


def _section(place: int, part: Part) -> str:
    heading = f"<h2>{escape(part.heading)}</h2>" if part.heading else ""
    mark = part.state.get("_mark", "")
    still = snapshot_html(part.still, mark) if part.still and mark else ""
    return (
        f'<section data-of="{part.bundle}">{heading}{still}<div data-view="{place}"></div>'
        "</section>"
    )
