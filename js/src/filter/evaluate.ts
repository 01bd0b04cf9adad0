// Which rows a filter holds for, column by column; the twin of query/evaluate.py.
import { type Column, TAG_SEPARATOR } from "../columns";
import { jsonValue } from "../json";
import { FilterError, quoted } from "./parse";
import { type Clause, isAgo, type Literal, type Node } from "./tree";

/** Says for each row whether the filter holds: 1 or 0. Throws a FilterError. */
export function matches(
  node: Node,
  columns: ReadonlyMap<string, Column>,
  rows: number,
  now: number = Date.now(),
): Uint8Array {
  if (node.kind === "clause") return clauseMatches(node, columns, rows, now);
  if (node.kind === "not") {
    const found = matches(node.part, columns, rows, now);
    for (let row = 0; row < rows; row++) found[row] = found[row] ? 0 : 1;
    return found;
  }
  const [first, ...others] = node.parts.map((part) => matches(part, columns, rows, now));
  const found = first ?? new Uint8Array(rows);
  for (const other of others) {
    for (let row = 0; row < rows; row++) {
      if (node.kind === "and" ? !other[row] : other[row]) found[row] = node.kind === "and" ? 0 : 1;
    }
  }
  return found;
}

function clauseMatches(
  clause: Clause,
  columns: ReadonlyMap<string, Column>,
  rows: number,
  now: number,
): Uint8Array {
  const found = new Uint8Array(rows);
  const column = columns.get(clause.name);
  if (clause.op === "null" || rows === 0) {
    if (!column) return found.fill(1);
    for (let row = 0; row < rows; row++) found[row] = column.at(row) === null ? 1 : 0;
    return found;
  }
  if (!column) throw unknownName(clause, columns);
  const tests = clause.values.map((value) => testOf(column, clause, value, now));
  for (let row = 0; row < rows; row++) {
    const value = column.at(row);
    if (value !== null && tests.some((test) => test(value))) found[row] = 1;
  }
  return found;
}

type Cell = NonNullable<ReturnType<Column["at"]>>;
type Test = (value: Cell) => boolean;

function testOf(column: Column, clause: Clause, value: Literal, now: number): Test {
  if (clause.op === "has") {
    if (column.name !== "tags") {
      throw new FilterError("only tags can be asked with has", clause.position);
    }
    return (cell) =>
      String(cell)
        .split(TAG_SEPARATOR)
        .includes(value as string);
  }
  const isText = column.kind === "text" || column.kind === "json";
  if (clause.op === "like") {
    if (!isText) return () => false;
    const isLike = likeTest(value as string);
    return (cell) => {
      const item = plain(column, cell);
      return typeof item === "string" && isLike(item);
    };
  }
  const op = clause.op === "in" ? "=" : clause.op;
  if (isText) return (cell) => compareObjects(op, plain(column, cell), value);
  const number = numberFor(column, value, clause, now);
  if (Number.isNaN(number)) {
    return op === "=" ? (cell) => Number.isNaN(cell) : (cell) => !Number.isNaN(cell);
  }
  return comparison(op, number);
}

/** The value of a cell as it was recorded: of a JSON column, what the text means. */
function plain(column: Column, cell: Cell): unknown {
  if (column.kind !== "json") return cell;
  return column.name === "tags" ? null : jsonValue(String(cell));
}

type Ordered = number | bigint | string;

function comparison(op: string, value: Ordered): (cell: Ordered) => boolean {
  switch (op) {
    case "=":
      // biome-ignore lint/suspicious/noDoubleEquals: 1n and 1 are the same number
      return (cell) => cell == value;
    case "!=":
      // biome-ignore lint/suspicious/noDoubleEquals: 1n and 1 are the same number
      return (cell) => cell != value;
    case "<":
      return (cell) => cell < value;
    case "<=":
      return (cell) => cell <= value;
    case ">":
      return (cell) => cell > value;
    default:
      return (cell) => cell >= value;
  }
}

/** Compares values of one type with each other; values of different types are unequal. */
function compareObjects(op: string, item: unknown, value: Literal): boolean {
  const isNumber = (one: unknown) => typeof one === "number" || typeof one === "bigint";
  const alike = isNumber(value) ? isNumber(item) : !isAgo(value) && typeof item === typeof value;
  if (!alike) return op === "!=";
  if (typeof value === "string") return comparison(op, 0)(byCodePoint(item as string, value));
  if (typeof value === "boolean") return comparison(op, Number(value))(Number(item));
  return comparison(op, value as number)(item as number);
}

