// Changes what a filter says of one column and leaves the rest as it is.
import { type Clause, clauses, type Literal, type Node, type Operator } from "./tree";

/** The parts that must all hold. */
function parts(node: Node | null): Node[] {
  if (!node) return [];
  return node.kind === "and" ? node.parts.flatMap(parts) : [node];
}

function together(all: Node[]): Node | null {
  if (all.length < 2) return all[0] ?? null;
  return { kind: "and", parts: all };
}

/** Whether a part speaks of this column alone. */
function isAbout(node: Node, name: string): boolean {
  return clauses(node).every((clause) => clause.name === name);
}

/** Gives the comparisons that must hold of this column alone. */
export function aboutColumn(node: Node | null, name: string): Node[] {
  return parts(node).filter((part) => isAbout(part, name));
}

/** Replaces what the filter says of one column; null when nothing is left. */
export function replaceColumn(node: Node | null, name: string, by: Node[]): Node | null {
  const all = parts(node);
  const place = all.findIndex((part) => isAbout(part, name));
  const others = all.filter((part) => !isAbout(part, name));
  return together(place < 0 ? [...others, ...by] : others.toSpliced(place, 0, ...by));
}

/** Makes one comparison. */
export function clause(name: string, op: Operator, ...values: Literal[]): Clause {
  return { kind: "clause", name, op, values, position: 0 };
}

/** Gives the ends of a range of a column, as far as the filter sets them. */
export function rangeOf(node: Node | null, name: string): [number | null, number | null] {
  let [low, high]: [number | null, number | null] = [null, null];
  for (const part of aboutColumn(node, name)) {
    if (part.kind !== "clause") continue;
    const value = part.values[0];
    if (typeof value !== "number" && typeof value !== "bigint") continue;
    if (part.op === ">=" || part.op === ">" || part.op === "=") low = Number(value);
    if (part.op === "<=" || part.op === "<" || part.op === "=") high = Number(value);
  }
  return [low, high];
}

/** What a filter says of the values of a column: those that hold, or those that do not. */
export interface Choice {
  values: Literal[];
  /** Whether the values are left out rather than asked for. */
  without: boolean;
  missing: boolean | null;
}

/** Gives the values of a column that the filter names. */
export function choiceOf(node: Node | null, name: string): Choice | null {
  const [part, more] = aboutColumn(node, name);
  if (!part || more) return null;
  const inner = part.kind === "not" ? part.part : part;
  if (inner.kind !== "clause" || (inner.op !== "in" && inner.op !== "=")) return null;
  return { values: inner.values, without: part.kind === "not", missing: null };
}
