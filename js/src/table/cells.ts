// How one cell of the run table looks.
import { type Column, cellText, cellTitle, tagsOf } from "../columns";
import { make } from "../dom";
import { formatAs, formatDuration, formatNumber } from "../format";
import type { SeedLimit } from "./seeds";
import type { Group } from "./view";
import { spread } from "./view";

/** Columns where having nothing is the rule, and a sign for it would be noise. */
const BLANK = new Set(["tags", "note"]);

/** What of the view changes how cells look. */
export interface Looks {
  /** The row that others are compared with, or −1. */
  baseline: number;
  /** For a coloured column, how far a row lies between the least and the greatest value. */
  shade(column: Column, row: number): number | null;
  /** The difference that seeds alone explain, where that is known. */
  seeds: SeedLimit | null;
  /** Puts the curve of a run into a cell that has so many pixels for it, once it is known. */
  curve: ((cell: HTMLElement, column: Column, row: number, room: number) => void) | null;
}

/** Fills a recycled cell with the value of one column in one row. */
export function fillCell(
  cell: HTMLElement,
  column: Column,
  row: number,
  looks: Looks,
  room = 0,
): void {
  const text = cellText(column, row);
  const missing = column.at(row) === null;
  const changed = isChanged(column, row, looks.baseline);
  cell.className =
    `ct-cell${column.numeric ? " ct-number" : ""}` +
    `${missing || text === "NaN" ? " ct-faint" : ""}${changed ? " ct-changed" : ""}`;
  const shade = looks.shade(column, row);
  if (shade === null) cell.style.removeProperty("--ct-shade");
  else cell.style.setProperty("--ct-shade", `${Math.round(shade * 46)}%`);
  cell.classList.toggle("ct-shaded", shade !== null);
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
    const delta = missing ? "" : deltaText(column, row, looks.baseline);
    const shown = missing ? (BLANK.has(column.name) ? "" : "\u2013") : text;
    if (delta) cell.replaceChildren(deltaMark(column, row, looks, delta), shown);
    else cell.textContent = shown;
  }
  if (room && !missing && looks.curve) {
    cell.classList.add("ct-curved");
    looks.curve(cell, column, row, room);
  }
}

/** Whether a param has another value than the run that it is compared with. */
function isChanged(column: Column, row: number, baseline: number): boolean {
  if (baseline < 0 || row === baseline || column.group !== "params") return false;
  const [a, b] = [column.at(row), column.at(baseline)];
  return a !== b && !(Number.isNaN(a) && Number.isNaN(b));
}

/** Makes the sign of a difference, which says of what has a direction whether it is better. */
function deltaMark(column: Column, row: number, looks: Looks, text: string): HTMLElement {
  const mark = make("span", "ct-delta", text);
  if (column.lower === undefined || text === "=") return mark;
  const limit = looks.seeds?.(column, [row, looks.baseline]) ?? null;
  const change = Number(column.at(row)) - Number(column.at(looks.baseline));
  if (limit !== null && Math.abs(change) <= limit) {
    mark.title = `no more than seeds alone explain: ${formatNumber(limit, null, 3)}`;
    mark.prepend("\u2248 ");
  } else {
    const better = change < 0 === column.lower;
    mark.classList.add(better ? "ct-better" : "ct-worse");
    mark.title = better ? "better" : "worse";
  }
  return mark;
}

/** Writes how a number differs from that of the run that it is compared with. */
export function deltaText(column: Column, row: number, baseline: number): string {
  if (baseline < 0 || row === baseline || !column.numeric) return "";
  if (column.group !== "metrics" && column.kind !== "duration") return "";
  const [a, b] = [column.at(row), column.at(baseline)];
  if (a === null || b === null) return "";
  const difference =
    typeof a === "bigint" && typeof b === "bigint" ? Number(a - b) : Number(a) - Number(b);
  if (!Number.isFinite(difference)) return "";
  if (difference === 0) return "=";
  const sign = difference < 0 ? "\u2212" : "+";
  const size = Math.abs(difference);
  if (column.kind === "duration") return sign + formatDuration(size);
  return sign + formatNumber(size, null, 3);
}

/** Fills a cell of a group's line: what its runs have in common, or their mean and spread. */
export function fillGroupCell(cell: HTMLElement, column: Column, group: Group): void {
  cell.className = `ct-cell ct-group-cell${column.numeric ? " ct-number" : ""}`;
  cell.removeAttribute("title");
  cell.style.removeProperty("--ct-shade");
  const found = column.group || column.kind === "duration" ? spread(group, column) : null;
  if (!found || !column.numeric) {
    cell.textContent = common(column, group.rows);
    return;
  }
  const write = (value: number) => {
    if (column.kind === "duration") return formatDuration(value);
    if (column.format) return formatAs(value, column.format);
    const isWhole = column.kind === "integer" && Number.isInteger(value);
    return formatNumber(value, isWhole ? 0 : column.decimals);
  };
  const { mean, sd, min, max, n } = found;
  cell.title = `mean ${write(mean)}, sd ${write(sd)}, min ${write(min)}, max ${write(max)}, n ${n}`;
  if (min === max) {
    cell.textContent = write(mean);
    return;
  }
  const around = column.kind === "duration" ? formatDuration(sd) : formatNumber(sd, null, 2);
  cell.replaceChildren(write(mean), make("span", "ct-sd", `\u00b1${around}`));
}

/** Gives the text that all rows have; an empty one when they differ. */
function common(column: Column, rows: Uint32Array): string {
  const text = cellText(column, rows[0] ?? 0);
  for (const row of rows) if (cellText(column, row) !== text) return "";
  return text;
}
