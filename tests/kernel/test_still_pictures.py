"""The still picture beside a view follows what is chosen in it."""

from __future__ import annotations

from queue import Empty
from typing import Any

import pytest
from kernel_session import TIMEOUT, Answer, KernelSession

VIEW = "application/vnd.jupyter.widget-view+json"

RUNS = """
import celltrail as ct
for number in range(4):
    with ct.track(f"run {number}", params={"lr": number / 10}):
        pass
table = ct.table(ct.runs())
table"""


def next_update(kernel: KernelSession) -> dict[str, Any]:
    """Wait until the picture of a view is drawn anew."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=TIMEOUT)
        if message["msg_type"] == "update_display_data":
            return dict(message["content"])


def next_picture(kernel: KernelSession) -> str:
    return str(next_update(kernel)["data"]["text/plain"])


def choose(kernel: KernelSession, shown: Answer, **state: Any) -> None:
    """Set traits of the view that a cell showed, as its page does."""
    view = next(o["data"][VIEW] for o in shown.outputs if VIEW in o["data"])
    data = {"method": "update", "state": state, "buffer_paths": []}
    content = {"comm_id": view["model_id"], "data": data}
    kernel.client.shell_channel.send(kernel.client.session.msg("comm_msg", content))


def picture_of(shown: Answer) -> str:
    return str(next(o["data"]["text/plain"] for o in shown.outputs if "text/html" in o["data"]))


def test_a_filter_and_an_order_reach_the_picture_together(kernel: KernelSession) -> None:
    shown = kernel.run(RUNS)
    assert [line.split()[0] for line in picture_of(shown).splitlines()[2:]] == ["4", "3", "2", "1"]
    changed = kernel.run("table.where = 'params.lr > 0.1'; table.order_by = 'params.lr desc'")
    # at the end of the cell that changes it, since nbclient takes it only from there
    (update,) = changed.outputs
    assert update["kind"] == "update_display_data"
    caption, _heads, *lines = update["data"]["text/plain"].splitlines()
    assert "2 of 4 runs where params.lr > 0.1" in caption
    assert [line.split()[0] for line in lines] == ["4", "3"]


def test_it_is_drawn_anew_also_while_the_kernel_is_busy(kernel: KernelSession) -> None:
    kernel.run(RUNS)
    cell = "import time\ntable.hidden = ['params.lr']\ntime.sleep(3)"
    request = kernel.client.execute(cell)
    heads = next_picture(kernel).splitlines()[1]
    assert "lr" not in heads.split()
    with pytest.raises(Empty):  # the cell goes on
        kernel.client.get_shell_msg(timeout=0.1)
    assert kernel.reply(request)["status"] == "ok"


def test_a_cell_run_again_takes_up_what_was_chosen_in_its_page(kernel: KernelSession) -> None:
    shown = kernel.run(RUNS, in_page=True)
    choose(kernel, shown, where="params.lr < 0.2", order_by="params.lr")
    update = next_update(kernel)
    assert "2 of 4 runs" in update["data"]["text/plain"]
    kept = update["metadata"]["celltrail"]
    assert kept["view"] == 0
    assert kept["chosen"]["table"]["where"] == ["", "params.lr < 0.2"]
    again = picture_of(kernel.run("table = ct.table(ct.runs())\ntable", in_page=True))
    assert "2 of 4 runs where params.lr < 0.2" in again
    assert kernel.value("table.order_by") == "'params.lr'"


def test_what_code_says_wins_over_what_was_chosen(kernel: KernelSession) -> None:
    shown = kernel.run(RUNS, in_page=True)
    choose(kernel, shown, where="params.lr < 0.2", hidden=["params.lr"])
    next_update(kernel)
    kernel.run("table = ct.table(ct.runs(), where='params.lr > 0')\ntable", in_page=True)
    assert kernel.value("(table.where, table.hidden)") == "('params.lr > 0', ['params.lr'])"
    kernel.run("table.hidden = []")  # and what code sets later is no choice of the page
    kernel.run("table = ct.table(ct.runs())\ntable", in_page=True)
    assert kernel.value("table.hidden") == "[]"


def test_the_views_of_a_cell_have_each_their_own(kernel: KernelSession) -> None:
    kernel.run(RUNS)
    both = "a, b = ct.table(ct.runs()), ct.table(ct.runs())\ndisplay(a, b)"
    shown = kernel.run(both, in_page=True)
    assert sum(VIEW in output["data"] for output in shown.outputs) == 2
    choose(kernel, shown, where="params.lr > 0.2")
    next_update(kernel)
    kernel.run(both, in_page=True)
    assert kernel.value("(a.where, b.where)") == "('params.lr > 0.2', '')"


def test_columns_that_are_gone_are_not_asked_for(kernel: KernelSession) -> None:
    shown = kernel.run(RUNS, in_page=True)
    choose(kernel, shown, where="params.lr > 0.2", only_differences=True)
    next_update(kernel)
    others = "with ct.track('other'):\n    pass\ntable = ct.table(ct.runs(limit=1))\ntable"
    kernel.run(others, in_page=True)
    assert kernel.value("(table.where, table.only_differences)") == "('', True)"
