import { describe, expect, it } from "vitest";
import type { Column, Kind, Value } from "../src/columns";
import { aboutColumn, anyOf, clause, rangeOf, replaceColumn, replaceEnd } from "../src/filter/edit";
import { matches, nearest } from "../src/filter/evaluate";
import { FilterError, parseFilter, parseOrder, withZones, writeOrder } from "../src/filter/parse";
import { suggest } from "../src/filter/suggest";
import { type Node, write } from "../src/filter/tree";
import { sortedRows } from "../src/sort";
import cases from "./filter_cases.json";
import { column } from "./helpers";

const ROWS = 6;

function value(kind: Kind, plain: unknown): Value {
  if (plain === null) return null;
  if (kind === "integer" || kind === "time") return BigInt(plain as number);
  if (kind === "number") return Number(plain);
  if (kind === "bool") return Number(plain);
  if (kind === "json") return JSON.stringify(plain);
  return plain as Value;
}

function made(): Map<string, Column> {
  // JSON.parse rounds these, as Python's parser does not
  const exact: Record<string, bigint[]> = { "params.n": [9007199254740993n, 9007199254740992n] };
  const all = cases.columns.map(({ name, kind, values }) => {
    const cells = values.map((one) => value(kind as Kind, one));
    exact[name]?.forEach((one, row) => {
      cells[row] = one;
    });
    if (name === "tags") {
      return column(
        "json",
        values.map((one) => (one ? (one as string[]).join("\u001f") : null)),
        name,
      );
    }
    return column(kind as Kind, cells, name);
  });
  const ids = Array.from({ length: ROWS }, (_, i) => `id${i}`);
  return new Map([...all, column("text", ids, "id")].map((one) => [one.name, one]));
}

const columns = made();
const every = Uint32Array.from({ length: ROWS }, (_, row) => row);
const found = (node: Node) => [...every].filter((row) => matches(node, columns, ROWS)[row]);

