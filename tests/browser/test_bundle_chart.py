"""The built chart in Chromium, with a model that stands in for the kernel's."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_page import COLOURED, BundlePage
from playwright.sync_api import Page, expect

import celltrail as ct
from celltrail.views import Chart, curves

sys.path.append(str(Path(__file__).resolve().parents[1] / "unit" / "views"))

from view_fakes import FakeRun, FakeRuns, many_runs

# How often each view has asked for the library.
SENT = """() => window.views.map(
  (view) => view.model.sent.filter((message) => message.kind === "want-vega").length)"""

# The texts that Vega draws on its canvas, from the time on that this has run.
LISTEN = """() => {
  window.texts = [];
  const draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    window.texts.push(text);
    return draw.call(this, text, ...rest);
  };
}"""


def make() -> Chart:
    runs = many_runs(3)
    steps = np.arange(50)
    histories = {"loss": {run.id: (steps, np.exp(-steps / 9.0)) for run in runs}}
    return curves(FakeRuns(list(runs), histories), "loss")  # type: ignore[arg-type]


def of_values(values: list[float], metric: str = "loss") -> Chart:
    """Chart one run with these values."""
    run = FakeRun()
    histories = {metric: {run.id: (np.arange(len(values)), np.array(values))}}
    return curves(FakeRuns([run], histories), metric)  # type: ignore[arg-type]


def show(bundle: BundlePage, chart: Chart, *, vega: bool = True) -> None:
    names = ("_spec", "_data", "_zoom", "_mark")
    bundle.show("chart", {name: getattr(chart, name) for name in names}, vega=vega)


def renew(page: Page, chart: Chart) -> None:
    """Change the newest view's data and specification, as Python does."""
    page.evaluate(
        """([spec, text]) => {
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          window.views.at(-1).model.set("_data", new DataView(bytes.buffer));
          window.views.at(-1).model.set("_spec", spec);
        }""",
        [chart._spec, base64.b64encode(chart._data).decode()],
    )


def only_record(page: Page) -> None:
    """Let the newest view's questions be answered by the test."""
    page.evaluate("() => { window.views.at(-1).model.send = function (m) { this.sent.push(m); }; }")


def ask_of_zoom(page: Page) -> dict[str, Any]:
    """Wait until the newest view asks for a range, and give its message."""
    code = "() => window.views.at(-1).model.sent.filter((m) => m.kind === 'ask').at(-1)"
    page.wait_for_function(code)
    asked: dict[str, Any] = page.evaluate(code)
    return asked


def answer(page: Page, chart: Chart, asked: dict[str, Any]) -> None:
    """Answer as the chart in the kernel does."""
    replies: list[Any] = []
    chart.send = lambda content, buffers=None: replies.append((content, buffers))
    chart._handle_custom_msg(asked, [])
    ((content, buffers),) = replies
    page.evaluate(
        """([message, text]) => {
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          window.views.at(-1).emit("msg:custom", message, [new DataView(bytes.buffer)]);
        }""",
        [content, base64.b64encode(buffers[0]).decode()],
    )


def zoom_in(page: Page) -> None:
    page.locator("canvas").hover(position={"x": 300, "y": 120})
    page.keyboard.down("Control")
    page.mouse.wheel(0, -600)
    page.keyboard.up("Control")


