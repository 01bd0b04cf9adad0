// The order of the rows: missing last, NaN before them, whichever way the column is sorted.
import type { Column } from "./columns";

export interface Sort {
  column: string;
  descending: boolean;
}

const collator = new Intl.Collator("en", { numeric: true });

/** Gives the next state of a column's heading on a click: ascending, descending, unsorted. */
export function nextSort(current: Sort | null, column: string): Sort | null {
  if (current?.column !== column) return { column, descending: false };
  return current.descending ? null : { column, descending: true };
}

interface Keys {
  /** 0 numbers, 1 texts, 2 NaN, 3 missing. */
  rank: Uint8Array;
  number: Float64Array;
  /** Only of texts, and of integers that a float cannot hold. */
  exact: Map<number, string | bigint>;
}

function keysOf(column: Column, rows: number): Keys {
  const keys: Keys = {
    rank: new Uint8Array(rows),
    number: new Float64Array(rows),
    exact: new Map(),
  };
  for (let row = 0; row < rows; row++) {
    const value = column.at(row);
    if (value === null || value === undefined) {
      keys.rank[row] = 3;
    } else if (typeof value === "string") {
      // a param of several types comes as JSON: its numbers sort as numbers, before texts
      const number = column.kind === "json" && value.trim() !== "" ? Number(value) : Number.NaN;
      keys.rank[row] = Number.isNaN(number) ? (value === "NaN" ? 2 : 1) : 0;
      keys.number[row] = number;
      if (Number.isNaN(number)) keys.exact.set(row, value);
    } else {
      keys.number[row] = Number(value);
      if (Number.isNaN(keys.number[row])) keys.rank[row] = 2;
      if (typeof value === "bigint" && !Number.isSafeInteger(keys.number[row])) {
        keys.exact.set(row, value);
      }
    }
  }
  return keys;
}

function compare(keys: Keys, a: number, b: number): number {
  const difference = (keys.number[a] ?? 0) - (keys.number[b] ?? 0);
  const x = keys.exact.get(a);
  const y = keys.exact.get(b);
  if (typeof x === "string" && typeof y === "string") return collator.compare(x, y);
  if (typeof x === "bigint" && typeof y === "bigint") return x < y ? -1 : x > y ? 1 : 0;
  return Number.isNaN(difference) ? 0 : difference; // ∞ − ∞
}

/** Gives the rows in their order: a permutation of 0 … rows − 1; equal ones keep theirs. */
export function sortedRows(columns: readonly Column[], rows: number, sort: Sort | null) {
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  const column = sort && columns.find((candidate) => candidate.name === sort.column);
  if (!column) return order;
  const keys = keysOf(column, rows);
  const sign = sort.descending ? -1 : 1;
  return order.sort((a, b) => {
    const x = keys.rank[a] ?? 0;
    const y = keys.rank[b] ?? 0;
    // numbers and texts swap with the direction, NaN and missing stay last
    if (x !== y) return x >= 2 || y >= 2 ? x - y : sign * (x - y);
    return sign * compare(keys, a, b) || a - b;
  });
}
