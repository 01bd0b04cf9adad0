"""See what a kernel sends for a cell, without a change in what it sends.

A kernel sends all outputs through one method of its session, from whatever thread; that
one is wrapped. Display hooks and hooks of streams are bound to threads, so they would miss
some. See "Messaging in Jupyter" for the messages.
"""

from __future__ import annotations

import contextlib
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from celltrail.capture.outputs import OutputLog, OutputRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Tap"]

_KINDS = frozenset(
    {"stream", "display_data", "execute_result", "update_display_data", "clear_output", "error"}
)


class Tap:
    """Gathers outputs of the cells that are asked for.

    Parameters
    ----------
    shell
        The shell. Without a kernel that has a session (a terminal) IPython's own record of
        outputs is read afterwards, which has no output of shell commands.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._logs: OrderedDict[str, OutputLog] = OrderedDict()
        self._session: Any = None
        self._original: Any = None
        self._send: Callable[..., Any] | None = None
        self._before: Callable[..., Any] | None = None
        # Who wants to hear of what is shown for a request, while it goes on.
        self._hearers: dict[str, Callable[[str, Mapping[str, Any]], None]] = {}

    def hear(self, parent: str, hearer: Callable[[str, Mapping[str, Any]], None]) -> None:
        """Tell somebody of each output that is sent for a request: its kind and its content.

        Parameters
        ----------
        parent
            The request.
        hearer
            Called from whatever thread sends; it must be quick.
        """
        self._attach()
        self._hearers[parent] = hearer

    def hear_no_more(self, parent: str) -> None:
        """Tell nobody any more."""
        self._hearers.pop(parent, None)

    def show(self, kind: str, content: Mapping[str, Any], parent: Mapping[str, Any]) -> None:
        """Send an output of celltrail's own for a request, from any thread; it is not gathered."""
        kernel = self._shell.kernel
        send = kernel.session.send
        if self._send is not None and send is self._send:
            send = self._original
        send(kernel.iopub_socket, kind, dict(content), parent=parent, ident=kind.encode())

    def begin(self) -> str | None:
        """Gather what is sent for the request that is being served, from here on.

        Returns
        -------
        str or None
            What `end` takes; None where no kernel says which request it serves.
        """
        parent = self.request()
        if parent is None:
            return None
        self._attach()
        if parent not in self._logs:
            self._logs[parent] = OutputLog()
        return parent

    def end(self, parent: str | None, count: object = None) -> list[OutputRecord]:
        """Give what was gathered, and gather no more for that request.

        Parameters
        ----------
        parent
            What `begin` gave.
        count
            The number of the cell, by which IPython keeps outputs in a terminal.
        """
        if parent is None:
            return self._from_history(count)
        _flush()
        log = self._logs.pop(parent, None)
        return [] if log is None else log.records()

    def remove(self) -> None:
        """Let the session be as it was, if nobody else has wrapped it meanwhile."""
        session, self._session = self._session, None
        if session is not None and vars(session).get("send") is self._send:
            del session.send
            if self._before is not None:
                session.send = self._before
        self._logs.clear()
        self._hearers.clear()

    def request(self) -> str | None:
        """Give the id of the request that is being served, where a kernel says which."""
        kernel = getattr(self._shell, "kernel", None)
        if getattr(kernel, "session", None) is None:
            return None
        header = kernel.get_parent().get("header", {})  # type: ignore[union-attr]
        parent = header.get("msg_id")
        return parent if type(parent) is str else None

    def _attach(self) -> None:
        session = self._shell.kernel.session
        if self._session is session and vars(session).get("send") is self._send:
            return
        if self._session is session:
            return  # somebody wrapped ours, which is called still
        self._before = vars(session).get("send")
        self._original = original = session.send
        logs, hearers = self._logs, self._hearers

        def send(stream: Any, message: Any, content: Any = None, *args: Any, **more: Any) -> Any:
            __tracebackhide__ = True
            if not (logs or hearers):
                return original(stream, message, content, *args, **more)
            interrupt = None
            try:
                _note(logs, hearers, message, content, args, more)
            except KeyboardInterrupt as error:  # it is for the cell
                interrupt = error
            except BaseException:  # noqa: BLE001  # a fault of ours: this output is not recorded
                pass
            sent = original(stream, message, content, *args, **more)
            if interrupt is not None:
                raise interrupt
            return sent

        self._session, self._send = session, send
        session.send = send

    def _from_history(self, count: object) -> list[OutputRecord]:
        manager = getattr(self._shell, "history_manager", None)
        outputs = getattr(manager, "outputs", None)
        if getattr(self._shell, "kernel", None) is not None or not isinstance(outputs, dict):
            return []
        log = OutputLog()
        for output in outputs.get(count, ()):
            kind, bundle = getattr(output, "output_type", ""), getattr(output, "bundle", None)
            if not isinstance(bundle, dict):
                continue
            if kind in ("out_stream", "err_stream"):
                name = "stdout" if kind == "out_stream" else "stderr"
                text = bundle.get("stream", "")
                log.take("stream", {"name": name, "text": "".join(text)})
            elif kind in ("display_data", "execute_result"):
                log.take(kind, {"data": bundle})
        return log.records()


def _note(
    logs: OrderedDict[str, OutputLog],
    hearers: Mapping[str, Callable[[str, Mapping[str, Any]], None]],
    message: Any,
    content: Any,
    args: Any,
    more: Any,
) -> None:
    """Give a message to the log of the request that it answers, and to who hears of it."""
    if isinstance(message, dict):
        kind = message.get("header", {}).get("msg_type") or message.get("msg_type")
        parent = message.get("parent_header") or {}
        content = message.get("content")
    else:
        kind = message
        parent = (args[0] if args else more.get("parent")) or {}
        parent = parent.get("header", parent)
    if kind in _KINDS and isinstance(content, dict):
        request = parent.get("msg_id") or ""
        log, hearer = logs.get(request), hearers.get(request)
        if log is not None:
            log.take(kind, content)
        if hearer is not None:
            hearer(kind, content)


def _flush() -> None:
    """Let what was printed be sent: a kernel waits for more for a while.

    Only streams of the kernel's are asked: one that a cell put in their place is the user's.
    Each question waits for the kernel's thread that sends. That does one thing after the other:
    of a stream with nothing left to send, what is being sent is sent before the last answer.
    """
    ours = [s for s in (sys.stderr, sys.stdout) if type(s).__module__.startswith("ipykernel.")]
    for stream in ours:
        if stream is ours[-1] or getattr(stream, "_flush_pending", True):
            with contextlib.suppress(Exception):  # closed, or the kernel is going away
                stream.flush()
