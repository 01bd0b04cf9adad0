"""What is sampled of the machine while a run goes on."""

from __future__ import annotations

import copy
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import celltrail as ct
from celltrail.capture import gpus
from celltrail.capture.gpus import Gpus, gpu_names
from celltrail.capture.system_metrics import SystemSampler
from celltrail.model import is_system_metric
from celltrail.record import sampling
from celltrail.store.system import importing


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FIRST", 0.05)
    monkeypatch.setattr(sampling, "INTERVAL", 0.05)
    monkeypatch.setattr(sampling, "_WARM_UP", 0.02)
    monkeypatch.setattr(sampling, "_LINGER", 0.1)


def _until(holds: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def _sampled(run: Any, count: int) -> bool:
    found = ct.run(run).system_metrics
    return bool(found) and min(summary.count for summary in found.values()) >= count


@pytest.mark.usefixtures("quick")
def test_a_long_run_is_sampled_until_it_ends() -> None:
    with ct.track("long") as run:
        run.log(loss=0.5)
        _until(lambda: _sampled(run, 3))
    stored = ct.run(run)
    found = stored.system_metrics
    assert {"cpu_percent", "process_cpu_percent", "process_memory_bytes"} <= set(found)
    assert found["process_memory_bytes"].max > 1e7
    assert 0 <= found["cpu_percent"].min <= found["cpu_percent"].max <= 100
    points = stored.history("system/cpu_percent")
    assert points["step"].tolist() == list(range(len(points)))
    assert points["time"].is_monotonic_increasing
    count = found["cpu_percent"].count
    time.sleep(0.3)
    assert ct.run(run).system_metrics["cpu_percent"].count <= count + 1


@pytest.mark.usefixtures("quick")
def test_it_stands_beside_the_metrics_and_not_among_them() -> None:
    with ct.track("long") as run:
        run.log({"loss": 0.5, "system/latency": 3.0})
        _until(lambda: _sampled(run, 1))
    assert ct.run(run).metrics == {"loss": 0.5, "system/latency": 3.0}
    found = ct.runs("metrics.system/process_memory_bytes.max > 1e6")
    assert len(found) == 1
    assert found.metric_names() == ["loss", "system/latency"]
    shown = [c for c in found.df() if c.startswith("metrics.")]
    assert shown == ["metrics.loss", "metrics.system/latency"]
    assert "metrics.system/cpu_percent" in found.df(system=True)
    assert not found.history("system/cpu_percent").empty


@pytest.mark.usefixtures("quick")
def test_a_resumed_run_counts_its_samples_on() -> None:
    with ct.track("long") as run:
        _until(lambda: _sampled(run, 2))
    again = ct.resume("long")
    before = ct.run(run).system_metrics["cpu_percent"].count
    _until(lambda: _sampled(run, before + 2))
    again.finish()
    steps = ct.run(run).history("system/cpu_percent")["step"].tolist()
    assert steps == list(range(len(steps)))


@pytest.mark.usefixtures("quick")
def test_its_thread_ends_without_runs_and_begins_again() -> None:
    def running() -> bool:
        return any(thread.name == "celltrail-system" for thread in threading.enumerate())

    with ct.track():
        assert running()
    _until(lambda: not running())
    with ct.track() as run:
        _until(lambda: _sampled(run, 1))


@pytest.mark.usefixtures("quick")
def test_a_machine_that_cannot_be_sampled_is_a_warning_of_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_self: object) -> None:
        message = "no such process"
        raise RuntimeError(message)

    monkeypatch.setattr(SystemSampler, "sample", fail)
    with ct.track() as run:
        _until(lambda: run.warnings)
    assert "could not be sampled" in run.warnings[0]
    assert capsys.readouterr().err == ""


def test_it_is_switched_off_by_the_config(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.celltrail]\nsystem_metrics = false\n")
    with ct.track() as run:
        assert all(each.run is not run for each in sampling._watched)


def test_a_short_run_has_none() -> None:
    with ct.track() as run:
        pass
    assert ct.run(run).system_metrics == {}


def test_a_busy_process_is_seen_and_the_users_own_counts_are_left_alone() -> None:
    import psutil

    psutil.cpu_percent(None)
    marks = copy.deepcopy(vars(psutil)["_last_cpu_times"])
    sampler = SystemSampler()
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    found = sampler.sample()
    assert found["process_cpu_percent"] > 20
    assert vars(psutil)["_last_cpu_times"] == marks


_LIBRARY = """
from types import SimpleNamespace

def nvmlInit(): pass
def nvmlDeviceGetCount(): return 4
def nvmlDeviceGetHandleByIndex(i): return i
def nvmlDeviceGetUtilizationRates(i): return SimpleNamespace(gpu=10 * i)
def nvmlDeviceGetMemoryInfo(i): return SimpleNamespace(used=i << 30)
def nvmlDeviceGetPowerUsage(i): raise RuntimeError("Not Supported")
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the file of a library with the functions of NVIDIA's."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    file = folder / "pynvml.py"
    file.write_text(_LIBRARY)
    monkeypatch.syspath_prepend(folder)
    gpus._library.cache_clear()
    yield file
    gpus._library.cache_clear()


@pytest.mark.usefixtures("library")
def test_gpus_are_told_by_nvidias_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1,9,0")
    found = Gpus().sample()
    assert found == {
        "gpu3_percent": 30.0,
        "gpu3_memory_bytes": float(3 << 30),
        "gpu1_percent": 10.0,
        "gpu1_memory_bytes": float(1 << 30),
    }
    assert all(is_system_metric(f"system/{name}") for name in found)
    assert "pynvml" not in sys.modules


def test_nvidias_own_library_is_loaded_as_a_copy() -> None:
    gpus._library.cache_clear()
    library = gpus._library()
    assert callable(library.nvmlInit)
    assert issubclass(library.NVMLError_LibraryNotFound, library.NVMLError)
    assert "pynvml" not in sys.modules


@pytest.mark.parametrize("text", ["def nvmlInit(): raise OSError", "1 / 0", "def broken(:"])
def test_a_library_that_fails_is_no_gpu(library: Path, text: str) -> None:
    library.write_text(text)
    assert Gpus().sample() == {}


@pytest.mark.parametrize(("visible", "count"), [("", 0), ("-1", 0), ("GPU-8932f937", 2), (None, 2)])
def test_which_gpus_are_visible(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, count: int
) -> None:
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert len(gpus._visible(2)) == count


def test_gpus_are_named_by_the_drivers_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, model in (("0000:02:00.0", "NVIDIA A100"), ("0000:01:00.0", "NVIDIA T4")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "information").write_text(f"Model: \t\t {model}\nIRQ:   130\n")
    monkeypatch.setattr(gpus, "_FOLDERS", tmp_path)
    assert gpu_names() == ["NVIDIA T4", "NVIDIA A100"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_waits_for_what_a_thread_imports() -> None:
    began, left = threading.Event(), []

    def work() -> None:
        with importing():
            began.set()
            time.sleep(0.3)
            left.append(time.monotonic())

    thread = threading.Thread(target=work)
    thread.start()
    began.wait()
    child = os.fork()
    if not child:
        os._exit(0 if left else 1)
    _, status = os.waitpid(child, 0)
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
    with importing():
        pass
