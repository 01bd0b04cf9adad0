"""A page that holds one built widget and a model that stands in for the kernel's."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

STATIC = Path(__file__).resolve().parents[2] / "src" / "celltrail" / "views" / "static"

# Like the front end's models: get, set, save_changes, on, off, send; bytes come as DataViews.
MOCK = """async ([source, css, state, gzipped, answers]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const binary = ["_data", "_parents", "_tools"];
  const taken = (name, value) =>
    binary.includes(name) && typeof value === "string" ? new DataView(bytes(value).buffer) : value;
  const values = {};
  for (const name of Object.keys(state)) values[name] = taken(name, state[name]);
  const listeners = {};
  const emit = (name, ...args) => { for (const f of [...(listeners[name] ?? [])]) f(...args); };
  const model = {
    saved: [], sent: [],
    get: (name) => values[name],
    set(name, value) { values[name] = value; emit(`change:${name}`); },
    save_changes() { this.saved.push(structuredClone(values.selected_ids)); },
    on(name, f) { (listeners[name] ??= []).push(f); },
    off(name, f) { listeners[name] = (listeners[name] ?? []).filter((g) => g !== f); },
    send(message) {
      this.sent.push(message);
      if (message.kind === "ask" && window.askWidget) {
        const chosen = values.selected_ids;
        window.askWidget(JSON.stringify({ message, chosen })).then(([changed, reply, data]) => {
          const names = Object.keys(changed);
          for (const name of names) values[name] = taken(name, changed[name]);
          for (const name of names) emit(`change:${name}`);
          const buffers = data === null ? [] : [new DataView(bytes(data).buffer)];
          if (reply !== null) emit("msg:custom", reply, buffers);
        });
      } else if (message.kind === "ask") {
        const { id, method } = message;
        const answer = (found) => emit("msg:custom", { kind: "answer", id, ...found }, []);
        if (window.askPython) window.askPython(method, message.params).then(answer);
        else setTimeout(() => answer(
          method in answers ? { result: answers[method] } : { error: "no answer" }));
      }
      if (message.kind === "want-vega" && gzipped) {
        const data = new DataView(bytes(gzipped).buffer);
        setTimeout(() => emit("msg:custom", { kind: "vega" }, [data]));
      }
    },
  };
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const widget = (await import(url)).default;
  const el = document.createElement("div");
  document.querySelector("#place").append(el);
  const stop = await widget.render({ model, el });
  (window.views ??= []).push({ model, el, stop, emit });
}"""

# How many pixels of a canvas have a colour, and so a line: greys are axes and texts.
COLOURED = """(canvas) => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 100 && Math.abs(data[i] - data[i + 2]) > 60) count++;
  }
  return count;
}"""

LIGHT = {
    "--jp-layout-color0": "#fff",
    "--jp-content-font-color1": "rgba(0,0,0,.87)",
    "--jp-content-font-color2": "rgba(0,0,0,.54)",
    "--jp-brand-color1": "#1976d2",
}
DARK = {
    "--jp-layout-color0": "#111",
    "--jp-content-font-color1": "#fff",
    "--jp-content-font-color2": "rgba(255,255,255,.7)",
    "--jp-brand-color1": "#2196f3",
}


def state_of(widget: Any) -> dict[str, Any]:
    """Give what a widget of ours sends to its page, but the scripts and styles."""
    names = [n for n in widget.trait_names(sync=True) if n not in ("_esm", "_css")]
    model = ("_model", "_view", "_dom", "layout", "tabbable", "tooltip", "_anywidget", "comm")
    return {name: getattr(widget, name) for name in names if not name.startswith(model)}


def written(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


class Answerer:
    """A widget that answers what its page asks, and tells it what changed by that."""

    def __init__(self, widget: Any) -> None:
        self.widget = widget
        self.asked: list[dict[str, Any]] = []
        self.silent = False
        self._sent: list[tuple[Any, Any]] = []
        widget.send = lambda message, buffers=None: self._sent.append((message, buffers))

    def answer(self, text: str) -> list[Any]:
        heard = json.loads(text)
        self.asked.append(heard["message"])
        if self.silent:  # the kernel is busy
            return [{}, None, None]
        self.widget.selected_ids = heard["chosen"]
        before = state_of(self.widget)
        self._sent.clear()
        self.widget._msg_callbacks(self.widget, heard["message"], [])
        ((reply, buffers),) = self._sent
        after = state_of(self.widget)
        changed = {n: written(v) for n, v in after.items() if v != before[n]}
        return [changed, reply, written(bytes(buffers[0])) if buffers else None]


class BundlePage:
    """One page with a widget in it, and what the page complained of."""

    def __init__(self, page: Page, *, dark: bool = False, before: str = "") -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        colors = "".join(f"{name}:{value};" for name, value in (DARK if dark else LIGHT).items())
        page.set_content(
            f"<!doctype html><html style='{colors}'><body style='margin:16px;"
            f"background:var(--jp-layout-color0)'>{before}<div id='place'></div></body></html>"
        )

    answerer: Answerer

    def show(
        self,
        bundle: str,
        state: dict[str, Any],
        *,
        vega: bool = False,
        answers: dict[str, Any] | None = None,
        kernel: Any = None,
    ) -> None:
        """Render a widget with this state.

        ``vega`` answers a chart that asks for the library, ``answers`` what is asked by name;
        ``kernel`` is a widget that answers itself.
        """
        if kernel is not None:
            self.answerer = Answerer(kernel)
            self.page.expose_function("askWidget", self.answerer.answer)
        source = (STATIC / f"{bundle}.js").read_text("utf-8")
        css = (STATIC / f"{bundle}.css").read_text("utf-8")
        made = {name: written(value) for name, value in state.items()}
        library = (STATIC / "vega.js.gz").read_bytes() if vega else b""
        gzipped = base64.b64encode(library).decode()
        self.page.evaluate(MOCK, [source, css, made, gzipped, answers or {}])

    def answer(self, methods: Mapping[str, Callable[..., Any]]) -> list[tuple[str, dict[str, Any]]]:
        """Let real methods answer what is asked by name; gives the list of what was asked."""
        asked: list[tuple[str, dict[str, Any]]] = []

        def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
            asked.append((method, params))
            try:
                return {"result": methods[method](**params)}
            except Exception as error:  # noqa: BLE001  # any: as the real ones tell it
                return {"error": str(error)}

        self.page.expose_function("askPython", ask)
        return asked

    def selected(self) -> list[str]:
        """Give what the widget last told Python."""
        code = "() => window.views.at(-1).model.get('selected_ids')"
        result: list[str] = self.page.evaluate(code)
        return result

    def get(self, name: str) -> Any:
        """Give what a trait of the model is now."""
        return self.page.evaluate("(n) => window.views.at(-1).model.get(n)", name)

    def set(self, name: str, value: Any) -> None:
        """Change the model as Python does."""
        code = "([name, value]) => window.views.at(-1).model.set(name, value)"
        self.page.evaluate(code, [name, value])
