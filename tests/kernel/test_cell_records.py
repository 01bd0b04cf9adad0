"""What is recorded of tracked cells in a real kernel: status, values, card and faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pytest
from kernel_session import KernelSession
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import celltrail as ct

QUERY = (
    "import celltrail as ct, json\n"
    "print(json.dumps([dict(name=r.name, status=r.status, params=r.params, metrics=r.metrics, "
    "error=r.error and [r.error.type, r.error.message, r.error.traceback], source=r.source, "
    "note=r.note, tags=r.tags, experiment=r.experiment) for r in ct.runs()]))"
)


def stored(path: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the file itself, after the kernel has ended."""
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(query).fetchall()


def recorded(kernel: KernelSession) -> list[dict[str, Any]]:
    """Give the runs, the newest first."""
    runs: list[dict[str, Any]] = json.loads(kernel.run(QUERY).text)
    return runs


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ("x = 1", "finished", None),
        ("1 / 0", "failed", ["ZeroDivisionError", "division by zero"]),
        ("x = )", "failed", ["SyntaxError"]),
        ("raise KeyboardInterrupt", "interrupted", ["KeyboardInterrupt", ""]),
        ("import sys; sys.exit(2)", "failed", ["SystemExit", "2"]),
        ("import sys; sys.exit(0)", "finished", None),
        ("import sys; sys.exit()", "finished", None),
        (
            "import asyncio\nraise asyncio.CancelledError",
            "interrupted",
            ["asyncio.exceptions.CancelledError"],
        ),
        ("class E(Exception): ...\nraise E('mine')", "failed", ["E", "mine"]),
        ("import asyncio\nawait asyncio.sleep(0)\n1 / 0", "failed", ["ZeroDivisionError"]),
        ("class B:\n    def __repr__(s): 1 / 0\nB()", "finished", None),
    ],
)
def test_the_status_is_how_the_cell_ended(
    shared_kernel: KernelSession, body: str, status: str, error: list[str] | None
) -> None:
    shared_kernel.run(f"%%track --quiet\n{body}")
    run = recorded(shared_kernel)[0]
    assert run["status"] == status
    if error is None:
        assert run["error"] is None
    else:
        assert error[0] == run["error"][0]
        assert error[1:] == [] or run["error"][1].startswith(error[1])
        assert "\x1b" not in run["error"][2]


@pytest.mark.parametrize(
    "waiting",
    [
        "import time\ntime.sleep(60)",
        # in short pieces: ipykernel itself does not see an interrupt of an idle event loop
        "import asyncio\nfor _ in range(1200): await asyncio.sleep(0.05)",
    ],
    ids=["sleep", "await"],
)
def test_an_interrupted_cell_is_recorded_as_interrupted(
    kernel: KernelSession, waiting: str
) -> None:
    def interrupt(output: dict[str, Any]) -> None:
        if output.get("text", "").startswith("started"):
            kernel.interrupt()

    answer = kernel.run(
        f"%%track --quiet\nprint('started', flush=True)\n{waiting}\nlate = 1", on_output=interrupt
    )
    assert answer.status == "error"
    run = recorded(kernel)[0]
    assert (run["status"], run["params"]) == ("interrupted", {})


def test_an_interrupt_within_the_hook_reaches_the_cell(kernel: KernelSession) -> None:
    kernel.run(
        "import celltrail.ipython.hooks as hooks\n"
        "original = hooks.parse_options\n"
        "def interrupted(text):\n"
        "    hooks.parse_options = original\n"
        "    raise KeyboardInterrupt\n"
        "hooks.parse_options = interrupted"
    )
    answer = kernel.run("%%track\nimport time\nfor _ in range(6000): time.sleep(0.01)")
    assert answer.error == "KeyboardInterrupt"
    assert kernel.run("%%track again --quiet\nx = 1").status == "ok"
    assert [run["name"] for run in recorded(kernel)] == ["again"]


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_fault_of_our_own_changes_nothing_but_for_one_warning(
    kernel: KernelSession, place: str
) -> None:
    target = "recorder.begin" if place == "before" else "recorder.infer"
    kernel.run(
        "import celltrail.ipython.recorder as recorder\n"
        "def fail(*a, **k): raise SystemExit('fault in the test')\n"
        f"{target} = fail"
    )
    first = kernel.run("%%track --quiet\nprint('ran')\n1 + 1")
    assert (first.status, first.of_kind("execute_result")[0]["data"]["text/plain"]) == ("ok", "2")
    assert first.text.startswith("ran\n") or first.text.endswith("ran\n")
    assert first.text.count("fault in the test") == 1
    assert kernel.run("%%track --quiet\nprint('ran')").text == "ran\n"


