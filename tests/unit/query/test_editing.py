"""Names, tags and notes of runs that are over."""

from __future__ import annotations

from pathlib import Path

import pytest

import celltrail as ct
from celltrail.errors import UsageError


@pytest.fixture
def run(store_path: Path) -> ct.Run:
    with ct.track("first", tags=["a"]) as active:
        active.note = "why"
    return ct.run("first")


def test_what_is_said_is_there_at_once_and_for_others(run: ct.Run) -> None:
    run.rename("second")
    run.note = "because"
    run.tag("b", " c ")
    run.untag("a", "never there")
    for seen in (run, ct.run(run), ct.runs("name = 'second' and tags has 'c'")[0]):
        assert (seen.name, seen.note, seen.tags) == ("second", "because", ["b", "c"])
    row = ct.sql("SELECT name, note, tags FROM v_runs")
    assert row["name"].tolist() == ["second"]
    assert row["note"].tolist() == ["because"]


def test_a_note_is_emptied(run: ct.Run) -> None:
    run.note = None
    assert run.note == ""
    assert ct.run("first").note == ""


def test_what_is_empty_is_no_name_and_no_tag(run: ct.Run) -> None:
    with pytest.raises(UsageError, match="name must not be empty"):
        run.rename(" ")
    with pytest.raises(UsageError, match="tag must not be empty"):
        run.tag("x", " ")
    assert (ct.run("first").name, ct.run("first").tags) == ("first", ["a"])


def test_secrets_are_taken_out(run: ct.Run) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    run.note = f"used {token}"
    run.rename(token)
    run.tag(token)
    seen = ct.run(run)
    assert token not in f"{seen.note} {seen.name} {seen.tags} {run.note} {run.name}"


def test_the_status_of_a_run_stays(run: ct.Run) -> None:
    before = (run.status, run.duration)
    run.tag("late")
    assert (ct.run("first").status, ct.run("first").duration) == before


def test_runs_are_read_again_in_their_order(run: ct.Run) -> None:
    with ct.track("other"):
        pass
    runs = ct.runs(order_by="name")
    run.rename("zzz")
    with ct.track("new"):
        pass
    again = runs.again()
    assert [one.name for one in again] == ["zzz", "other"]
    assert again.asked == runs.asked
    ct.delete("other")
    assert [one.name for one in again.again()] == ["zzz"]
