"""A tracked cell shows and does what the untracked cell does.

Each case runs in two kernels with the same past: with ``%%track --quiet`` as its first
line, and with a comment there; and once more as it is, after ``%track --auto``. Everything
that a front end gets is compared, and the namespace afterwards.
"""

from __future__ import annotations

import pytest
from cell_cases import ALONE, CASES, comparable, state
from kernel_session import KernelSession


@pytest.mark.parametrize("case", CASES)
def test_a_tracked_cell_answers_like_the_untracked(
    case: str, shared_kernel: KernelSession, plain_kernel: KernelSession
) -> None:
    body = CASES[case]
    first = "" if body.startswith("%%") or case in ALONE else "# first\n"
    expected = comparable(plain_kernel.run(first + body))
    found = comparable(shared_kernel.run("%%track --quiet\n" + body))
    assert found == expected
    assert state(shared_kernel) == state(plain_kernel)


@pytest.mark.parametrize("case", CASES)
def test_a_cell_that_is_recorded_unasked_answers_like_any_other(
    case: str, auto_kernel: KernelSession, other_plain_kernel: KernelSession
) -> None:
    body = CASES[case]
    expected = comparable(other_plain_kernel.run(body))
    found = comparable(auto_kernel.run(body))
    assert found == expected
    assert state(auto_kernel) == state(other_plain_kernel)


def test_what_is_recorded_unasked_are_the_cells_that_compute(auto_kernel: KernelSession) -> None:
    """After all the cells above."""
    shown = "import celltrail as ct\nprint(len(ct.runs()), all(r.auto for r in ct.runs()))"
    count, all_auto = auto_kernel.run(shown).text.split()
    assert len(CASES) / 4 < int(count) < len(CASES)
    assert all_auto == "True"


def test_the_history_holds_what_was_typed_and_what_was_run(
    shared_kernel: KernelSession,
) -> None:
    count = shared_kernel.run("%%track --quiet\nx = 1").count
    manager = "get_ipython().history_manager"
    assert shared_kernel.value(f"{manager}.input_hist_raw[{count}]") == repr(
        "%%track --quiet\nx = 1"
    )
    assert shared_kernel.value(f"In[{count}].strip()") == repr("x = 1")


def test_a_silent_request_stays_silent_and_is_not_recorded(shared_kernel: KernelSession) -> None:
    before = shared_kernel.run("import celltrail as ct\nprint(len(ct.runs()))").text
    answer = shared_kernel.run("%%track\nprint_me = 3\nprint_me", silent=True)
    assert answer.outputs == []
    assert shared_kernel.run("print(len(ct.runs()))").text == before