/** Compares texts as Python does, not by the halves of a surrogate pair. */
function byCodePoint(a: string, b: string): number {
  if (a === b) return 0;
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) {
      return (a.codePointAt(i) ?? 0) - (b.codePointAt(i) ?? 0) || a.charCodeAt(i) - b.charCodeAt(i);
    }
  }
  return a.length - b.length;
}

/**
 * Matches SQL's `%` (anything) and `_` (one character), without regard to case. Each stretch
 * between two `%` is looked for from where the one before was found: one pattern for all would
 * try every way to share the text out among them.
 */
function likeTest(pattern: string): (text: string) => boolean {
  const parts = pattern
    .split("%")
    .map((part) =>
      Array.from(part, (sign) =>
        sign === "_" ? "." : sign.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"),
      ).join(""),
    );
  const [first = "", ...others] = parts;
  if (!others.length) {
    const whole = new RegExp(`^(?:${first})$`, "ius");
    return (text) => whole.test(text);
  }
  const start = new RegExp(first, "iusy");
  const middle = others.slice(0, -1).map((part) => new RegExp(part, "gius"));
  const end = new RegExp(`(?:${others.at(-1)})$`, "gius");
  return (text) => {
    let place = 0;
    for (const part of [start, ...middle, end]) {
      part.lastIndex = place;
      const found = part.exec(text);
      if (!found) return false;
      place = found.index + found[0].length;
    }
    return true;
  };
}

function numberFor(column: Column, value: Literal, clause: Clause, now: number): number | bigint {
  if (column.kind === "time") return timeFor(value, clause, now);
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number" || typeof value === "bigint") return value;
  const shown = isAgo(value) ? "a time ago" : quoted(value);
  throw new FilterError(
    `${column.name} is a ${column.kind}, it cannot be compared with ${shown}`,
    clause.position,
  );
}

const TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Reads a moment as microseconds since 1970; one without a zone is local. */
function timeFor(value: Literal, clause: Clause, now: number): number | bigint {
  if (isAgo(value)) return (now / 1000 - value.ago) * 1e6;
  const match = typeof value === "string" ? TIME.exec(value) : null;
  const moment = match && timeOf(match);
  if (moment === null || Number.isNaN(moment)) {
    throw new FilterError(
      `${clause.name} is a time: give '2026-01-31', '2026-01-31 12:00' or -7d`,
      clause.position,
    );
  }
  return moment;
}

function timeOf(match: RegExpExecArray): number {
  const part = (index: number) => Number(match[index] ?? 0);
  const fields = [part(1), part(2) - 1, part(3), part(4), part(5), part(6)] as const;
  const micros = Number((match[7] ?? "").padEnd(6, "0"));
  const utc = new Date(Date.UTC(...fields));
  const zone = match[8];
  const isReal =
    utc.getUTCMonth() === fields[1] && utc.getUTCDate() === fields[2] && fields[3] < 24;
  const isZone = !zone || zone === "Z" || (zone.slice(1, 3) < "24" && zone.slice(-2) < "60");
  if (!isReal || !isZone || fields[4] > 59 || fields[5] > 59 || fields[0] < 1900) return Number.NaN;
  if (zone === undefined) return new Date(...fields).getTime() * 1000 + micros;
  const minutes = zone === "Z" ? 0 : Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (utc.getTime() - (zone.startsWith("-") ? -1 : 1) * minutes * 60_000) * 1000 + micros;
}

function unknownName(clause: Clause, columns: ReadonlyMap<string, Column>): FilterError {
  const [, kind = "column", rest = clause.name] =
    /^(metric|param)s\.(.*)$/s.exec(clause.name) ?? [];
  const near = nearest(clause.name, [...columns.keys()]);
  const hint = near ? `; did you mean ${near}?` : "";
  return new FilterError(`no ${kind} "${rest}" in these runs${hint}`, clause.position);
}

/** Gives the name that differs least, if it differs little. */
export function nearest(name: string, known: readonly string[]): string | null {
  const limit = Math.max(1, Math.floor(name.length / 4));
  let best: string | null = null;
  let least = limit + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const found = distance(name.toLowerCase(), candidate.toLowerCase(), least);
    if (found < least) [best, least] = [candidate, found];
  }
  return best;
}

/** How many letters to change, add or leave out (Levenshtein 1966), at most `limit`. */
function distance(a: string, b: string, limit: number): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) >= limit) return limit;
    row = next;
  }
  return row.at(-1) ?? limit;
}
