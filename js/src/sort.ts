// The order of the rows, the twin of order_by in query/evaluate.py: missing last, NaN before
// them, whichever way a column is sorted; equal rows keep their order.
import type { Column } from "./columns";
import type { Sort } from "./filter/parse";
import { jsonValue } from "./json";

/** Gives the next state of a column's heading on a click: ascending, descending, unsorted. */
export function nextSort(current: readonly Sort[], column: string, more = false): Sort[] {
  const place = current.findIndex((sort) => sort.column === column);
  const now = current[place];
  const next = !now
    ? [{ column, descending: false }]
    : now.descending
      ? []
      : [{ column, descending: true }];
  if (!more) return next;
  return place < 0 ? [...current, ...next] : current.toSpliced(place, 1, ...next);
}

interface Ranks {
  /** The place of each row's value among all values, from 0; equal values share one. */
  places: Uint32Array;
  /** How many places there are; NaN has the next one, what is missing the one after it. */
  count: number;
}

const cache = new WeakMap<Column, Ranks>();

/** Ranks the rows by a column, once. */
function ranksOf(column: Column, rows: number): Ranks {
  const known = cache.get(column);
  if (known?.places.length === rows) return known;
  const ranks =
    column.kind === "text" || column.kind === "json"
      ? byObject(column, rows)
      : byNumber(column, rows);
  cache.set(column, ranks);
  return ranks;
}

/** Ranks numbers through their bits, which sort as the numbers do. */
function byNumber(column: Column, rows: number): Ranks {
  const bits = new BigInt64Array(rows);
  const floats = new Float64Array(bits.buffer);
  const kinds = new Uint8Array(rows); // 0 a number, 1 NaN, 2 missing
  const whole = column.kind === "integer" || column.kind === "time";
  for (let row = 0; row < rows; row++) {
    const value = column.at(row);
    if (value === null) kinds[row] = 2;
    else if (whole) bits[row] = BigInt(value);
    else if (Number.isNaN(value)) kinds[row] = 1;
    else floats[row] = Number(value) + 0; // −0 is 0
  }
  const halves = new Uint32Array(bits.buffer);
  const low = new Uint32Array(rows);
  const high = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const [l, h] = [halves[2 * row] ?? 0, halves[2 * row + 1] ?? 0];
    const flip = !whole && h >>> 31; // of a negative float all bits, of others the sign's alone
    low[row] = flip ? ~l : l;
    high[row] = flip ? ~h : h ^ 0x80000000;
  }
  let order = identity(rows);
  for (const word of [low, high]) for (const shift of [0, 16]) order = byDigit(order, word, shift);
  return ranked(order, kinds, (a, b) => low[a] === low[b] && high[a] === high[b]);
}

function byObject(column: Column, rows: number): Ranks {
  const kinds = new Uint8Array(rows);
  const numbers = new Map<number | bigint, number[]>();
  const texts = new Map<string, number[]>();
  const put = <K>(into: Map<K, number[]>, key: K, row: number) => {
    const known = into.get(key);
    if (known) known.push(row);
    else into.set(key, [row]);
  };
  for (let row = 0; row < rows; row++) {
    const cell = column.at(row);
    const value = column.kind === "json" && cell !== null ? jsonValue(String(cell)) : cell;
    if (cell === null) kinds[row] = 2;
    else if (typeof value === "boolean") put(numbers, Number(value), row);
    else if (typeof value === "bigint") put(numbers, value, row);
    else if (typeof value === "number" && Number.isNaN(value)) kinds[row] = 1;
    else if (typeof value === "number") put(numbers, value + 0, row);
    else put(texts, naturalKey(typeof value === "string" ? value : String(cell)), row);
  }
  // biome-ignore lint/suspicious/noDoubleEquals: 1n and 1 are the same number
  const sorted = [...numbers].sort(([a], [b]) => (a < b ? -1 : a == b ? 0 : 1));
  const places = new Uint32Array(rows);
  let count = 0;
  sorted.forEach(([number, members], i) => {
    // biome-ignore lint/suspicious/noDoubleEquals: 1n and 1 are the same number
    if (i > 0 && sorted[i - 1]?.[0] != number) count++;
    for (const row of members) places[row] = count;
  });
  if (sorted.length) count++;
  for (const key of [...texts.keys()].sort()) {
    for (const row of texts.get(key) ?? []) places[row] = count;
    count++;
  }
  for (let row = 0; row < rows; row++) if (kinds[row]) places[row] = count + (kinds[row] ?? 1) - 1;
  return { places, count };
}

/**
 * Gives a key by which texts sort as people count, whatever their case: before the digits of a
 * number stands how many there are. Compared by code points, as Python does.
 */
export function naturalKey(text: string): string {
  const key = text.toLowerCase().replace(/[0-9]+/g, (digits) => {
    const shown = digits.replace(/^0+(?=.)/, "");
    return `0${String.fromCharCode(Math.min(shown.length, 0xd7ff))}${shown}`;
  });
  // JavaScript compares halves of surrogate pairs: those are to come after all others
  return key.replace(/[\ud800-\uffff]/g, (unit) => {
    const code = unit.charCodeAt(0);
    return String.fromCharCode(code >= 0xe000 ? code - 0x800 : code + 0x2000);
  });
}

function identity(rows: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, row) => row);
}

/** Sorts by 16 bits of a key, keeping the order of equal ones: one pass of a radix sort. */
function byDigit(order: Uint32Array, keys: Uint32Array, shift: number): Uint32Array {
  const starts = new Uint32Array(0x10001);
  for (const row of order) {
    const digit = ((keys[row] ?? 0) >>> shift) & 0xffff;
    starts[digit + 1] = (starts[digit + 1] ?? 0) + 1;
  }
  if (order.length && starts[(((keys[0] ?? 0) >>> shift) & 0xffff) + 1] === order.length)
    return order;
  for (let digit = 0; digit < 0x10000; digit++) {
    starts[digit + 1] = (starts[digit + 1] ?? 0) + (starts[digit] ?? 0);
  }
  const sorted = new Uint32Array(order.length);
  for (const row of order) {
    const digit = ((keys[row] ?? 0) >>> shift) & 0xffff;
    const place = starts[digit] ?? 0;
    sorted[place] = row;
    starts[digit] = place + 1;
  }
  return sorted;
}

function ranked(
  order: Uint32Array,
  kinds: Uint8Array,
  same: (a: number, b: number) => boolean,
): Ranks {
  const places = new Uint32Array(order.length);
  let count = 0;
  let last = -1;
  for (const row of order) {
    if (kinds[row]) continue;
    if (last >= 0 && !same(last, row)) count++;
    places[row] = count;
    last = row;
  }
  if (last >= 0) count++;
  for (const row of order) if (kinds[row]) places[row] = count + (kinds[row] ?? 1) - 1;
  return { places, count };
}

/** Puts rows in the order of some columns, the first counting most. */
export function sortedRows(
  columns: ReadonlyMap<string, Column>,
  rows: Uint32Array,
  total: number,
  sorts: readonly Sort[],
): Uint32Array {
  let order = rows;
  for (const { column: name, descending } of sorts.toReversed()) {
    const column = columns.get(name);
    if (!column) continue;
    const { places, count } = ranksOf(column, total);
    const keys = descending
      ? places.map((place) => (place < count ? count - 1 - place : place))
      : places;
    order = byDigit(order, keys, 0);
    if (count > 0xfffd) order = byDigit(order, keys, 16);
  }
  return order;
}
