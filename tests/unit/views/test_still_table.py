"""What the still picture of a table shows: what somebody chose, within the bytes it may take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from view_fakes import many_runs

import celltrail as ct
from celltrail.views import RunTableWidget, static_groups


def table_of(count: int, **state: Any) -> RunTableWidget:
    return RunTableWidget(many_runs(count), **state)  # type: ignore[arg-type]


def first_rows(table: RunTableWidget) -> list[list[str]]:
    return [line.split() for line in table._still_text().splitlines()[2:]]


def test_it_shows_the_filter_and_the_order() -> None:
    table = table_of(30, where="params.depth < 4", order_by="number desc")
    caption = table._still_text().splitlines()[0]
    numbers = [int(line[0]) for line in first_rows(table)]
    expected = table.view["number"].tolist()
    assert numbers == expected == sorted(expected, reverse=True)
    assert f"{len(expected)} of 30 runs where params.depth < 4" in caption
    assert caption.endswith("by number desc")
    assert "where params.depth &lt; 4" in table._still_html()


def test_a_filter_that_nothing_fits_says_so() -> None:
    table = table_of(3, where="params.depth > 1000")
    assert table._still_text() == "digits · 0 of 3 runs where params.depth > 1000"
    assert "0 of 3 runs" in table._still_html()


def test_it_shows_the_columns_that_were_chosen() -> None:
    table = table_of(5, hidden=["metrics.loss"], column_order=["params.lr"])
    heads = table._still_text().splitlines()[1].split()
    assert "loss" not in heads
    assert heads[:3] == ["#", "run", "lr"]
    html = table._still_html()
    assert html.count("<thead>") == 1
    assert "loss" not in html
    assert "1 column not shown" in html


def test_a_filter_of_columns_that_are_gone_is_left_out() -> None:
    table = table_of(5, where="params.depth > 0")
    del table._table.columns["params.depth"]
    assert "5 runs" in table._still_text()


def test_groups_are_shown_as_means_and_deviations() -> None:
    table = table_of(40, group_by=["params.model"])
    caption, heads, *lines = table._still_text().splitlines()
    view = table.view
    assert caption == f"{len(view)} groups of 40 runs, mean ± sd"
    assert heads.split()[:2] == ["params.model", "runs"]
    assert len(lines) == len(view)
    for (model, row), line in zip(view.iterrows(), lines, strict=True):
        assert line.split("  ")[0].strip().startswith(str(model)[:5]) or str(model) in line
        mean, sd = row["metrics.accuracy", "mean"], row["metrics.accuracy", "sd"]
        assert f"{mean:.4g} ± {sd:.4g}" in line
    assert "mean ± sd" in table._still_html()
    assert table_of(40, group_by=["number"])._still_text().splitlines()[0].endswith("20 shown")


def test_of_many_groups_only_those_are_described_that_are_shown() -> None:
    table = table_of(5_000, group_by=["number"])
    described: list[int] = []
    frame = static_groups.grouped_frame

    def spy(*args: Any) -> Any:
        described.append(len(args[-1]))
        return frame(*args)

    with mock.patch.object(static_groups, "grouped_frame", spy):
        lines = table._still_text().splitlines()
    assert lines[0].startswith("5,000 groups of 5,000 runs")
    assert len(lines) == 22
    assert described == [20]


def test_a_group_of_times_reads_as_times() -> None:
    line = table_of(1, group_by=["started"])._still_text().splitlines()[2]
    assert line.split()[:3] == ["2", "Mar", "09:30"]


def test_nothing_is_drawn_anew_while_only_a_selection_changes() -> None:
    table = table_of(9)
    first = table._still_bundle()
    table.selected_ids = table.runs.ids[:2]
    assert table._still_bundle() is first
    table.where = "number > 3"
    assert table._still_bundle()["text/plain"].startswith("digits · 6 of 9 runs")


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Collect what is displayed."""
    publisher = CapturingDisplayPublisher()
    monkeypatch.setattr(InteractiveShell.instance(), "display_pub", publisher)
    return publisher.outputs


def saved_html(view: Any, published: list[dict[str, Any]]) -> str:
    published.clear()
    view._ipython_display_()
    return str(published[0]["data"]["text/html"])


@pytest.mark.parametrize("most", [0, 2, 20, 60, 1_000])
def test_a_view_leaves_no_more_in_a_notebook_than_the_setting_says(
    store_path: Path,
    published: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    most: int,
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.celltrail]\nsaved_kb = {most}\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    ct.use(store_path)
    noise = np.random.default_rng(0)
    for number in range(30):
        with ct.track(f"run {number}", params={f"p{i}": float(noise.random()) for i in range(12)}):
            for step in range(20):
                ct.log({f"m{i}": float(noise.random()) for i in range(3)}, step=step)
            if number < 6:
                ct.log_artifact(noise.integers(0, 255, (150, 150, 3), np.uint8), "picture")
    runs = ct.runs(order_by="number")
    views = [ct.table(runs), ct.compare(runs[:6]), ct.compare(runs), ct.plot.curves(runs, "m0")]
    sizes = []
    for view in views:
        html = saved_html(view, published)
        sizes.append(len(json.dumps(html)))
        assert sizes[-1] <= most * 1_000 + 700  # and what hides the dead widget
        if most == 0:
            assert "run this cell to see it" in html
    if most == 1_000:
        assert "data:image/png" in saved_html(views[1], published)
        assert min(sizes) > 2_700
    for view in views:
        view.close()


def test_what_is_not_a_whole_number_is_no_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.celltrail]\nsaved_kb = -1\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match="saved_kb must be a whole number"):
        ct.config.settings(anew=True)


def test_other_runs_are_drawn_also_where_nothing_was_shown() -> None:
    table = table_of(3)
    assert "3 runs" in table._still_text()
    table.runs = many_runs(2)  # type: ignore[assignment]
    assert "2 runs" in table._still_text()
    assert "2 runs" in table._still_html()