def test_the_card_is_one_output_after_the_cells_own(shared_kernel: KernelSession) -> None:
    answer = shared_kernel.run("%%track first\nlr = 0.1\nacc = lr * 2\nprint('own')\nacc")
    assert [o["kind"] for o in answer.outputs] == ["stream", "execute_result", "display_data"]
    data = answer.outputs[-1]["data"]
    assert set(data) == {"text/html", "text/plain"}
    for part in ("first", "acc", "lr", "finished"):
        assert part in data["text/plain"]
    failed = shared_kernel.run("%%track\n1 / 0")
    assert [o["kind"] for o in failed.outputs] == ["error", "display_data"]
    assert shared_kernel.value("sorted(Out)[-1]") == str(answer.count)


def test_names_that_are_missing_are_said_on_the_card(shared_kernel: KernelSession) -> None:
    answer = shared_kernel.run(
        "%%track --metrics missing,name --params model\nname = 'x'\nmodel = object()"
    )
    text = answer.outputs[-1]["data"]["text/plain"]
    assert "--metrics: missing does not exist after the cell" in text
    assert "--metrics: name is not a number after the cell" in text
    assert "--params: model is not a plain value after the cell" in text


@pytest.mark.parametrize(
    ("stop", "status"),
    [("sys.exit(0)", "finished"), ("raise asyncio.CancelledError", "interrupted")],
)
def test_cells_statements_and_blocks_that_end_alike_have_the_same_status(
    shared_kernel: KernelSession, stop: str, status: str
) -> None:
    shared_kernel.run(f"import sys, asyncio\nacc = 0.5\ndef stop(): {stop}")
    shared_kernel.run(f"%%track -t alike --quiet\n{stop}\nacc = float('1')")
    shared_kernel.run("for _ in [1]:\n    %track -t alike stop()")
    shared_kernel.run("import celltrail as ct\nwith ct.track(tags=['alike']):\n    stop()")
    runs = recorded(shared_kernel)[:3]
    assert [run["tags"] for run in runs] == [["alike"]] * 3
    assert [run["status"] for run in runs] == [status] * 3
    assert runs[2]["metrics"] == {}  # what the cell would have computed after its end


def test_a_users_warning_is_shown_once_however_many_cells_are_tracked(
    kernel: KernelSession,
) -> None:
    # in a module: IPython itself forgets what the notebook's own code has warned of
    kernel.run(
        "%%writefile helping.py\nimport warnings\ndef helper(): warnings.warn('mind the gap')"
    )
    kernel.run("from helping import helper")
    said = [kernel.run(f"%%track --quiet\nhelper()\na = {n}").text for n in range(3)]
    assert "".join(said).count("UserWarning: mind the gap") == 1


def test_a_number_too_long_to_be_written_takes_no_other_with_it(
    shared_kernel: KernelSession,
) -> None:
    shared_kernel.run("import math\nhuge, lr = math.factorial(3000), 0.5")
    answer = shared_kernel.run("%%track --quiet\nmore, acc = huge * 2, lr * 2")
    assert answer.text == ""
    run = recorded(shared_kernel)[0]
    assert run["params"] == {"huge": "<int of 9131 digits>", "lr": 0.5}
    assert run["metrics"] == {"more": float("inf"), "acc": 1.0}


def test_blocks_and_the_table_know_the_notebook_that_vscode_tells(kernel: KernelSession) -> None:
    kernel.run("__vsc_ipynb_file__ = '/home/me/fit.ipynb'")
    kernel.run("import celltrail as ct\nwith ct.track('block'): pass")
    kernel.run("%%track cell --quiet\nx = 1")
    kernel.run("with ct.track('other', experiment='x'): pass")
    experiments = {run["name"]: run["experiment"] for run in recorded(kernel)}
    assert experiments == {"block": "fit", "cell": "fit", "other": "x"}
    table = kernel.run("%track").of_kind("display_data")
    shown = "".join(output["data"].get("text/plain", "") for output in table)
    assert all(name in shown for name in ("block", "cell", "other"))


