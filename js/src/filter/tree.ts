// The tree of a filter, and its text; the twin of the classes in query/filters.py.

/** A time before now, in seconds. */
export interface Ago {
  ago: number;
}

export type Literal = boolean | number | bigint | string | Ago;
export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "like" | "has" | "null";

/** One comparison; for a run without that name it does not hold. */
export interface Clause {
  kind: "clause";
  name: string;
  op: Operator;
  values: Literal[];
  position: number;
}

export type Node =
  | Clause
  | { kind: "not"; part: Node }
  | { kind: "and"; parts: Node[] }
  | { kind: "or"; parts: Node[] };

export function isAgo(value: Literal): value is Ago {
  return typeof value === "object";
}

/** Gives all comparisons of a filter. */
export function clauses(node: Node): Clause[] {
  if (node.kind === "clause") return [node];
  return (node.kind === "not" ? [node.part] : node.parts).flatMap(clauses);
}

const PLAIN = /^[\p{L}\p{Nl}\p{No}_][\p{L}\p{N}_./:-]*$/u;
/** What a name that stands for itself may not be. */
export const WORDS = new Set("and or not in like is has null true false nan inf".split(" "));

/** Writes a name in backquotes. */
export function quotedName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** Writes a name as it stands in a filter: in backquotes if it has spaces or signs in it. */
export function writeName(name: string): string {
  return PLAIN.test(name) && !WORDS.has(name.toLowerCase()) ? name : quotedName(name);
}

/** Writes a value as it stands in a filter. */
export function writeLiteral(value: Literal): string {
  if (typeof value === "string") return `'${value.replace(/[\\']/g, "\\$&")}'`;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return writeNumber(value);
  const units: [string, number][] = [
    ["w", 604_800],
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
  ];
  const [unit, size] = units.find(([, seconds]) => value.ago % seconds === 0) ?? ["s", 1];
  return `-${value.ago / size}${unit}`;
}

function writeNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  return String(value);
}

/** Writes a filter that is read as the same tree. */
export function write(node: Node): string {
  switch (node.kind) {
    case "clause":
      return writeClause(node);
    case "not":
      return writeNot(node.part);
    case "and":
      return node.parts
        .map((part) => (part.kind === "or" ? `(${write(part)})` : write(part)))
        .join(" and ");
    case "or":
      return node.parts.map(write).join(" or ");
  }
}

function writeNot(part: Node): string {
  if (part.kind === "and" || part.kind === "or") return `not (${write(part)})`;
  if (part.kind === "clause" && part.op === "null") return `${writeName(part.name)} is not null`;
  if (part.kind === "clause" && part.op === "in") {
    return `${writeName(part.name)} not in (${part.values.map(writeLiteral).join(", ")})`;
  }
  return `not ${write(part)}`;
}

function writeClause({ name, op, values }: Clause): string {
  const left = writeName(name);
  if (op === "null") return `${left} is null`;
  const written = values.map(writeLiteral).join(", ");
  return op === "in" ? `${left} in (${written})` : `${left} ${op} ${written}`;
}
