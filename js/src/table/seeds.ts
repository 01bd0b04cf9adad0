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
  return (column, rows) => {
    let [squares, freedom] = [0, 0];
    for (const group of new Set(rows.map((row) => groupOf[row]))) {
      const found = [...(group?.values() ?? [])].map((row) => column.at(row));
      const values = found.map((value) => (value === null ? Number.NaN : Number(value)));
      const finite = values.filter(Number.isFinite);
      const mean = finite.reduce((sum, value) => sum + value / finite.length, 0);
      squares += finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      freedom += Math.max(0, finite.length - 1);
    }
    return freedom ? LIMIT * Math.sqrt(squares / freedom) : null;
  };
}

function keyOf(columns: readonly Column[], row: number): string {
  return JSON.stringify(
    columns.map((column) => {
      const value = column.at(row);
      return value === null ? null : `${typeof value}${value}`;
    }),
  );
}
