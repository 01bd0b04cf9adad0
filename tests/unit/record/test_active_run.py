"""A live run: what it logs is read back as it was, and logging never breaks the user's code."""

from __future__ import annotations

import asyncio
import functools
import math
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import celltrail as ct
from celltrail.capture.infer import Inference
from celltrail.capture.series import Series
from celltrail.model import Inferred, Status


def test_a_block_is_a_run_with_what_was_logged() -> None:
    with ct.track("fit", params={"opt": {"lr": 0.1}}, tags=["cv"], note="why") as run:
        run.log(loss=0.5)
        run.log({"loss": 0.25, "val/acc": 0.9})
        run.tag("late")
    read = ct.run(run)
    assert read.status is Status.FINISHED
    assert read.params == {"opt.lr": 0.1}
    assert read.metrics == {"loss": 0.25, "val/acc": 0.9}
    assert read.tags == ["cv", "late"]
    assert read.note == "why"
    assert read.number == 1
    assert read.duration is not None
    assert "run.log(loss=0.5)" in read.source
    assert read.history("loss")["step"].tolist() == [0, 1]


def test_steps_count_on_from_those_that_were_given() -> None:
    with ct.track() as run:
        run.log(loss=1.0, step=10)
        run.log(loss=2.0)
        run.log(loss=3.0, step=10)
    history = ct.run(run).history("loss")
    assert history["step"].tolist() == [10, 10, 11]
    assert history["value"].tolist() == [1.0, 3.0, 2.0]


def test_nan_and_infinity_and_large_integers_come_back() -> None:
    values = [math.nan, math.inf, -math.inf, 2**60 + 1]
    with ct.track() as run:
        run.log({f"m{i}": value for i, value in enumerate(values)})
    metrics = ct.run(run).metrics
    assert math.isnan(metrics["m0"])
    assert [metrics["m1"], metrics["m2"], metrics["m3"]] == values[1:]
    assert type(metrics["m3"]) is int


def test_a_value_that_is_no_number_warns_once_and_is_kept() -> None:
    with ct.track() as run:
        with pytest.warns(ct.CelltrailWarning, match='metric "state" is a str') as caught:
            run.log(state="warming up", loss=0.5)
        run.log(state="warming up", loss=0.4)
    assert caught[0].filename == __file__
    assert ct.run(run).params == {"state": "warming up"}
    assert ct.run(run).metrics == {"loss": 0.4}


def test_wrong_steps_and_arguments_warn_and_lose_nothing() -> None:
    with ct.track() as run:
        with pytest.warns(ct.CelltrailWarning, match="step 0.5 is not a whole number"):
            run.log(loss=1.0, step=0.5)  # type: ignore[arg-type]
        with pytest.warns(ct.CelltrailWarning, match="takes a mapping of metrics, not a float"):
            run.log(0.5)  # type: ignore[arg-type]
        with pytest.warns(ct.CelltrailWarning, match="params must be a mapping"):
            run.log_params([1, 2])
    assert ct.run(run).history("loss")["step"].tolist() == [0]


def test_a_metric_after_the_end_is_added_with_a_warning() -> None:
    with ct.track() as run:
        run.log(loss=1.0)
    with pytest.warns(ct.CelltrailWarning, match="has ended"):
        run.log(test=0.9)
    assert ct.run(run).metrics == {"loss": 1.0, "test": 0.9}


def test_a_param_that_changes_keeps_its_last_value() -> None:
    with ct.track() as run:
        run.log_params(lr=0.1)
        run.log_params(lr=0.01)
    assert ct.run(run).params == {"lr": 0.01}


def test_unicode_long_and_odd_names_and_a_thousand_params_come_back() -> None:
    long = "x" * 5_000
    params = {f"p{i}": i for i in range(1_000)} | {"größe 📏": "ü", long: 1, "": "empty", "a\nb": 2}
    with ct.track("名前" * 300, params=params) as run:
        run.log({"точность": 0.9, long: 1.0})
    read = ct.run(run)
    assert read.params == params
    assert read.metrics == {"точность": 0.9, long: 1.0}
    assert read.name == "名前" * 300


def test_keys_that_are_no_text_become_text() -> None:
    with ct.track(params={1: "a", None: "b"}) as run:
        run.log({3: 0.5})
    assert ct.run(run).params == {"1": "a", "None": "b"}
    assert ct.run(run).metrics == {"3": 0.5}


