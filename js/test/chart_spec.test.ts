import { describe, expect, it } from "vitest";
import { readSpec } from "../src/chart_spec";

describe("a chart's specification", () => {
  it("gets its columns back as rows", () => {
    const columns = [
      { name: "a", at: 0, kind: "json", values: [1, 2] },
      { name: "b", at: 0, kind: "json", values: ["x", null] },
    ];
    const d = { rows: 2, columns };
    const spec = readSpec(JSON.stringify({ mark: "line", datasets: { d } }));
    expect(spec).toEqual({
      mark: "line",
      datasets: {
        d: [
          { a: 1, b: "x" },
          { a: 2, b: null },
        ],
      },
    });
  });
  it("leaves data alone that is rows already, and needs none", () => {
    const rows = [{ fields: 1 }];
    expect(readSpec(JSON.stringify({ datasets: { d: rows } })).datasets).toEqual({ d: rows });
    expect(readSpec("{}").datasets).toEqual({});
  });
});
