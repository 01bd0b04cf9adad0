// From the runs to what is shown of them: which rows, in which order, which columns. No DOM.
import { type Column, cellText, type Value } from "../columns";
import type { Sort } from "../filter/parse";
import { sortedRows } from "../sort";
import { type Spread, spreadOf } from "./spread";

export type Columns = ReadonlyMap<string, Column>;

/** Several runs that have the same values in the columns that are grouped by. */
export interface Group {
  /** What tells it from other groups, and by which it is remembered. */
  key: string;
  /** The values, each as a cell shows it. */
  texts: string[];
  rows: Uint32Array;
  spreads: Map<string, Spread>;
}

/** What stands in the table from top to bottom. */
export interface Items {
  /** A row of the data, or −1 − the place of a group. */
  codes: Int32Array;
  groups: Group[];
  /** How deep each item stands below its parent or group. */
  depths: Uint8Array;
}

export interface Layout {
  hidden: readonly string[];
  shown: readonly string[];
  pinned: readonly string[];
  order: readonly string[];
  onlyDifferences: boolean;
}

/** Gives the rows for which a mask is 1. */
export function rowsOf(mask: Uint8Array | null, total: number): Uint32Array {
  if (!mask) return Uint32Array.from({ length: total }, (_, row) => row);
  const rows = new Uint32Array(total);
  let count = 0;
  for (let row = 0; row < total; row++) if (mask[row]) rows[count++] = row;
  return rows.subarray(0, count);
}

function same(a: Value, b: Value): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

/** Whether a column tells some of these rows from others. */
export function differs(column: Column, rows: Uint32Array): boolean {
  if (rows.length < 2) return false;
  const first = column.at(rows[0] ?? 0);
  for (let i = 1; i < rows.length; i++) if (!same(column.at(rows[i] ?? 0), first)) return true;
  return false;
}

/** Gives the columns that stay at the left, and all others, each in order. */
export function arranged(columns: Columns, layout: Pick<Layout, "pinned" | "order">): string[][] {
  const pinned = layout.pinned.filter((name) => columns.has(name));
  const first = new Set(pinned);
  const moved = layout.order.filter((name) => columns.has(name));
  const rest = [...new Set([...moved, ...columns.keys()])].filter((name) => !first.has(name));
  return [pinned, rest];
}

/** Shortens an order: what follows in the natural order need not be named. */
export function shortOrder(columns: Columns, order: readonly string[]): string[] {
  const place = new Map([...columns.keys()].map((name, index) => [name, index]));
  let end = order.length;
  while (end > 1 && (place.get(order[end - 2] ?? "") ?? 0) < (place.get(order[end - 1] ?? "") ?? 0))
    end--;
  return order.slice(0, end <= 1 ? 0 : end - 1);
}

/** Gives the columns to show: those that stay at the left first. */
export function visibleColumns(
  columns: Columns,
  layout: Layout,
  rows: Uint32Array,
): { columns: Column[]; pinned: number } {
  const hidden = new Set(layout.hidden);
  const asked = new Set(layout.shown);
  const [pinned = [], rest = []] = arranged(columns, layout);
  const fixed = pinned.filter((name) => !hidden.has(name));
  const others = rest.filter((name) => {
    const column = columns.get(name);
    if (!column || hidden.has(name)) return false;
    if (asked.has(name)) return true;
    return !column.blank && (!layout.onlyDifferences || differs(column, rows));
  });
  const all = [...fixed, ...others].map((name) => columns.get(name) as Column);
  return { columns: all, pinned: fixed.length };
}

/** Puts runs under their parents; a run whose parent is not shown stands for itself. */
export function nested(
  order: Uint32Array,
  parents: Int32Array | null,
  isOpen: (row: number) => boolean,
): Items {
  if (!parents) return flat(order);
  const shown = new Set(order);
  const children = new Map<number, number[]>();
  const tops: number[] = [];
  for (const row of order) {
    const parent = parents[row] ?? -1;
    if (parent < 0 || parent === row || !shown.has(parent)) tops.push(row);
    else {
      const known = children.get(parent);
      if (known) known.push(row);
      else children.set(parent, [row]);
    }
  }
  const codes: number[] = [];
  const depths: number[] = [];
  const walk = (rows: number[], depth: number) => {
    for (const row of rows) {
      codes.push(row);
      depths.push(depth);
      const below = children.get(row);
      if (below && isOpen(row) && depth < 200) walk(below, depth + 1);
    }
  };
  walk(tops, 0);
  return { codes: Int32Array.from(codes), groups: [], depths: Uint8Array.from(depths) };
}

