// The items of the grid: runs, and the lines of groups, each in a row of the body.
import { fillCell, fillGroupCell } from "./cells";
import { ROW_HEIGHT } from "./layout";
import { fillLead } from "./lead";
import type { Shown } from "./shown";
import type { Group } from "./view";

function groupAt(position: number, { items }: Shown): Group | undefined {
  const code = items.codes[position] ?? 0;
  return code < 0 ? items.groups[-1 - code] : undefined;
}

/** Gives what an item is remembered by when it is opened. */
export function keyOf(position: number, shown: Shown): string {
  const code = shown.items.codes[position] ?? -1;
  return groupAt(position, shown)?.key ?? shown.ids[code] ?? "";
}

/** Gives the ids of the runs of an item: its own, or all of a group. */
export function runsOf(position: number, shown: Shown): string[] {
  const group = groupAt(position, shown);
  if (group) return Array.from(group.rows, (row) => shown.ids[row] ?? "");
  return [shown.ids[shown.items.codes[position] ?? -1] ?? ""].filter((id) => id);
}

/** Counts what stands below an item. */
function below(position: number, shown: Shown): number {
  const code = shown.items.codes[position] ?? 0;
  return groupAt(position, shown)?.rows.length ?? shown.children.get(code) ?? 0;
}

/** Whether an item is open, closed, or has nothing below it. */
export function openness(position: number, shown: Shown): boolean | null {
  return below(position, shown) ? shown.isOpen(keyOf(position, shown)) : null;
}

/** Puts a row where its item stands, and says what it is. */
export function drawItem(
  element: HTMLElement,
  position: number,
  shown: Shown,
  isSelected: (id: string) => boolean,
): void {
  const group = groupAt(position, shown);
  const code = shown.items.codes[position] ?? 0;
  const selected = runsOf(position, shown).every(isSelected);
  const open = openness(position, shown);
  element.style.transform = `translateY(${position * ROW_HEIGHT}px)`;
  element.dataset.position = String(position);
  element.classList.toggle("ct-selected", selected);
  element.classList.toggle("ct-group-row", group !== undefined);
  element.classList.toggle("ct-baseline", !group && code === shown.looks.baseline);
  element.setAttribute("aria-selected", String(selected));
  element.setAttribute("aria-rowindex", String(position + 2));
  element.setAttribute("aria-level", String((shown.items.depths[position] ?? 0) + 1));
  if (open === null) element.removeAttribute("aria-expanded");
  else element.setAttribute("aria-expanded", String(open));
}

/** Gives what fills the cells of an item. */
export function itemFiller(
  position: number,
  shown: Shown,
): (cell: HTMLElement, index: number) => void {
  const code = shown.items.codes[position] ?? 0;
  const group = groupAt(position, shown);
  const lead = Math.max(
    shown.columns.findIndex((column) => column.name === "name"),
    0,
  );
  return (cell, index) => {
    const column = shown.columns[index];
    if (!column) return;
    if (group) fillGroupCell(cell, column, group);
    else fillCell(cell, column, code, shown.looks, shown.rooms[index]);
    if (index === lead) {
      fillLead(cell, {
        depth: shown.items.depths[position] ?? 0,
        below: below(position, shown),
        group,
        isOpen: openness(position, shown) === true,
      });
    }
    cell.setAttribute("role", "gridcell");
  };
}
