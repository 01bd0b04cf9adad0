// Means and distributions of a column's values.
import { type Column, cellText } from "../columns";

/** Numbers in short; `sd` is that of a sample, and 0 of a single number. */
export interface Spread {
  mean: number;
  sd: number;
  min: number;
  max: number;
  n: number;
}

/** Gives mean, standard deviation (Welford 1962), ends and count of what is finite. */
export function spreadOf(column: Column, rows: Uint32Array): Spread | null {
  if (!column.numeric && column.kind !== "bool") return null;
  let [n, mean, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (const row of rows) {
    const value = column.at(row);
    if (value === null) continue;
    const number = Number(value);
    if (!Number.isFinite(number)) continue;
    n++;
    // halves, so that the distance of the largest floats is a number too
    const step = number / 2 - mean / 2;
    mean += (2 * step) / n;
    squares += 4 * step * (number / 2 - mean / 2);
    if (number < min) min = number;
    if (number > max) max = number;
  }
  return n ? { mean, sd: n > 1 ? Math.sqrt(squares / (n - 1)) : 0, min, max, n } : null;
}

/** How the numbers of a column lie. */
export interface Histogram {
  kind: "numbers";
  min: number;
  max: number;
  counts: Uint32Array;
  /** NaN, the infinities and what is missing. */
  outside: number;
}

/** Which values a column has, the most frequent first. */
export interface Categories {
  kind: "values";
  top: { text: string; count: number; row: number }[];
  /** How many other values there are, and how often they stand there. */
  others: number;
  otherCount: number;
  missing: number;
}

const BINS = 20;
const TOP = 8;

/** Describes how the values of a column lie in these rows; null when there are none. */
export function distribution(column: Column, rows: Uint32Array): Histogram | Categories | null {
  if (column.kind === "number" || column.kind === "duration" || column.kind === "time") {
    return histogram(column, rows);
  }
  if (column.kind === "integer") {
    const few = categories(column, rows, 12);
    if (!few) return histogram(column, rows);
    return few.top.length <= 3 ? few : histogram(column, rows);
  }
  return categories(column, rows, Number.POSITIVE_INFINITY);
}

function histogram(column: Column, rows: Uint32Array): Histogram | null {
  const numbers = new Float64Array(rows.length);
  let count = 0;
  let [min, max] = [Infinity, -Infinity];
  for (const row of rows) {
    const value = column.at(row);
    const number = value === null ? Number.NaN : Number(value);
    if (!Number.isFinite(number)) continue;
    numbers[count++] = number;
    if (number < min) min = number;
    if (number > max) max = number;
  }
  if (!count) return null;
  const counts = new Uint32Array(min === max ? 1 : BINS);
  // halves, so that the width of the whole range of floats is a number too
  const width = max / 2 - min / 2;
  for (let i = 0; i < count; i++) {
    const place = width > 0 ? Math.floor((((numbers[i] ?? 0) / 2 - min / 2) / width) * BINS) : 0;
    const bin = Math.min(counts.length - 1, place);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { kind: "numbers", min, max, counts, outside: rows.length - count };
}

/** Counts the values; null when there are more than `limit`. */
export function categories(column: Column, rows: Uint32Array, limit: number): Categories | null {
  const counts = new Map<string | number | bigint, { count: number; row: number }>();
  let missing = 0;
  for (const row of rows) {
    const value = column.at(row);
    if (value === null) {
      missing++;
      continue;
    }
    const known = counts.get(value);
    if (known) known.count++;
    else if (counts.size >= limit) return null;
    else counts.set(value, { count: 1, row });
  }
  const sorted = [...counts.values()].sort((a, b) => b.count - a.count || a.row - b.row);
  const top = sorted
    .slice(0, TOP)
    .map(({ count, row }) => ({ text: cellText(column, row), count, row }));
  const rest = sorted.slice(TOP);
  return {
    kind: "values",
    top,
    others: rest.length,
    otherCount: rest.reduce((sum, { count }) => sum + count, 0),
    missing,
  };
}
