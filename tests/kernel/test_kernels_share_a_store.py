"""Several real kernels on one store, and kernels that are killed: nothing is lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import duckdb
from kernel_session import KernelSession

import celltrail as ct
from celltrail.model import Status

LOOP = """
%%track {name} --quiet
import celltrail as ct
for step in range({count}):
    ct.log({{"a": float(step), "b": step}}, step=step)
final_value = 2.0 * step
"""


def new_kernel(folder: Path) -> KernelSession:
    kernel = KernelSession(folder, dict(os.environ))
    kernel.run("%load_ext celltrail")
    return kernel


def test_two_kernels_at_once_write_every_run_and_every_point(
    tmp_path: Path, store_path: Path
) -> None:
    kernels = [new_kernel(tmp_path) for _ in range(2)]
    try:
        for i in range(5):
            requests = [
                kernel.client.execute(LOOP.format(name=f"k{k}r{i}", count=2_000))
                for k, kernel in enumerate(kernels)
            ]
            for kernel, request in zip(kernels, requests, strict=True):
                assert kernel.reply(request)["status"] == "ok"
    finally:
        for kernel in kernels:
            kernel.close()

    assert not store_path.with_name("celltrail.duckdb.spool").exists()
    with duckdb.connect(store_path, read_only=True) as plain:
        runs = plain.execute(
            "SELECT name, status, list(key ORDER BY key), list(count ORDER BY key) "
            "FROM v_runs JOIN v_metrics USING (id, name) GROUP BY ALL ORDER BY name"
        ).fetchall()
        steps = plain.execute(
            "SELECT count(*), count(DISTINCT (id, key, step)), min(step), max(step), "
            "bool_and(value = step) FROM v_history WHERE key IN ('a', 'b')"
        ).fetchone()
        numbers = plain.execute("SELECT list(number ORDER BY number) FROM v_runs").fetchone()
    assert runs == [
        (f"k{k}r{i}", "finished", ["a", "b", "final_value"], [2_000, 2_000, 1])
        for k in range(2)
        for i in range(5)
    ]
    assert steps == (40_000, 40_000, 0, 1_999, True)
    assert numbers == (list(range(1, 11)),)


def test_after_kill_9_of_a_kernel_every_step_that_returned_is_there_and_the_run_is_lost(
    tmp_path: Path,
) -> None:
    kernel = new_kernel(tmp_path)
    said = tmp_path / "said"
    kernel.client.execute(
        "%%track doomed\n"
        "import os, itertools, celltrail as ct\n"
        "rate = 0.1\n"
        f"out = os.open({str(said)!r}, os.O_CREAT | os.O_WRONLY)\n"
        "for step in itertools.count():\n"
        "    ct.log(loss=1.0 * step, step=step)\n"
        "    os.pwrite(out, b'%d' % step, 0)  # this step has returned\n"
    )
    pid = int(kernel._manager.provisioner.pid)
    while not said.exists() or int(said.read_bytes() or b"0") < 20_000:
        assert kernel._manager.is_alive()
    os.kill(pid, signal.SIGKILL)
    kernel._manager.provisioner.process.wait()  # a process that nobody waited for still counts
    returned = int(said.read_bytes())

    run = ct.run("doomed")
    steps = run.history("loss")["step"].tolist()
    assert steps[: returned + 1] == list(range(returned + 1))
    assert len(steps) <= returned + 2  # one call may not have come back to say so
    assert run.status is Status.LOST
    assert "itertools.count" in run.source
    kernel.close()


def test_a_kernel_that_is_shut_down_finishes_its_open_run(tmp_path: Path) -> None:
    kernel = new_kernel(tmp_path)
    kernel.run("import celltrail as ct\nrun = ct.start('long')\nrun.log(loss=0.5)")
    kernel.close()
    run = ct.run("long")
    assert run.status is Status.FINISHED
    assert run.metrics == {"loss": 0.5}
