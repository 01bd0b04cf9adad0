"""Whatever recording is given, and wherever it runs, it ends soon and does not raise."""

from __future__ import annotations

import collections.abc
import copy
import pickle
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import celltrail as ct
from celltrail.errors import NoRunsError, RunDeletedError, RunNotFoundError
from celltrail.record.session import session_for
from celltrail.record.values import flatten, short_repr, to_number, to_param


class MuteError(Exception):
    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__


class Word(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError


class Torn(collections.abc.Mapping[str, float]):
    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[str]:
        message = "closed file"
        raise RuntimeError(message)

    def __getitem__(self, key: str) -> float:
        raise KeyError(key)


class Endless(collections.abc.Mapping[str, Any]):
    """Makes up others of its kind whenever it is asked."""

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Iterator[str]:
        return iter("ab")

    def __getitem__(self, key: str) -> Any:
        return Endless()


@dataclass
class Node:
    others: list[Node] = field(default_factory=list)


def shared(depth: int = 30) -> list[Any]:
    inner: list[Any] = [1.0]
    for _ in range(depth):
        inner = [inner, inner]
    return inner


def shared_mapping(depth: int = 30) -> dict[str, Any]:
    inner: dict[str, Any] = {"x": 1}
    for _ in range(depth):
        inner = {"a": inner, "b": inner}
    return inner


def ring() -> dict[str, Any]:
    inner: dict[str, Any] = {"name": "net"}
    inner["layers"] = {str(i): {"w": i, "parent": inner, "all": [inner]} for i in range(3)}
    return inner


def node_ring() -> Node:
    node = Node()
    node.others += [node, Node([node])]
    return node


# -- structures ------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [shared, shared_mapping, ring, node_ring, Endless])
def test_what_contains_itself_or_one_thing_many_times_ends(make: Any) -> None:
    with ct.track() as run, pytest.warns(ct.CelltrailWarning):
        run.log(m=make())
        run.log_params(p=make(), several=[make()])
        run.log_artifact(make(), "structure")
        run.log_artifact([make()], "list")
        run.log_artifact(make())
    read = ct.run(run)
    assert "…" in str(read.params).replace("...", "…")  # a dataclass says it so itself
    assert "…" in read.artifact("list").text()


def test_the_parents_of_a_tree_are_left_out_and_the_rest_is_kept() -> None:
    params = dict(flatten(ring()))
    assert params["layers.2.w"] == 2
    assert params["layers.2.parent"] == "…"
    assert to_param([ring()["layers"]])[0]["1"]["w"] == 1  # type: ignore[index,call-overload]


@pytest.mark.heavy
def test_what_is_in_memory_once_is_never_cut() -> None:
    many: list[Any] = [{"a": [i]} for i in range(150_000)]
    assert to_param(many) == many
    twice = [many, many]
    assert to_param(twice) == twice
    base = {"lr": 0.1, "steps": [1, 2]}
    layers = {str(i): base for i in range(100)}
    assert dict(flatten(layers)) == {
        f"{i}.{key}": value for i in range(100) for key, value in base.items()
    }


def test_params_of_a_mapping_that_fails_are_its_text_and_the_others_are_kept() -> None:
    with (
        pytest.warns(ct.CelltrailWarning, match="params could not be recorded"),
        ct.track(params=Torn()) as run,
    ):
        run.log_params({"torn": Torn(), "seed": 3})
    assert ct.run(run).params["seed"] == 3
    assert "Torn" in str(ct.run(run).params["torn"])


# -- values ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.datetime64("2020-01-01T00:00:00", "ns"), "2020-01-01T00:00:00.000000000"),
        (np.array(["2020-01-01"], "M8[s]"), "2020-01-01T00:00:00"),
        (np.datetime64("NaT"), "NaT"),
        (np.timedelta64(1_500_000_000, "ns"), "PT1.5S"),
        (np.timedelta64(-90, "m"), "-PT5400S"),
        (np.timedelta64(3, "D"), "P3D"),
        (np.timedelta64(0, "us"), "PT0S"),
        (np.timedelta64("NaT"), "NaT"),
        (np.timedelta64(7), "7"),
    ],
)
def test_times_and_durations_of_numpy_are_iso_texts_and_no_metrics(value: Any, text: str) -> None:
    assert to_param(value) == text
    assert to_number(value) is None


def test_what_is_masked_is_nan() -> None:
    assert str(to_param(np.ma.masked)) == "nan"
    assert str(to_number(np.ma.masked)) == "nan"
    assert to_number(np.ma.array([3], mask=[False])) == 3
    assert to_number(np.ma.array([1, 2], mask=[True, True])) is None


