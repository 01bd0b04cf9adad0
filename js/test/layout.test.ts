import { describe, expect, it } from "vitest";
import { columnsInSight, columnWidth, edges, rowsInSight } from "../src/table/layout";

const BOX = { min: 50, max: 200, padding: 20 };
const measure = (text: string) => text.length * 10;

describe("where things stand", () => {
  it("finds the columns in sight", () => {
    const at = edges([100, 50, 200, 80]);
    expect(at).toEqual([0, 100, 150, 350, 430]);
    expect(columnsInSight(at, 0, 120)).toEqual({ from: 0, to: 2 });
    expect(columnsInSight(at, 100, 150)).toEqual({ from: 1, to: 2 });
    expect(columnsInSight(at, 160, 1000)).toEqual({ from: 2, to: 4 });
    expect(columnsInSight([0], 0, 100)).toEqual({ from: 0, to: 0 });
  });
  it("finds the rows in sight, with some before and after, never beyond the ends", () => {
    expect(rowsInSight(0, 100, 10, 1000, 5)).toEqual({ from: 0, to: 15 });
    expect(rowsInSight(505, 100, 10, 1000, 5)).toEqual({ from: 45, to: 66 });
    expect(rowsInSight(9950, 100, 10, 1000, 5)).toEqual({ from: 990, to: 1000 });
    expect(rowsInSight(5000, 100, 10, 0, 5)).toEqual({ from: 0, to: 0 });
  });
  it("makes a column as wide as its widest text, within bounds", () => {
    expect(columnWidth(30, ["ab", "abcdef"], measure, BOX)).toBe(81);
    expect(columnWidth(30, [], measure, BOX)).toBe(51);
    expect(columnWidth(10, ["a"], measure, BOX)).toBe(50);
    expect(columnWidth(30, ["a".repeat(99)], measure, BOX)).toBe(200);
  });
  it("looks at more than the longest text: letters have different widths", () => {
    const wide = (text: string) => (text.includes("W") ? 150 : 10);
    expect(columnWidth(30, ["iiii", "WWW"], wide, BOX)).toBe(171);
  });
});
