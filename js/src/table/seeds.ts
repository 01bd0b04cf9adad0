// How far runs lie apart that differ in their seeds only; the twin of query/seeds.py.
import type { Column } from "../columns";
import type { Columns } from "./view";

const SEED = /(^|[^a-z])(seed(_all|_everything)?|random_?state|default_rng|PRNGKey)$/i;
/** Of two single results: the repeatability limit of ISO 5725-6:1994. */
const LIMIT = 2.8;

/** Whether a param is a seed, as far as its name tells. */
export const isSeed = (name: string): boolean => SEED.test(name);

/** Gives the difference that seeds alone explain between runs; null when nobody knows. */
export type SeedLimit = (column: Column, rows: readonly number[]) => number | null;

/** Puts together the runs that differ in their seeds only; null when none has a seed. */
export function seedLimit(columns: Columns, count: number): SeedLimit | null {
  const params = [...columns.values()].filter((column) => column.group === "params");
  const seeds = params.filter((column) => isSeed(column.name));
  if (!seeds.length) return null;
  const others = params.filter((column) => !seeds.includes(column));
  const experiment = columns.get("experiment");
  if (experiment) others.push(experiment);
  const began = columns.get("started");
  const order = Array.from({ length: count }, (_, row) => row);
  if (began) order.sort((a, b) => Number(began.at(a)) - Number(began.at(b)));
  const groups = new Map<string, Map<string, number>>(); // of one seed the last run counts
  const groupOf: (Map<string, number> | undefined)[] = [];
  for (const row of order) {
    if (seeds.every((column) => column.at(row) === null)) continue;
    const key = keyOf(others, row);
    const group = groups.get(key) ?? new Map();
    groups.set(key, group);
    group.set(keyOf(seeds, row), row);
    groupOf[row] = group;
  }
  const numbers = new Map<Group | undefined, number>([...groups.values()].map((g, i) => [g, i]));
  // Asked for each cell of each frame, while the groups stay the same.
  const known = new Map<string, number | null>();
  return (column, rows) => {
    const asked = [...new Set(rows.map((row) => groupOf[row]))];
    const key = JSON.stringify([column.name, ...asked.map((group) => numbers.get(group))]);
    let limit = known.get(key);
    if (limit === undefined) {
      limit = limitOf(column, asked);
      known.set(key, limit);
    }
    return limit;
  };
}

type Group = ReadonlyMap<string, number>;

function limitOf(column: Column, groups: readonly (Group | undefined)[]): number | null {
  const found = groups.map((group) =>
    [...(group?.values() ?? [])]
      .map((row) => column.at(row))
      .map((value) => (value === null ? Number.NaN : Number(value)))
      .filter(Number.isFinite),
  );
  // As shares of the largest: no square of these is more than a float holds, nor nothing.
  let largest = 0;
  for (const value of found.flat()) largest = Math.max(largest, Math.abs(value));
  let [squares, freedom] = [0, 0];
  for (const values of found) {
    const shares = values.map((value) => value / (largest || 1));
    const mean = shares.reduce((sum, share) => sum + share / shares.length, 0);
    squares += shares.reduce((sum, share) => sum + (share - mean) ** 2, 0);
    freedom += Math.max(0, shares.length - 1);
  }
  return freedom ? LIMIT * Math.sqrt(squares / freedom) * largest : null;
}

function keyOf(columns: readonly Column[], row: number): string {
  return JSON.stringify(
    columns.map((column) => {
      const value = column.at(row);
      return value === null ? null : `${typeof value}${value}`;
    }),
  );
}
