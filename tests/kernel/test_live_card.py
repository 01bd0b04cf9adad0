"""While a tracked cell runs for long, a live card stands below it; then its still card does."""

from __future__ import annotations

from typing import Any

import pytest
from kernel_session import KernelSession

VIEW = "application/vnd.jupyter.widget-view+json"

LONG = """%%track fit
import time
epochs = 40
for epoch in range(epochs):
    ct.log(loss=1 / (epoch + 1))
    time.sleep(0.1)
"""
RUN = "import celltrail as ct"


def views(answer: Any) -> list[dict[str, Any]]:
    """Give the outputs that show a widget."""
    return [output for output in answer.outputs if VIEW in output.get("data", {})]


class Page:
    """What the page of a live card does: it asks by a subshell, as JupyterLab's does."""

    def __init__(self, kernel: KernelSession, *, subshell: bool = True) -> None:
        self._client = kernel.client
        self._subshell = None
        if subshell:
            request = self._client.session.msg("create_subshell_request", {})
            self._client.control_channel.send(request)
            reply = self._client.get_control_msg(timeout=30)
            self._subshell = reply["content"]["subshell_id"]

    def ask(self, model_id: str, method: str, **params: Any) -> None:
        """Ask the widget for something while the cell runs."""
        content = {"kind": "ask", "id": "1", "method": method, "params": params}
        data = {"method": "custom", "content": content}
        message = self._client.session.msg("comm_msg", {"comm_id": model_id, "data": data})
        if self._subshell is not None:
            message["header"]["subshell_id"] = self._subshell
        self._client.shell_channel.send(message)

    def asks(self, method: str, **params: Any) -> Any:
        """Give what asks as soon as a card is shown."""

        def hear(output: dict[str, Any]) -> None:
            view = output.get("data", {}).get(VIEW)
            if view is not None:
                self.ask(view["model_id"], method, **params)

        return hear


def test_a_cell_that_runs_for_long_has_a_live_card_and_then_its_still_one(
    kernel: KernelSession,
) -> None:
    kernel.run(RUN)
    answer = kernel.run(LONG, in_page=True)
    assert answer.status == "ok"
    shown = [output for output in answer.outputs if output["kind"] != "stream"]
    assert [output["kind"] for output in shown] == ["display_data", "update_display_data"]
    assert VIEW in shown[0]["data"]
    assert "celltrail-card" in shown[1]["data"]["text/html"]
    assert "finished" in shown[1]["data"]["text/plain"]
    assert kernel.value("ct.run('fit').outputs") == "[]"
    assert kernel.value("len(ct.run('fit').history('loss'))") == "40"


@pytest.mark.heavy
def test_a_short_cell_and_a_quiet_one_have_none(kernel: KernelSession) -> None:
    kernel.run(RUN)
    short = kernel.run("%%track\nx = abs(2)", in_page=True)
    assert [output["kind"] for output in short.outputs] == ["display_data"]
    assert not views(short)
    sleeping = "\nimport time\ntime.sleep(3.5)"
    quiet = kernel.run(f"%%track --quiet{sleeping}", in_page=True)
    assert quiet.outputs == []
    # nobody looks at what nbclient or papermill run, and a console shows no widgets
    elsewhere = kernel.run(f"%%track{sleeping}")
    assert [output["kind"] for output in elsewhere.outputs] == ["display_data"]
    assert not views(elsewhere)


