// From a stretch of a picture to a range that a person would write.
import type { Column } from "../columns";
import { clause, replaceColumn } from "../filter/edit";
import type { Literal } from "../filter/tree";
import type { TableState } from "./state";

/** Filters by a stretch of a column's histogram. */
export function filterByBrush(state: TableState, name: string, low: number, high: number): void {
  const column = state.data.value.columns.get(name);
  const parts = column ? roundInside(column, state.rows.value, low, high) : null;
  if (!parts) return;
  const range = [clause(name, ">=", parts[0]), clause(name, "<=", parts[1])];
  state.filterBy(replaceColumn(state.filter.value.tree, name, range));
}

/** Rounds a range to few digits that still hold the same values; null when it holds none. */
export function roundInside(
  column: Column,
  rows: Uint32Array,
  low: number,
  high: number,
): [Literal, Literal] | null {
  const inside: number[] = [];
  const outside: number[] = [];
  for (const row of rows) {
    const value = column.at(row);
    if (value === null || !Number.isFinite(Number(value))) continue;
    const number = Number(value);
    if (number >= low && number <= high) inside.push(number);
    else outside.push(number);
  }
  if (!inside.length) return null;
  const isWhole = column.kind === "integer";
  const least = inside.reduce((a, b) => Math.min(a, b));
  const greatest = inside.reduce((a, b) => Math.max(a, b));
  if (column.kind === "time") return [moment(least, Math.floor), moment(greatest, Math.ceil)];
  if (isWhole && !(Number.isSafeInteger(least) && Number.isSafeInteger(greatest))) return null;
  for (let digits = 2; digits <= 15; digits++) {
    const from = rounded(least, digits, Math.floor);
    const to = rounded(greatest, digits, Math.ceil);
    if (outside.every((value) => value < from || value > to)) return [from, to];
  }
  return [least, greatest];
}

/** Writes a time to the second, with its zone. */
function moment(micros: number, toward: (value: number) => number): string {
  return `${new Date(toward(micros / 1e6) * 1000).toISOString().slice(0, 19)}Z`;
}

/** Rounds to significant digits in one direction. */
function rounded(value: number, digits: number, toward: (value: number) => number): number {
  if (value === 0) return 0;
  const power = Math.floor(Math.log10(Math.abs(value))) - digits + 1;
  const text = `${toward(Number(`${value}e${-power}`))}e${power}`;
  const found = Number(text);
  return Number.isFinite(found) ? found : value;
}
