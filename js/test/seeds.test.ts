import { describe, expect, it } from "vitest";
import type { Column, Value } from "../src/columns";
import { deltaText, fillCell } from "../src/table/cells";
import { isSeed, seedLimit } from "../src/table/seeds";
import { column } from "./helpers";
import cases from "./seed_cases.json";

type Params = Record<string, number | string>;

/** Makes the columns that Python sends of such runs: params of several types are JSON. */
function columnsOf(runs: readonly (readonly [Params, number | string | null])[]) {
  const found = new Map<string, Column>();
  for (const name of new Set(runs.flatMap(([params]) => Object.keys(params)))) {
    const values = runs.map(([params]) => params[name] ?? null);
    const kinds = new Set(values.filter((value) => value !== null).map((value) => typeof value));
    const mixed = kinds.size > 1;
    const sent = values.map((v): Value => (mixed && v !== null ? JSON.stringify(v) : v));
    const made = column(mixed ? "json" : "number", sent, name);
    found.set(`params.${name}`, { ...made, group: "params" });
  }
  const values = runs.map(([, value]) => (value === null ? null : Number(value)));
  found.set("metrics.m", { ...column("number", values, "metrics.m"), group: "metrics" });
  return found;
}

describe("seeds, on the list that Python's twin is tested on", () => {
  it.each(cases.names)("knows whether %s is one: %s", (name, seed) => {
    expect(isSeed(name as string)).toBe(seed);
  });
  it.each(cases.groups)("gives the limit: $what", ({ runs, compared, limit }) => {
    const columns = columnsOf(runs as never);
    const metric = columns.get("metrics.m");
    const found = metric && seedLimit(columns, runs.length)?.(metric, compared);
    if (limit === null) expect(found ?? null).toBeNull();
    else expect((found ?? 0) / limit).toBeCloseTo(1, 12);
  });
});

describe("differences from the baseline", () => {
  const metric: Column = {
    ...column("number", [0.5, 0.4, 0.499, 0.7], "metrics.loss"),
    group: "metrics",
    lower: true,
  };
  const mark = (row: number, lower: boolean | undefined, limit: number | null) => {
    const cell = document.createElement("div");
    const looks = { baseline: 0, shade: () => null, seeds: () => limit, curve: null };
    fillCell(cell, { ...metric, lower }, row, looks);
    return cell.querySelector(".ct-delta");
  };
  it("says which are better, in the direction of the metric", () => {
    expect(mark(1, true, null)?.className).toBe("ct-delta ct-better");
    expect(mark(3, true, null)?.className).toBe("ct-delta ct-worse");
    expect(mark(3, false, null)?.className).toBe("ct-delta ct-better");
    expect(mark(3, undefined, null)?.className).toBe("ct-delta");
  });
  it("does not call better what seeds alone explain", () => {
    expect(mark(2, true, 0.01)?.className).toBe("ct-delta");
    expect(mark(2, true, 0.01)?.textContent).toBe("\u2248 \u22120.001");
    expect(mark(1, true, 0.01)?.className).toBe("ct-delta ct-better");
    expect(deltaText(metric, 2, 0)).toBe("\u22120.001");
  });
});
