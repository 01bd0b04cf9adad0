import { gzipSync } from "node:zlib";
import type { AnyModel } from "@anywidget/types";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followZoom } from "../src/chart_zoom";
import { Rpc } from "../src/rpc";
import type { View } from "../src/vega_loader";
import { MockModel } from "./mock_model";

class FakeView {
  rows: Record<string, unknown>[] = [{ step: 1 }, { step: 2 }];
  listener: ((name: string, value: Record<string, unknown> | null) => void) | undefined;
  data(name: string, rows?: Record<string, unknown>[]): unknown {
    if (name !== "curves_0") throw new Error("Unrecognized data set");
    if (!rows) return this.rows;
    this.rows = rows;
    return this;
  }
  resize(): this {
    return this;
  }
  runAsync = vi.fn(async () => {});
  addSignalListener(name: string, listener: FakeView["listener"]) {
    if (name !== "zoom_0") throw new Error("Unrecognized signal");
    this.listener = listener;
  }
}

function made(panels: unknown[]) {
  const model = new MockModel({ _zoom: panels });
  const view = new FakeView();
  const rpc = new Rpc(model as never);
  const stop = followZoom(model as unknown as AnyModel, view as unknown as View, rpc);
  return { model, view, rpc, stop };
}

const PANEL = { signal: "zoom_0", field: "step", dataset: "curves_0" };
const HEAD = { rows: 1, columns: [{ name: "step", at: 0, kind: "json", values: [7] }] };

/** Gives the id of the last question. */
function asked(model: MockModel): unknown {
  return (model.sent.at(-1) as { id: unknown }).id;
}

function answer(model: MockModel) {
  const id = asked(model);
  const zipped = gzipSync(new Uint8Array());
  const view = new DataView(zipped.buffer, zipped.byteOffset, zipped.byteLength);
  model.emit("msg:custom", { kind: "answer", id, result: HEAD }, [view]);
}

describe("a zoom", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("asks once it stands, and shows what comes until it is undone", async () => {
    const { model, view } = made([PANEL]);
    view.listener?.("zoom_0", { step: [0, 9] });
    view.listener?.("zoom_0", { step: [8, 5] });
    vi.advanceTimersByTime(200);
    const params = { panel: 0, low: 5, high: 8 };
    expect(model.sent).toEqual([{ kind: "ask", id: asked(model), method: "zoom", params }]);
    answer(model);
    await vi.waitFor(() => expect(view.rows).toEqual([{ step: 7 }]));
    view.listener?.("zoom_0", {});
    expect(view.rows).toEqual([{ step: 1 }, { step: 2 }]);
  });
  it("leaves alone what came too late", async () => {
    const { model, view } = made([PANEL]);
    view.listener?.("zoom_0", { step: [0, 9] });
    vi.advanceTimersByTime(200);
    view.listener?.("zoom_0", null);
    answer(model);
    await new Promise((resolve) => setImmediate(resolve));
    expect(view.rows).toHaveLength(2);
  });
  it("does nothing when the kernel answers with an error, or not any more", async () => {
    const { model, view, stop } = made([PANEL]);
    view.listener?.("zoom_0", { step: [0, 9] });
    vi.advanceTimersByTime(200);
    model.emit("msg:custom", { kind: "answer", id: asked(model), error: "no" });
    view.listener?.("zoom_0", { step: [0, 8] });
    stop.stop();
    vi.advanceTimersByTime(200);
    expect(model.sent).toHaveLength(1);
    expect(view.rows).toHaveLength(2);
  });
  it("is not there in a chart that was changed", () => {
    expect(made([{ ...PANEL, dataset: "other" }]).view.listener).toBeUndefined();
    expect(made([{ ...PANEL, signal: "other" }]).view.listener).toBeUndefined();
  });
});

describe("curves that grow", () => {
  const row = (id: string, step: number) => ({ run_id: id, step });
  const more = (rows: Record<string, unknown>[]) => [...rows, row("b", 9)];

  it("are drawn at once in a chart that shows all", () => {
    const { view, stop } = made([PANEL]);
    stop.change(PANEL.dataset, more);
    expect(view.rows.at(-1)).toEqual(row("b", 9));
    expect(view.rows).toHaveLength(3);
  });

  it("wait until a chart is zoomed out again", () => {
    const { view, stop } = made([PANEL]);
    view.listener?.("zoom_0", { step: [0, 9] });
    stop.change(PANEL.dataset, more);
    expect(view.rows).toHaveLength(2);
    view.listener?.("zoom_0", {});
    expect(view.rows).toHaveLength(3);
  });
});
