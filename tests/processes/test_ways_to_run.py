"""Every way in which notebooks run code: all of it is in the one run, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from process_runner import kill_9, run_script, running

import celltrail as ct
from celltrail.model import Status
from celltrail.store.layout import Layout


def steps(name: str, metric: str = "x") -> list[int]:
    """Give the steps of a run's metric, sorted."""
    return sorted(ct.run(name).history(metric)["step"].tolist())


def test_threads_with_and_without_their_parents_context_log_to_the_run(tmp_path: Path) -> None:
    code = """
        import contextvars, threading
        from concurrent.futures import ThreadPoolExecutor
        def work(first):
            for step in range(first, first + 250):
                ct.log(x=0.5, step=step)
        with ct.track("threads") as run:
            threads = [threading.Thread(target=work, args=[i * 250]) for i in range(2)]
            threads += [
                threading.Thread(target=contextvars.copy_context().run, args=[work, 500 + i * 250])
                for i in range(2)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(work, [1000, 1250, 1500, 1750]))
        """
    run_script(tmp_path, code)
    assert steps("threads") == list(range(2000))


def test_tasks_log_to_the_runs_that_they_are_in(tmp_path: Path) -> None:
    code = """
        import asyncio
        async def fold(n):
            with ct.track(f"fold {n}"):
                for step in range(50):
                    ct.log(x=float(n), step=step)
                    await asyncio.sleep(0)
                await asyncio.to_thread(ct.log, late=1.0)
        async def main():
            with ct.track("all"):
                await asyncio.gather(*(fold(n) for n in range(4)))
                ct.log(done=1.0)
        asyncio.run(main())
        """
    run_script(tmp_path, code)
    for n in range(4):
        run = ct.run(f"fold {n}")
        assert set(run.history("x")["value"]) == {float(n)}
        assert steps(f"fold {n}") == list(range(50))
        assert run.metrics["late"] == 1.0
        assert run.parent == ct.run("all")
    assert ct.run("all").metrics == {"done": 1.0}


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_four_processes_log_to_one_run_by_its_handle(tmp_path: Path, method: str) -> None:
    code = f"""
        import multiprocessing
        def work(handle, n):
            for step in range(n * 200, n * 200 + 100):
                handle.log(x=0.5, step=step)
            handle.log_params({{f"worker{{n}}": n}})
            handle.tag(f"tag{{n}}")
            handle.log_artifact(f"by {{n}}", f"{{n}}.txt")
            with handle:
                for step in range(n * 200 + 100, n * 200 + 200):
                    ct.log(x=0.5, step=step)
            ct.start(f"own {{n}}")           # ends with its process
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            with ct.track("shared") as run:
                workers = [context.Process(target=work, args=[run.handle(), n]) for n in range(4)]
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()
                assert [worker.exitcode for worker in workers] == [0] * 4
        """
    run_script(tmp_path, code)
    run = ct.run("shared")
    assert run.status is Status.FINISHED
    assert steps("shared") == list(range(800))
    assert run.params == {f"worker{n}": n for n in range(4)}
    assert run.tags == [f"tag{n}" for n in range(4)]
    assert sorted(artifact.name for artifact in run.artifacts) == [f"{n}.txt" for n in range(4)]
    assert {ct.run(f"own {n}").status for n in range(4)} == {Status.FINISHED}
    assert len(ct.runs()) == 5
    assert not Layout(tmp_path / "celltrail.duckdb").spool.exists()


def test_a_run_that_is_pickled_itself_is_a_handle_in_a_pool(tmp_path: Path) -> None:
    code = """
        from concurrent.futures import ProcessPoolExecutor
        def work(run, step):
            run.log(x=0.5, step=step)
        if __name__ == "__main__":
            with ct.track("pool") as run, ProcessPoolExecutor(2) as pool:
                list(pool.map(work, [run] * 40, range(40)))
        """
    run_script(tmp_path, code)
    assert steps("pool") == list(range(40))


def test_workers_of_joblib_log_to_one_run(tmp_path: Path) -> None:
    code = """
        from joblib import Parallel, delayed
        def work(handle, step):
            handle.log(x=0.5, step=step)
            with handle:
                ct.log(y=0.5, step=step)
        if __name__ == "__main__":
            with ct.track("joblib") as run:
                Parallel(n_jobs=2)(delayed(work)(run.handle(), step) for step in range(40))
        """
    run_script(tmp_path, code)
    assert steps("joblib") == steps("joblib", "y") == list(range(40))
    assert ct.run("joblib").status is Status.FINISHED


def test_each_process_counts_its_own_steps(tmp_path: Path) -> None:
    code = """
        import multiprocessing
        def work(handle):
            for _ in range(3):
                handle.log(x=0.5)
        if __name__ == "__main__":
            with ct.track("counted") as run:
                run.log(x=0.5)
                worker = multiprocessing.get_context("spawn").Process(target=work, args=[run])
                worker.start()
                worker.join()
                run.log(x=0.5)
        """
    run_script(tmp_path, code)
    assert steps("counted") == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("how", ["handle.run.finish('failed')", "os.kill(os.getpid(), 9)"])
def test_how_a_worker_ends_says_nothing_of_the_run(tmp_path: Path, how: str) -> None:
    code = f"""
        import multiprocessing, warnings
        def work(handle):
            warnings.simplefilter("ignore")
            handle.log(x=0.5)
            {how}
        if __name__ == "__main__":
            with ct.track("owned") as run:
                worker = multiprocessing.get_context("spawn").Process(target=work, args=[run])
                worker.start()
                worker.join()
                assert ct.run(run).status == "running"
                run.log(y=0.5)
        """
    run_script(tmp_path, code)
    assert ct.run("owned").status is Status.FINISHED
    assert ct.run("owned").metrics == {"x": 0.5, "y": 0.5}


