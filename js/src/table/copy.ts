// What is shown as text that can be pasted elsewhere.
import { type Column, cellText } from "../columns";
import type { TableState } from "./state";

/** The most rows that are copied as Markdown, which is for people to read. */
const MARKDOWN_ROWS = 1_000;

function rowsShown(state: TableState): number[] {
  const { codes, groups } = state.items.value;
  if (groups.length) return groups.flatMap((group) => Array.from(group.rows));
  const selected = new Set(state.get("selected_ids"));
  const rows = Array.from(codes);
  return selected.size ? rows.filter((row) => selected.has(state.data.value.ids[row] ?? "")) : rows;
}

/** Writes the runs that are shown, or of these the selected ones, as a Markdown table. */
export function markdownOf(state: TableState): string {
  const { columns } = state.visible.value;
  const rows = rowsShown(state);
  const safe = (text: string) => text.replace(/[\\|`*_<>[\]]/g, "\\$&").replace(/\s+/g, " ");
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const lines = [
    line(columns.map((column) => safe(column.label))),
    line(columns.map((column) => (column.numeric ? "---:" : "---"))),
    ...rows.slice(0, MARKDOWN_ROWS).map((row) => line(columns.map((c) => safe(cellText(c, row))))),
  ];
  const more = rows.length - MARKDOWN_ROWS;
  if (more > 0) lines.push("", `and ${more.toLocaleString("en-US")} more runs`);
  return `${lines.join("\n")}\n`;
}

/** Writes them as CSV (RFC 4180), with all digits. */
export function csvOf(state: TableState): string {
  const { columns } = state.visible.value;
  const safe = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const line = (cells: string[]) => cells.map(safe).join(",");
  const lines = [line(columns.map((column) => column.name))];
  for (const row of rowsShown(state)) lines.push(line(columns.map((c) => exact(c, row))));
  return `${lines.join("\r\n")}\r\n`;
}

function exact(column: Column, row: number): string {
  const value = column.at(row);
  if (value === null) return "";
  if (column.kind === "time") return new Date(Number(value) / 1000).toISOString();
  if (column.kind === "number" || column.kind === "integer" || column.kind === "duration") {
    return String(value);
  }
  return cellText(column, row);
}