def test_a_word_for_an_object_is_short_and_made_of_its_type() -> None:
    assert short_repr(shared()) == "<list>"
    assert short_repr(b"x" * 1000) == "<bytes>"
    assert len(short_repr("x" * 10**6)) == 80
    assert short_repr(10**5000) == "<int: no repr>"


# -- what the classes of objects do ----------------------------------------------------------


def test_errors_and_texts_that_fail_when_they_are_shown_are_a_warning_at_most() -> None:
    class Stream:
        def read(self, size: int = -1) -> bytes:
            raise MuteError

    class Picture:
        shape = (2,)

        def __array__(self, *args: object, **kwargs: object) -> Any:
            raise MuteError

    with ct.track() as run:
        with pytest.warns(ct.CelltrailWarning, match="could not be recorded: MuteError"):
            run.log_artifact(Stream(), "stream")
        with pytest.warns(ct.CelltrailWarning, match="picture"):
            run.log_artifact(Picture(), "picture")
        run.log_artifact({"a": 1}, Word("named"))
        run.tag(Word("tagged"))
        run.untag(Word("never"))
        run.log_params({Word("key"): Word("value"), "nested": {Word("key"): 1}})
        run.note = Word("noted")
    read = ct.run(run)
    assert [artifact.name for artifact in read.artifacts] == ["named"]
    assert read.params == {"key": "value", "nested.key": 1}
    assert (read.tags, read.note) == (["tagged"], "noted")


def test_a_function_whose_result_cannot_be_read_works_all_the_same() -> None:
    result = Torn()

    @ct.track
    def load() -> Torn:
        return result

    with pytest.warns(ct.CelltrailWarning, match="what load returned could not be logged"):
        assert load() is result
    assert ct.last_run().status.value == "finished"


def test_none_is_no_tag_and_no_note_and_anything_is_a_tag() -> None:
    with ct.track(tags=None, note=None) as run:
        assert run.note == ""
        run.note = "why"
        run.note = None
    assert (ct.run(run).tags, ct.run(run).note) == ([], "")
    with ct.track(tags=5) as other:  # type: ignore[call-overload]
        pass
    assert ct.run(other).tags == ["5"]


# -- the end ---------------------------------------------------------------------------------


def test_a_run_is_finished_with_an_exception_or_a_text() -> None:
    run = ct.start("one")
    run.finish("failed", ValueError("password='hunter22'"))
    error = ct.run(run).error
    assert error is not None
    assert (error.type, "hunter22" in error.message) == ("ValueError", False)
    run = ct.start("other")
    run.finish("interrupted", "by hand")
    read = ct.run(run)
    assert read.error is not None
    assert (read.status.value, read.error.message) == ("interrupted", "by hand")


@pytest.mark.parametrize("status", ["done", "running", "lost", None, 3])
def test_an_unknown_status_is_a_warning_and_the_run_ends(status: Any) -> None:
    run = ct.start()
    with pytest.warns(ct.CelltrailWarning, match="not .* this one is finished"):
        run.finish(status)
    assert ct.run(run).status.value == "finished"
    run = ct.start()
    with pytest.warns(ct.CelltrailWarning, match="this one is failed"):
        run.finish(status, MuteError())
    assert ct.run(run).status.value == "failed"


def test_a_copy_of_a_run_is_the_run() -> None:
    with ct.track() as run:
        copied = copy.deepcopy({"run": run})["run"]
        assert copied is run
        assert copy.copy(run) is run
        handle = pickle.loads(pickle.dumps(run))
        handle.log_model({"w": np.ones(2)}, "weights", step=1)
    assert ct.run(run).artifact("weights").step == 1


# -- where it runs ---------------------------------------------------------------------------