def test_a_worker_that_outlives_the_runs_process_still_logs(tmp_path: Path) -> None:
    code = """
        import multiprocessing
        def work(handle, parent):
            handle.log(x=0.5, step=0)
            while os.getppid() == parent:
                time.sleep(0.01)
            handle.log(x=0.5, step=1)
        if __name__ == "__main__":
            run = ct.start("orphaned")
            context = multiprocessing.get_context("spawn")
            worker = context.Process(target=work, args=[run, os.getpid()])
            worker.start()
            while "x" not in ct.run(run).metrics:
                time.sleep(0.01)
            print(worker.pid, flush=True)
            os._exit(0)
        """
    worker = int(run_script(tmp_path, code))
    while Path(f"/proc/{worker}").exists():
        pass
    assert steps("orphaned") == [0, 1]
    assert ct.run("orphaned").status is Status.LOST


def test_nested_runs_in_forked_children(tmp_path: Path) -> None:
    code = """
        with ct.track("outer"):
            with ct.track("inner"):
                child = os.fork()
                if child == 0:
                    ct.log(x=0.5, step=1)
                    with ct.track("in the child"):
                        ct.log(x=0.5, step=2)
                    sys.exit(0)
                assert os.waitpid(child, 0)[1] == 0
                ct.log(x=0.5, step=0)
            ct.log(x=0.5, step=3)
        """
    run_script(tmp_path, code)
    assert steps("inner") == [0, 1]
    assert steps("in the child") == [2]
    assert steps("outer") == [3]
    assert ct.run("in the child").parent == ct.run("inner")
    assert ct.run("inner").parent == ct.run("outer")
    assert {run.status for run in ct.runs()} == {Status.FINISHED}


def test_a_child_that_is_forked_during_a_merge_logs_and_ends_cleanly(tmp_path: Path) -> None:
    code = """
        import threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)     # of threads beside a fork
        from celltrail.store import merge
        merging, real = threading.Event(), merge.apply_slices
        def slow(*arguments, **options):
            merging.set()
            time.sleep(0.5)
            return real(*arguments, **options)
        with ct.track("forking") as run:
            run.log(x=0.5, step=0)
            ct.run(run)
            merge.apply_slices = slow
            run.log(x=0.5, step=1)
            reader = threading.Thread(target=ct.run, args=[run])
            reader.start()
            assert merging.wait(60)
            child = os.fork()
            if child == 0:
                merge.apply_slices = real
                run.log(x=0.5, step=2)
                assert len(ct.runs()) == 1
                sys.exit(0)
            run.log(x=0.5, step=3)
            assert os.waitpid(child, 0)[1] == 0
            reader.join()
        """
    run_script(tmp_path, code)
    assert steps("forking") == [0, 1, 2, 3]
    assert ct.run("forking").status is Status.FINISHED


@pytest.mark.parametrize(
    ("how", "code", "status"),
    [
        ("pass", 0, Status.FINISHED),
        ("sys.exit(0)", 0, Status.FINISHED),
        # How a process exits is not told to anybody in it: this cannot be known.
        ("sys.exit(3)", 3, Status.FINISHED),
        ("1 / 0", 1, Status.FAILED),
        ("os._exit(0)", 0, Status.LOST),
        ("os.kill(os.getpid(), signal.SIGTERM)", -15, Status.LOST),
    ],
)
def test_how_a_script_ends_tells_the_status_of_its_open_run(
    tmp_path: Path, how: str, code: int, status: Status
) -> None:
    run_script(tmp_path, f"ct.start('script').log(x=0.5)\n{how}", expect=code)
    run = ct.run("script")
    assert run.status is status
    assert run.metrics == {"x": 0.5}
    assert len(ct.runs()) == 1


@pytest.mark.parametrize(("how", "status"), [("sys.exit(3)", "failed"), ("sys.exit()", "finished")])
def test_how_a_script_leaves_a_block_is_known(tmp_path: Path, how: str, status: str) -> None:
    run_script(tmp_path, f"with ct.track('block'):\n    {how}", expect=3 if "3" in how else 0)
    assert ct.run("block").status == status


def test_a_kernel_that_is_restarted_leaves_a_lost_run_and_logs_on_in_another(
    tmp_path: Path,
) -> None:
    with running(
        tmp_path, "ct.start('cell').log(x=0.5)\nprint('ready', flush=True)\ntime.sleep(600)"
    ) as kernel:
        assert ct.run("cell").status is Status.RUNNING
        kill_9(kernel)
    run_script(tmp_path, "with ct.track('cell') as run:\n    run.log(x=0.25)")
    assert [(run.status, run.metrics["x"]) for run in ct.runs()] == [
        (Status.FINISHED, 0.25),
        (Status.LOST, 0.5),
    ]


@pytest.mark.parametrize("between", ["pass", "import duckdb", "import time; time.sleep(3.0)"])
def test_a_notebook_that_ends_leaves_one_file_whenever_duckdb_was_imported(
    tmp_path: Path, store_path: Path, between: str
) -> None:
    code = f"""
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        tracked = "%%track --quiet\\nlr = 0.1\\nloss = 5 * lr"
        for cell in ["%load_ext celltrail", tracked, {between!r}]:
            shell.run_cell(cell, store_history=True)
        """
    run_script(tmp_path, code)
    assert not store_path.with_name("celltrail.duckdb.spool").exists()
    assert ct.last_run().params["lr"] == 0.1
    assert ct.last_run().metrics["loss"] == 0.5
