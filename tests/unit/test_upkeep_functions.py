"""The public functions of upkeep: which runs are meant, and which a rule keeps."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest

import celltrail as ct
from celltrail.errors import (
    AmbiguousRunError,
    RunIsRunningError,
    RunNotFoundError,
    StoreMissingError,
    UsageError,
)


def track(name: str, experiment: str = "e", **options: object) -> str:
    with ct.track(name, experiment=experiment, **options) as run:  # type: ignore[arg-type]
        run.log(x=1.0)
    return run.id


def names() -> list[str | None]:
    return sorted(str(run.name) for run in ct.runs())


def test_runs_are_meant_in_every_way_that_they_are_known() -> None:
    ids = [track(name) for name in "abcdefg"]
    with ct.track("h", experiment="e") as active:
        pass
    assert ct.delete(ct.runs("name in ('a', 'b')")) == 2
    assert ct.delete(ct.run("c")) == 1
    assert ct.delete([ids[3], "e", ct.run("f"), ct.run("g").number]) == 4
    assert ct.delete(active) == 1
    assert names() == []
    assert ct.restore(["a", ids[1], 3]) == 3
    assert names() == ["a", "b", "c"]
    assert ct.restore(ct.deleted_runs()) == 5
    assert len(names()) == 8


def test_a_name_means_the_newest_run_of_that_name() -> None:
    first, second = track("same"), track("same")
    ct.delete("same")
    assert [run.id for run in ct.runs()] == [first]
    assert ct.deleted_runs()[0].id == second


def test_restore_means_the_deleted_run_of_a_name(store_path: Path) -> None:
    """Also where a run of that name is there; and part of an id must be of one run only."""
    first, second = track("same"), track("same")
    ct.delete("same")
    assert ct.restore("same") == 1
    assert ct.deleted_runs() == []
    assert ct.restore("same") == 0, "it is there already"
    ct.delete([first, second])
    with pytest.raises(AmbiguousRunError, match=f"{second}.*{first}"):
        ct.restore(first[:6])
    assert ct.restore(first) == 1


@pytest.mark.parametrize("function", [ct.delete, ct.purge])
@pytest.mark.parametrize("reference", ["same", 2])
def test_what_may_be_a_deleted_run_or_another_is_not_guessed_at(
    function: object, reference: str | int
) -> None:
    (_, deleted), (_, there) = ([track("same", experiment) for _ in "12"] for experiment in "ef")
    ct.delete(deleted)
    with pytest.raises(AmbiguousRunError, match=f"{deleted} .*, deleted") as told:
        function(reference)  # type: ignore[operator]
    assert there in str(told.value)
    assert (len(ct.runs()), len(ct.deleted_runs())) == (3, 1)


@pytest.mark.parametrize("function", [ct.delete, ct.restore, ct.purge])
@pytest.mark.parametrize("disabled", ["0", "1"])
def test_of_no_runs_nothing_is_made(
    function: object, disabled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELLTRAIL_DISABLED", disabled)
    for nothing in ([], ct.runs(), ct.deleted_runs()):
        function(nothing)  # type: ignore[operator]
    with pytest.raises(RunNotFoundError):
        function("nobody")  # type: ignore[operator]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("function", [ct.delete, ct.restore, ct.purge])
def test_a_run_of_another_store_is_not_there(function: object) -> None:
    track("a")
    runs = ct.runs()
    ct.use("other.duckdb")
    track("b")
    with ct.track("c") as active:
        pass
    ct.use(None)
    for reference in (active, [runs[0], active.id]):
        with pytest.raises(RunNotFoundError):
            function(reference)  # type: ignore[operator]
    ct.use("other.duckdb")
    for reference in (runs, runs[0]):
        with pytest.raises(RunNotFoundError, match=r"no run .* in .*other\.duckdb"):
            function(reference)  # type: ignore[operator]
    assert names() == ["b", "c"]


def test_purge_takes_what_is_deleted_or_what_it_is_told() -> None:
    for name in "abc":
        track(name)
    ct.delete(["a", "b"])
    assert ct.purge().runs == 2
    assert ct.purge().runs == 0
    assert ct.purge("c").points == 1
    assert names() == []


@pytest.mark.parametrize("function", [ct.delete, ct.restore, ct.purge])
def test_a_run_that_is_not_there_is_told(function: object) -> None:
    track("a")
    with pytest.raises(RunNotFoundError, match="no run 'b'"):
        function(["a", "b"])  # type: ignore[operator]
    assert names() == ["a"]


def test_a_run_that_is_recorded_stays() -> None:
    run = ct.start("busy", experiment="e")
    try:
        for function in (ct.delete, ct.purge):
            with pytest.raises(RunIsRunningError):
                function(run)
        assert ct.prune(experiment="e").ids == ()
    finally:
        run.finish()
    assert len(ct.prune(experiment="e").ids) == 1


def test_a_rule_keeps_the_newest_of_each_experiment() -> None:
    for i in range(4):
        track(f"a{i}", "a")
        track(f"b{i}", "b")
    planned = ct.prune(keep_last=2, dry_run=True)
    assert repr(planned) == "<would prune 4 runs>"
    assert len(names()) == 8
    assert ct.prune(keep_last=2).ids == planned.ids
    assert names() == ["a2", "a3", "b2", "b3"]
    assert ct.prune(keep_last=1, experiment="a").ids == (ct.deleted_runs()[0].id,)
    assert names() == ["a3", "b2", "b3"]


def test_a_rule_goes_by_age_status_filter_tags_and_notes() -> None:
    track("old")
    track("tagged", tags=["paper", "x"])
    track("noted", note="why")
    with pytest.raises(ZeroDivisionError), ct.track("failed", experiment="e"):
        raise ZeroDivisionError
    time.sleep(0.01)
    assert ct.prune("1h").ids == ()
    assert ct.prune(dt.timedelta(0), keep_tags=["paper"], keep_noted=True, dry_run=True).ids == (
        ct.run("old").id,
        ct.run("failed").id,
    )
    assert ct.prune(status="failed").ids == (ct.deleted_runs()[0].id,)
    assert len(ct.prune("0s", where="metrics.x = 1", keep_tags="paper").ids) == 2
    assert names() == ["tagged"]


def test_a_rule_can_remove_for_good() -> None:
    track("a")
    pruned = ct.prune("0s", purge=True)
    assert repr(pruned) == "<pruned 1 run: purged 1 run with 1 point and 0 artifacts (0 B)>"
    assert ct.deleted_runs() == []


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"purge": True},
        {"older_than": "x"},
        {"older_than": 90},
        {"older_than": "999999d"},
        {"older_than": "9" * 400 + "d"},
        {"older_than": dt.timedelta(days=-1)},
        {"keep_last": -1},
        {"keep_last": "1"},
        {"keep_last": True},
        {"status": "x"},
        {"where": ""},
        {"where": " \n"},
        {"where": "", "keep_last": 0, "purge": True},
        {"where": 1},
    ],
)
def test_a_rule_that_says_nothing_or_nonsense_removes_nothing(rule: dict[str, object]) -> None:
    track("a")
    with pytest.raises(UsageError):
        ct.prune(**rule)  # type: ignore[arg-type]
    assert names() == ["a"]


def test_where_there_is_no_store_none_is_made(tmp_path: Path) -> None:
    ct.use("none.duckdb")
    assert ct.deleted_runs() == []
    assert ct.purge().runs == 0
    for call in (ct.vacuum, lambda: ct.export_store("out"), lambda: ct.merge("no.duckdb")):
        with pytest.raises(StoreMissingError):
            call()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_none_is_told(tmp_path: Path) -> None:
    track("a")
    for call in (
        lambda: ct.export_store("~nobody here/out"),
        lambda: ct.import_store("~nobody here/out"),
        lambda: ct.merge("~nobody here/s.duckdb"),
        lambda: ct.merge(tmp_path),
        lambda: ct.merge("/"),
    ):
        with pytest.raises(UsageError):
            call()


def test_a_store_is_brought_together_and_taken_elsewhere(tmp_path: Path) -> None:
    track("mine")
    ct.use("theirs.duckdb")
    track("theirs")
    ct.use(None)
    assert ct.merge("theirs.duckdb").new == 1
    assert names() == ["mine", "theirs"]
    exported = ct.export_store(tmp_path / "all.zip", bundle=True)
    assert exported.path == tmp_path / "all.zip"
    ct.use("third.duckdb")
    assert ct.import_store("all.zip").merged.new == 2
    assert names() == ["mine", "theirs"]
