// The colour scale of a column: how far a value lies between the least and the greatest, or,
// where less is better, the other way round.
import type { Column } from "../columns";
import { spreadOf } from "./spread";

/** Gives the shade, from 0 to 1, of a cell in a coloured column; null elsewhere. */
export function shader(names: readonly string[], rows: Uint32Array) {
  const coloured = new Set(names);
  const ends = new Map<string, [number, number] | null>();
  return (column: Column, row: number): number | null => {
    if (!coloured.has(column.name) || !column.numeric) return null;
    let found = ends.get(column.name);
    if (found === undefined) {
      const spread = spreadOf(column, rows);
      found = spread && spread.max > spread.min ? [spread.min, spread.max] : null;
      ends.set(column.name, found);
    }
    const value = column.at(row);
    if (!found || value === null || !Number.isFinite(Number(value))) return null;
    const [min, max] = found;
    // halves, so that the width of the whole range of floats is a number too
    const share = (Number(value) / 2 - min / 2) / (max / 2 - min / 2);
    return column.lower ? 1 - share : share;
  };
}