def test_a_failing_block_is_recorded_and_still_raises() -> None:
    with pytest.raises(ZeroDivisionError), ct.track("bad") as run:
        run.log(loss=1.0)
        1 / 0  # noqa: B018
    read = ct.run("bad")
    assert read.status is Status.FAILED
    assert read.error is not None
    assert read.error.type == "ZeroDivisionError"
    assert "1 / 0" in read.error.traceback
    assert read.metrics == {"loss": 1.0}


def test_an_interrupted_block_is_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt), ct.track("stop"):
        raise KeyboardInterrupt
    assert ct.run("stop").status is Status.INTERRUPTED


def test_an_error_with_a_broken_message_is_recorded() -> None:
    class BrokenError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    with pytest.raises(BrokenError), ct.track("broken"):
        raise BrokenError
    error = ct.run("broken").error
    assert error is not None
    assert error.message == "<no message>"


def test_a_decorated_function_records_arguments_and_results() -> None:
    @ct.track
    def fit(
        x: np.ndarray, depth: int = 3, *, name: str = "tree", **more: object
    ) -> dict[str, object]:
        return {"accuracy": 0.9, "model": "kept out"}

    assert fit(np.zeros(3), 5, seed=1)["accuracy"] == 0.9
    read = ct.run("fit")
    assert read.params == {"depth": 5, "name": "tree", "seed": 1}
    assert read.metrics == {"accuracy": 0.9}
    assert "def fit" in read.source
    fit(np.zeros(3))
    assert ct.run("fit").previous == read


def test_a_decorator_takes_options_and_numbers_are_results() -> None:
    @ct.track("scored", tags=["x"], params={"kind": "svm"})
    def score(depth: int) -> float:
        return 0.5

    assert score(2) == 0.5
    read = ct.run("scored")
    assert (read.params, read.metrics, read.tags) == (
        {"depth": 2, "kind": "svm"},
        {"score": 0.5},
        ["x"],
    )


def test_an_async_function_is_a_run_and_its_tasks_log_to_it() -> None:
    @ct.track
    async def work(n: int) -> int:
        await asyncio.sleep(0)
        ct.log(seen=n)
        return n

    async def both() -> list[int]:
        return await asyncio.gather(work(1), work(2))

    assert asyncio.run(both()) == [1, 2]
    found = {r.params["n"]: r.metrics["seen"] for r in ct.runs("name = 'work'")}
    assert found == {1: 1, 2: 2}


def test_a_generator_function_is_refused_with_what_to_do() -> None:
    with pytest.raises(ct.CelltrailError, match=r"with ct\.track"):

        @ct.track
        def numbers():  # type: ignore[no-untyped-def]  # noqa: ANN202
            yield 1


def test_a_run_over_several_cells_is_current_until_it_ends() -> None:
    run = ct.start("long", tags="one")
    ct.log(loss=1.0)
    with ct.track("inner") as inner:
        ct.log(loss=5.0)
    ct.log(loss=2.0)
    run.finish()
    run.finish()
    assert ct.current_run() is None
    assert ct.run("long").metrics == {"loss": 2.0}
    assert ct.run("long").tags == ["one"]
    assert ct.run(inner).parent == ct.run("long")


