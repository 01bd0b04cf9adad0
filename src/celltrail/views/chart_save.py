"""Charts as files: a page that needs nothing else, a picture, or the specification.

All of it works without a network. The page holds Vega, gzipped as in the package; pictures
are drawn by vl-convert, which brings its own.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import altair as alt

from celltrail.errors import OptionError
from celltrail.views.bundles import bundle_bytes
from celltrail.views.chart_text import ZOOM_HINT
from celltrail.views.theme import vega_config

__all__ = ["save_chart", "svg_of"]

#: A picture of more rows would be larger than it is worth in a notebook.
_PICTURE_ROWS = 5_000

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Chart</title>
<style>
body {{ margin: 24px; background: {background}; color: {text}; font-family: system-ui, sans-serif }}
details {{ display: none }}
</style>
</head>
<body>
<div id="chart"></div>
<script type="application/json" id="spec">{spec}</script>
<script type="text/plain" id="vega">{vega}</script>
<script type="module">
const bytes = Uint8Array.from(atob(document.getElementById("vega").textContent), (c) =>
  c.charCodeAt(0));
const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
const url = URL.createObjectURL(
  new Blob([await new Response(stream).text()], {{ type: "text/javascript" }}));
const {{ embed }} = await import(url);
const spec = JSON.parse(document.getElementById("spec").textContent);
await embed(document.getElementById("chart"), spec, {{ mode: "vega-lite", actions: false }});
</script>
</body>
</html>
"""


def save_chart(chart: Any, path: str | Path, *, dark: bool = False, scale: float = 2.0) -> Path:
    """Write an Altair chart into a file; see `celltrail.views.chart.Chart.save`."""
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in (".html", ".json", ".png", ".svg"):
        message = (
            f"a chart is not saved as {target.name!r}: end the name in .html, .json, .svg or .png."
        )
        raise OptionError(message)
    spec = _whole_spec(chart, dark=dark)
    if kind in (".png", ".svg"):
        _still(spec)
    if kind == ".png":
        converter = _converter(kind)
        target.write_bytes(converter.vegalite_to_png(vl_spec=spec, scale=scale))
    elif kind == ".svg":
        target.write_text(_converter(kind).vegalite_to_svg(vl_spec=spec), "utf-8")
    elif kind == ".json":
        target.write_text(json.dumps(spec), "utf-8")
    else:
        target.write_text(_page(spec), "utf-8")
    return target


def svg_of(chart: Any) -> str | None:
    """Draw a chart on no background, to stand in a notebook; None where that cannot be."""
    try:
        import vl_convert

        spec = _whole_spec(chart, dark=False)
        rows = sum(len(data) for data in spec.get("datasets", {}).values())
        if rows > _PICTURE_ROWS:
            return None
        spec["config"]["background"] = None
        _still(spec)
        svg: str = vl_convert.vegalite_to_svg(vl_spec=spec)
    except Exception:  # noqa: BLE001 - not installed, or not drawn: the view draws it all the same
        return None
    return svg


def _still(spec: dict[str, Any]) -> None:
    """Take out what is said of a live chart only."""
    title = spec.get("title")
    if isinstance(title, dict) and isinstance(title.get("text"), str):
        title["text"] = title["text"].removesuffix(ZOOM_HINT)


def _whole_spec(chart: Any, *, dark: bool) -> dict[str, Any]:
    """Give the specification with all data inside, and the look; what the chart says wins."""
    with alt.data_transformers.enable("default", max_rows=None, consolidate_datasets=True):
        spec: dict[str, Any] = chart.to_dict()
    background = "#111111" if dark else "white"
    config = {**vega_config(dark=dark), "background": background}
    own = {k: v for k, v in spec.get("config", {}).items() if v != _ALTAIRS_OWN.get(k)}
    spec["config"] = {**config, **own}
    return spec


#: What Altair writes into every chart when nobody said anything.
_ALTAIRS_OWN = {"view": {"continuousWidth": 300, "continuousHeight": 300}}


def _page(spec: dict[str, Any]) -> str:
    # Within a script nothing is unescaped but its end: a name in the data cannot close it.
    text = json.dumps(spec).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    config = spec["config"]
    return _PAGE.format(
        spec=text,
        vega=base64.b64encode(bundle_bytes("vega.js.gz")).decode("ascii"),
        background=config["background"],
        text=config["title"]["color"],
    )


def _converter(kind: str) -> Any:
    try:
        import vl_convert
    except ImportError:
        message = (
            f"a {kind} is drawn by vl-convert: pip install 'celltrail[charts]'. "
            "Without it, save as .html, which any browser opens offline."
        )
        raise OptionError(message) from None
    return vl_convert