def test_options_are_recorded(shared_kernel: KernelSession) -> None:
    shared_kernel.run("factor = 3")
    shared_kernel.run(
        "%%track base -p model=ridge -p k=5 -t cv -t fast -m 'why not' -e trials "
        "--params total --metrics epochs --quiet\nepochs = 4\ntotal = epochs * factor"
    )
    run = recorded(shared_kernel)[0]
    assert run["params"] == {"model": "ridge", "k": 5, "factor": 3, "total": 12}
    assert run["metrics"] == {"epochs": 4}
    assert (run["name"], run["experiment"], run["note"]) == ("base", "trials", "why not")
    assert sorted(run["tags"]) == ["cv", "fast"]
    assert run["source"] == "epochs = 4\ntotal = epochs * factor"


def test_without_inference_only_what_is_logged_or_named_is_recorded(
    shared_kernel: KernelSession,
) -> None:
    shared_kernel.run("%%track --no-infer --metrics b --quiet\nimport celltrail as ct\na = 1\n"
               "b = a * 2.5\nct.log(c=3.5)")  # fmt: skip
    run = recorded(shared_kernel)[0]
    assert (run["params"], run["metrics"]) == ({}, {"b": 2.5, "c": 3.5})


def test_what_is_logged_by_hand_wins_over_what_is_inferred(shared_kernel: KernelSession) -> None:
    shared_kernel.run("%%track --quiet\nimport celltrail as ct\nlr = 0.1\nacc = lr * 2\n"
               "ct.log_params(lr='by hand')\nct.log(acc=0.9)")  # fmt: skip
    run = recorded(shared_kernel)[0]
    assert (run["params"], run["metrics"]) == ({"lr": "by hand"}, {"acc": 0.9})


def test_what_is_only_printed_is_a_metric(shared_kernel: KernelSession) -> None:
    told = shared_kernel.run(
        "%%track --quiet printing\n"
        "for epoch in range(0, 30, 10):\n"
        "    loss = 1 / (epoch + 3)\n"
        "    print(f'Epoch {epoch}: loss {loss:.4f}')\n"
        "print('Test accuracy: %.1f %%' % (sum([0.25, 0.5]) * 100))"
    )
    assert told.text.splitlines()[-1] == "Test accuracy: 75.0 %"
    run = recorded(shared_kernel)[0]
    assert run["metrics"] == {"loss": 1 / 23, "test_accuracy": 0.75}
    curve = shared_kernel.run(
        "print(ct.runs()[0].history('loss')[['step', 'value']].to_numpy().tolist())"
    )
    assert curve.text.strip() == f"[[0.0, 0.3333], [10.0, 0.0769], [20.0, {1 / 23}]]"


def test_a_wrong_option_is_one_line_before_the_output_and_the_cell_is_recorded(
    shared_kernel: KernelSession,
) -> None:
    answer = shared_kernel.run("%%track base --quite\nprint('ran')")
    (line,) = [o for o in answer.of_kind("stream") if o["name"] == "stderr"]
    assert line["text"].count("\n") == 1
    assert "unknown option --quite; did you mean --quiet?" in line["text"]
    assert answer.outputs[0] is line
    assert recorded(shared_kernel)[0]["name"] == "base"


def test_a_store_that_cannot_be_written_is_said_and_the_cell_runs(
    kernel: KernelSession,
) -> None:
    kernel.run("import celltrail as ct\nct.use('/proc/no/such/place.duckdb')")
    answer = kernel.run("%%track\nx = 41 + 1\nx")
    assert answer.status == "ok"
    assert answer.of_kind("execute_result")[0]["data"]["text/plain"] == "42"
    assert "place.duckdb" in answer.text
    assert "Traceback" not in answer.text


def test_help_is_shown_and_runs_nothing(kernel: KernelSession) -> None:
    reply_id = kernel.client.execute("%%track?")
    reply = kernel.reply(reply_id)
    (page,) = [p for p in reply["payload"] if p["source"] == "page"]
    assert "--experiment" in page["data"]["text/plain"]
    assert recorded(kernel) == []


def test_an_empty_tracked_cell_says_so(kernel: KernelSession) -> None:
    assert "nothing to track" in kernel.run("%%track\n").text
    assert recorded(kernel) == []


def test_a_statement_alone_is_run_natively(shared_kernel: KernelSession) -> None:
    shared_kernel.run("import asyncio\nlr = 0.1")
    answer = shared_kernel.run("%track --quiet -p k=1 await asyncio.sleep(0, result=lr * 5)")
    assert answer.of_kind("execute_result")[0]["data"]["text/plain"] == "0.5"
    assert shared_kernel.run("%track --quiet x = lr;").outputs == []
    newest, first = recorded(shared_kernel)[:2]
    assert (newest["source"], newest["params"]) == ("x = lr;", {"lr": 0.1, "x": 0.1})
    assert first["params"] == {"k": 1, "lr": 0.1}


