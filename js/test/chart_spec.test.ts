import { describe, expect, it } from "vitest";
import { fitted, readSpec } from "../src/chart_spec";

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

describe("a chart of curves", () => {
  const usermeta = { celltrail: { width: 320 } };
  const two = { usermeta, columns: 2, concat: [{ width: 320 }, { width: 320 }] };
  it("stands as it was made where there is room", () => {
    expect(fitted(two, 1_000)).toEqual(two);
  });
  it("has its panels below each other where there is none", () => {
    expect(fitted(two, 700)).toEqual({ ...two, columns: 1 });
    expect(fitted(two, 500).concat).toEqual([{ width: 284 }, { width: 284 }]);
    expect(fitted(two, 100).concat).toEqual([{ width: 200 }, { width: 200 }]);
  });
  it("is narrower alone, too", () => {
    const one = { usermeta: { celltrail: { width: 520 } }, width: 520 };
    expect(fitted(one, 900)).toEqual(one);
    expect(fitted(one, 600).width).toBe(384);
  });
  it("keeps a width that somebody asked for, and that of other charts", () => {
    const asked = { usermeta: { celltrail: { width: 520 } }, width: 900 };
    expect(fitted(asked, 600)).toEqual(asked);
    expect(fitted({ width: 520 }, 300)).toEqual({ width: 520 });
  });
  it("is left alone while the page gives it no room at all", () => {
    expect(fitted(two, 0)).toBe(two);
  });
});