def test_a_chart_draws_lines_without_a_network(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    bundle = BundlePage(page)
    show(bundle, make())
    expect(page.locator("canvas")).to_be_visible()
    assert page.locator("canvas").evaluate(COLOURED) > 300
    assert [url for url in asked if not url.startswith(("blob:", "data:"))] == []
    assert bundle.errors == []


def test_the_library_is_asked_for_once_for_several_charts(page: Page) -> None:
    bundle = BundlePage(page)
    for _ in range(3):
        show(bundle, make())
    expect(page.locator("canvas")).to_have_count(3)
    assert page.evaluate(SENT) == [1, 0, 0]
    assert bundle.errors == []


def test_the_picture_stays_until_the_chart_stands(page: Page) -> None:
    chart = make()
    bundle = BundlePage(page, before=chart._still_bundle()["text/html"])
    show(bundle, chart, vega=False)
    picture = page.locator(".celltrail-snapshot img")
    expect(picture).to_be_visible()
    show(bundle, chart)
    # The first waits for the second's answer: its own kernel has none.
    expect(page.locator("canvas")).to_have_count(2)
    expect(picture).to_be_hidden()
    page.evaluate("() => window.views.forEach((view) => view.stop())")
    expect(picture).to_be_visible()
    assert bundle.errors == []


def test_a_changed_chart_is_drawn_anew(page: Page) -> None:
    chart = make()
    bundle = BundlePage(page)
    show(bundle, chart)
    width = page.locator("canvas").evaluate("(canvas) => canvas.clientWidth")
    chart.chart = chart.chart.properties(width=900)
    bundle.set("_spec", chart._spec)
    page.wait_for_function(
        "(width) => document.querySelector('canvas')?.clientWidth > width", arg=width
    )
    expect(page.locator("canvas")).to_have_count(1)
    assert bundle.errors == []


def test_other_numbers_of_the_same_runs_are_drawn_anew(page: Page) -> None:
    def chart(*scores: float) -> Chart:
        runs = [FakeRun(id=f"r{i}", metrics={"a": v, "b": -v}) for i, v in enumerate(scores)]
        return ct.plot.scatter(FakeRuns(runs), "a", "b")  # type: ignore[arg-type]

    bundle = BundlePage(page)
    before, after = chart(0.1234567, 0.2, 0.3), chart(0.1234567, 0.2, 0.7654321)
    assert before._spec == after._spec
    show(bundle, before)
    expect(page.locator("canvas")).to_be_visible()
    page.evaluate(LISTEN)
    renew(page, after)
    page.wait_for_function("() => window.texts.includes('0.7')")
    assert bundle.errors == []


def test_the_theme_of_the_page_is_followed(page: Page) -> None:
    bundle = BundlePage(page)
    show(bundle, make())
    expect(page.locator("canvas")).to_be_visible()
    page.evaluate("""() => {
      window.before = document.querySelector('canvas');
      document.documentElement.style.setProperty('--jp-content-font-color1', '#eee');
      document.documentElement.style.setProperty('--jp-layout-color0', '#111');
    }""")
    page.wait_for_function("() => document.querySelector('canvas') !== window.before")
    assert bundle.errors == []


def test_a_chart_that_cannot_be_drawn_says_why_and_keeps_its_picture(page: Page) -> None:
    chart = make()
    bundle = BundlePage(page, before=chart._still_bundle()["text/html"])
    bundle.show("chart", {"_spec": '{"mark": 7, "data": 1}', "_mark": chart._mark}, vega=True)
    expect(page.get_by_text("This chart cannot be drawn")).to_be_visible()
    expect(page.locator(".celltrail-snapshot img")).to_be_visible()


def test_a_line_does_not_go_on_across_a_gap(page: Page) -> None:
    bundle = BundlePage(page)
    values = [0.5] * 60
    show(bundle, of_values(values))
    expect(page.locator("canvas")).to_have_count(1)
    whole = page.locator("canvas").evaluate(COLOURED)
    chart = of_values(values[:10] + [float("nan")] * 40 + values[50:])
    page.evaluate("() => { window.before = document.querySelector('canvas'); }")
    renew(page, chart)
    page.wait_for_function("() => document.querySelector('canvas') !== window.before")
    assert 0 < page.locator("canvas").evaluate(COLOURED) < whole / 2
    assert bundle.errors == []


def test_a_single_point_is_drawn_over_a_number(page: Page) -> None:
    bundle = BundlePage(page)
    page.evaluate(LISTEN)
    show(bundle, of_values([0.5]))
    expect(page.locator("canvas")).to_be_visible()
    assert page.locator("canvas").evaluate(COLOURED) > 5
    texts = page.evaluate("() => window.texts")
    assert "0" in texts
    assert "NaN" not in texts
    assert bundle.errors == []


@pytest.mark.parametrize("metric", ["two\nlines", "back\\", "quo\"te'"])
def test_any_name_of_a_metric_is_drawn(page: Page, metric: str) -> None:
    bundle = BundlePage(page)
    show(bundle, of_values([0.1, 0.5, 0.9], metric))
    expect(page.locator("canvas")).to_be_visible()
    assert page.locator("canvas").evaluate(COLOURED) > 100
    page.locator("canvas").hover(position={"x": 60, "y": 60})
    assert bundle.errors == []


def test_no_runs_are_an_empty_chart(page: Page) -> None:
    bundle = BundlePage(page)
    page.evaluate(LISTEN)
    show(bundle, curves(FakeRuns([]), "loss"))  # type: ignore[arg-type]
    expect(page.locator("canvas")).to_be_visible()
    assert "there are no runs to draw" in page.evaluate("() => window.texts")
    assert bundle.errors == []


def test_a_zoomed_chart_asks_for_the_points_of_its_range(page: Page) -> None:
    """Between the steps 9,000 and 11,000 the values are near 0.1, elsewhere up to 1."""
    values = np.where(np.abs(np.arange(20_000) - 10_000) < 6_000, 0.1, 1.0)
    values += np.tile([0.0, 0.001], 10_000)
    chart = of_values(values.tolist())
    bundle = BundlePage(page)
    show(bundle, chart)
    expect(page.locator("canvas")).to_be_visible()
    only_record(page)
    page.evaluate(LISTEN)
    zoom_in(page)
    asked = ask_of_zoom(page)
    assert asked["method"] == "zoom"
    assert 4_000 < asked["params"]["low"] < asked["params"]["high"] < 16_000
    answer(page, chart, asked)
    page.wait_for_function("() => window.texts.some((t) => String(t).startsWith('0.100'))")
    page.evaluate("() => { window.texts = []; }")
    page.locator("canvas").dblclick(position={"x": 300, "y": 120})
    page.wait_for_function("() => window.texts.includes('20k') && window.texts.includes('1.0')")
    assert bundle.errors == []


def test_the_wheel_alone_scrolls_the_page(page: Page) -> None:
    bundle = BundlePage(page)
    show(bundle, of_values(list(range(5000))))
    expect(page.locator("canvas")).to_be_visible()
    page.evaluate("() => { document.body.style.height = '3000px'; }")
    page.locator("canvas").hover(position={"x": 300, "y": 120})
    page.mouse.wheel(0, 200)
    page.wait_for_function("() => window.scrollY > 100")
    kinds = [m["kind"] for m in page.evaluate("() => window.views[0].model.sent")]
    assert "want-vega" in kinds
    assert "ask" not in kinds


def test_a_zoom_without_a_kernel_shows_what_there_is(page: Page) -> None:
    bundle = BundlePage(page)
    show(bundle, of_values(np.linspace(0, 1, 5000).tolist()))
    expect(page.locator("canvas")).to_be_visible()
    page.evaluate("() => { window.views[0].model.send = () => { throw new Error('gone'); }; }")
    zoom_in(page)
    page.wait_for_timeout(400)
    assert page.locator("canvas").evaluate(COLOURED) > 300
    assert bundle.errors == []


def seeds() -> FakeRuns:
    """Give runs with params, metrics and histories, some of which failed."""
    runs = list(many_runs(12))
    steps = np.arange(40)
    histories: dict[str, Any] = {
        "loss": {run.id: (steps, np.exp(-steps / (9.0 + i))) for i, run in enumerate(runs)}
    }
    for name in ("accuracy", "epochs"):
        histories[name] = {r.id: ([0], [r.metrics[name]]) for r in runs if r.metrics}
    return FakeRuns(runs, histories)


KINDS = {
    "smooth": lambda runs: ct.plot.curves(runs, "loss", smooth=0.6),
    "log": lambda runs: ct.plot.curves(runs, "loss", x_scale="log", y_scale="log"),
    "wall": lambda runs: ct.plot.curves(runs, "loss", x="wall"),
    "together": lambda runs: ct.plot.curves(runs, ["loss", "accuracy"], together=True),
    "band": lambda runs: ct.plot.curves(runs, "loss", group_by="model", band="sd"),
    "scatter": lambda runs: ct.plot.scatter(runs, "lr", "accuracy", color="depth", x_scale="log"),
    "nominal": lambda runs: ct.plot.scatter(runs, "model", "started", color="model"),
    "bars": lambda runs: ct.plot.bars(runs, "accuracy", by="model"),
    "plain bars": lambda runs: ct.plot.bars(runs, "accuracy"),
    "progress": lambda runs: ct.plot.progress(runs, "accuracy"),
    "parallel": lambda runs: ct.plot.parallel(runs),
    "shown": lambda runs: ct.plot.show(ct.plot.bars(runs, "accuracy").chart),
}


TRUTH = np.arange(200) % 2
SCORE = np.clip(TRUTH * 0.5 + np.sin(np.arange(200)) / 3 + 0.25, 0, 1)
OF_PREDICTIONS = {
    "roc": lambda _: ct.plot.roc(TRUTH, SCORE),
    "pr": lambda _: ct.plot.pr(TRUTH, SCORE),
    "calibration": lambda _: ct.plot.calibration(TRUTH, SCORE),
    "confusion": lambda _: ct.plot.confusion(TRUTH, SCORE > 0.5),
    "residuals": lambda _: ct.plot.residuals(TRUTH, SCORE),
    "importance": lambda _: ct.plot.importance(Named(list(many_runs(30))), "accuracy", repeats=2),
}


class Named(FakeRuns):
    def param_names(self) -> list[str]:
        return ["depth", "lr", "model"]


@pytest.mark.parametrize(
    "dark", [False, pytest.param(True, marks=pytest.mark.heavy)], ids=["light", "dark"]
)
@pytest.mark.parametrize("kind", [*KINDS, *OF_PREDICTIONS])
def test_every_kind_of_chart_is_drawn(page: Page, kind: str, dark: bool) -> None:
    bundle = BundlePage(page, dark=dark)
    show(bundle, {**KINDS, **OF_PREDICTIONS}[kind](seeds()))
    expect(page.locator("canvas")).to_be_visible()
    assert page.locator("canvas").evaluate(COLOURED) > 100
    page.locator("canvas").hover(position={"x": 200, "y": 100})
    assert bundle.errors == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_chart_is_drawn_without_runs(page: Page, kind: str) -> None:
    bundle = BundlePage(page)
    page.evaluate(LISTEN)
    show(bundle, KINDS[kind](FakeRuns([])))
    expect(page.locator("canvas")).to_be_visible()
    assert "there are no runs to draw" in page.evaluate("() => window.texts")
    assert bundle.errors == []


def test_a_saved_page_draws_from_its_file_alone(page: Page, tmp_path: Path) -> None:
    run = FakeRun(name="</script><script>window.broken = 1</script>")
    histories = {"loss": {run.id: (np.arange(50), np.linspace(1, 0, 50))}}
    chart = curves(FakeRuns([run], histories), "loss")  # type: ignore[arg-type]
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(chart.save(tmp_path / "chart.html").as_uri())
    expect(page.locator("svg path[aria-roledescription='line mark']")).to_be_visible()
    assert [url for url in asked if not url.startswith(("blob:", "file:"))] == []
    assert page.evaluate("() => window.broken") is None
    assert errors == []


EVIL = (
    '"]; window.broken = 1; //',
    "');window.broken=1;('",
    "</script><img src=x onerror='window.broken=1'>",
    "end\\",
    "two\nlines\u2028",
    "\u202eשלום",
    "L" * 400,
)


def evil() -> FakeRuns:
    """Give runs whose names, params and metrics are all of the names above."""
    runs = [
        FakeRun(
            id=str(i),
            number=i + 1,
            name=name,
            params={other: EVIL[(i + k) % len(EVIL)] for k, other in enumerate(EVIL)},
            metrics={other: float(i + k) for k, other in enumerate(EVIL)},
        )
        for i, name in enumerate(EVIL)
    ]
    histories = {name: {run.id: ([0, 1, 2], [1.0, 3.0, 2.0]) for run in runs} for name in EVIL}
    return FakeRuns(runs, histories)


OF_NAMES = {
    "curves": lambda runs, n: ct.plot.curves(runs, list(EVIL)[:3], smooth=0.5),
    "together": lambda runs, n: ct.plot.curves(runs, [n, EVIL[0]], together=True),
    "band": lambda runs, n: ct.plot.curves(runs, n, group_by=n),
    "scatter": lambda runs, n: ct.plot.scatter(
        runs, f"params.{n}", f"metrics.{n}", color=f"params.{n}"
    ),
    "bars": lambda runs, n: ct.plot.bars(runs, n, by=n),
    "progress": lambda runs, n: ct.plot.progress(runs, n),
    "parallel": lambda runs, n: ct.plot.parallel(runs, [f"params.{n}", f"metrics.{n}"]),
    "confusion": lambda runs, n: ct.plot.confusion(EVIL, EVIL[::-1]),
}


@pytest.mark.parametrize("kind", OF_NAMES)
def test_no_name_breaks_a_chart_or_runs_anything(page: Page, kind: str) -> None:
    bundle = BundlePage(page)
    runs = evil()
    for count, name in enumerate(EVIL, 1):
        show(bundle, OF_NAMES[kind](runs, name))
        expect(page.locator("canvas")).to_have_count(count)
        canvas = page.locator("canvas").last
        canvas.scroll_into_view_if_needed()
        for x, y in ((70, 60), (150, 60), (200, 90)):
            canvas.hover(position={"x": x, "y": y}, force=True)
    assert page.evaluate("() => window.broken") is None
    assert bundle.errors == []
