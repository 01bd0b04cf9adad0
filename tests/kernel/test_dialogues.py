"""Cells that ask the user something, or run beside others: tracked as untracked."""

from __future__ import annotations

import re
import time
from queue import Empty
from typing import Any

import pytest
from kernel_session import TIMEOUT, KernelSession

#: A cell, and what the user answers.
DIALOGUES = {
    "input": ("who = input('who? ')\nprint('hello', who)", ["me"]),
    "input twice": ("a, b = input('a'), input('b')\na + b", ["1", "2"]),
    "getpass": ("import getpass\nlen(getpass.getpass('pass: '))", ["hunter2"]),
    "input in a loop": ("for i in range(3):\n    print(i, input(f'{i}? '))", ["x", "y", "z"]),
    "breakpoint": ("x = 41\nbreakpoint()\nx += 1\nx", ["p x", "n", "c"]),
    "set_trace": ("import pdb\ndef f(n):\n    pdb.set_trace()\n    return n\nf(3)", ["p n", "c"]),
    "quit the debugger": ("breakpoint()\nprint('never')", ["q"]),
    "post mortem": ("%debug", ["p broken", "u", "p 6 * 7", "q"]),
    "error at input": ("int(input('number? '))", ["x"]),
}
BROKEN = "def divide(broken):\n    return 1 / broken\ndivide(0)"


def dialogue(kernel: KernelSession, code: str, answers: list[str]) -> list[tuple[str, Any]]:
    """Run a cell, answer what it asks, and give all that was said, in order within each kind."""
    client = kernel.client
    request = client.execute(code, allow_stdin=True)
    said: list[tuple[str, Any]] = []
    texts = {"stdout": "", "stderr": ""}
    left = list(answers)
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        try:
            asked = client.get_stdin_msg(timeout=0.01)
        except Empty:
            pass
        else:
            said.append(("asked", (asked["content"]["prompt"], asked["content"]["password"])))
            client.input(left.pop(0) if left else "q")
        try:
            message = client.get_iopub_msg(timeout=0.01)
        except Empty:
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            texts[content["name"]] += content["text"]
        elif kind == "error":
            said.append((kind, (content["ename"], content["evalue"], len(content["traceback"]))))
        elif kind == "execute_result":
            said.append((kind, content["data"]))
        elif kind == "status" and content["execution_state"] == "idle":
            break
    status = kernel.reply(request)["status"]
    return [*said, ("status", status), *texts.items()]


#: Under --auto all of them; a line magic is no body of %%track's own.
CASES = [(case, "") for case in DIALOGUES]
CASES += [(case, "%%track --quiet\n") for case in DIALOGUES if case != "post mortem"]


@pytest.mark.parametrize(("case", "head"), CASES)
def test_a_cell_that_asks_is_answered_as_ever(
    auto_kernel: KernelSession, plain_kernel: KernelSession, case: str, head: str
) -> None:
    code, answers = DIALOGUES[case]
    stands_in = "# first\n" if head else ""
    if case == "post mortem":
        for kernel in (auto_kernel, plain_kernel):
            assert kernel.run(BROKEN).error == "ZeroDivisionError"
    tracked = dialogue(auto_kernel, head + code, answers)
    plain = dialogue(plain_kernel, stands_in + code, answers)
    assert _comparable(tracked) == _comparable(plain)
    assert auto_kernel.run("1 + 1").status == "ok"
    assert plain_kernel.run("1 + 1").status == "ok"


def _comparable(said: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Leave out the numbers of processes, which are in the names of cells' files."""
    return [(kind, re.sub(r"ipykernel_\d+|\d{5,}|In\s?\[\d+\]", "N", str(w))) for kind, w in said]


def test_what_is_typed_as_a_password_is_not_recorded(kernel: KernelSession) -> None:
    asked = dialogue(
        kernel, "%%track --quiet\nimport getpass\nn = len(getpass.getpass('pass: '))", ["hunter2"]
    )
    assert ("status", "ok") in asked
    dump = (
        "import celltrail as ct\nr = ct.last_run()\nprint(r.params, r.metrics, r.outputs, r.source)"
    )
    assert "hunter2" not in kernel.run(dump).text


def test_a_cell_beside_a_tracked_one_is_recorded_by_itself(kernel: KernelSession) -> None:
    """Kernels of today run cells beside each other, in what Jupyter calls subshells."""
    client = kernel.client
    if "kernel subshells" not in client.kernel_info(reply=True)["content"].get(
        "supported_features", ()
    ):
        pytest.skip("this kernel has no subshells: ipykernel is older than 7")
    created = client.session.msg("create_subshell_request", {})
    client.control_channel.send(created)
    reply = client.get_control_msg(timeout=TIMEOUT)
    assert reply["content"]["status"] == "ok"
    slow = client.execute("%%track slow --quiet\nimport time\ntime.sleep(2)\na_slow = abs(-1.5)")
    time.sleep(0.5)
    content = {
        "code": "%%track quick --quiet\na_quick = abs(-0.75)", "silent": False,
        "store_history": True, "user_expressions": {}, "allow_stdin": False,
        "stop_on_error": True,
    }  # fmt: skip
    message = client.session.msg("execute_request", content)
    message["header"]["subshell_id"] = reply["content"]["subshell_id"]
    client.shell_channel.send(message)
    statuses = {}
    while len(statuses) < 2:
        got = client.get_shell_msg(timeout=TIMEOUT)
        statuses[got["parent_header"]["msg_id"]] = got["content"]["status"]
    assert statuses == {slow: "ok", message["header"]["msg_id"]: "ok"}
    dump = (
        "import celltrail as ct\n"
        "print([(r.name, r.status.value, r.metrics) for r in list(ct.runs())[::-1]])"
    )
    text = kernel.run(dump).text
    assert "('slow', 'finished', {'a_slow': 1.5})" in text
    assert "('quick', 'finished', {'a_quick': 0.75})" in text
