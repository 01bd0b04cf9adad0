// What could stand next in a filter that is being typed. Knows no DOM.
import { type Column, CUT, tagsOf } from "../columns";
import { jsonValue } from "../json";
import { categories } from "../table/spread";
import { FilterError, type Token, tokens } from "./parse";
import { type Literal, writeLiteral, writeName } from "./tree";

export interface Suggestion {
  text: string;
  /** What it is, for the eye. */
  hint: string;
}

export interface Suggestions {
  /** The stretch that a suggestion replaces. */
  from: number;
  to: number;
  options: Suggestion[];
}

const LIMIT = 8;
const NUMBER_OPS = ["<", "<=", ">", ">=", "=", "!=", "is null", "is not null"];
const TEXT_OPS = ["=", "!=", "like", "in (", "is null", "is not null"];

/** Gives what fits at the caret. */
export function suggest(
  text: string,
  caret: number,
  columns: ReadonlyMap<string, Column>,
  rows: Uint32Array,
): Suggestions | null {
  const before = text.slice(0, caret);
  const { done, part } = split(before);
  const from = caret - part.length;
  const last = done.at(-1);
  const word = last?.kind === "word" ? last.text.toLowerCase() : (last?.text ?? "");
  if (!last || ["and", "or", "not"].includes(word) || (word === "(" && !isList(done))) {
    return offer(names(part, columns), from, caret);
  }
  const column = columns.get(nameOf(done));
  if (last.kind === "op" || ["like", "has", ","].includes(word) || word === "(") {
    return column ? offer(values(part, column, rows), from, caret) : null;
  }
  const isName = (last.kind === "word" || last.kind === "quoted") && columns.has(nameText(last));
  if (isName && column) {
    const ops =
      column.name === "tags"
        ? ["has", "is null", "is not null"]
        : column.numeric || column.kind === "time"
          ? NUMBER_OPS
          : TEXT_OPS;
    return offer(starting(ops, part, ""), from, caret);
  }
  return offer(starting(["and", "or"], part, ""), from, caret);
}

function offer(options: Suggestion[], from: number, to: number): Suggestions | null {
  return options.length ? { from, to, options: options.slice(0, LIMIT) } : null;
}

/** Cuts what is typed into whole tokens and the part that is not finished. */
function split(text: string): { done: Token[]; part: string } {
  let found: Token[];
  let end = text.length;
  try {
    found = tokens(text).slice(0, -1);
  } catch (error) {
    if (!(error instanceof FilterError) || error.position === null) return { done: [], part: text };
    end = error.position; // a text or name whose end is not typed yet
    found = tokens(text.slice(0, end)).slice(0, -1);
    return { done: found, part: text.slice(end) };
  }
  const last = found.at(-1);
  const open = last && last.position + last.text.length === text.length;
  if (open && (last.kind === "word" || last.kind === "number")) {
    return { done: found.slice(0, -1), part: last.text };
  }
  return { done: found, part: "" };
}

/** Whether the last bracket opens the values of `in`. */
function isList(done: Token[]): boolean {
  return done.at(-2)?.text.toLowerCase() === "in";
}

function nameText(token: Token): string {
  return token.text.replace(/^`|`$/g, "");
}

/** The name that the clause before the caret begins with. */
function nameOf(done: Token[]): string {
  for (let i = done.length - 1; i >= 0; i--) {
    const token = done[i] as Token;
    const next = done[i + 1];
    const isName = token.kind === "word" || token.kind === "quoted";
    const asks = next && (next.kind === "op" || /^(in|like|has|is|not)$/i.test(next.text));
    if (isName && (!next || asks) && !/^(in|like|has|is|not|and|or)$/i.test(token.text)) {
      return nameText(token);
    }
  }
  return "";
}

function names(part: string, columns: ReadonlyMap<string, Column>): Suggestion[] {
  const wanted = part.replace(/^`/, "").toLowerCase();
  const found: [number, Suggestion][] = [];
  for (const column of columns.values()) {
    const name = column.name.toLowerCase();
    const place = name.indexOf(wanted);
    if (place < 0) continue;
    const starts = place === 0 || name[place - 1] === ".";
    found.push([starts ? 0 : 1, { text: writeName(column.name), hint: column.kind }]);
    if (found.length > 400) break;
  }
  return found.sort(([a], [b]) => a - b).map(([, suggestion]) => suggestion);
}

function starting(options: readonly string[], part: string, hint: string): Suggestion[] {
  const wanted = part.toLowerCase();
  return options.filter((one) => one.startsWith(wanted)).map((text) => ({ text, hint }));
}

function values(part: string, column: Column, rows: Uint32Array): Suggestion[] {
  if (column.name === "tags") {
    const tags = new Set<string>();
    for (const row of rows) for (const tag of tagsOf(column, row)) tags.add(tag);
    return matching(
      [...tags].map((tag) => ({ text: writeLiteral(tag), hint: "tag" })),
      part,
    );
  }
  if (column.kind === "time") {
    return matching(
      ["-1h", "-1d", "-7d", "-30d"].map((text) => ({ text, hint: "ago" })),
      part,
    );
  }
  const found = categories(column, rows, 2_000);
  if (!found) return [];
  const options = found.top.flatMap(({ row, count }) => {
    const literal = literalAt(column, row);
    const hint = `${count.toLocaleString("en-US")} ×`;
    return literal === null ? [] : [{ text: writeLiteral(literal), hint }];
  });
  return matching(options, part);
}

function matching(options: Suggestion[], part: string): Suggestion[] {
  const wanted = part.replace(/^['"]/, "").toLowerCase();
  return options.filter(({ text }) => text.toLowerCase().includes(wanted));
}

/** Gives a cell's value as a filter names it; null for a list, a mapping and a text that is cut. */
export function literalAt(column: Column, row: number): Literal | null {
  const value = column.at(row);
  if (column.kind === "bool") return Boolean(value);
  const plain = column.kind === "json" ? jsonValue(String(value)) : (value ?? "");
  if (typeof plain === "object") return null;
  return typeof plain === "string" && plain.includes(CUT) ? null : (plain as Literal);
}
