from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from view_fakes import FakeRun

import celltrail as ct
from celltrail.ipython.cards import card_for
from celltrail.model import ErrorInfo, Status
from celltrail.views import run_card


def test_a_card_says_what_the_run_came_to() -> None:
    card = run_card(FakeRun(name="baseline", params={"lr": 0.1}, metrics={"accuracy": 0.9649122}))
    for part in ("baseline", "run 12", "finished", "4.2 s", "lr", "0.1", "accuracy", "0.96491"):
        assert part in card.html
        assert part in card.text


def test_a_card_is_one_output_without_scripts_styles_or_links() -> None:
    bundle = run_card(FakeRun())._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    for tag in ("<script", "<style", "<a ", "http", "var("):
        assert tag not in bundle["text/html"]


def test_metrics_are_compared_with_the_run_before() -> None:
    before = FakeRun(number=11, metrics={"up": 1.0, "down": 2.0, "same": 3, "nan": 1.0})
    run = FakeRun(metrics={"up": 1.5, "down": 1.0, "same": 3, "nan": float("nan"), "new": 1})
    card = run_card(run, before)
    assert "against run 11" in card.text
    assert "up 1.5 (\N{BLACK UP-POINTING TRIANGLE} 0.5)" in card.text
    assert "down 1 (\N{BLACK DOWN-POINTING TRIANGLE} 1)" in card.text
    assert "same 3 (=)" in card.text
    assert "nan NaN   new 1" in card.text


def test_params_that_changed_come_first_and_say_what_they_were() -> None:
    before = FakeRun(params={"a": 1, "b": 2, "flag": 1, "nan": float("nan")})
    run = FakeRun(params={"a": 1, "b": 3, "flag": True, "nan": float("nan"), "new": "x"})
    line = run_card(run, before).text.splitlines()[-1]
    assert line.split("params")[1].strip() == (
        "b 3 (was 2)   flag True (was 1)   new x (was not set)   a 1   nan NaN"
    )


def test_a_run_before_of_the_same_name_is_named_by_its_number() -> None:
    card = run_card(FakeRun(name="x", number=3), FakeRun(name="x", number=2))
    assert "against run 2" in card.text


def test_of_many_params_the_first_are_shown_and_the_rest_counted() -> None:
    card = run_card(FakeRun(params={f"p{i}": i for i in range(1000)}))
    assert "+988 more" in card.html
    assert len(card.html) < 10_000


def test_everything_is_escaped() -> None:
    bad = "<img src=x onerror=alert(1)>"
    run = FakeRun(
        name=bad,
        experiment=bad,
        note=bad,
        tags=[bad],
        params={bad: bad},
        metrics={bad: 1.0},
        error=ErrorInfo(bad, bad),
        status=Status.FAILED,
    )
    assert "<img" not in run_card(run, run, [bad]).html


def test_very_long_texts_are_cut() -> None:
    long = "x" * 100_000
    run = FakeRun(name=long, note=long, params={long: long}, error=ErrorInfo("E", long))
    assert len(run_card(run).html) < 10_000


def test_an_error_is_one_line() -> None:
    card = run_card(FakeRun(status=Status.FAILED, error=ErrorInfo("ValueError", "a\nb", "trace")))
    assert "ValueError: a b" in card.html
    assert "trace" not in card.html


def test_notes_stand_at_the_foot() -> None:
    card = run_card(FakeRun(), notes=["Unknown option --foo."])
    assert card.text.splitlines()[-1].strip() == "Unknown option --foo."


def test_a_running_run_has_no_time_yet() -> None:
    assert " s" not in run_card(FakeRun(status=Status.RUNNING, duration=None)).text


def test_a_configuration_that_was_tried_says_so(store_path: Path) -> None:
    def tried(name: str, params: dict[str, Any], **metrics: float) -> str:
        with ct.track(name, params=params) as run:
            run.log(**metrics)
        card = card_for(run)
        assert card is not None
        return card.text

    assert "same params" not in tried("first", {"lr": 0.1, "k": [1, 2]}, epochs=3, acc=0.91)
    assert "same params" not in tried("other", {"lr": 0.1}, acc=0.5)
    assert "same params" not in tried("more", {"lr": 0.1, "k": [1, 2], "x": None}, acc=0.5)
    said = "same params as first, just now: acc 0.91"
    assert said in tried("again", {"k": [1, 2], "lr": 0.1}, acc=0.8)
    with pytest.raises(ValueError, match="no"), ct.track("failed", params={"z": math.nan}):
        raise ValueError("no")
    assert "same params" not in tried("after a failure", {"z": math.nan})
    assert "same params as after a failure" in tried("b", {"z": math.nan})
    assert "same params" not in tried("c", {})
    assert "same params" not in tried("d", {})
