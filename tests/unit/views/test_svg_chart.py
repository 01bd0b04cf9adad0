from __future__ import annotations

import base64
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from celltrail.views.svg_chart import Series, image_html, line_chart_svg, nice_ticks

SVG = "{http://www.w3.org/2000/svg}"


def line(label: str, values: list[float]) -> Series:
    y = np.array(values, dtype=np.float64)
    return Series(label, np.arange(len(y), dtype=np.float64), y)


def draw(*series: Series) -> ET.Element:
    return ET.fromstring(line_chart_svg(series, title="a & <b>", x_title="step"))


def test_each_line_has_a_path_and_a_name() -> None:
    root = draw(line("first", [1, 2, 3]), line("<second>", [3, 2, 1]))
    assert len(root.findall(f"{SVG}path")) == 2
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"a & <b>", "first", "<second>", "step"} <= set(texts)


def test_a_gap_breaks_the_line_and_a_lone_point_is_a_dot() -> None:
    root = draw(line("x", [1, 2, float("nan"), 3, float("inf"), 4, 5]))
    path = root.find(f"{SVG}path")
    assert path is not None
    assert path.get("d", "").count("M") == 2
    assert len(root.findall(f"{SVG}circle")) == 1


def test_a_chart_without_points_says_so() -> None:
    for series in ([], [line("x", [])], [line("x", [float("nan")])]):
        root = draw(*series)
        assert "no points" in [text.text for text in root.iter(f"{SVG}text")]


def test_many_lines_are_counted_in_the_legend() -> None:
    root = draw(*(line(f"r{i}", [i, i + 1]) for i in range(50)))
    assert "+39 more" in [text.text for text in root.iter(f"{SVG}text")]


@given(st.lists(st.floats(), max_size=30))
def test_any_values_give_a_valid_picture_inside_its_frame(values: list[float]) -> None:
    root = draw(line("x", values))
    for circle in root.findall(f"{SVG}circle"):
        assert 0 <= float(circle.get("cx", "nan")) <= 620
        assert 0 <= float(circle.get("cy", "nan")) <= 300


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.12, 0.97, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-3, 11, [-4, -2, 0, 2, 4, 6, 8, 10, 12]),
        (5e-7, 6e-7, [5e-7, 5.2e-7, 5.4e-7, 5.6e-7, 5.8e-7, 6e-7]),
    ],
)
def test_ticks_are_round_and_hold_the_range(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high, 5) == ticks


def test_the_picture_is_an_image_that_holds_itself() -> None:
    html = image_html("<svg/>", 'loss of "x"')
    assert html.startswith('<img src="data:image/svg+xml;base64,')
    assert base64.b64decode(html.split("base64,")[1].split('"')[0]) == b"<svg/>"
    assert 'alt="loss of &quot;x&quot;"' in html


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 1.0000000000000002],
        [100.0, 100 + 1e-11],
        [5e-324],
        [0.0, 5e-324],
        [1.7e308, -1.7e308],
        [1.7e308],
        [-1.7976931348623157e308, 1.7976931348623157e308],
    ],
)
def test_values_at_the_edges_of_floats_are_drawn(values: list[float]) -> None:
    root = draw(line("x", values))
    shown = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert "no points" not in shown
    assert not {"nan", "inf", "NaN", "\N{INFINITY}"} & set(shown)
    drawn = root.findall(f"{SVG}path") + root.findall(f"{SVG}circle")
    assert len(drawn) == 1


@pytest.mark.parametrize("steps", [[0], [0, 1], [3, 4, 5], [0, 1_000_000]])
def test_steps_have_integer_ticks(steps: list[int]) -> None:
    series = Series("x", np.array(steps, np.float64), np.ones(len(steps)))
    svg = line_chart_svg([series], title="t", x_title="step", whole_x=True)
    ticks = [
        text.text or ""
        for text in ET.fromstring(svg).iter(f"{SVG}text")
        if text.get("text-anchor") == "middle" and text.text != "step"
    ]
    assert ticks
    assert all(tick.replace(",", "").isdigit() for tick in ticks)
    assert len(set(ticks)) == len(ticks)
