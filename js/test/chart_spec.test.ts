import { describe, expect, it } from "vitest";
import { readSpec } from "../src/chart_spec";

describe("a chart's specification", () => {
  it("gets its columns back as rows", () => {
    const data = {
      fields: ["a", "b"],
      columns: [
        [1, 2],
        ["x", null],
      ],
    };
    const spec = readSpec(JSON.stringify({ mark: "line", datasets: { d: data } }));
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
