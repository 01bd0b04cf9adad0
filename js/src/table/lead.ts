// The cell that says what an item is: set in by its depth, with a sign to open what is below.
import { make } from "../dom";
import type { Group } from "./view";

const INDENT = 14;

export interface Lead {
  depth: number;
  /** How many runs stand below it. */
  below: number;
  group: Group | undefined;
  isOpen: boolean;
}

/** Adds to a filled cell what tells its place in the tree. */
export function fillLead(cell: HTMLElement, { depth, below, group, isOpen }: Lead): void {
  const parts: Node[] = [];
  if (depth) {
    const space = make("span", "ct-indent");
    space.style.width = `${Math.min(depth, 8) * INDENT}px`;
    parts.push(space);
  }
  if (below) {
    const twisty = make("span", `ct-twisty${isOpen ? " ct-open" : ""}`, "\u25b8");
    twisty.title = isOpen ? "Hide what stands below" : "Show what stands below";
    parts.push(twisty);
  }
  if (group) {
    cell.className = "ct-cell ct-group-cell ct-group-name";
    cell.replaceChildren(group.texts.map((text) => text || "\u2013").join(" \u00b7 "));
    cell.title = cell.textContent ?? "";
  }
  cell.prepend(...parts);
  if (below) cell.append(make("span", "ct-below", below.toLocaleString("en-US")));
}
