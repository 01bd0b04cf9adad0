import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { gunzip, rowsOf } from "../src/chart_data";

/** Puts the bytes of numbers in the order in which they travel. */
function shuffled(values: Float64Array | Int32Array): Uint8Array<ArrayBuffer> {
  const size = values.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(values.buffer);
  return Uint8Array.from(bytes, (_, i) => {
    const plane = Math.floor(i / values.length);
    return bytes[(i % values.length) * size + plane] as number;
  });
}

describe("packed columns", () => {
  it("are numbers to the last bit, and null where there is none", () => {
    const bytes = shuffled(Float64Array.of(0.1, Number.NaN, 1e300, Number.NEGATIVE_INFINITY));
    const head = { rows: 4, columns: [{ name: "a", at: 0, kind: "float" as const }] };
    expect(rowsOf(head, bytes).map((row) => row.a)).toEqual([0.1, null, 1e300, null]);
  });
  it("are sums of differences, also beyond int32 and with decimals", () => {
    const bytes = shuffled(Int32Array.of(0, 2_000_000_000, 2_000_000_000));
    const column = { name: "a", at: 0, kind: "delta" as const, first: 500_000 };
    const rows = rowsOf({ rows: 3, columns: [{ ...column, scale: 1_000_000 }] }, bytes);
    expect(rows.map((row) => row.a)).toEqual([0.5, 2000.5, 4000.5]);
  });
  it("are texts by their numbers, and whatever JSON has", () => {
    const columns = [
      { name: "t", at: 0, kind: "delta" as const, first: 1, scale: 1, texts: [null, "<b>"] },
      { name: "j", at: 8, kind: "json" as const, values: [[1], "x"] },
      { name: "b", at: 8, kind: "bool" as const },
    ];
    const bytes = Uint8Array.of(...shuffled(Int32Array.of(0, -1)), 1, 0);
    expect(rowsOf({ rows: 2, columns }, bytes)).toEqual([
      { t: "<b>", j: [1], b: true },
      { t: null, j: "x", b: false },
    ]);
  });
  it("may be named like a part of every object", () => {
    const columns = [{ name: "__proto__", at: 0, kind: "json" as const, values: [1] }];
    const [row] = rowsOf({ rows: 1, columns }, new Uint8Array());
    expect(Object.keys(row ?? {})).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  });
  it("come gzipped, or there are none", async () => {
    const zipped = gzipSync(Uint8Array.of(1, 2, 3));
    const view = new DataView(zipped.buffer, zipped.byteOffset, zipped.byteLength);
    expect([...(await gunzip(view))]).toEqual([1, 2, 3]);
    expect(await gunzip(undefined)).toHaveLength(0);
  });
});