def test_in_a_folder_that_was_deleted(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    ct.use(store_path)
    with ct.track() as run:
        run.log(a=1.0)
    ct.start().finish()
    assert ct.run(run).metrics == {"a": 1.0}


def test_without_threads_runs_are_recorded_all_the_same(store_path: Path) -> None:
    code = """
import threading
import celltrail as ct
threading.stack_size(1 << 45)  # more than there is: no thread can be started
with ct.track("x") as run:
    run.log(a=1.0)
ct.start("y").log(b=1.0)
ct.use("other.duckdb")
ct.start("z").log(c=1.0)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    assert [run.metrics for run in ct.runs()] == [{"b": 1.0}, {"a": 1.0}]
    ct.use("other.duckdb")
    assert [run.metrics for run in ct.runs()] == [{"c": 1.0}]


def test_a_run_in_an_exit_handler_is_recorded() -> None:
    code = """
import atexit
import threading
@atexit.register
def late():
    import celltrail as ct
    with ct.track("late") as run:
        run.log(a=1.0)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    assert ct.run("late").metrics == {"a": 1.0}


def test_one_session_that_cannot_be_closed_does_not_leave_the_others_open(tmp_path: Path) -> None:
    from celltrail.record.session import close_sessions

    first, second = (session_for(tmp_path / f"{i}.duckdb") for i in range(2))

    class StuckError(Exception):
        pass

    def fail() -> None:
        raise StuckError

    close, first.close = first.close, fail  # type: ignore[method-assign]
    with pytest.warns(ct.CelltrailWarning, match="what was logged stays in the spool"):
        close_sessions()
    close()
    assert not second.writer.is_ours or session_for(tmp_path / "1.duckdb") is not second


# -- artifacts -------------------------------------------------------------------------------


def test_without_a_folder_for_temporary_files_a_model_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with ct.track() as run, pytest.warns(ct.CelltrailWarning, match="'weights' was not stored"):
        run.log_model({"w": np.ones(2)}, "weights")


def test_a_file_that_cannot_be_read_is_named_and_the_rest_of_its_folder_is_stored() -> None:
    folder = Path("folder")
    folder.mkdir()
    for name in "ac":
        (folder / name).write_text(name)
    (folder / "b").symlink_to("/proc/self/mem")
    with (
        ct.track() as run,
        pytest.warns(
            ct.CelltrailWarning, match=r"1 of 3 files of artifact 'folder' .*folder[/\\]b \(.*Errno"
        ),
    ):
        run.log_artifact(folder)
    assert [artifact.name for artifact in ct.run(run).artifacts] == ["folder/a", "folder/c"]


def test_bytes_without_a_name_are_not_written_out_for_one() -> None:
    data = bytes(10_000_000)
    with ct.track() as run:
        tracemalloc.start()
        run.log_artifact(data)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert ct.run(run).artifact("bytes").size == len(data)
    assert peak < 15_000_000


def test_arrays_of_no_dimension_keep_their_shape_in_a_model() -> None:
    with ct.track() as run:
        run.log_model({"scale": np.array(3.0), "order": np.ones((2, 3), order="F")}, "m")
    read = ct.run(run).artifact("m").load_model()
    assert (read["scale"].shape, read["order"].shape) == ((), (2, 3))


@pytest.mark.parametrize(
    "values",
    [
        [1e308, -1e308],
        [sys.float_info.max, -sys.float_info.max],
        [1.0, float(np.nextafter(1.0, 2))],
        [1e15, 1e15 + 0.125],
        [0.0, 5e-324],
        [1e300, 1e300],
        [float("nan"), float("inf")],
        [],
        [2**63],
    ],
    ids=str,
)
@pytest.mark.parametrize("bins", [1, 64])
def test_any_numbers_make_a_histogram(values: list[float], bins: int) -> None:
    histogram = ct.Histogram(values, bins)
    assert len(histogram.edges) == bins + 1
    assert np.isfinite(histogram.edges).all()
    assert histogram.counts.sum() + histogram.outside == len(values)
    with ct.track() as run:
        run.log_artifact(histogram, "h")
    assert ct.run(run).artifact("h").load() == histogram


# -- runs of other stores, and runs that are gone --------------------------------------------


def test_a_run_that_was_read_is_found_in_its_own_store() -> None:
    with ct.track("here") as run:
        run.log(loss=1.0)
    read = ct.run("here")
    ct.use("other.duckdb")
    assert ct.run(read).metrics == {"loss": 1.0}
    again = ct.resume(read)
    again.log(loss=2.0)
    again.finish()
    assert ct.run(read).metrics == {"loss": 2.0}
    assert not Path("other.duckdb").exists()


def test_a_run_that_is_deleted_is_said_to_be() -> None:
    with ct.track("gone") as run:
        pass
    ct.delete("gone")
    for reference in ("gone", run, run.id):
        with pytest.raises(RunDeletedError, match=rf"ct.restore\('{run.id}'\) brings it back"):
            ct.resume(reference)
    ct.purge(run)
    with pytest.raises(RunNotFoundError, match="no run"):
        ct.resume("gone")


def test_the_last_run_of_a_store_without_runs() -> None:
    with pytest.raises(NoRunsError, match="has no runs"):
        ct.last_run()
