"""Whatever fails within celltrail, a cell shows and does what it does without it."""

from __future__ import annotations

import re
from typing import Any

from cell_cases import CASES, comparable
from kernel_session import KernelSession

#: One of each way in which a cell may end and show something.
SOME = (
    "print", "last expression", "semicolon", "underscore", "display", "update", "clear",
    "figure", "figure flushed at the end", "await", "await fails", "shell command", "capture",
    "bash", "raises", "raises from", "syntax error", "undefined", "system exit",
    "keyboard interrupt", "base exception", "generator exit", "broken repr", "hostile class",
    "thread", "warning", "run", "nested run_cell", "time", "fork", "large print",
)  # fmt: skip


def test_a_fault_of_celltrail_changes_nothing_of_a_cell(faulty_kernel: KernelSession) -> None:
    plain = faulty_kernel.beside()
    try:
        for head in ("%%track --quiet\n", ""):
            for case in SOME:
                body = CASES[case]
                first = "# first\n" if head and not body.startswith("%%") else ""
                expected = _without_counts(comparable(plain.run(first + body)))
                found = _without_counts(comparable(faulty_kernel.run(head + body)))
                assert found == expected, (head, case)
    finally:
        plain.close()


def _without_counts(answer: dict[str, Any]) -> dict[str, Any]:
    """Take out how many cells were executed before."""
    del answer["count"]
    for output in answer["outputs"]:
        output.pop("count", None)
        if "trace" in output:
            output["trace"] = re.sub(r"In\[\d+\]", "In[n]", output["trace"])
    return answer


INTERRUPTED = """
import celltrail.ipython.hooks as h
real = h.{where}
def interrupt(*a, **k):
    h.{where} = real
    raise KeyboardInterrupt
h.{where} = interrupt
"""


def test_an_interrupt_within_the_hook_before_a_cell_interrupts_the_cell(
    kernel: KernelSession,
) -> None:
    kernel.run("%track --auto")
    kernel.run(INTERRUPTED.format(where="head_of"))
    answer = kernel.run("import time\ntime.sleep(10**6)\nafter = 1")  # it ends by this alone
    assert (answer.status, answer.error) == ("error", "KeyboardInterrupt")
    assert kernel.value("'after' in globals()") == "False"
    assert kernel.run("x = abs(2)\nx").of_kind("execute_result")


def test_an_interrupt_within_the_hook_after_a_cell_loses_no_record(kernel: KernelSession) -> None:
    kernel.run(INTERRUPTED.format(where="outcome"))
    answer = kernel.run("%%track late --quiet\nx = abs(3)\nx")
    assert answer.status == "ok"
    assert answer.of_kind("execute_result")
    shown = kernel.run(
        "import celltrail as ct\nprint(ct.run('late').status, ct.run('late').metrics)"
    )
    assert shown.text.split() == ["finished", "{'x':", "3}"]
