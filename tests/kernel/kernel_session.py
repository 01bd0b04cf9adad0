"""A real ipykernel, and what it answers to a cell, for tests."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.manager import KernelManager

TIMEOUT = 60.0
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Answer:
    """All that a front end gets for one cell."""

    status: str = ""
    count: int = 0
    error: str | None = None
    outputs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that was printed, to either stream."""
        return "".join(o["text"] for o in self.outputs if o["kind"] == "stream")

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Give the outputs of one kind."""
        return [output for output in self.outputs if output["kind"] == kind]


class KernelSession:
    """One kernel and a client to it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._closed = False
        self._folder, self._environment = folder, environment
        self._manager = KernelManager(kernel_name="python3")
        self._manager.kernel_spec.argv[0] = sys.executable
        self._manager.start_kernel(cwd=str(folder), env=dict(environment))
        self.client = self._manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT)

    def close(self) -> None:
        """End the kernel; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=False)
        self._manager.cleanup_resources()

    def beside(self) -> KernelSession:
        """Start another kernel in the same place."""
        return KernelSession(self._folder, self._environment)

    def interrupt(self) -> None:
        """Interrupt what runs."""
        self._manager.interrupt_kernel()

    def run(
        self,
        code: str,
        *,
        silent: bool = False,
        on_output: Callable[[dict[str, Any]], None] | None = None,
        in_page: bool = False,
    ) -> Answer:
        """Run a cell, and wait for all of its outputs; ``in_page`` as JupyterLab does."""
        if in_page:
            content = {"code": code, "silent": silent, "store_history": True, "allow_stdin": False}
            metadata = {"cellId": "a-cell", "deletedCells": [], "recordTiming": False}
            message = self.client.session.msg("execute_request", content, metadata=metadata)
            self.client.shell_channel.send(message)
            request = message["header"]["msg_id"]
        else:
            request = self.client.execute(code, silent=silent, allow_stdin=False)
        answer = Answer()
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            if message["msg_type"] == "status":
                if content["execution_state"] == "idle":
                    break
                continue
            output = _output(message["msg_type"], content)
            if output is not None:
                _append(answer.outputs, output)
                if on_output is not None:
                    on_output(output)
        reply = self.reply(request)
        if reply["status"] == "aborted":  # it came too soon after an error
            return self.run(code, silent=silent, on_output=on_output, in_page=in_page)
        answer.status = reply["status"]
        answer.count = reply.get("execution_count", 0)
        answer.error = reply.get("ename")
        return answer

    def value(self, expression: str) -> str:
        """Evaluate an expression beside the cells: no hooks, no history."""
        reply: dict[str, Any] = {}
        while "user_expressions" not in reply:  # aborted, as what comes soon after an error is
            request = self.client.execute("", silent=True, user_expressions={"value": expression})
            reply = self.reply(request)
        found = reply["user_expressions"]["value"]
        return str(found["data"]["text/plain"] if found["status"] == "ok" else found["ename"])

    def reply(self, request: str) -> dict[str, Any]:
        """Wait for the reply to a request."""
        while True:
            try:
                reply = self.client.get_shell_msg(timeout=TIMEOUT)
            except Empty:
                msg = "the kernel sent no reply"
                raise AssertionError(msg) from None
            if reply["parent_header"].get("msg_id") == request:
                content: dict[str, Any] = reply["content"]
                return content


def repository(folder: Path) -> None:
    """Make a folder a repository of git with changes, so that git is asked for each run."""
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    (folder / "tracked.txt").write_text("before\n")
    for words in (["init", "-q"], ["add", "tracked.txt"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    (folder / "tracked.txt").write_text("after\n")


def _output(kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
    if kind == "stream":
        return {"kind": kind, "name": content["name"], "text": content["text"]}
    if kind in {"display_data", "execute_result", "update_display_data"}:
        return {"kind": kind, "data": content["data"], "count": content.get("execution_count")}
    if kind == "error":
        trace = _COLOR.sub("", "\n".join(content["traceback"]))
        return {"kind": kind, "name": content["ename"], "value": content["evalue"], "trace": trace}
    return {"kind": kind} if kind == "clear_output" else None


def _append(outputs: list[dict[str, Any]], output: dict[str, Any]) -> None:
    """Add an output, with what a stream says in one piece, and stderr before stdout.

    The kernel sends what was written every 0.2 s, each stream for itself: where a stream is cut,
    and which of two comes first, is chance.
    """
    place = len(outputs)
    if output["kind"] == "stream":
        while place and outputs[place - 1]["kind"] == "stream":
            earlier = outputs[place - 1]
            if earlier["name"] == output["name"]:
                earlier["text"] += output["text"]
                return
            if earlier["name"] < output["name"]:
                break
            place -= 1
    outputs.insert(place, output)
