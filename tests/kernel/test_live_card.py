"""While a tracked cell runs for long, a live card stands below it; then its still card does."""

from __future__ import annotations

from typing import Any

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

    def __init__(self, kernel: KernelSession) -> None:
        self._client = kernel.client
        request = self._client.session.msg("create_subshell_request", {})
        self._client.control_channel.send(request)
        reply = self._client.get_control_msg(timeout=30)
        self._subshell = reply["content"]["subshell_id"]

    def ask(self, model_id: str, method: str, **params: Any) -> None:
        """Ask the widget for something while the cell runs."""
        content = {"kind": "ask", "id": "1", "method": method, "params": params}
        data = {"method": "custom", "content": content}
        message = self._client.session.msg("comm_msg", {"comm_id": model_id, "data": data})
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
    answer = kernel.run(LONG)
    assert answer.status == "ok"
    shown = [output for output in answer.outputs if output["kind"] != "stream"]
    assert [output["kind"] for output in shown] == ["display_data", "update_display_data"]
    assert VIEW in shown[0]["data"]
    assert "celltrail-card" in shown[1]["data"]["text/html"]
    assert "finished" in shown[1]["data"]["text/plain"]
    assert kernel.value("ct.run('fit').outputs") == "[]"
    assert kernel.value("len(ct.run('fit').history('loss'))") == "40"


def test_a_short_cell_and_a_quiet_one_have_none(kernel: KernelSession) -> None:
    kernel.run(RUN)
    short = kernel.run("%%track\nx = abs(2)")
    assert [output["kind"] for output in short.outputs] == ["display_data"]
    assert not views(short)
    quiet = kernel.run("%%track --quiet\nimport time\ntime.sleep(3.5)")
    assert quiet.outputs == []


def test_what_it_says_of_the_run(kernel: KernelSession) -> None:
    kernel.run(RUN)
    kernel.run("%%track first\nct.log(loss=9.0)\nct.log(loss=8.0)")
    kernel.run(
        LONG.replace("loss=1 / (epoch + 1)", "loss=1 / (epoch + 1), other=float('nan')")
        + "import json, gc\nfrom celltrail.views.live_card import LiveCard\n"
        "(card,) = [each for each in gc.get_objects() if isinstance(each, LiveCard)]\n"
        "head, now = json.loads(card._head), json.loads(card._now)"
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
    answer = kernel.run(code, on_output=page.asks("stop"))
    assert (answer.status, answer.error) == ("error", "KeyboardInterrupt")
    kernel.run("run = ct.run('long')")
    assert kernel.value("run.status.value, run.metrics") == "('interrupted', {'loss': 0.5})"


def test_a_note_reaches_the_run_while_the_cell_runs(kernel: KernelSession) -> None:
    kernel.run(RUN)
    page = Page(kernel)
    answer = kernel.run(LONG, on_output=page.asks("note", text="a first try"))
    assert answer.status == "ok"
    assert kernel.value("ct.run('fit').note") == "'a first try'"


def test_a_card_that_the_cell_clears_away_comes_again(kernel: KernelSession) -> None:
    kernel.run(RUN)
    code = (
        "%%track fit\nimport time\nfrom IPython.display import clear_output\n"
        "for part in range(6):\n    clear_output(wait=True)\n    print(part)\n    time.sleep(1)\n"
    )
    answer = kernel.run(code)
    kinds = [output["kind"] for output in answer.outputs]
    assert len(views(answer)) >= 2
    assert kinds[-1] in ("update_display_data", "display_data")
    last = answer.outputs[-1]["data"]
    assert "celltrail-card" in last["text/html"]
    # the card of the end stands among what the last clear_output left
    left = answer.outputs[len(kinds) - kinds[::-1].index("clear_output") :]
    assert any(
        output["kind"] == "display_data" and (VIEW in output["data"] or output["data"] is last)
        for output in left
    )
