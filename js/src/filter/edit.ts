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

/** Replaces one end of the range of a column, and leaves the other and all else as it is. */
export function replaceEnd(
  node: Node | null,
  name: string,
  end: "low" | "high",
  value: number | null,
): Node | null {
  const ops = end === "low" ? [">", ">="] : ["<", "<="];
  const kept = aboutColumn(node, name).filter(
    (part) => part.kind !== "clause" || !ops.includes(part.op),
  );
  const added = value === null ? [] : [clause(name, end === "low" ? ">=" : "<=", value)];
  return replaceColumn(node, name, end === "low" ? [...added, ...kept] : [...kept, ...added]);
}

/** Asks for some values of a column, and perhaps for runs without any. */
export function anyOf(name: string, values: Literal[], missing: boolean): Node {
  const [only, ...more] = values;
  const none = clause(name, "null");
  if (only === undefined) return none;
  const some = more.length ? clause(name, "in", ...values) : clause(name, "=", only);
  return missing ? { kind: "or", parts: [some, none] } : some;
}
