import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followSelection, runDatasets, withSelection } from "../src/chart_select";
import type { View } from "../src/vega_loader";
import { MockModel } from "./mock_model";

describe("what of a chart is linked", () => {
  it("is what has runs in its data", () => {
    const datasets = { a: [{ run_id: "x" }], b: [{ x: 1 }], c: [], d: [{ run_id: 5 }] };
    expect(runDatasets({ datasets })).toEqual(["a"]);
    expect(runDatasets({})).toEqual([]);
  });
  it("lets the marks of other runs fade, and keeps what their opacity says besides", () => {
    const pick = { param: "run_0", value: 1 };
    const spec = withSelection({
      params: [{ name: "mine" }],
      spec: {
        layer: [
          { mark: "line", encoding: { opacity: { condition: pick, value: 0.2 } } },
          { mark: { type: "point", opacity: 0.85 }, encoding: { x: { field: "x" } } },
          { mark: "bar", encoding: { opacity: { field: "n" } } },
        ],
      },
    }) as { params: { name: string }[]; spec: { layer: { encoding: Record<string, unknown> }[] } };
    expect(spec.params.map((param) => param.name)).toEqual(["mine", "celltrail_selected"]);
    const opacity = spec.spec.layer.map((unit) => unit.encoding.opacity as Record<string, unknown>);
    expect(opacity[0]?.value).toBe(0.2);
    expect(opacity[0]?.condition).toEqual([expect.objectContaining({ value: 0.12 }), pick]);
    expect(opacity[1]?.value).toBe(0.85);
    expect(opacity[2]).toEqual({ field: "n" });
    expect(spec.spec.layer[1]?.encoding.x).toEqual({ field: "x" });
  });
});

describe("a brush", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("selects what lies within it, and nothing that has no value there", () => {
    const rows = [
      { run_id: "zero", x: 0 },
      { run_id: "none", x: null },
      { run_id: "absent" },
      { run_id: "far", x: 9 },
    ];
    let brush: (name: string, value: unknown) => void = () => {};
    const view = {
      signal: () => {},
      runAsync: async () => {},
      addEventListener: () => {},
      addSignalListener: (_name: string, listener: typeof brush) => {
        brush = listener;
      },
      data: () => rows,
    };
    const model = new MockModel({ selected_ids: [] });
    followSelection(model as never, view as unknown as View, ["data"]);
    brush("brush", { x: [-1, 1] });
    vi.runAllTimers();
    expect(model.get("selected_ids")).toEqual(["zero"]);
    brush("brush", {});
    vi.runAllTimers();
    expect(model.get("selected_ids")).toEqual([]);
  });
});
