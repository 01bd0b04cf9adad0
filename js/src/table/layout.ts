// Where columns and rows stand, and which of them are in sight. Knows no DOM.

export const ROW_HEIGHT = 28;

export interface Span {
  from: number;
  /** One after the last. */
  to: number;
}

/** Gives the left edge of each column, and at the end the width of all. */
export function edges(widths: readonly number[]): number[] {
  const out = [0];
  for (const width of widths) out.push((out.at(-1) ?? 0) + width);
  return out;
}

/** Counts the first columns that fit into a room: at least one of those that are wanted. */
export function fitting(widths: readonly number[], wanted: number, room: number): number {
  let width = 0;
  let count = 0;
  while (count < wanted) {
    width += widths[count] ?? 0;
    if (count > 0 && width > room) break;
    count++;
  }
  return count;
}

/** Gives the columns that touch the stretch from `left` to `right`. */
export function columnsInSight(edge: readonly number[], left: number, right: number): Span {
  const count = edge.length - 1;
  let from = 0;
  while (from < count - 1 && (edge[from + 1] ?? 0) <= left) from++;
  let to = from;
  while (to < count && (edge[to] ?? 0) < right) to++;
  return { from, to };
}

/** Gives the rows in sight, and `extra` before and after so that scrolling shows no gap. */
export function rowsInSight(
  top: number,
  height: number,
  rowHeight: number,
  rows: number,
  extra: number,
): Span {
  const from = Math.max(0, Math.floor(top / rowHeight) - extra);
  const to = Math.min(rows, Math.ceil((top + height) / rowHeight) + extra);
  return { from: Math.min(from, to), to };
}

export interface Box {
  min: number;
  max: number;
  padding: number;
}

/** Of texts of about the same length any may be the widest; measuring all of many is slow. */
const MEASURED = 40;

/** Gives a column's width from the width of its heading and a sample of its texts. */
export function columnWidth(
  heading: number,
  texts: readonly string[],
  measure: (text: string) => number,
  { min, max, padding }: Box,
): number {
  const longest = [...new Set(texts)].sort((a, b) => b.length - a.length).slice(0, MEASURED);
  const width = Math.max(heading, ...longest.map(measure)) + padding;
  return Math.min(max, Math.max(min, Math.ceil(width) + 1));
}