def test_a_statement_in_a_loop_is_a_run_each_time(shared_kernel: KernelSession) -> None:
    shared_kernel.run("def fit(x):\n    return x * 2.5")
    answer = shared_kernel.run("for k in range(3):\n    %track -t loop acc = fit(k)\nacc")
    assert [o["kind"] for o in answer.outputs] == ["execute_result"]
    runs = recorded(shared_kernel)[:3]
    assert [run["params"] for run in runs] == [{"k": 2}, {"k": 1}, {"k": 0}]
    assert [run["metrics"] for run in runs] == [{"acc": 5.0}, {"acc": 2.5}, {"acc": 0.0}]


def test_a_failing_statement_fails_the_cell_with_the_users_own_traceback(
    shared_kernel: KernelSession,
) -> None:
    answer = shared_kernel.run("x = 0\n%track 1 / x\nprint('not reached')")
    assert (answer.error, answer.text) == ("ZeroDivisionError", "")
    trace = answer.of_kind("error")[0]["trace"]
    assert "celltrail/ipython" not in trace
    assert recorded(shared_kernel)[0]["status"] == "failed"


def test_a_statement_in_a_function_reads_local_names(shared_kernel: KernelSession) -> None:
    shared_kernel.run("def outer(depth):\n    %track score = depth * 2.5\nouter(4)")
    run = recorded(shared_kernel)[0]
    assert run["params"] == {"depth": 4}


def test_nested_tracking_makes_a_child(kernel: KernelSession, store_path: Path) -> None:
    kernel.run("%%track outer --quiet\nfor k in [1]:\n    %track -n inner y = k * 1.5\nz = y * 2")
    names = [(run["name"], run["metrics"]) for run in recorded(kernel)]
    assert names == [("inner", {"y": 1.5}), ("outer", {"z": 3.0})]
    kernel.close()
    (child,) = stored(store_path, "SELECT parent FROM runs WHERE name = 'inner'")
    (parent,) = stored(store_path, "SELECT run FROM runs WHERE name = 'outer'")
    assert child == parent


def test_time_around_and_under_the_head_is_tracked_once(shared_kernel: KernelSession) -> None:
    shared_kernel.run("%%track under --quiet\n%%time\na = 1\nb = a * 2.5")
    shared_kernel.run("%%time\n%%track around --quiet\na = 1\nb = a * 2.5")
    runs = recorded(shared_kernel)[:2]
    assert [run["name"] for run in runs] == ["around", "under"]
    assert all(run["metrics"] == {"b": 2.5} for run in runs)
    assert all(run["params"] == {"a": 1} for run in runs)


def test_bare_track_shows_the_table_once_and_gives_it(kernel: KernelSession) -> None:
    kernel.run("%%track one --quiet\nx = 1")
    answer = kernel.run("%track")
    assert answer.status == "ok"
    assert any("one" in o["data"].get("text/plain", "") for o in answer.of_kind("display_data"))
    silent = kernel.run("t = %track")
    assert silent.outputs == []
    assert kernel.value("type(t).__name__") == repr("RunTableWidget")
    assert "UsageError" in kernel.run("%track --autos").text
    assert "unknown option --autos" in kernel.run("%track --autos").text


def test_every_cell_of_the_session_is_recorded_once_there_is_a_run(
    kernel: KernelSession, store_path: Path
) -> None:
    kernel.run("early = 1")
    kernel.run("%%track one --quiet\nx = 1")
    kernel.run("1 / 0")
    kernel.run("password = 'hunter2'")
    kernel.close()
    found = stored(
        store_path,
        "SELECT c.execution_count, c.status, r.name, s.text FROM cell_executions c "
        "LEFT JOIN runs r USING (run) JOIN sources s ON s.sha256 = c.source ORDER BY c.started",
    )
    assert found == [
        (2, "finished", None, "early = 1"),
        (3, "finished", "one", "%%track one --quiet\nx = 1"),
        (4, "failed", None, "1 / 0"),
        (5, "finished", None, "password = '[redacted]'"),
    ]
    assert stored(store_path, "SELECT execution_count FROM runs") == [(3,)]


def test_a_failing_tracked_cell_stops_run_all(tmp_path: Path) -> None:
    cells = ["%load_ext celltrail", "%%track --quiet\n1 / 0", "never = 1"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        client.execute()
    assert notebook.cells[2].execution_count is None
    assert ct.last_run().status == "failed"
