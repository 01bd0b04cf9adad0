// The elements of one row: a box that stays at the left, a gap, and the columns in sight.
import { make, recycle } from "../dom";

export const CHECK_WIDTH = 34;

/** What of the columns is drawn, and where. */
export interface Frame {
  /** Indices of the columns in sight, the pinned ones first. */
  columns: readonly number[];
  pinned: number;
  /** Width of the columns that are left out before the first one in sight. */
  gap: number;
  widths: readonly number[];
  /** Whether a column begins a group, which a line sets apart. */
  first(column: number): boolean;
}

/** Makes a row of the body. */
export function makeRow(): HTMLElement {
  const row = make("div", "ct-row ct-body-row");
  row.setAttribute("role", "row");
  return fillRow(row);
}

/** Gives a row its parts. */
export function fillRow(row: HTMLElement): HTMLElement {
  const pinned = make("div", "ct-pinned");
  const check = make("div", "ct-cell ct-check");
  check.setAttribute("role", "gridcell");
  check.append(make("span", "ct-box"));
  check.style.width = `${CHECK_WIDTH}px`;
  pinned.append(check);
  row.append(pinned, make("div", "ct-space"), make("div", "ct-rest"));
  return row;
}

/** Gives each column in sight its cell, and lets `fill` write it. */
export function drawRow(
  row: HTMLElement,
  frame: Frame,
  fill: (cell: HTMLElement, column: number) => void,
): void {
  const [pinned, space, rest] = row.children as unknown as HTMLElement[];
  if (!pinned || !space || !rest) return;
  space.style.width = `${frame.gap}px`;
  const split = frame.columns.filter((index) => index < frame.pinned).length;
  recycle(pinned, split + 1, () => make("div", "ct-cell"));
  recycle(rest, frame.columns.length - split, () => make("div", "ct-cell"));
  frame.columns.forEach((index, place) => {
    const cell = place < split ? pinned.children[place + 1] : rest.children[place - split];
    if (!(cell instanceof HTMLElement)) return;
    cell.style.width = `${frame.widths[index] ?? 0}px`;
    fill(cell, index);
    cell.classList.toggle("ct-first", index > frame.pinned && frame.first(index));
  });
}

/**
 * Moves rows that went out of sight to where others come into it.
 *
 * A row keeps its element while it is in sight, so that scrolling draws only the new ones, and
 * the elements stand in the order of the rows, as those expect who have the page read to them.
 */
export function turn(canvas: HTMLElement, by: number): void {
  if (Math.abs(by) >= canvas.childElementCount) return; // all are new
  for (let i = 0; i < by; i++) canvas.append(canvas.firstElementChild as Element);
  for (let i = 0; i < -by; i++) canvas.prepend(canvas.lastElementChild as Element);
}

/** Draws the band with the groups' names; a name stays in sight as long as its group is. */
export function drawGroups(
  band: HTMLElement,
  groups: readonly string[],
  edges: readonly number[],
  offset: number,
): void {
  band.replaceChildren();
  for (let from = 0; from < groups.length; ) {
    let to = from;
    while (to < groups.length && groups[to] === groups[from]) to++;
    const box = make("div", `ct-group${groups[from] && from > 0 ? " ct-first" : ""}`);
    const left = edges[from] ?? 0;
    box.style.cssText = `left:${left + offset}px;width:${(edges[to] ?? left) - left}px`;
    const label = make("span", "ct-group-label", groups[from] ?? "");
    label.style.left = `${offset}px`;
    box.append(label);
    band.append(box);
    from = to;
  }
  const cover = make("div", "ct-group-cover");
  cover.style.width = `${offset}px`;
  band.append(cover);
}
