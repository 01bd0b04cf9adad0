import { describe, expect, it } from "vitest";
import type { Column } from "../src/columns";
import { withLive } from "../src/table/live";
import type { Data } from "../src/table/state";

const head = { label: "", group: "metrics", decimals: null, numeric: true };

function data(): Data {
  const loss: Column = {
    ...head,
    name: "metrics.loss",
    kind: "number",
    at: (row) => [3, 2][row] ?? null,
  };
  const count: Column = {
    ...head,
    name: "metrics.count",
    kind: "integer",
    at: (row) => [5n, 6n][row] ?? null,
  };
  const columns = new Map([loss, count].map((column) => [column.name, column]));
  return { ids: ["a", "b"], columns, parents: null, beyond: [] };
}

describe("numbers that changed since the table was sent", () => {
  it("stand in their cells, and all others as they were", () => {
    const before = data();
    const changed = JSON.stringify({
      b: { loss: "0.5", count: "7" },
      gone: { loss: "1" },
      a: { other: "1" },
    });
    const now = withLive(before, changed);
    const at = (name: string, row: number) => now.columns.get(name)?.at(row);
    expect([at("metrics.loss", 0), at("metrics.loss", 1)]).toEqual([3, 0.5]);
    expect([at("metrics.count", 0), at("metrics.count", 1)]).toEqual([5n, 7n]);
    expect(before.columns.get("metrics.loss")?.at(1)).toBe(2);
    expect(now.columns.size).toBe(2);
  });

  it("may be anything but finite", () => {
    const now = withLive(data(), JSON.stringify({ a: { loss: "NaN" }, b: { loss: "-Infinity" } }));
    const loss = now.columns.get("metrics.loss");
    expect([loss?.at(0), loss?.at(1)]).toEqual([Number.NaN, Number.NEGATIVE_INFINITY]);
  });

  it("are none most of the time", () => {
    const before = data();
    expect(withLive(before, "")).toBe(before);
    expect(withLive(before, "{}")).toBe(before);
  });
});
