import { describe, expect, it } from "vitest";
import type { Kind, Value } from "../src/columns";
import { naturalKey, nextSort, sortedRows } from "../src/sort";
import { column } from "./helpers";

function order(kind: Kind, values: Value[], descending = false): number[] {
  const made = column(kind, values);
  const rows = Uint32Array.from(values.keys());
  return [
    ...sortedRows(new Map([[made.name, made]]), rows, values.length, [
      { column: made.name, descending },
    ]),
  ];
}

describe("the order of the rows", () => {
  it("puts missing last and NaN before it, in both directions", () => {
    const values = [null, 2, Number.NaN, 1, null, Infinity, -Infinity];
    expect(order("number", values)).toEqual([6, 3, 1, 5, 2, 0, 4]);
    expect(order("number", values, true)).toEqual([5, 1, 3, 6, 2, 0, 4]);
  });
  it("keeps equal rows in their order, in both directions", () => {
    expect(order("number", [1, 0, 1, 0])).toEqual([1, 3, 0, 2]);
    expect(order("number", [1, 0, 1, 0], true)).toEqual([0, 2, 1, 3]);
    expect(order("number", [0, -0, 0])).toEqual([0, 1, 2]);
  });
  it("keeps infinities of one sign in their order", () => {
    expect(order("number", [Infinity, 1, Infinity])).toEqual([1, 0, 2]);
  });
  it("tells integers apart that a float cannot", () => {
    const big = 2n ** 53n;
    expect(order("integer", [big + 2n, big + 1n, big])).toEqual([2, 1, 0]);
    expect(order("integer", [big + 1n, 5n, null, -big - 1n])).toEqual([3, 1, 0, 2]);
  });
  it("sorts texts as people count, whatever their case", () => {
    expect(order("text", ["run 10", "run 9", null, "Alpha"])).toEqual([3, 1, 0, 2]);
    expect(order("text", ["v1.10", "v1.9", "v1.009", "v01.9"])).toEqual([1, 2, 3, 0]);
    expect(
      ["\u{1f600}", "\uff5e", "z"].sort((a, b) => (naturalKey(a) < naturalKey(b) ? -1 : 1)),
    ).toEqual(["z", "\uff5e", "\u{1f600}"]);
  });
  it("sorts a param of mixed types by number, then by text", () => {
    const values = ['"adam"', "0.5", null, "0.1", "NaN", '"sgd"', "true", "12345678901234567890"];
    expect(order("json", values)).toEqual([3, 1, 6, 7, 0, 5, 4, 2]);
  });
  it("leaves the rows alone without a sort, or when its column is gone", () => {
    const rows = Uint32Array.from([2, 0]);
    expect([...sortedRows(new Map(), rows, 3, [])]).toEqual([2, 0]);
    expect([...sortedRows(new Map(), rows, 3, [{ column: "x", descending: true }])]).toEqual([
      2, 0,
    ]);
  });
  it("sorts by several columns, the first counting most", () => {
    const a = column("text", ["b", "a", "b", "a"], "a");
    const b = column("number", [1, 2, 3, 4], "b");
    const columns = new Map([a, b].map((one) => [one.name, one]));
    const rows = Uint32Array.from([0, 1, 2, 3]);
    const sorts = [
      { column: "a", descending: false },
      { column: "b", descending: true },
    ];
    expect([...sortedRows(columns, rows, 4, sorts)]).toEqual([3, 1, 2, 0]);
    expect([...sortedRows(columns, Uint32Array.from([2, 3, 1]), 4, sorts)]).toEqual([3, 1, 2]);
  });
  it.each([20_000, 150_000])("gives an ordering of %i rows that is a permutation", (size) => {
    const values = Array.from({ length: size }, (_, i) => (((i * 7919) % 99_991) - 5_000) / 7);
    const rows = order("number", values);
    expect(new Set(rows).size).toBe(values.length);
    expect(
      rows.every((row, i) => i === 0 || (values[rows[i - 1] ?? 0] ?? 0) <= (values[row] ?? 0)),
    ).toBe(true);
  });
});

describe("a click on a heading", () => {
  it("goes from ascending to descending and back to none", () => {
    const first = nextSort([], "a");
    expect(first).toEqual([{ column: "a", descending: false }]);
    const second = nextSort(first, "a");
    expect(second).toEqual([{ column: "a", descending: true }]);
    expect(nextSort(second, "a")).toEqual([]);
    expect(nextSort(second, "b")).toEqual([{ column: "b", descending: false }]);
  });
  it("keeps the other columns with shift", () => {
    const both = nextSort([{ column: "a", descending: true }], "b", true);
    expect(both.map((sort) => sort.column)).toEqual(["a", "b"]);
    expect(nextSort(both, "a", true)).toEqual([{ column: "b", descending: false }]);
  });
});
