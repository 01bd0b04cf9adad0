"""Questions of a view's page to Python, each with its answer; the twin of ``js/src/rpc.ts``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celltrail.errors import CelltrailError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import anywidget

__all__ = ["answer_questions"]


def answer_questions(
    widget: anywidget.AnyWidget, methods: Mapping[str, Callable[..., Any]]
) -> None:
    """Answer what the page asks, by name and parameters, from a fixed list of methods.

    Parameters
    ----------
    widget
        The view.
    methods
        What may be asked. Each takes keyword arguments and gives what JSON can carry; what
        it raises is told to the page as a sentence, and goes no further.
    """

    def receive(_widget: Any, message: Any, _buffers: Any) -> None:
        if not isinstance(message, dict) or message.get("kind") != "ask":
            return
        reply: dict[str, Any] = {"kind": "answer", "id": message.get("id")}
        try:
            method = methods[message["method"]]
            reply["result"] = method(**message.get("params", {}))
        except CelltrailError as error:
            reply["error"] = str(error)
        except Exception as error:  # noqa: BLE001  # any: the page shows it, no cell is to break
            reply["error"] = f"{type(error).__name__}: {error}"
        widget.send(reply)

    widget.on_msg(receive)
