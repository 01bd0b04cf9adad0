// Which columns have room for the curves of their runs. Knows no DOM.
import type { Column } from "../columns";
import type { Width } from "./widths";

/** How wide a curve is, from there to where it takes all that a column has left, and its margin. */
export const CURVE = { width: 56, most: 160, margin: 12 };

interface Wanted {
  columns: readonly Column[];
  /** Widths that were set by dragging. */
  widths: Record<string, number>;
  /** Where curves were switched on or off. */
  curves: Record<string, boolean>;
}

/**
 * Gives for each column its width, and how much of it a curve has.
 *
 * Where nobody chose, all have curves or none, and none when they would make the table scroll
 * sideways. In a column that was dragged a curve takes what the numbers leave.
 */
export function withCurves(
  { columns, widths, curves }: Wanted,
  natural: readonly Width[],
  room: number,
): { widths: number[]; rooms: number[] } {
  const least = CURVE.width + CURVE.margin;
  const rooms = columns.map((column, index) => {
    const own = widths[column.name];
    if (!column.steps || own === undefined || curves[column.name] === false) return 0;
    const spare = own - (natural[index]?.cells ?? 0) - CURVE.margin;
    return spare >= CURVE.width ? Math.min(CURVE.most, Math.floor(spare)) : 0;
  });
  const out = columns.map((column, index) => widths[column.name] ?? natural[index]?.whole ?? 0);
  const wide = (index: number) => Math.max(out[index] ?? 0, (natural[index]?.cells ?? 0) + least);
  const give = (index: number) => {
    rooms[index] = CURVE.width;
    out[index] = wide(index);
  };
  const free = columns.flatMap((column, index) =>
    column.steps && widths[column.name] === undefined ? [{ index, on: curves[column.name] }] : [],
  );
  for (const { index, on } of free) if (on) give(index);
  const open = free.filter(({ on }) => on === undefined);
  const added = open.reduce((sum, { index }) => sum + wide(index) - (out[index] ?? 0), 0);
  const all = out.reduce((sum, width) => sum + width, added);
  if (all <= room) for (const { index } of open) give(index);
  return { widths: out, rooms };
}
