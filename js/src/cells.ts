// How one cell of the run table looks.
import { type Column, cellText, cellTitle, tagsOf } from "./columns";
import { make } from "./dom";

/** Columns where having nothing is the rule, and a sign for it would be noise. */
const BLANK = new Set(["tags", "note"]);

/** Fills a recycled cell with the value of one column in one row. */
export function fillCell(cell: HTMLElement, column: Column, row: number): void {
  const text = cellText(column, row);
  const missing = column.at(row) === null;
  cell.className = `ct-cell${column.numeric ? " ct-number" : ""}${missing || text === "NaN" ? " ct-faint" : ""}`;
  const title = missing ? "" : cellTitle(column, row);
  if (title && title !== cell.title) cell.title = title;
  else if (!title) cell.removeAttribute("title");
  if (column.name === "status" && !missing) {
    const dot = make("span", "ct-dot");
    dot.dataset.status = text;
    cell.replaceChildren(dot, text);
  } else if (column.name === "tags" && !missing) {
    cell.replaceChildren(...tagsOf(column, row).map((tag) => make("span", "ct-tag", tag)));
  } else {
    cell.textContent = missing ? (BLANK.has(column.name) ? "" : "\u2013") : text;
  }
}
