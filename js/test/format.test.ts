import { describe, expect, it } from "vitest";
import {
  formatAs,
  formatDuration,
  formatInteger,
  formatNumber,
  formatTime,
  plural,
} from "../src/format";
import cases from "./format_cases.json";

describe("formatting, on the list that Python's twin is tested on", () => {
  it.each(cases.numbers)("writes %s with %s decimals as %s", (value, decimals, text) => {
    expect(formatNumber(Number(value), decimals as number | null)).toBe(text);
  });
  it.each(cases.formats)("writes %s as %s asks for: %s", (value, spec, text) => {
    expect(formatAs(Number(value), spec as string)).toBe(text);
  });
  it("loses no digit of an integer", () => {
    expect(formatAs(-(2n ** 62n), ",d")).toBe("\u22124,611,686,018,427,387,904");
  });
  it.each(cases.integers)("writes the integer %s as %s", (value, text) => {
    expect(formatInteger(BigInt(value ?? ""))).toBe(text);
  });
  it.each(cases.durations)("writes %s seconds as %s", (value, text) => {
    expect(formatDuration(value as number)).toBe(text);
  });
});

describe("times and counts", () => {
  it("writes a moment short and in full, with its zone", () => {
    const micros = BigInt(new Date(2026, 2, 2, 9, 30, 5).getTime()) * 1000n;
    expect(formatTime(micros)).toBe("2 Mar 09:30");
    expect(formatTime(micros, true)).toMatch(/^2026-03-02 09:30:05 \S+$/);
  });
  it("writes a count with its noun", () => {
    expect(plural(1, "run")).toBe("1 run");
    expect(plural(5000, "run")).toBe("5,000 runs");
  });
});