def test_threads_log_to_the_run_that_is_open() -> None:
    with ct.track("threads") as run:
        threads = [
            threading.Thread(target=lambda: [ct.log(x=1.0) for _ in range(100)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    history = ct.run(run).history("x")
    assert sorted(history["step"]) == list(range(400))


def test_logging_outside_of_a_run_warns_once_and_is_kept() -> None:
    with pytest.warns(ct.CelltrailWarning, match="outside of any run"):
        ct.log(loss=1.0)
    ct.log(loss=2.0)
    assert ct.run("session").history("loss")["value"].tolist() == [1.0, 2.0]


def test_inference_leaves_alone_what_was_logged() -> None:
    with ct.track() as run:
        run.log_params(lr=0.1)
        run.log(loss=0.5)
        params = {"lr": Inferred(9, "x"), "depth": Inferred(3, "assigned a literal on line 2")}
        metrics = {"loss": Inferred(9.0, "x"), "acc": Inferred(0.9, "computed on line 3")}
        series = {"loss": Series([8.0, 7.0], "x"), "fold": Series([1.0, 3.0], "one a fold")}
        run.infer(Inference(params, metrics, (), series))
    read = ct.run(run)
    assert read.params == {"lr": 0.1, "depth": 3}
    assert read.metrics == {"loss": 0.5, "acc": 0.9, "fold": 3.0}
    assert read.history("fold")["value"].tolist() == [1.0, 3.0]
    assert read.reasons == {
        "depth": "assigned a literal on line 2",
        "acc": "computed on line 3",
        "fold": "one a fold",
    }


def test_secrets_do_not_reach_the_store(store_path: Path) -> None:
    with ct.track(
        "s",
        params={"api_key": "sk-very-secret", "lr": 0.1},
        note="data from postgres://me:hunter22@db/x",
    ) as run:
        pass
    read = ct.run(run)
    assert run.redactions >= 2
    assert read.params["api_key"] == "[redacted]"
    assert "hunter22" not in read.note
    assert b"sk-very-secret" not in store_path.read_bytes()


def test_artifacts_of_several_kinds_are_stored_and_read(tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    import pandas as pd

    figure, axes = plt.subplots()
    axes.plot([1, 2])
    file = tmp_path / "large.bin"
    file.write_bytes(b"x" * 3_000_000)
    with ct.track() as run:
        run.log_artifact(figure)
        run.log_artifact(axes, "axes.png", step=3)
        run.log_artifact(file)
        run.log_artifact(str(file), "again.bin")
        run.log_artifact("a remark", "remark.txt")
        run.log_artifact(pd.DataFrame({"a": [1]}), "frame.csv")
        run.log_artifact({"a": [1]}, "data.json")
        run.log_artifact(b"raw")
    plt.close(figure)
    read = ct.run(run)
    assert [(a.name, a.kind) for a in read.artifacts] == [
        ("figure.png", "figure"),
        ("axes.png", "figure"),
        ("large.bin", "file"),
        ("again.bin", "file"),
        ("remark.txt", "text"),
        ("frame.csv", "table"),
        ("data.json", "json"),
        ("bytes", "bytes"),
    ]
    assert read.artifact("figure.png").bytes().startswith(b"\x89PNG")
    assert read.artifact("large.bin").bytes() == file.read_bytes()
    assert read.artifact("remark.txt").load() == "a remark"
    assert read.artifacts[1].step == 3
    with pytest.raises(KeyError, match=r'did you mean "remark\.txt"'):
        read.artifact("remark.text")


def test_an_artifact_that_cannot_be_stored_warns_and_goes_on(tmp_path: Path) -> None:
    with ct.track() as run:
        with pytest.warns(ct.CelltrailWarning, match="does not exist"):
            run.log_artifact(tmp_path / "missing.png")
        with pytest.warns(ct.CelltrailWarning, match="is not a file"):
            run.log_artifact("missing.png")
        with pytest.warns(ct.CelltrailWarning, match="cannot be stored"):
            run.log_artifact(object())
        run.log(loss=1.0)
    assert ct.run(run).metrics == {"loss": 1.0}
    assert ct.run(run).artifacts == []


def test_switched_off_nothing_is_written(monkeypatch: pytest.MonkeyPatch, store_path: Path) -> None:
    monkeypatch.setenv("CELLTRAIL_DISABLED", "1")
    with ct.track("x", params={"a": 1}) as run:
        run.log(loss=1.0)
        run.tag("t")
        run.note = "n"
        run.log_artifact("a", "b")
        ct.log(loss=2.0)

    @ct.track
    def double(x: int) -> int:
        return 2 * x

    assert double(2) == 4
    ct.start("y").finish()
    assert not store_path.exists()
    assert list(store_path.parent.iterdir()) == []


class Hostile:
    """Raises whatever it is asked."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.filterwarnings("ignore::celltrail.errors.CelltrailWarning")
def test_logging_never_raises_whatever_it_is_given(tmp_path: Path) -> None:
    with ct.track(tmp_path, experiment=tmp_path, note=Hostile()) as run:  # type: ignore[call-overload]
        run.log(x=Hostile(), big=10**5000, fine=1.0)
        run.log({"y": 2.0}, step=10**5000)
        run.log_params({"object": Hostile(), "huge": 10**5000, "lr": 0.1})
        run.tag(Hostile())  # type: ignore[arg-type]
        run.log_artifact(Hostile())
        run.log_artifact({"a": 1}, name=tmp_path / "named")  # type: ignore[arg-type]
    read = ct.run(run)
    assert read.name == read.experiment == str(tmp_path)
    assert read.metrics == {"big": math.inf, "fine": 1.0, "y": 2.0}
    assert read.params["lr"] == 0.1
    assert read.params["huge"] == hex(10**5000)
    assert read.params["object"] == "<Hostile: no repr>"


@pytest.mark.filterwarnings("error")
def test_warnings_that_are_errors_end_nothing_and_lose_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ct.track() as run:
        run.log(state="warm", loss=0.5)
    assert ct.run(run).metrics == {"loss": 0.5}
    assert ct.run(run).params == {"state": "warm"}
    assert 'metric "state" is a str' in capsys.readouterr().err


def test_a_signal_handler_may_log_in_the_middle_of_a_log() -> None:
    with ct.track() as run:

        class Nested:
            def item(self) -> float:
                run.log(inner=1.0)
                return 2.0

        run.log(outer=Nested())
    assert ct.run(run).metrics == {"inner": 1.0, "outer": 2.0}


def test_the_last_step_of_64_bits_is_a_step() -> None:
    with ct.track() as run:
        run.log({"x": 1.0}, step=2**63 - 1)
        run.log({"x": 2.0})
    assert ct.run(run).history("x")["step"].tolist() == [2**63 - 1] * 2


def test_tasks_that_share_a_block_keep_their_own_runs() -> None:
    shared = ct.track("shared")

    async def work(n: int) -> None:
        with shared as run:
            run.log_params(n=n)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if n == 0:
                raise ValueError

    async def both() -> None:
        await asyncio.gather(work(0), work(1), return_exceptions=True)

    asyncio.run(both())
    found = {run.params["n"]: run for run in ct.runs("name = 'shared'")}
    assert found[0].status is Status.FAILED
    assert found[1].status is Status.FINISHED
    assert found[0].parent is found[1].parent is None


def test_a_task_that_outlives_its_run_logs_to_no_other() -> None:
    async def late() -> None:
        await asyncio.sleep(0)
        with pytest.warns(ct.CelltrailWarning, match="outside of any run"):
            ct.log(late=1.0)

    async def main() -> None:
        with ct.track("first"):
            task = asyncio.get_running_loop().create_task(late())
        with ct.track("second"):
            await task

    asyncio.run(main())
    assert ct.run("second").metrics == {}
    assert ct.run("session").metrics == {"late": 1.0}
    assert ct.run("session").parent is None


def test_how_a_block_ends_tells_the_status() -> None:
    def numbers(name: str) -> Iterator[int]:
        with ct.track(name):
            yield 1

    generator = numbers("closed")
    next(generator)
    generator.close()
    assert ct.run("closed").status is Status.FINISHED
    with pytest.raises(SystemExit), ct.track("left"):
        raise SystemExit(0)
    assert ct.run("left").status is Status.FINISHED
    with pytest.raises(asyncio.CancelledError), ct.track("cancelled"):
        raise asyncio.CancelledError
    assert ct.run("cancelled").status is Status.INTERRUPTED


def test_anything_that_can_be_called_can_be_tracked() -> None:
    half = ct.track(functools.partial(pow, 2))
    assert half(3) == 8
    assert ct.run("partial").metrics == {"partial": 8}


def test_a_run_in_another_store_is_no_parent(tmp_path: Path) -> None:
    with ct.track("here"):
        ct.use(tmp_path / "other.duckdb")
        with ct.track("there") as run:
            pass
    assert ct.run(run).parent is None
    assert [r.name for r in ct.runs()] == ["there"]


def test_a_store_behind_a_link_is_the_store(tmp_path: Path) -> None:
    (tmp_path / "link.duckdb").symlink_to(tmp_path / "real.duckdb")
    ct.use(tmp_path / "link.duckdb")
    with ct.track("linked"):
        pass
    assert len(ct.runs()) == 1
    ct.use(tmp_path / "real.duckdb")
    assert len(ct.runs()) == 1


def test_a_process_that_changes_its_folder_keeps_its_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CELLTRAIL_STORE")
    with ct.track("one"):
        pass
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    with ct.track("two"):
        pass
    assert [run.name for run in ct.runs()] == ["two", "one"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").rmdir()