def test_what_it_says_of_the_run(kernel: KernelSession) -> None:
    kernel.run(RUN)
    kernel.run("%%track first\nct.log(loss=9.0)\nct.log(loss=8.0)")
    kernel.run(
        LONG.replace("loss=1 / (epoch + 1)", "loss=1 / (epoch + 1), other=float('nan')")
        + "import json, gc\nfrom celltrail.views.live_card import LiveCard\n"
        "(card,) = [each for each in gc.get_objects() if isinstance(each, LiveCard)]\n"
        "head, now = json.loads(card._head), json.loads(card._now)",
        in_page=True,
    )
    assert kernel.value("[m['name'] for m in now['metrics']]") == "['loss', 'other']"
    assert int(kernel.value("now['metrics'][0]['count']")) > 20
    assert kernel.value("now['progress']['total'], now['progress']['of']") == "(40, 'epochs')"
    assert kernel.value("now['alerts']") == "['other is not finite since step 0']"
    assert kernel.value("head['label'], head['facts'][1]") == "('fit', 'run 2')"


def test_stop_ends_the_cell_as_an_interrupt_does_and_keeps_all_points(
    kernel: KernelSession,
) -> None:
    kernel.run(RUN)
    page = Page(kernel)
    code = "%%track long\nct.log(loss=0.5)\nimport time\ntime.sleep(10**6)"
    answer = kernel.run(code, on_output=page.asks("stop"), in_page=True)
    assert (answer.status, answer.error) == ("error", "KeyboardInterrupt")
    kernel.run("run = ct.run('long')")
    assert kernel.value("run.status.value, run.metrics") == "('interrupted', {'loss': 0.5})"


def test_a_note_reaches_the_run_while_the_cell_runs(kernel: KernelSession) -> None:
    kernel.run(RUN)
    page = Page(kernel)
    answer = kernel.run(LONG, on_output=page.asks("note", text="a first try"), in_page=True)
    assert answer.status == "ok"
    assert kernel.value("ct.run('fit').note") == "'a first try'"


def test_a_note_of_a_kernel_without_subshells_is_taken_when_the_cell_has_ended(
    kernel: KernelSession,
) -> None:
    kernel.run(RUN)
    page = Page(kernel, subshell=False)
    kernel.run(LONG, on_output=page.asks("note", text="late"), in_page=True)
    kernel.run("found = ct.run('fit').note")
    assert kernel.value("found") == "'late'"


CLEARS = """%%track fit
import time
from IPython.display import clear_output
time.sleep(3)
for part in range(3):
    clear_output(wait={wait})
    time.sleep(1.5)
    print(part)
    time.sleep(1.5)
"""


@pytest.mark.heavy
@pytest.mark.parametrize("wait", [True, False])
def test_a_card_that_the_cell_clears_away_comes_again_and_clears_nothing(
    kernel: KernelSession, wait: bool
) -> None:
    kernel.run(RUN)
    answer = kernel.run(CLEARS.format(wait=wait), in_page=True)
    assert answer.status == "ok"
    # what a page shows in the end: what is pending is cleared by the next output
    shown: list[Any] = []
    pending = False
    for output in answer.outputs:
        if output["kind"] == "clear_output":
            shown, pending = (shown, True) if wait else ([], False)
        elif output["kind"] == "update_display_data":
            shown = [output if VIEW in one.get("data", {}) else one for one in shown]
        else:
            assert not (pending and VIEW in output.get("data", {})), "it cleared what was shown"
            shown, pending = ([] if pending else shown) + [output], False
    assert len(views(answer)) >= 3
    assert [output["kind"] for output in shown].count("stream") == 1
    cards = [one for one in shown if "celltrail-card" in one.get("data", {}).get("text/html", "")]
    assert len(cards) == 1
    assert not [one for one in shown if VIEW in one.get("data", {})]


def test_a_cell_whose_card_cannot_be_drawn_leaves_no_live_one(kernel: KernelSession) -> None:
    kernel.run(RUN)
    kernel.run("import celltrail.ipython.hooks as h\nh.card_for = lambda *a: 1 / 0")
    answer = kernel.run(LONG, in_page=True)
    assert answer.status == "ok"
    left = [output for output in answer.outputs if output["kind"] == "update_display_data"]
    assert [output["data"] for output in left] == [{"text/plain": ""}]
    assert "ZeroDivisionError" in answer.text