function flat(order: Uint32Array): Items {
  return { codes: Int32Array.from(order), groups: [], depths: new Uint8Array(order.length) };
}

/** Counts the runs that have children among the rows. */
export function childCounts(rows: Uint32Array, parents: Int32Array | null): Map<number, number> {
  const counts = new Map<number, number>();
  if (!parents) return counts;
  const shown = new Set(rows);
  for (const row of rows) {
    const parent = parents[row] ?? -1;
    if (parent >= 0 && parent !== row && shown.has(parent)) {
      counts.set(parent, (counts.get(parent) ?? 0) + 1);
    }
  }
  return counts;
}

/** Groups rows, which are in order, by the values of some columns. */
export function grouped(
  order: Uint32Array,
  columns: Columns,
  by: readonly string[],
  sorts: readonly Sort[],
  isOpen: (key: string) => boolean,
): Items {
  const keys = by.map((name) => columns.get(name)).filter((column) => column !== undefined);
  const members = new Map<unknown, number[]>();
  const [only] = keys;
  for (const row of order) {
    const key = keys.length === 1 ? only?.at(row) : keyOf(keys, row);
    const known = members.get(key);
    if (known) known.push(row);
    else members.set(key, [row]);
  }
  const groups = [...members.values()].map((rows) => ({
    key: keyOf(keys, rows[0] ?? 0),
    texts: keys.map((column) => cellText(column, rows[0] ?? 0)),
    rows: Uint32Array.from(rows),
    spreads: new Map<string, Spread>(),
  }));
  const sorted = sortedGroups(groups, columns, keys, sorts);
  const codes: number[] = [];
  const depths: number[] = [];
  sorted.forEach((group, place) => {
    codes.push(-1 - place);
    depths.push(0);
    if (!isOpen(group.key)) return;
    for (const row of group.rows) {
      codes.push(row);
      depths.push(1);
    }
  });
  return { codes: Int32Array.from(codes), groups: sorted, depths: Uint8Array.from(depths) };
}

/** Gives a text for the values of a row in some columns, another one for each. */
function keyOf(keys: readonly Column[], row: number): string {
  const values = keys.map((column) => column.at(row));
  return JSON.stringify(
    values.map((value) => (value === null ? null : `${typeof value} ${value}`)),
  );
}

/** Sorts groups by the mean of the first sorted column, else by what they are grouped by. */
function sortedGroups(
  groups: Group[],
  columns: Columns,
  keys: readonly Column[],
  sorts: readonly Sort[],
): Group[] {
  const [first] = sorts;
  const column = first && columns.get(first.column);
  if (first && column?.numeric && !keys.includes(column)) {
    const sign = first.descending ? -1 : 1;
    const mean = (group: Group) => spread(group, column)?.mean ?? Number.NaN;
    return groups.toSorted((a, b) => {
      const [x, y] = [mean(a), mean(b)];
      if (Number.isNaN(x) || Number.isNaN(y))
        return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      return sign * (x - y);
    });
  }
  // the first rows stand for their groups: sorting them by the keys sorts the groups
  const byRow = new Map(groups.map((group) => [group.rows[0] ?? 0, group]));
  const total = groups.reduce((most, group) => Math.max(most, (group.rows[0] ?? 0) + 1), 0);
  const descending = new Map(sorts.map((sort) => [sort.column, sort.descending]));
  const ordering = keys.map(({ name }) => ({
    column: name,
    descending: descending.get(name) ?? false,
  }));
  const rows = sortedRows(columns, Uint32Array.from(byRow.keys()), total, ordering);
  return Array.from(rows, (row) => byRow.get(row) as Group);
}

/** Gives mean, spread and ends of a column in a group; null where it has no numbers. */
export function spread(group: Group, column: Column): Spread | null {
  const known = group.spreads.get(column.name);
  if (known) return known;
  const found = spreadOf(column, group.rows);
  if (found) group.spreads.set(column.name, found);
  return found;
}