describe("filters, as Python reads them", () => {
  it.each(cases.filters as [string, number[]][])("%s", (where, rows) => {
    expect(found(parseFilter(where))).toEqual(rows);
  });
  it.each(cases.filters as [string, number[]][])("written anew: %s", (where, rows) => {
    const text = write(parseFilter(where));
    expect(found(parseFilter(text))).toEqual(rows);
    expect(write(parseFilter(text))).toBe(text);
  });
  it.each(cases.problems as [string, string, number | null][])(
    "%s cannot be asked",
    (where, problem, position) => {
      let caught: unknown;
      try {
        matches(parseFilter(where), columns, ROWS);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(FilterError);
      expect((caught as FilterError).message.startsWith(problem)).toBe(true);
      if (position !== null) expect((caught as FilterError).position).toBe(position);
    },
  );
  it("counts times from now", () => {
    const now = 1767225600000 + 3_600_000;
    const at = (where: string) =>
      [...every].filter((row) => matches(parseFilter(where), columns, ROWS, now)[row]);
    expect(at("started > -2h")).toEqual([0, 1, 2, 3, 4]);
    expect(at("started > -30m")).toEqual([1, 2, 3, 4]);
  });
  it("takes a time without a zone as local", () => {
    const local = new Date(2026, 0, 1, 12, 30, 15).getTime() * 1000;
    const one = new Map([["started", column("time", [BigInt(local)], "started")]]);
    expect([...matches(parseFilter("started = '2026-01-01 12:30:15'"), one, 1)]).toEqual([1]);
  });
  it("is given the zone of its times, and nothing else is changed", () => {
    const isTime = (name: string) => name === "started";
    const zoned = withZones("started > '2026-01-31' and  name = '2026-01-31'", isTime);
    expect(zoned).toMatch(/^started > '2026-01-31 00:00[+-]\d\d:\d\d' and {2}name = '2026-01-31'$/);
    expect(withZones(zoned, isTime)).toBe(zoned);
    expect([...matches(parseFilter(zoned), columns, ROWS)]).toEqual([
      ...matches(parseFilter("started > '2026-01-31' and name = '2026-01-31'"), columns, ROWS),
    ]);
  });
  it("is not nested without end", () => {
    expect(() => parseFilter(`${"(".repeat(200)}a = 1${")".repeat(200)}`)).toThrow("nested");
    expect(() => parseFilter(`a = ${"1".repeat(5_000)}`)).toThrow("at most 4000 digits");
  });
  it("knows no wrong names where there are no runs", () => {
    expect([...matches(parseFilter("metrics.x > 1"), new Map(), 0)]).toEqual([]);
  });
  it("names the column that was meant", () => {
    expect(() => matches(parseFilter("params.lt < 1"), columns, ROWS)).toThrow(
      "did you mean params.lr?",
    );
    expect(nearest("zzzzzzzz", ["a", "b"])).toBeNull();
  });
});

describe("orderings, as Python reads them", () => {
  it.each(cases.orders as [string, number[]][])("%s", (text, rows) => {
    expect([...sortedRows(columns, every, ROWS, parseOrder(text))]).toEqual(rows);
    expect(parseOrder(writeOrder(parseOrder(text)))).toEqual(parseOrder(text));
  });
  it("cannot be anything", () => {
    expect(() => parseOrder("a b c")).toThrow("cannot read the ordering 'a b c'");
    expect(() => parseOrder("")).toThrow("the ordering is empty");
  });
});

describe("what a filter says of one column", () => {
  const tree = parseFilter("params.lr < 1 and (status = 'lost' or number = 1) and params.lr > 0.5");
  it("is found and replaced, and the rest stays", () => {
    expect(aboutColumn(tree, "params.lr")).toHaveLength(2);
    expect(aboutColumn(tree, "status")).toHaveLength(0);
    const other = replaceColumn(tree, "params.lr", [clause("params.lr", ">=", 2)]);
    expect(other && write(other)).toBe("params.lr >= 2 and (status = 'lost' or number = 1)");
    const none = replaceColumn(parseFilter("params.lr < 1"), "params.lr", []);
    expect(none).toBeNull();
    const first = replaceColumn(null, "name", [clause("name", "=", "it's")]);
    expect(first && write(first)).toBe("name = 'it\\'s'");
  });
  it("is a range or a choice of values", () => {
    expect(rangeOf(parseFilter("a >= 1 and a <= 2 and b > 5"), "a")).toEqual([1, 2]);
    expect(rangeOf(null, "a")).toEqual([null, null]);
    const tree = parseFilter("a > 1 and a is not null and b = 2 and a <= 3");
    const texts = [
      replaceEnd(tree, "a", "low", 2),
      replaceEnd(tree, "a", "high", null),
      replaceEnd(null, "a", "high", 5),
    ].map((node) => node && write(node));
    expect(texts).toEqual([
      "a >= 2 and a is not null and a <= 3 and b = 2",
      "a > 1 and a is not null and b = 2",
      "a <= 5",
    ]);
    expect(write(anyOf("a", ["x", 1], true))).toBe("a in ('x', 1) or a is null");
    expect(write(anyOf("a", ["x"], false))).toBe("a = 'x'");
    expect(write(anyOf("a", [], true))).toBe("a is null");
  });
});

describe("what could stand next", () => {
  const options = (text: string, caret = text.length) =>
    suggest(text, caret, columns, every)?.options.map((option) => option.text) ?? [];
  it("is a name at the beginning, after and, or, not and an opening bracket", () => {
    expect(options("")).toContain("number");
    expect(options("par")).toEqual([
      "params.lr",
      "params.n",
      "params.flag",
      "params.mixed",
      "`params.a``b`",
    ]);
    expect(options("number = 1 and sta")).toEqual(["status", "started"]);
    expect(options("(val")).toEqual(["`metrics.val loss`"]);
    expect(options("`metrics.v")).toEqual(["`metrics.val loss`"]);
  });
  it("is a comparison that suits the column", () => {
    expect(options("params.lr ")).toContain("<");
    expect(options("name ")).toContain("like");
    expect(options("tags ")).toContain("has");
  });
  it("is a value of the column", () => {
    expect(options("status = ")).toEqual(["'finished'", "'failed'", "'lost'", "'running'"]);
    expect(options("status = 'f")).toEqual(["'finished'", "'failed'"]);
    expect(options("status in ('lost', ")).toContain("'finished'");
    expect(options("tags has ")).toContain("'a, b'");
    expect(options("started > ")).toContain("-7d");
    expect(options("params.flag = ")).toContain("true");
  });
  it("goes on with and, or", () => {
    expect(options("number = 1 ")).toEqual(["and", "or"]);
    expect(options("number = 1 o")).toEqual(["or"]);
  });
  it("replaces what is begun", () => {
    const found = suggest("number = 1 and sta", 18, columns, every);
    expect([found?.from, found?.to]).toEqual([15, 18]);
  });
});
