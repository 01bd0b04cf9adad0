"""Outputs are kept within bounds, whatever a cell prints and shows."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from celltrail.capture.outputs import ALL_RICH, MOST_RICH, ONE_RICH, STREAM_TAIL, OutputLog


def stream(log: OutputLog, text: str, name: str = "stdout") -> None:
    log.take("stream", {"name": name, "text": text})


def show(log: OutputLog, data: dict[str, Any], display_id: str | None = None) -> None:
    log.take("display_data", {"data": data, "transient": {"display_id": display_id}})


@given(st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.text(max_size=30_000))))
def test_of_each_stream_the_end_is_kept_and_all_of_it_counted(parts: list[tuple[str, str]]) -> None:
    log = OutputLog()
    for name, text in parts:
        stream(log, text, name)
    for name in ("stdout", "stderr"):
        whole = "".join(text for n, text in parts if n == name)
        kept = [r for r in log.records() if r.kind == "stream" and r.name == name]
        assert sum(r.size for r in kept) == len(whole)
        assert (
            any(r.truncated for r in kept) == (len(whole) > STREAM_TAIL + 1_024) or len(kept) == 0
        )
        if "\r" not in whole and "\x1b" not in whole and kept:
            assert whole.endswith(kept[0].text or "")
            assert len(kept[0].text or "") <= STREAM_TAIL + 1_024


def test_a_flood_costs_bounded_memory() -> None:
    log = OutputLog()
    line = "x" * 1_000
    for _ in range(200_000):
        stream(log, line)
    (record,) = log.records()
    assert record.size == 200_000_000
    assert record.truncated
    assert len(record.text or "") <= STREAM_TAIL + 1_024
    for number in range(10_000):
        show(log, {"image/png": base64.b64encode(b"p" * 5_000).decode(), "text/plain": str(number)})
    records = log.records()
    assert sum(r.data is not None for r in records) == MOST_RICH
    assert records[-1].text is not None
    assert records[-1].text.startswith("9,950 more outputs")


def test_one_output_that_is_too_large_is_named_and_not_kept() -> None:
    log = OutputLog()
    show(log, {"text/html": "h" * (ONE_RICH + 1), "text/plain": "p"})
    show(log, {"text/html": "<b>small</b>"})
    first, second = log.records()
    assert first.truncated
    assert "too large" in (first.text or "")
    assert second.data == b"<b>small</b>"
    for _ in range(10):
        show(log, {"text/html": "h" * (ONE_RICH - 1)})
    assert sum(len(r.data or b"") for r in log.records()) <= ALL_RICH


@pytest.mark.parametrize("value", [b"\x89" * 3_000_000, {"data": [[1.5] * 1_000] * 500}])
def test_bytes_and_structures_count_by_their_size(value: object) -> None:
    log = OutputLog()
    for _ in range(14):
        show(log, {"image/png": value} if isinstance(value, bytes) else {"application/json": value})
    kept = sum(len(r.data or b"") for r in log.records())
    assert ALL_RICH / 2 < kept <= 1.3 * ALL_RICH
    assert any(record.truncated for record in log.records())


def test_what_was_shown_is_kept_as_it_was() -> None:
    log = OutputLog()
    bundle = {"text/plain": "first"}
    show(log, bundle)
    bundle["text/plain"] = "second"
    show(log, bundle)
    assert [record.text for record in log.records()] == ["first", "second"]


def test_what_is_cleared_leaves_no_remark() -> None:
    log = OutputLog()
    for _ in range(60):
        show(log, {"text/plain": "x"})
    log.take("clear_output", {})
    show(log, {"text/plain": "done"})
    assert [record.text for record in log.records()] == ["done"]


def test_the_richest_form_is_kept_with_its_text() -> None:
    log = OutputLog()
    png = base64.b64encode(b"\x89PNG").decode()
    show(log, {"text/plain": "<Figure>", "text/html": "<img>", "image/png": png})
    show(log, {"application/vnd.vegalite.v5+json": {"mark": "bar"}, "text/plain": "chart"})
    show(log, {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider()"})
    figure, chart, widget = log.records()
    assert (figure.mime, figure.data, figure.text) == ("image/png", b"\x89PNG", "<Figure>")
    assert chart.ending == ".vl.json"
    assert (widget.data, widget.text) == (None, "IntSlider()")


def test_what_is_cleared_and_updated_is_as_the_front_end_shows_it() -> None:
    log = OutputLog()
    stream(log, "gone")
    log.take("clear_output", {"wait": True})
    stream(log, "1")
    show(log, {"text/plain": "old"}, "a")
    log.take(
        "update_display_data", {"data": {"text/plain": "new"}, "transient": {"display_id": "a"}}
    )
    assert [r.text for r in log.records()] == ["1", "new"]


def test_progress_bars_leave_their_last_state_and_colours_go() -> None:
    log = OutputLog()
    stream(log, "\r 10%\r 50%\r100%\n\x1b[31mred\x1b[0m", "stderr")
    assert log.records()[0].text == "100%\nred"


def test_warnings_and_the_error_are_named() -> None:
    log = OutputLog()
    stream(log, "train.py:3: UserWarning: careful\n  f()\n", "stderr")
    log.take("error", {"ename": "ValueError", "traceback": ["\x1b[0;31mValueError\x1b[0m: bad"]})
    kinds = [(r.kind, r.name, r.text) for r in log.records()]
    assert kinds[1:] == [
        ("error", "ValueError", "ValueError: bad"),
        ("warning", "UserWarning", "careful"),
    ]
