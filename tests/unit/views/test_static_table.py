from __future__ import annotations

import re

from view_fakes import FakeRun, FakeRuns, many_runs

from celltrail.views import table_html, table_text
from celltrail.views.columns import cell_text, shown_table


def test_the_caption_says_how_many_of_how_many() -> None:
    assert "20 of 5,000 runs shown" in table_html(many_runs(5000).table())
    assert "1 run" in table_text(many_runs(1).table())
    assert "3 runs" in table_html(many_runs(3).table())


def test_no_runs_are_said_to_be_none() -> None:
    assert "No runs yet" in table_html(FakeRuns([]).table())
    assert table_text(FakeRuns([]).table()) == "No runs yet."


def test_only_inline_styles_and_plain_tags_are_used() -> None:
    html = table_html(many_runs(30).table())
    tags = set(re.findall(r"<(\w+)", html))
    assert tags <= {"div", "table", "thead", "tbody", "tr", "th", "td", "span"}
    assert "var(" not in html


def test_everything_is_escaped() -> None:
    bad = "<script>alert(1)</script>"
    run = FakeRun(name=bad, experiment=bad, note=bad, tags=[bad], params={bad: bad})
    assert "<script" not in table_html(FakeRuns([run, FakeRun()]).table())


def test_numbers_stand_at_the_right_and_missing_is_a_dash() -> None:
    runs = FakeRuns([FakeRun(metrics={"acc": 0.5}), FakeRun(metrics={"loss": float("nan")})])
    html = table_html(runs.table())
    assert re.search(r'text-align:right[^>]*title="0\.5">0\.5000<', html)
    assert "\N{EN DASH}" in html
    assert ">NaN<" in html


def test_of_many_params_those_that_differ_are_shown() -> None:
    runs = [FakeRun(params={f"p{k}": k for k in range(1000)} | {"p777": i}) for i in range(3)]
    table = FakeRuns(runs).table()
    assert ">p777<" in table_html(table)
    assert "988 columns not shown" in table_html(table)
    assert len(table_html(table)) < 60_000


def test_columns_that_say_nothing_are_left_out() -> None:
    shown = shown_table(FakeRuns([FakeRun(), FakeRun()]).table())
    assert [column.label for column in shown.columns] == [
        "#", "run", "status", "started", "duration",
    ]  # fmt: skip
    assert shown.experiment == "digits"


def test_experiments_are_a_column_when_there_are_several() -> None:
    shown = shown_table(FakeRuns([FakeRun(experiment="a"), FakeRun(experiment="b")]).table())
    assert shown.experiment == ""
    assert "experiment" in [column.label for column in shown.columns]


def test_a_metric_is_written_with_the_same_decimals_unless_that_hides_it() -> None:
    def texts(*values: float) -> list[str]:
        table = FakeRuns([FakeRun(metrics={"m": value}) for value in values]).table()
        column = shown_table(table).columns[-1]
        return [cell_text(column, row) for row in range(len(values))]

    assert texts(0.9, 0.91234) == ["0.9000", "0.9123"]
    assert texts(250.0, 0.0012) == ["250", "0.0012"]
    assert texts(3.0, 4.0) == ["3", "4"]
    assert texts(0.5, float("inf")) == ["0.5000", "\N{INFINITY}"]


def test_params_are_written_as_they_were_given() -> None:
    table = FakeRuns([FakeRun(params={"lr": lr}) for lr in (0.1, 0.001, 1e-6)]).table()
    column = shown_table(table).columns[-1]
    assert [cell_text(column, row) for row in range(3)] == ["0.1", "0.001", "1e-6"]


def test_the_text_form_is_aligned() -> None:
    lines = table_text(many_runs(5).table()).splitlines()[1:]
    assert len({line.index("started") for line in lines[:1]}) == 1
    assert len(lines) == 6
