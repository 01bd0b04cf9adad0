"""Questions of a view's page to Python, each with its answer; the twin of ``js/src/rpc.ts``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celltrail.errors import CelltrailError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import anywidget

__all__ = ["Binary", "answer_questions"]


@dataclass(frozen=True, slots=True)
class Binary:
    """An answer with bytes: the page gets ``{"result": …, "data": bytes}``."""

    result: Any
    data: bytes


def answer_questions(
    widget: anywidget.AnyWidget, methods: Mapping[str, Callable[..., Any]]
) -> None:
    """Answer what the page asks, by name and parameters, from a fixed list of methods.

    Parameters
    ----------
    widget
        The view.
    methods
        What may be asked. Each takes keyword arguments and gives what JSON can carry, or
        `Binary`; what it raises is told to the page as a sentence, and goes no further.
    """

    def receive(_widget: Any, message: Any, _buffers: Any) -> None:
        if not isinstance(message, dict) or message.get("kind") != "ask":
            return
        buffers: list[bytes] = []
        reply: dict[str, Any] = {"kind": "answer", "id": message.get("id")}
        try:
            method = methods[message["method"]]
            result = method(**message.get("params", {}))
            if isinstance(result, Binary):
                result, buffers = result.result, [result.data]
            reply["result"] = result
        except CelltrailError as error:
            reply["error"] = str(error)
        except Exception as error:  # noqa: BLE001  # any: the page shows it, no cell is to break
            reply["error"] = f"{type(error).__name__}: {error}"
        widget.send(reply, buffers) if buffers else widget.send(reply)

    widget.on_msg(receive)
