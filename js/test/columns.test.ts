import {
  columnFromArray,
  float64,
  int8,
  int64,
  tableFromColumns,
  tableToIPC,
  utf8,
} from "@uwdata/flechette";
import { describe, expect, it } from "vitest";
import {
  bytesOf,
  cellText,
  cellTitle,
  decodeColumns,
  type Head,
  type Kind,
  tagsOf,
} from "../src/columns";
import { column } from "./helpers";

function head(kind: Kind, decimals: number | null = null): Head {
  return { name: `x.${kind}`, label: kind, group: "", kind, decimals };
}

const HEADS = [
  head("number", 2),
  head("integer"),
  head("text"),
  head("bool"),
  head("time"),
  head("json"),
];

function bytes(): Uint8Array {
  const table = tableFromColumns({
    c0: columnFromArray([0.125, Number.NaN, null], float64()),
    c1: columnFromArray([9007199254740993n, null, -5n], int64()),
    c2: columnFromArray(["", "größe", null], utf8()),
    c3: columnFromArray([1, 0, null], int8()),
    c4: columnFromArray([1_772_443_805_250_000n, null, 0n], int64()),
    c5: columnFromArray(["[1, 2]", "0.5", null], utf8()),
  });
  return tableToIPC(table, { format: "stream" }) as Uint8Array;
}

describe("columns from Arrow", () => {
  const columns = decodeColumns(HEADS, bytes());
  const texts = (index: number) => [0, 1, 2].map((row) => cellText(columns[index] as never, row));

  it("tells NaN, missing and the empty text apart", () => {
    expect(columns[0]?.at(1)).toBeNaN();
    expect(columns[0]?.at(2)).toBeNull();
    expect(columns[2]?.at(0)).toBe("");
    expect(columns[2]?.at(2)).toBeNull();
  });
  it("keeps integers exact", () => {
    expect(texts(1)).toEqual(["9,007,199,254,740,993", "", "−5"]);
  });
  it("writes each kind", () => {
    expect(texts(0)).toEqual(["0.13", "NaN", ""]);
    expect(texts(3)).toEqual(["True", "False", ""]);
    expect(texts(5)).toEqual(["[1, 2]", "0.5", ""]);
  });
  it("says all digits and the whole moment in the tooltip", () => {
    expect(cellTitle(columns[0] as never, 0)).toBe("0.125");
    expect(cellTitle(columns[4] as never, 0)).toMatch(/^2026-03-02 \d\d:\d\d:\d\d/);
    expect(cellTitle(columns[4] as never, 1)).toBe("");
  });
  it("keeps a tag with a comma in one", () => {
    const tags = column("json", ["a, b\u001fc", null], "tags");
    expect(tagsOf(tags, 0)).toEqual(["a, b", "c"]);
    expect(tagsOf(tags, 1)).toEqual([]);
    expect(cellText(tags, 0)).toBe("a, b, c");
  });
  it("reads bytes that start anywhere in a message", () => {
    const data = bytes();
    const shifted = new Uint8Array(data.length + 3);
    shifted.set(data, 3);
    const view = new DataView(shifted.buffer, 3, data.length);
    expect(decodeColumns(HEADS, bytesOf(view))[0]?.at(0)).toBe(0.125);
  });
  it("gives columns without rows when nothing was sent", () => {
    expect(decodeColumns(HEADS, new Uint8Array()).map((made) => made.at(0))).toEqual(
      Array(6).fill(null),
    );
  });
});
